/* softsign: f(z) = z / (1 + |z|); f'(z) = 1 / (1 + |z|)^2 = (1 - |y|)^2. Source: Turian et al. 2009. */
#include "activation.h"
#include "exponential.h"

static const nn_real far = (nn_real)1e30; /* y is -1 or 1 beyond; infinity would make NaN */

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real low = z[i] < -far ? -far : z[i];
        const nn_real x = low > far ? far : low;
        y[i] = x / (1 + nn_abs(x));
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real root = 1 - nn_abs(y[i]);
        dz[i] = dy[i] * (root * root);
    }
}

const nn_activation nn_activation_softsign = {
    .part = {.name = "softsign",
             .help = "y = x / (1 + |x|); Turian et al. 2009",
             .sample = "softsign"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
