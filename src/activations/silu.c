/* silu, also called swish: f(z) = z s(z) with s(z) = 1 / (1 + e^-z); f'(z) = s(z) + z s(z) s(-z).
 * Source: Ramachandran et al. 2017. f falls and rises, so that the derivative needs z. */
#include "activation.h"
#include "exponential.h"

/* Beyond this s is 0 or 1; an infinite factor would make NaN of 0. */
static const nn_real far = 10000;

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real x = z[i] < -far ? -far : z[i];
        y[i] = x * nn_sigmoid(x);
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)y;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real low = z[i] < -far ? -far : z[i];
        const nn_real x = low > far ? far : low;
        const nn_real s = nn_sigmoid(x);
        dz[i] = dy[i] * (s + x * s * nn_sigmoid(-x));
    }
}

const nn_activation nn_activation_silu = {
    .part = {.name = "silu",
             .alias = "swish",
             .help = "y = x / (1 + exp(-x)); Ramachandran et al. 2017",
             .sample = "silu"},
    .elementwise = true,
    .needs_z = true,
    .forward = forward,
    .backward = backward,
};
