/* celu: f(z) = z for z > 0, alpha (e^(z / alpha) - 1) otherwise; f'(z) = 1 or y / alpha + 1, which is 1
 * at 0 from both sides, whatever alpha is. Source: Barron 2017; the default alpha = 1 is Keras's. */
#include "activation.h"
#include "exponential.h"

struct celu {
    double alpha;
};

static const nn_option options[] = {
    {.name = "alpha",
     .type = NN_TYPE_REAL,
     .offset = offsetof(struct celu, alpha),
     .default_number = 1.0,
     .minimum = 0.0,
     .maximum = INFINITY,
     .open_minimum = true,
     .help = "minus the limit for negative values"},
    NN_OPTION_END,
};

NN_VECTORIZE
static void forward_values(size_t count, nn_real alpha, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real below = alpha * nn_expm1((z[i] > 0 ? 0 : z[i]) / alpha); /* NaN stays */
        y[i] = z[i] > 0 ? z[i] : below;
    }
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct celu *celu = self;
    forward_values(rows * width, (nn_real)celu->alpha, z, y);
}

/* From the output y, which is positive where z is. */
NN_VECTORIZE
static void backward_values(size_t count, nn_real alpha, const nn_real *y, const nn_real *dy,
                            nn_real *dz)
{
    for (size_t i = 0; i < count; i++)
        dz[i] = y[i] > 0 ? dy[i] : dy[i] * (y[i] / alpha + 1);
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    const struct celu *celu = self;
    (void)z;
    backward_values(rows * width, (nn_real)celu->alpha, y, dy, dz);
}

const nn_activation nn_activation_celu = {
    .part = {.name = "celu",
             .options = options,
             .size = sizeof(struct celu),
             .help = "y = x where x > 0, else alpha * (exp(x / alpha) - 1); Barron 2017",
             .sample = "celu alpha=0.7"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
