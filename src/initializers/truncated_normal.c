/* truncated_normal: independent normal values, those further than two standard deviations from the mean
 * drawn again. stddev is that of the normal distribution before; what is left of it has 0.8796 stddev.
 * Source: Keras's TruncatedNormal. */
#include "variance_scaling.h"
#include <math.h>

struct truncated_normal {
    double mean, stddev;
    nn_seed seed;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct truncated_normal, mean, 0.0, -INFINITY, INFINITY, "mean of the values"),
    NN_OPTION_REAL(struct truncated_normal, stddev, 0.05, 0.0, INFINITY,
                   "standard deviation before truncation; no value is further than two from mean"),
    NN_OPTION_SEED(struct truncated_normal, seed, "a seed of its own; none: the model's"),
    NN_OPTION_END,
};

static nn_status fill(const void *self, const nn_shape *shape, nn_random *random, nn_real *values)
{
    const struct truncated_normal *normal = self;
    nn_fill_truncated_normal(normal->mean, normal->stddev, nn_shape_width(shape),
                             nn_initializer_stream(&normal->seed, random), values);
    return NN_OK;
}

const nn_initializer nn_initializer_truncated_normal = {
    .part = {.name = "truncated_normal",
             .options = options,
             .size = sizeof(struct truncated_normal),
             .help = "normal values within two standard deviations; Keras's TruncatedNormal",
             .sample = "truncated_normal mean=0.1 stddev=0.2 seed=1"},
    .fill = fill,
};
