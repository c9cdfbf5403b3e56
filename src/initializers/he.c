/* he_uniform, he_normal: variance 2 / fan_in, for layers that end in a relu.  Source: He et al. 2015. */
#include "variance_scaling.h"

static nn_status fill_uniform(const void *self, const nn_shape *shape, nn_random *random,
                              nn_real *values)
{
    const struct nn_seeded *seeded = self;
    nn_fill_scaled_uniform(2.0, NN_FAN_IN, shape, nn_initializer_stream(&seeded->seed, random),
                           values);
    return NN_OK;
}

static nn_status fill_normal(const void *self, const nn_shape *shape, nn_random *random,
                             nn_real *values)
{
    const struct nn_seeded *seeded = self;
    nn_fill_scaled_truncated_normal(2.0, NN_FAN_IN, shape,
                                    nn_initializer_stream(&seeded->seed, random), values);
    return NN_OK;
}

const nn_initializer nn_initializer_he_uniform = {
    .part = {.name = "he_uniform",
             .options = nn_seeded_options,
             .size = sizeof(struct nn_seeded),
             .help = "uniform values of variance 2 / fan_in; He et al. 2015",
             .sample = "he_uniform seed=1"},
    .fill = fill_uniform,
};

const nn_initializer nn_initializer_he_normal = {
    .part = {.name = "he_normal",
             .options = nn_seeded_options,
             .size = sizeof(struct nn_seeded),
             .help = "truncated normal values of variance 2 / fan_in; He et al. 2015",
             .sample = "he_normal seed=1"},
    .fill = fill_normal,
};
