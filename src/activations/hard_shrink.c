/* hard_shrink: f(z) = z for |z| > threshold, 0 otherwise; f'(z) = 1 or 0. Source: Donoho, Johnstone 1994
 * (hard thresholding); Keras. */
#include "activation.h"
#include "exponential.h"

struct hard_shrink {
    double threshold;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct hard_shrink, threshold, 0.5, 0.0, INFINITY,
                   "values no further from 0 become 0"),
    NN_OPTION_END,
};

NN_VECTORIZE
static void forward_values(size_t count, nn_real threshold, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = nn_abs(z[i]) <= threshold ? 0 : z[i]; /* NaN passes through */
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct hard_shrink *shrink = self;
    forward_values(rows * width, (nn_real)shrink->threshold, z, y);
}

/* From the output y, which is 0 where z was too small and nowhere else. */
NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = y[i] == 0 ? 0 : dy[i];
}

const nn_activation nn_activation_hard_shrink = {
    .part = {.name = "hard_shrink",
             .options = options,
             .size = sizeof(struct hard_shrink),
             .help = "y = x where |x| > threshold, else 0; Donoho, Johnstone 1994",
             .sample = "hard_shrink threshold=0.3"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
