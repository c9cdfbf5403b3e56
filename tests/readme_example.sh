# Compiles and runs the README's first complete C program exactly as printed.
# Usage: sh readme_example.sh SOURCE_DIR BUILD_DIR
set -eu
source_dir=$1
build_dir=$2
: "${CC:=cc}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The first ```c block that has "int main".
awk '
    !inside && /^[ \t]*```[cC][ \t\r]*$/ { inside = 1; text = ""; next }
    inside && /^[ \t]*```[ \t\r]*$/ {
        inside = 0
        if (text ~ /int main/) { printf "%s", text; exit }
        next
    }
    inside { text = text $0 "\n" }
' "$source_dir/README.md" >"$work/example.c"
[ -s "$work/example.c" ] || {
    echo 'README.md has no ```c block with int main'
    exit 1
}

$CC -std=c11 -Wall -Wextra -Wpedantic -Werror "$work/example.c" -o "$work/example" \
    "-I$source_dir/include" "-L$build_dir/src" -lnn || {
    echo 'the example of README.md does not compile:'
    cat "$work/example.c"
    exit 1
}
cd "$work"
status=0
LD_LIBRARY_PATH=$build_dir/src ./example >output 2>&1 || status=$?
cat output
[ "$status" -eq 0 ] || {
    echo "the example of README.md ends with status $status"
    exit 1
}
[ -s output ] || {
    echo 'the example of README.md prints nothing'
    exit 1
}
