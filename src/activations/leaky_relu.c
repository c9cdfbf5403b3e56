/* leaky_relu: f(z) = z for z > 0, a z otherwise; f'(z) = 1 or a.  Source: Maas et al. 2013; the default
 * a = 0.2 is Keras's. */
#include "rectifiers.h"
#include <math.h>

static const nn_option options[] = {
    NN_OPTION_REAL(struct nn_leaky_relu, negative_slope, 0.2, 0.0, INFINITY,
                   "slope for negative values"),
    NN_OPTION_END,
};

NN_VECTORIZE
static void forward_values(size_t count, nn_real a, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = z[i] <= 0 ? a * z[i] : z[i]; /* NaN passes through */
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct nn_leaky_relu *leaky = self;
    forward_values(rows * width, (nn_real)leaky->negative_slope, z, y);
}

/* From the output y, which is positive where z is. */
NN_VECTORIZE
static void backward_values(size_t count, nn_real a, const nn_real *y, const nn_real *dy,
                            nn_real *dz)
{
    for (size_t i = 0; i < count; i++)
        dz[i] = y[i] <= 0 ? a * dy[i] : dy[i];
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    const struct nn_leaky_relu *leaky = self;
    (void)z;
    backward_values(rows * width, (nn_real)leaky->negative_slope, y, dy, dz);
}

const nn_activation nn_activation_leaky_relu = {
    .part = {.name = "leaky_relu",
             .class_name = "LeakyReLU",
             .options = options,
             .size = sizeof(struct nn_leaky_relu),
             .help = "y = x where x > 0, else negative_slope * x; Maas et al. 2013",
             .sample = "leaky_relu negative_slope=0.1"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
