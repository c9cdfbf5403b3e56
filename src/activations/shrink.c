/* Shrinkage: what is no further from 0 than threshold becomes 0.
 * hard_shrink: f(z) = z for |z| > threshold, 0 otherwise. Source: Donoho, Johnstone 1994 (hard
 * thresholding); Keras.
 * soft_shrink: f(z) = z - threshold for z > threshold, z + threshold for z < -threshold, 0 between.
 * Source: Donoho 1995 (soft thresholding); Keras.
 * Of both f'(z) = 1 or, where f(z) = 0, 0. */
#include "activation.h"
#include "exponential.h"

struct shrink {
    double threshold;
};

static const nn_option hard_options[] = {
    NN_OPTION_REAL(struct shrink, threshold, 0.5, 0.0, INFINITY,
                   "values no further from 0 become 0"),
    NN_OPTION_END,
};

static const nn_option soft_options[] = {
    NN_OPTION_REAL(struct shrink, threshold, 0.5, 0.0, INFINITY,
                   "how much nearer to 0 values come"),
    NN_OPTION_END,
};

NN_VECTORIZE
static void hard_values(size_t count, nn_real threshold, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = nn_abs(z[i]) <= threshold ? 0 : z[i]; /* NaN passes through */
}

static void hard_forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct shrink *shrink = self;
    hard_values(rows * width, (nn_real)shrink->threshold, z, y);
}

NN_VECTORIZE
static void soft_values(size_t count, nn_real threshold, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real shrunk = z[i] > 0 ? z[i] - threshold : z[i] + threshold;
        y[i] = nn_abs(z[i]) <= threshold ? 0 : shrunk; /* NaN passes through */
    }
}

static void soft_forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct shrink *shrink = self;
    soft_values(rows * width, (nn_real)shrink->threshold, z, y);
}

/* From the output y, which is 0 where z was too small and nowhere else: two different numbers differ by more
 * than 0. */
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
             .options = hard_options,
             .size = sizeof(struct shrink),
             .help = "y = x where |x| > threshold, else 0; Donoho, Johnstone 1994",
             .sample = "hard_shrink threshold=0.3"},
    .elementwise = true,
    .forward = hard_forward,
    .backward = backward,
};

const nn_activation nn_activation_soft_shrink = {
    .part = {.name = "soft_shrink",
             .options = soft_options,
             .size = sizeof(struct shrink),
             .help = "y = x - threshold where x > threshold, x + threshold where x < -threshold, "
                     "else 0; Donoho 1995",
             .sample = "soft_shrink threshold=0.3"},
    .elementwise = true,
    .forward = soft_forward,
    .backward = backward,
};
