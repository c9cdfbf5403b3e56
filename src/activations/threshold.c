/* threshold: f(z) = z for z > threshold, default_value otherwise; f'(z) = 1 or 0. Source: Keras's
 * threshold. default_value may be above threshold, where y doesn't tell which it was: the derivative
 * needs z. */
#include "activation.h"
#include <math.h>

struct threshold {
    double threshold, default_value;
};

static const nn_option options[] = {
    NN_OPTION_REAL_REQUIRED(struct threshold, threshold, -INFINITY, INFINITY,
                            "values up to here are replaced"),
    NN_OPTION_REAL_REQUIRED(struct threshold, default_value, -INFINITY, INFINITY,
                            "what they are replaced by"),
    NN_OPTION_END,
};

NN_VECTORIZE
static void forward_values(size_t count, nn_real threshold, nn_real default_value, const nn_real *z,
                           nn_real *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = z[i] <= threshold ? default_value : z[i]; /* NaN passes through */
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct threshold *part = self;
    forward_values(rows * width, (nn_real)part->threshold, (nn_real)part->default_value, z, y);
}

NN_VECTORIZE
static void backward_values(size_t count, nn_real threshold, const nn_real *z, const nn_real *dy,
                            nn_real *dz)
{
    for (size_t i = 0; i < count; i++)
        dz[i] = z[i] <= threshold ? 0 * dy[i] : dy[i]; /* a product, for NaN's sake */
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)y;
    backward_values(rows * width, (nn_real)((const struct threshold *)self)->threshold, z, dy, dz);
}

const nn_activation nn_activation_threshold = {
    .part = {.name = "threshold",
             .options = options,
             .size = sizeof(struct threshold),
             .help = "y = x where x > threshold, else default_value; Keras's threshold",
             .sample = "threshold threshold=0.3 default_value=-0.5"},
    .elementwise = true,
    .needs_z = true,
    .forward = forward,
    .backward = backward,
};
