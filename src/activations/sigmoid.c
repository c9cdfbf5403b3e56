/* sigmoid: f(z) = 1 / (1 + e^-z); f'(z) = y (1 - y). */
#include "activation.h"
#include "exponential.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++)
        y[i] = nn_sigmoid(z[i]);
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = dy[i] * (y[i] * (1 - y[i]));
}

const nn_activation nn_activation_sigmoid = {
    .part = {.name = "sigmoid", .help = "y = 1 / (1 + exp(-x))", .sample = "sigmoid"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
