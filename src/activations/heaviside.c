/* heaviside, the threshold unit: f(z) = 0 for z < 0, 1 for z > 0, x2 at 0. Its derivative is 0, which is
 * true everywhere but at 0: no gradient gets through it, so it is for inference, and for the perceptron
 * rule, which takes the error itself in the derivative's place. Source: McCulloch, Pitts 1943; Rosenblatt
 * 1958; Keras's ops.heaviside, whose second argument is x2. */
#include "activation.h"
#include <math.h>

struct heaviside {
    double x2;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct heaviside, x2, 0.0, -INFINITY, INFINITY, "the value at 0"),
    NN_OPTION_END,
};

NN_VECTORIZE
static void forward_values(size_t count, nn_real at_zero, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real not_above = z[i] < 0 ? 0 : z[i] == 0 ? at_zero : z[i]; /* NaN stays */
        y[i] = z[i] > 0 ? 1 : not_above;
    }
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    forward_values(rows * width, (nn_real)((const struct heaviside *)self)->x2, z, y);
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z, (void)y;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = 0 * dy[i]; /* a product, for NaN's sake */
}

const nn_activation nn_activation_heaviside = {
    .part = {.name = "heaviside",
             .options = options,
             .size = sizeof(struct heaviside),
             .help =
                 "threshold units: y = 1 where x > 0, 0 where x < 0, x2 at 0; derivative 0: for "
                 "inference and the perceptron rule; McCulloch, Pitts 1943",
             .sample = "heaviside x2=0.5"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
