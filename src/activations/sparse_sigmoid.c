/* sparse_sigmoid: f(z) = min(max((z + 1) / 2, 0), 1); f'(z) = 1 / 2 between -1 and 1, 0 outside. It is
 * the sparsemax of z and -z, seen at z. Source: Blondel et al. 2019. */
#include "activation.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real below = z[i] >= 1 ? 1 : (z[i] + 1) / 2;
        y[i] = z[i] <= -1 ? 0 : below; /* NaN passes through */
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real below = y[i] >= 1 ? 0 : dy[i] / 2;
        dz[i] = y[i] <= 0 ? 0 : below;
    }
}

const nn_activation nn_activation_sparse_sigmoid = {
    .part = {.name = "sparse_sigmoid",
             .help = "y = min(max((x + 1) / 2, 0), 1); Blondel et al. 2019",
             .sample = "sparse_sigmoid"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
