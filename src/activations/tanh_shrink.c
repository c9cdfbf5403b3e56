/* tanh_shrink: f(z) = z - tanh z; f'(z) = tanh^2 z. Source: Keras's tanh_shrink. There is no formula of
 * the derivative by y, so that it needs z. */
#include "activation.h"
#include "exponential.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++)
        y[i] = z[i] - nn_tanh(z[i]);
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)y;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real t = nn_tanh(z[i]);
        dz[i] = dy[i] * (t * t);
    }
}

const nn_activation nn_activation_tanh_shrink = {
    .part = {.name = "tanh_shrink",
             .help = "y = x - tanh(x); Keras's tanh_shrink",
             .sample = "tanh_shrink"},
    .elementwise = true,
    .needs_z = true,
    .forward = forward,
    .backward = backward,
};
