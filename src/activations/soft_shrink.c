/* soft_shrink: f(z) = z - threshold for z > threshold, z + threshold for z < -threshold, 0 between;
 * f'(z) = 1 or, between, 0. Source: Donoho 1995 (soft thresholding); Keras. */
#include "activation.h"
#include "exponential.h"

struct soft_shrink {
    double threshold;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct soft_shrink, threshold, 0.5, 0.0, INFINITY,
                   "how much nearer to 0 values come"),
    NN_OPTION_END,
};

NN_VECTORIZE
static void forward_values(size_t count, nn_real threshold, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real shrunk = z[i] > 0 ? z[i] - threshold : z[i] + threshold;
        y[i] = nn_abs(z[i]) <= threshold ? 0 : shrunk; /* NaN passes through */
    }
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct soft_shrink *shrink = self;
    forward_values(rows * width, (nn_real)shrink->threshold, z, y);
}

/* From the output y: two different numbers differ by more than 0. */
NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = y[i] == 0 ? 0 : dy[i];
}

const nn_activation nn_activation_soft_shrink = {
    .part = {.name = "soft_shrink",
             .options = options,
             .size = sizeof(struct soft_shrink),
             .help = "y = x - threshold where x > threshold, x + threshold where x < -threshold, "
                     "else 0; Donoho 1995",
             .sample = "soft_shrink threshold=0.3"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
