/* exponential: f(z) = e^z; f'(z) = y. Source: Keras's exponential. */
#include "exponential.h"
#include "activation.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++)
        y[i] = nn_exp(z[i]);
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = dy[i] * y[i];
}

const nn_activation nn_activation_exponential = {
    .part = {.name = "exponential", .help = "y = exp(x)", .sample = "exponential"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
