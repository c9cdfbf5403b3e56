/* tanh: f(z) = tanh z; f'(z) = 1 - y^2. */
#include "activation.h"
#include "exponential.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++)
        y[i] = nn_tanh(z[i]);
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = dy[i] * (1 - y[i] * y[i]);
}

const nn_activation nn_activation_tanh = {
    .part = {.name = "tanh", .help = "y = tanh(x)", .sample = "tanh"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
