/* hard_tanh: f(z) = min(max(z, -1), 1); f'(z) = 1 between, 0 outside. Source: Collobert 2004. */
#include "activation.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real clipped = z[i] > 1 ? 1 : z[i];
        y[i] = z[i] < -1 ? -1 : clipped; /* NaN passes through */
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real below = y[i] >= 1 ? 0 : dy[i];
        dz[i] = y[i] <= -1 ? 0 : below;
    }
}

const nn_activation nn_activation_hard_tanh = {
    .part = {.name = "hard_tanh",
             .help = "y = min(max(x, -1), 1); Collobert 2004",
             .sample = "hard_tanh"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
