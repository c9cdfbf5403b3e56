/* glorot_uniform, glorot_normal: variance 2 / (fan_in + fan_out), which keeps the size of signals both
 * forward and backward through tanh-like layers.  Source: Glorot, Bengio 2010. */
#include "variance_scaling.h"

static nn_status fill_uniform(const void *self, const nn_shape *shape, nn_random *random,
                              nn_real *values)
{
    const struct nn_seeded *seeded = self;
    nn_fill_scaled_uniform(1.0, NN_FAN_AVERAGE, shape, nn_initializer_stream(&seeded->seed, random),
                           values);
    return NN_OK;
}

static nn_status fill_normal(const void *self, const nn_shape *shape, nn_random *random,
                             nn_real *values)
{
    const struct nn_seeded *seeded = self;
    nn_fill_scaled_truncated_normal(1.0, NN_FAN_AVERAGE, shape,
                                    nn_initializer_stream(&seeded->seed, random), values);
    return NN_OK;
}

const nn_initializer nn_initializer_glorot_uniform = {
    .part = {.name = "glorot_uniform",
             .options = nn_seeded_options,
             .size = sizeof(struct nn_seeded),
             .help = "uniform values of variance 2 / (fan_in + fan_out); Glorot, Bengio 2010",
             .sample = "glorot_uniform seed=1"},
    .fill = fill_uniform,
};

const nn_initializer nn_initializer_glorot_normal = {
    .part = {.name = "glorot_normal",
             .options = nn_seeded_options,
             .size = sizeof(struct nn_seeded),
             .help =
                 "truncated normal values of variance 2 / (fan_in + fan_out); Glorot, Bengio 2010",
             .sample = "glorot_normal seed=1"},
    .fill = fill_normal,
};
