/* elu: f(z) = z for z > 0, alpha (e^z - 1) otherwise; f'(z) = 1 or y + alpha. Source: Clevert et al.
 * 2016; the default alpha = 1 is Keras's. */
#include "exponential.h"
#include "rectifiers.h"

static const nn_option options[] = {
    NN_OPTION_REAL(struct nn_elu, alpha, 1.0, 0.0, INFINITY, "minus the limit for negative values"),
    NN_OPTION_END,
};

NN_VECTORIZE
static void forward_values(size_t count, nn_real alpha, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real below = alpha * nn_expm1(z[i] > 0 ? 0 : z[i]); /* NaN stays */
        y[i] = z[i] > 0 ? z[i] : below;
    }
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct nn_elu *elu = self;
    forward_values(rows * width, (nn_real)elu->alpha, z, y);
}

/* From the output y, which is positive where z is, for alpha isn't negative. */
NN_VECTORIZE
static void backward_values(size_t count, nn_real alpha, const nn_real *y, const nn_real *dy,
                            nn_real *dz)
{
    for (size_t i = 0; i < count; i++)
        dz[i] = y[i] > 0 ? dy[i] : dy[i] * (y[i] + alpha);
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    const struct nn_elu *elu = self;
    (void)z;
    backward_values(rows * width, (nn_real)elu->alpha, y, dy, dz);
}

const nn_activation nn_activation_elu = {
    .part = {.name = "elu",
             .class_name = "ELU",
             .options = options,
             .size = sizeof(struct nn_elu),
             .help = "y = x where x > 0, else alpha * (exp(x) - 1); Clevert et al. 2016",
             .sample = "elu alpha=0.7"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
