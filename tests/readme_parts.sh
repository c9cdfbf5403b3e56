#!/bin/sh
# README's table of parts is what the program nn has: sh tests/readme_parts.sh SOURCE_DIR PATH_OF_NN
# Without a source directory ('') it prints the table.
set -u
source=${1?usage: sh tests/readme_parts.sh SOURCE_DIR PATH_OF_NN}
nn=${2?usage: sh tests/readme_parts.sh SOURCE_DIR PATH_OF_NN}

# A line of nn help that begins a part is "kind name: ..." or "kind name (or alias): ...".
table() {
    echo '| kind | parts |'
    echo '|---|---|'
    "$nn" help | LC_ALL=C awk '
        /^[a-z]+ [a-z0-9_]+( \(or [a-z0-9_]+\))?: / {
            if (!($1 in parts)) kinds[++count] = $1
            sub(/:$/, "", $2)
            parts[$1] = parts[$1] " " $2
        }
        END {
            for (i = 1; i <= count; i++) {
                n = split(parts[kinds[i]], names, " ")
                for (j = 2; j <= n; j++)
                    for (k = j; k > 1 && names[k] < names[k - 1]; k--) {
                        name = names[k]; names[k] = names[k - 1]; names[k - 1] = name
                    }
                line = names[1]
                for (j = 2; j <= n; j++) line = line ", " names[j]
                print "| " kinds[i] " | " line " |"
            }
        }'
}

if [ -z "$source" ]; then
    table
    exit
fi
wanted=$(table)
case $(cat "$source/README.md") in
*"
$wanted
"*)
    echo "README's table of parts is current"
    ;;
*)
    echo "README's table of parts isn't what nn has. It should be:"
    echo "$wanted"
    exit 1
    ;;
esac
