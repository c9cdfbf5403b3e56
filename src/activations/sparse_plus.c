/* sparse_plus: f(z) = 0 for z <= -1, z for z >= 1, (z + 1)^2 / 4 between; f'(z) = min(sqrt y, 1). It is
 * the integral of sparse_sigmoid. Source: Keras's sparse_plus; Blondel et al. 2019. */
#include "activation.h"
#include "exponential.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real half = (z[i] + 1) / 2;
        const nn_real below = z[i] >= 1 ? z[i] : half * half;
        y[i] = z[i] <= -1 ? 0 : below; /* NaN passes through */
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = dy[i] * (y[i] >= 1 ? 1 : nn_sqrt(y[i]));
}

const nn_activation nn_activation_sparse_plus = {
    .part = {.name = "sparse_plus",
             .help = "y = 0 where x <= -1, x where x >= 1, else (x + 1)^2 / 4; Blondel et al. 2019",
             .sample = "sparse_plus"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
