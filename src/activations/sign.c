/* sign, the threshold unit with the outputs -1 and 1: f(z) = -1 for z < 0, 1 for z > 0, 0 at 0. Its
 * derivative is 0, which is true everywhere but at 0: no gradient gets through it, so it is for
 * inference, and for the perceptron rule, which takes the error itself in the derivative's place.
 * Source: Rosenblatt 1958; Keras's ops.sign. */
#include "activation.h"

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real not_above = z[i] < 0 ? -1 : z[i]; /* 0 and NaN stay */
        y[i] = z[i] > 0 ? 1 : not_above;
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z, (void)y;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = 0 * dy[i]; /* a product, for NaN's sake */
}

const nn_activation nn_activation_sign = {
    .part = {.name = "sign",
             .help =
                 "threshold units: y = 1 where x > 0, -1 where x < 0, 0 at 0; derivative 0: for "
                 "inference and the perceptron rule; Rosenblatt 1958",
             .sample = "sign"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
