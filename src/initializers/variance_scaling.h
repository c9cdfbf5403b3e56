/* Values whose variance is scale / fan, so that signals keep their size from layer to layer: what
 * glorot_*, he_* and their relatives are made of. Source: Keras's VarianceScaling. */
#ifndef NN_INITIALIZERS_VARIANCE_SCALING_H
#define NN_INITIALIZERS_VARIANCE_SCALING_H

#include "initializer.h"

typedef enum nn_fan_mode { NN_FAN_IN, NN_FAN_OUT, NN_FAN_AVERAGE } nn_fan_mode;

/* values[width of shape] uniform in +-sqrt(3 scale / fan) */
void nn_fill_scaled_uniform(double scale, nn_fan_mode mode, const nn_shape *shape, nn_random random,
                            nn_real *values);

/* values[count] normal, with those beyond two standard deviations drawn again: stddev is what it was
 * before */
void nn_fill_truncated_normal(double mean, double stddev, size_t count, nn_random random,
                              nn_real *values);

/* values[width of shape] normal, with those beyond two standard deviations drawn again, and the
 * variance that this loses made good */
void nn_fill_scaled_truncated_normal(double scale, nn_fan_mode mode, const nn_shape *shape,
                                     nn_random random, nn_real *values);

/* The options of glorot_*, he_* and their relatives. */
struct nn_seeded {
    nn_seed seed;
};

extern const nn_option nn_seeded_options[];

#endif
