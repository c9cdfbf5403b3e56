/* relu: f(z) = z for z > threshold, negative_slope (z - threshold) otherwise; f'(z) = 1 or
 * negative_slope; where max_value is less than z > threshold, f(z) is max_value and f'(z) 0.
 * Source: Keras's relu; Nair, Hinton 2010. */
#include "rectifiers.h"
#include <math.h>

static const nn_option options[] = {
    NN_OPTION_REAL(struct nn_relu, negative_slope, 0.0, 0.0, INFINITY,
                   "slope for values below the threshold"),
    NN_OPTION_OPTIONAL_REAL(struct nn_relu, max_value, 0.0, INFINITY, "the largest output"),
    NN_OPTION_REAL(struct nn_relu, threshold, 0.0, 0.0, INFINITY,
                   "values up to here are damped or set to zero"),
    NN_OPTION_END,
};

/* The comparisons are turned so that NaN, for which none holds, passes through. */

NN_VECTORIZE
static void forward_plain(size_t count, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = z[i] <= 0 ? 0 : z[i];
}

NN_VECTORIZE
static void forward_options(size_t count, nn_real slope, nn_real maximum, nn_real threshold,
                            const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real clipped = z[i] > maximum ? maximum : z[i];
        y[i] = z[i] <= threshold ? (slope == 0 ? 0 : slope * (z[i] - threshold)) : clipped;
    }
}

/* Infinity, where there is none, is larger than all. */
static nn_real maximum_of(const struct nn_relu *relu)
{
    return relu->max_value.given ? (nn_real)relu->max_value.value : (nn_real)INFINITY;
}

/* y[rows][width] = f(z[rows][width]); y may be z. */
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct nn_relu *relu = self;
    if (relu->negative_slope == 0 && relu->threshold == 0 && !relu->max_value.given)
        forward_plain(rows * width, z, y);
    else
        forward_options(rows * width, (nn_real)relu->negative_slope, maximum_of(relu),
                        (nn_real)relu->threshold, z, y);
}

/* The output tells on which side of threshold and maximum z was, for no option is negative. */
NN_VECTORIZE
static void backward_plain(size_t count, const nn_real *y, const nn_real *dy, nn_real *dz)
{
    for (size_t i = 0; i < count; i++)
        dz[i] = y[i] <= 0 ? 0 : dy[i];
}

NN_VECTORIZE
static void backward_options(size_t count, nn_real slope, nn_real maximum, const nn_real *y,
                             const nn_real *dy, nn_real *dz)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real damped = y[i] <= 0 ? slope * dy[i] : dy[i];
        dz[i] = y[i] >= maximum ? 0 : damped;
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    const struct nn_relu *relu = self;
    (void)z;
    if (relu->negative_slope == 0 && !relu->max_value.given)
        backward_plain(rows * width, y, dy, dz);
    else
        backward_options(rows * width, (nn_real)relu->negative_slope, maximum_of(relu), y, dy, dz);
}

const nn_activation nn_activation_relu = {
    .part = {.name = "relu",
             .class_name = "ReLU",
             .options = options,
             .size = sizeof(struct nn_relu),
             .help = "y = max(x, 0); Nair, Hinton 2010",
             .sample = "relu negative_slope=0.1 max_value=2 threshold=0.2"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
