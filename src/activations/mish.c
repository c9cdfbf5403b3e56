/* mish: f(z) = z w(z) with w(z) = tanh(log(1 + e^z)), computed from e = e^-|z| so that nothing overflows
 * and nothing cancels: w = (1 + 2e) / d with d = 1 + 2e + 2e^2 for z > 0, and (2e + e^2) / d with
 * d = 2 + 2e + e^2 otherwise; f'(z) = w + z w'(z) with w' = 4 e^2 (1 + e) / d^2 or 4 e (1 + e) / d^2.
 * Source: Misra 2019. f falls and rises, so that the derivative needs z. */
#include "activation.h"
#include "exponential.h"

/* Beyond this w is 0 or 1; an infinite factor would make NaN of 0. */
static const nn_real far = 10000;

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real x = z[i] < -far ? -far : z[i];
        const nn_real e = nn_exp(-nn_abs(x));
        const nn_real above = (1 + 2 * e) / (1 + 2 * e + 2 * (e * e));
        const nn_real below = (2 * e + e * e) / (2 + 2 * e + e * e);
        y[i] = x * (x > 0 ? above : below);
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
        const nn_real e = nn_exp(-nn_abs(x));
        const nn_real d = x > 0 ? 1 + 2 * e + 2 * (e * e) : 2 + 2 * e + e * e;
        const nn_real w = (x > 0 ? 1 + 2 * e : 2 * e + e * e) / d;
        const nn_real slope = 4 * (x > 0 ? e * e : e) * (1 + e) / (d * d);
        dz[i] = dy[i] * (w + x * slope);
    }
}

const nn_activation nn_activation_mish = {
    .part = {.name = "mish", .help = "y = x * tanh(log(1 + exp(x))); Misra 2019", .sample = "mish"},
    .elementwise = true,
    .needs_z = true,
    .forward = forward,
    .backward = backward,
};
