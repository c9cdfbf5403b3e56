# Sourced by tests/run.sh and examples/quickstart.sh: which Debian packages are needed, and their
# installation.

packages_to_build='build-essential meson ninja-build pkg-config libopenblas-dev liblapacke-dev
    zlib1g-dev librandom123-dev'
packages_to_show='dataset-fashion-mnist gnuplot-nox'
packages_to_test='check libjansson-dev libfann-dev valgrind clang-format'

# install_packages PACKAGE...: installs what is missing, saying so first. Fails where it can't.
install_packages() {
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        echo 'There is no apt here, so nothing is installed. What is needed, by its Debian names:'
        echo "$*" | tr -s ' \n' '\n' | sed 's/^/    /'
        echo 'Going on with what is there.'
        return 0
    fi
    missing=
    for package; do
        status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) || status=
        [ "$status" = 'install ok installed' ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "These packages are missing and will be installed:$missing"
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1; then
        as_root=sudo
        echo 'sudo may ask for your password.'
    else
        echo 'You are not root and there is no sudo. Let an administrator run:' >&2
        echo "    apt-get install$missing" >&2
        return 1
    fi
    # shellcheck disable=SC2086 # words on purpose
    if ! $as_root apt-get -q update ||
        ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install \
            --no-install-recommends $missing; then
        echo "apt-get could not install:$missing" >&2
        return 1
    fi
}

# configure DIRECTORY OPTION...: sets up or brings up to date a build directory of the tree.
configure() {
    directory=$1
    shift
    if [ -f "$directory/build.ninja" ]; then
        meson setup --reconfigure "$directory" "$@"
    else
        rm -rf "$directory"
        meson setup "$directory" "$@"
    fi
}
