/* glu over each row, whose halves are a and b: f(z)_j = a_j s(b_j) with s(v) = 1 / (1 + e^-v), half as
 * wide as z; da_j = dy_j s(b_j), db_j = dy_j a_j s(b_j) s(-b_j). Source: Dauphin et al. 2017. */
#include "activation.h"
#include "exponential.h"
#include "status.h"

static nn_status output_width(const void *self, size_t width, size_t *output)
{
    (void)self;
    NN_REQUIRE(
        width % 2 == 0, NN_ERR_SHAPE,
        "glu makes one value of two along the last dimension, which is %zu: it has to be even",
        width);
    *output = width / 2;
    return NN_OK;
}

/* y[rows][width / 2] = f(z[rows][width]) */
NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const size_t half = width / 2;
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *a = z + i * width, *b = a + half;
        for (size_t j = 0; j < half; j++)
            y[i * half + j] = a[j] * nn_sigmoid(b[j]);
    }
}

/* dz[rows][width], dy[rows][width / 2] */
NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    const size_t half = width / 2;
    (void)self, (void)y;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *a = z + i * width, *b = a + half, *g = dy + i * half;
        nn_real *da = dz + i * width, *db = da + half;
        for (size_t j = 0; j < half; j++) {
            const nn_real s = nn_sigmoid(b[j]);
            da[j] = g[j] * s;
            db[j] = g[j] * (a[j] * s * nn_sigmoid(-b[j]));
        }
    }
}

const nn_activation nn_activation_glu = {
    .part = {.name = "glu",
             .help = "y = a / (1 + exp(-b)), a and b the halves of each row, y half as wide; "
                     "Dauphin et al. 2017",
             .sample = "glu"},
    .needs_z = true,
    .output_width = output_width,
    .forward = forward,
    .backward = backward,
};
