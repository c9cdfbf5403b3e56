#include "variance_scaling.h"
#include <math.h>

/* The standard deviation of a standard normal variable truncated to +-2. */
#define TRUNCATED_STDDEV 0.87962566103423978

const nn_option nn_seeded_options[] = {
    NN_OPTION_SEED(struct nn_seeded, seed, "a seed of its own; none: the model's"),
    NN_OPTION_END,
};

static double variance(double scale, nn_fan_mode mode, const nn_shape *shape)
{
    double fan_in, fan_out;
    nn_initializer_fans(shape, &fan_in, &fan_out);
    const double fan = mode == NN_FAN_IN    ? fan_in
                       : mode == NN_FAN_OUT ? fan_out
                                            : (fan_in + fan_out) / 2;
    return scale / fmax(1, fan);
}

void nn_fill_scaled_uniform(double scale, nn_fan_mode mode, const nn_shape *shape, nn_random random,
                            nn_real *values)
{
    const double limit = sqrt(3 * variance(scale, mode, shape));
    const size_t count = nn_shape_width(shape);
    for (size_t i = 0; i < count; i++)
        values[i] = (nn_real)(limit * (2 * nn_random_uniform(&random) - 1));
}

void nn_fill_scaled_truncated_normal(double scale, nn_fan_mode mode, const nn_shape *shape,
                                     nn_random random, nn_real *values)
{
    const double stddev = sqrt(variance(scale, mode, shape)) / TRUNCATED_STDDEV;
    const size_t count = nn_shape_width(shape);
    for (size_t i = 0; i < count; i++) {
        double normal;
        do
            normal = nn_random_normal(&random);
        while (fabs(normal) > 2);
        values[i] = (nn_real)(stddev * normal);
    }
}
