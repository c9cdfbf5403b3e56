/* hard_sigmoid: f(z) = min(max(z + 3, 0), 6) / 6; f'(z) = 1 / 6 between -3 and 3, 0 outside. Source:
 * Courbariaux et al. 2015, with the slope that Keras 3 has. */
#include "activation.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real clipped = z[i] >= 3 ? 6 : z[i] + 3;
        y[i] = z[i] <= -3 ? 0 : clipped / 6; /* NaN passes through */
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real below = y[i] >= 1 ? 0 : dy[i] / 6;
        dz[i] = y[i] <= 0 ? 0 : below;
    }
}

const nn_activation nn_activation_hard_sigmoid = {
    .part = {.name = "hard_sigmoid",
             .help = "y = min(max(x + 3, 0), 6) / 6; Courbariaux et al. 2015",
             .sample = "hard_sigmoid"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
