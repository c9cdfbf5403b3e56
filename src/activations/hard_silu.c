/* hard_silu, also called hard_swish: f(z) = z min(max(z + 3, 0), 6) / 6; f'(z) = 0 for z <= -3, 1 for
 * z >= 3, (2z + 3) / 6 between. Source: Howard et al. 2019. f falls and rises, so that the derivative
 * needs z. */
#include "activation.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real gate = z[i] >= 3 ? 1 : (z[i] + 3) / 6;
        y[i] = z[i] <= -3 ? 0 : z[i] * gate; /* NaN passes through */
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)y;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real below = z[i] >= 3 ? 1 : (2 * z[i] + 3) / 6;
        dz[i] = dy[i] * (z[i] <= -3 ? 0 : below);
    }
}

const nn_activation nn_activation_hard_silu = {
    .part = {.name = "hard_silu",
             .alias = "hard_swish",
             .help = "y = x * min(max(x + 3, 0), 6) / 6; Howard et al. 2019",
             .sample = "hard_silu"},
    .elementwise = true,
    .needs_z = true,
    .forward = forward,
    .backward = backward,
};
