#!/bin/sh
# Installs what is missing, builds libnn and runs the main job: training on Fashion-MNIST, which takes
# a minute or so. Arguments go to the program: sh examples/quickstart.sh --epochs 5 --seed 2
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tests/packages.sh"

# shellcheck disable=SC2086 # lists of words
install_packages $packages_to_build $packages_to_show

build=$root/build/quickstart
log=$root/build/quickstart.log
mkdir -p "$root/build"
echo "Building libnn in $build"
(cd "$root" && configure "$build" --buildtype=release -Dtests=false -Dbench=false &&
    meson compile -C "$build") >"$log" 2>&1 || {
    tail -n 60 "$log"
    echo "The build failed; its whole log is $log" >&2
    exit 1
}
exec "$build/examples/fashion_mnist" --output "$root/build/fashion_mnist" "$@"
