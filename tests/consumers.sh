# Installs the build into a temporary directory and uses it as other people's programs would.
# Usage: sh consumers.sh SOURCE_DIR BUILD_DIR
set -u
source_dir=$1
build_dir=$2
: "${CC:=cc}" "${CXX:=c++}" "${MESON:=meson}"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
root=$work/root
passed=0
failed=0

# check "what is promised" command...: runs the command, silently if it succeeds.
check() {
    title=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok      $title"
        passed=$((passed + 1))
    else
        echo "FAILED  $title"
        sed 's/^/        /' "$work/log"
        failed=$((failed + 1))
    fi
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

check 'meson install' "$MESON" install -C "$build_dir" --no-rebuild --destdir "$root"
[ "$failed" -eq 0 ] || finish

module=$(find "$root" -name libnn.pc | head -n 1)
check 'the pkg-config module is installed' test -n "$module"
[ "$failed" -eq 0 ] || finish
PKG_CONFIG_PATH=$(dirname "$module"):${PKG_CONFIG_PATH-}
PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
flags() {
    pkg-config --cflags --libs libnn
}
check 'pkg-config knows libnn' flags
library_dir=$(pkg-config --variable=libdir libnn)
case $library_dir in
"$root"*) ;;
*) library_dir=$root$library_dir ;;
esac
include_dir=$(dirname "$(find "$root" -name nn.h | head -n 1)")
library=$library_dir/libnn.so.1
export LD_LIBRARY_PATH="$library_dir"

# The programs: nothing but what pkg-config says, and no path of the source tree.
compile_c() {
    $CC -std=c11 -Wall -Wextra -Wpedantic -Werror "$source_dir/tests/consumer.c" -o "$work/consumer_c" \
        $(flags)
}
compile_cpp() {
    $CXX -std=c++11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Werror \
        "$source_dir/tests/consumer.cpp" -o "$work/consumer_cpp" $(flags)
}
run_c() {
    (cd "$work" && ./consumer_c model_c.safetensors)
}
run_cpp() {
    (cd "$work" && ./consumer_cpp model_cpp.safetensors)
}
uses_installed_library() {
    ldd "$work/consumer_c" | grep -F "$library"
}
says_its_version() {
    [ "$(run_c)" = "$(pkg-config --modversion libnn)" ]
}
check 'a C program compiles with pkg-config --cflags --libs libnn' compile_c
check 'the C program runs' run_c
check 'it runs on the installed library' uses_installed_library
check 'nn_version and pkg-config --modversion agree' says_its_version
check 'a C++ program compiles with pkg-config --cflags --libs libnn' compile_cpp
check 'the C++ program runs' run_cpp

# The binary interface.
sed -n 's/^ *\(nn_[a-z0-9_]*\);$/\1/p' "$source_dir/src/nn.map" | sort >"$work/map"
exports_the_map() {
    nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
        sort >"$work/exported"
    [ -s "$work/map" ] && diff "$work/map" "$work/exported"
}
header_declares_the_map() {
    grep '^NN_API' "$include_dir/nn.h" | grep -o '\bnn_[a-z0-9_]*(' | tr -d '(' | sort -u \
        >"$work/declared"
    diff "$work/map" "$work/declared"
}
wrapper_reaches_all() {
    status=0
    while read -r name; do
        grep -q "\b$name\b" "$include_dir/nn.hpp" || {
            echo "nn.hpp doesn't use $name"
            status=1
        }
    done <"$work/map"
    return "$status"
}
check 'libnn.so.1 exports the names of nn.map and no others' exports_the_map
check 'nn.h declares the names of nn.map and no others' header_declares_the_map
check 'nn.hpp reaches every function of nn.h' wrapper_reaches_all
check 'its SONAME is libnn.so.1' sh -c "readelf -d '$library' | grep -F 'SONAME' | grep -F '[libnn.so.1]'"

# The headers, each alone, in every language version they promise.
alone() {
    compiler=$1
    language=$2
    standard=$3
    header=$4
    shift 4
    printf '#include <%s>\nnn_fit_options options = NN_FIT_OPTIONS_INIT;\nint used;\n' "$header" |
        $compiler -x "$language" -std="$standard" -Wall -Wextra -Wpedantic -Wconversion -Wshadow \
            -Werror "$@" -fsyntax-only -I"$include_dir" -
}
compilers() {
    for name; do
        command -v "$name" >/dev/null 2>&1 && echo "$name"
    done
}
for compiler in $(compilers "${CC%% *}" clang); do
    for standard in c11 c17; do
        check "nn.h and NN_FIT_OPTIONS_INIT alone, $compiler -std=$standard" \
            alone "$compiler" c "$standard" nn.h
    done
done
for compiler in $(compilers "${CXX%% *}" clang++); do
    for standard in c++11 c++14 c++17 c++20; do
        check "nn.h and NN_FIT_OPTIONS_INIT alone, $compiler -std=$standard" \
            alone "$compiler" c++ "$standard" nn.h
        check "nn.hpp alone, $compiler -std=$standard" \
            alone "$compiler" c++ "$standard" nn.hpp -Wnon-virtual-dtor
    done
done
finish
