/* relu6: f(z) = min(max(z, 0), 6); f'(z) = 1 between, 0 outside. Source: Krizhevsky 2010. */
#include "activation.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real clipped = z[i] > 6 ? 6 : z[i];
        y[i] = z[i] <= 0 ? 0 : clipped; /* NaN passes through */
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real below = y[i] >= 6 ? 0 : dy[i];
        dz[i] = y[i] <= 0 ? 0 : below;
    }
}

const nn_activation nn_activation_relu6 = {
    .part = {.name = "relu6", .help = "y = min(max(x, 0), 6); Krizhevsky 2010", .sample = "relu6"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
