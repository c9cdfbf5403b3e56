/* variance_scaling: values of variance scale / n, where n is fan_in, fan_out or their mean. Source: Keras's
 * VarianceScaling; LeCun et al. 1998, Glorot, Bengio 2010 and He et al. 2015 choose scale and n. */
#include "variance_scaling.h"
#include <math.h>
#include <string.h>

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

void nn_fill_truncated_normal(double mean, double stddev, size_t count, nn_random random,
                              nn_real *values)
{
    for (size_t i = 0; i < count; i++) {
        double normal;
        do
            normal = nn_random_normal(&random);
        while (fabs(normal) > 2);
        values[i] = (nn_real)(mean + stddev * normal);
    }
}

void nn_fill_scaled_truncated_normal(double scale, nn_fan_mode mode, const nn_shape *shape,
                                     nn_random random, nn_real *values)
{
    const double stddev = sqrt(variance(scale, mode, shape)) / TRUNCATED_STDDEV;
    nn_fill_truncated_normal(0, stddev, nn_shape_width(shape), random, values);
}

/* ---- the part ---- */

struct variance_scaling {
    double scale;
    const char *mode, *distribution;
    nn_seed seed;
};

static const char *const modes[] = {"fan_in", "fan_out", "fan_avg", NULL};
/* normal is Keras's other name for truncated_normal */
static const char *const distributions[] = {"truncated_normal", "untruncated_normal", "uniform",
                                            "normal", NULL};

static const nn_option options[] = {
    {.name = "scale",
     .type = NN_TYPE_REAL,
     .offset = offsetof(struct variance_scaling, scale),
     .default_number = 1.0,
     .minimum = 0.0,
     .maximum = INFINITY,
     .open_minimum = true,
     .help = "the variance times n"},
    NN_OPTION_CHOICE(struct variance_scaling, mode, modes, "fan_in",
                     "what n is; fan_avg: the mean of the two"),
    NN_OPTION_CHOICE(struct variance_scaling, distribution, distributions, "truncated_normal",
                     "of the values; truncated_normal, or normal: none beyond two standard "
                     "deviations"),
    NN_OPTION_SEED(struct variance_scaling, seed, "a seed of its own; none: the model's"),
    NN_OPTION_END,
};

static nn_fan_mode mode_of(const struct variance_scaling *scaling)
{
    return strcmp(scaling->mode, "fan_in") == 0    ? NN_FAN_IN
           : strcmp(scaling->mode, "fan_out") == 0 ? NN_FAN_OUT
                                                   : NN_FAN_AVERAGE;
}

static nn_status fill(const void *self, const nn_shape *shape, nn_random *random, nn_real *values)
{
    const struct variance_scaling *scaling = self;
    const nn_fan_mode mode = mode_of(scaling);
    nn_random stream = nn_initializer_stream(&scaling->seed, random);
    if (strcmp(scaling->distribution, "uniform") == 0) {
        nn_fill_scaled_uniform(scaling->scale, mode, shape, stream, values);
    } else if (strcmp(scaling->distribution, "untruncated_normal") == 0) {
        const double stddev = sqrt(variance(scaling->scale, mode, shape));
        const size_t count = nn_shape_width(shape);
        for (size_t i = 0; i < count; i++)
            values[i] = (nn_real)(stddev * nn_random_normal(&stream));
    } else {
        nn_fill_scaled_truncated_normal(scaling->scale, mode, shape, stream, values);
    }
    return NN_OK;
}

const nn_initializer nn_initializer_variance_scaling = {
    .part = {.name = "variance_scaling",
             .options = options,
             .size = sizeof(struct variance_scaling),
             .help = "values of variance scale / n; Keras's VarianceScaling",
             .sample = "variance_scaling scale=2 mode=fan_avg distribution=uniform seed=1"},
    .fill = fill,
};
