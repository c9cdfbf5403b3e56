/* lecun_uniform, lecun_normal: variance 1 / fan_in, which keeps the size of signals forward; what selu
 * is made for.  Source: LeCun et al. 1998. */
#include "variance_scaling.h"

static nn_status fill_uniform(const void *self, const nn_shape *shape, nn_random *random,
                              nn_real *values)
{
    const struct nn_seeded *seeded = self;
    nn_fill_scaled_uniform(1.0, NN_FAN_IN, shape, nn_initializer_stream(&seeded->seed, random),
                           values);
    return NN_OK;
}

static nn_status fill_normal(const void *self, const nn_shape *shape, nn_random *random,
                             nn_real *values)
{
    const struct nn_seeded *seeded = self;
    nn_fill_scaled_truncated_normal(1.0, NN_FAN_IN, shape,
                                    nn_initializer_stream(&seeded->seed, random), values);
    return NN_OK;
}

const nn_initializer nn_initializer_lecun_uniform = {
    .part = {.name = "lecun_uniform",
             .options = nn_seeded_options,
             .size = sizeof(struct nn_seeded),
             .help = "uniform values of variance 1 / fan_in; LeCun et al. 1998",
             .sample = "lecun_uniform seed=1"},
    .fill = fill_uniform,
};

const nn_initializer nn_initializer_lecun_normal = {
    .part = {.name = "lecun_normal",
             .options = nn_seeded_options,
             .size = sizeof(struct nn_seeded),
             .help = "truncated normal values of variance 1 / fan_in; LeCun et al. 1998",
             .sample = "lecun_normal seed=1"},
    .fill = fill_normal,
};
