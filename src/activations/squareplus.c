/* squareplus: f(z) = (z + r) / 2 with r = sqrt(z^2 + b), which for negative z is b / 2 / (r - z), where
 * nothing cancels; f'(z) = y / r = 1 / (1 + b / (4 y^2)). Source: Barron 2021; Keras's default b = 4.
 * In double, where no square of a float overflows. */
#include "activation.h"
#include <math.h>

struct squareplus {
    double b;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct squareplus, b, 4.0, 0.0, INFINITY,
                   "smoothness: the larger, the wider the bend; with 0 it is relu"),
    NN_OPTION_END,
};

NN_VECTORIZE
static void forward_values(size_t count, double b, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const double x = (double)z[i], root = sqrt(x * x + b);
        y[i] = (nn_real)(x >= 0 ? (x + root) / 2 : b / 2 / (root - x));
    }
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    forward_values(rows * width, ((const struct squareplus *)self)->b, z, y);
}

NN_VECTORIZE
static void backward_values(size_t count, double b, const nn_real *y, const nn_real *dy,
                            nn_real *dz)
{
    for (size_t i = 0; i < count; i++) {
        const double output = (double)y[i];
        const double slope = 1 / (1 + b / (4 * (output * output)));
        dz[i] = dy[i] * (nn_real)(y[i] == 0 ? 0 : slope); /* b may be 0 as well */
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)z;
    backward_values(rows * width, ((const struct squareplus *)self)->b, y, dy, dz);
}

const nn_activation nn_activation_squareplus = {
    .part = {.name = "squareplus",
             .options = options,
             .size = sizeof(struct squareplus),
             .help = "y = (x + sqrt(x^2 + b)) / 2; Barron 2021",
             .sample = "squareplus b=2"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
