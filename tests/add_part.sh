# README's steps to add a part, done on a copy of the tree: a file, a row, a line. The help, and the tests of
# options, round trips and gradients must take the new activation from the table, and fail where it is wrong.
# Usage: sh add_part.sh SOURCE_DIR
set -eu
source_dir=$1
: "${MESON:=meson}" "${NINJA:=ninja}"

fail() {
    echo "FAILED  $1"
    [ ! -s "$work/log" ] || tail -n 40 "$work/log"
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# README names the part and the places.
grep -q 'src/activations/snake\.c' "$source_dir/README.md" || fail 'README does not name snake.c'
grep -q 'src/activations/activations\.c' "$source_dir/README.md" || fail 'README does not name the table'

mkdir "$work/tree"
for name in meson.build meson_options.txt README.md LICENSE include src tests pkgconfig; do
    cp -R "$source_dir/$name" "$work/tree/"
done
cd "$work/tree"

cat >src/activations/snake.c <<'END'
/* snake: f(z) = z + sin^2(a z) / a; f'(z) = 1 + sin(2 a z). Source: Liu et al. 2020. */
#include "activation.h"
#include <math.h>

struct snake {
    double frequency;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct snake, frequency, 1.0, 0.001, 1000, "of the waves"),
    NN_OPTION_END,
};

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const double a = ((const struct snake *)self)->frequency;
    for (size_t i = 0; i < rows * width; i++) {
        const double x = (double)z[i], s = sin(a * x);
        y[i] = (nn_real)(x + s * s / a);
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    const double a = ((const struct snake *)self)->frequency;
    (void)y;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = dy[i] * (nn_real)(1 + sin(2 * a * (double)z[i]));
}

const nn_activation nn_activation_snake = {
    .part = {.name = "snake",
             .options = options,
             .size = sizeof(struct snake),
             .help = "y = x + sin(frequency * x)^2 / frequency; Liu et al. 2020",
             .sample = "snake frequency=0.7"},
    .elementwise = true,
    .needs_z = true,
    .forward = forward,
    .backward = backward,
};
END
cp src/activations/activations.c src/meson.build "$work/"
awk '{ print } /ROW\(activation, linear\)/ { print "    ROW(activation, snake) \\" }' \
    "$work/activations.c" >src/activations/activations.c
awk "{ print } /'activations\/silu.c',/ { print \"    'activations/snake.c',\" }" \
    "$work/meson.build" >src/meson.build
[ "$(diff "$work/activations.c" src/activations/activations.c | grep -c '^>')" -eq 1 ] &&
    [ "$(diff "$work/meson.build" src/meson.build | grep -c '^>')" -eq 1 ] ||
    fail 'not one row and one line were added'

# Optimizing takes most of a build's time, and nothing here is about speed.
build() {
    $NINJA -C build "$@" >"$work/log" 2>&1
}
run() {
    "build/tests/test_$1" >"$work/log" 2>&1
}
$MESON setup build --buildtype=plain --werror -Dc_args=-O0 -Dexamples=false -Dbench=false >"$work/log" 2>&1 ||
    fail 'meson setup'
build src/cli/nn tests/test_options tests/test_part_specs tests/test_formats \
    tests/test_gradients_activations || fail 'the build'

build/src/cli/nn help snake >"$work/log" 2>&1 || fail 'nn help snake'
grep -q 'frequency.*0\.001' "$work/log" || fail 'nn help shows no frequency with its bounds'
build/src/cli/nn help | grep -q '^activation snake: ' || fail 'nn help does not list it'
for test in options part_specs formats gradients_activations; do
    run "$test" || fail "test_$test with the new part"
done
echo "ok      help, options, round trips and gradients take a part from one file, one row and one line"

# Broken, it must be noticed by the tests that claim to see it.
broken() {
    sed "$2" src/activations/snake.c >"$work/snake.c"
    cmp -s "$work/snake.c" src/activations/snake.c && fail "nothing to break in snake.c: $2"
    cp src/activations/snake.c "$work/right.c"
    cp "$work/snake.c" src/activations/snake.c
    build "tests/test_$1" || fail "the build of a broken part"
    ! run "$1" || fail "test_$1 does not notice $2"
    cp "$work/right.c" src/activations/snake.c
}
broken gradients_activations 's/1 + sin(2 \* a/1 - sin(2 * a/'
broken options 's/snake frequency=0.7/snake frequence=0.7/'
echo "ok      a wrong derivative and a wrong sample are noticed"
