/* log_sigmoid: f(z) = -log(1 + e^-z), computed as min(z, 0) - log1p(e^-|z|), so that nothing
 * overflows; f'(z) = 1 - e^y. Source: Keras's log_sigmoid. */
#include "activation.h"
#include "exponential.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++)
        y[i] = (z[i] < 0 ? z[i] : 0) - nn_log1p(nn_exp(-nn_abs(z[i])));
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = dy[i] * -nn_expm1(y[i]);
}

const nn_activation nn_activation_log_sigmoid = {
    .part = {.name = "log_sigmoid", .help = "y = -log(1 + exp(-x))", .sample = "log_sigmoid"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
