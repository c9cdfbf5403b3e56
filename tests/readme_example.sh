# Compiles and runs every complete C program of the README exactly as printed.
# Usage: sh readme_example.sh SOURCE_DIR BUILD_DIR
set -eu
source_dir=$1
build_dir=$2
: "${CC:=cc}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Each ```c block that has "int main" is a program: example_1.c, example_2.c, ...
awk -v work="$work" '
    !inside && /^[ \t]*```[cC][ \t\r]*$/ { inside = 1; text = ""; next }
    inside && /^[ \t]*```[ \t\r]*$/ {
        inside = 0
        if (text ~ /int main/) printf "%s", text >(work "/example_" ++count ".c")
        next
    }
    inside { text = text $0 "\n" }
' "$source_dir/README.md"
[ -s "$work/example_2.c" ] || {
    echo 'README.md has not two ```c blocks with int main'
    exit 1
}

cd "$work"
for source in example_*.c; do
    example=${source%.c}
    $CC -std=c11 -Wall -Wextra -Wpedantic -Werror "$source" -o "$example" \
        "-I$source_dir/include" "-L$build_dir/src" -lnn -lm || {
        echo "the program $example of README.md does not compile:"
        cat "$source"
        exit 1
    }
    status=0
    LD_LIBRARY_PATH=$build_dir/src "./$example" >output 2>&1 || status=$?
    cat output
    [ "$status" -eq 0 ] || {
        echo "the program $example of README.md ends with status $status"
        exit 1
    }
    [ -s output ] || {
        echo "the program $example of README.md prints nothing"
        exit 1
    }
done
