/* random_normal: independent normal values. */
#include "initializer.h"
#include <math.h>

struct random_normal {
    double mean, stddev;
    nn_seed seed;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct random_normal, mean, 0.0, -INFINITY, INFINITY, "mean of the values"),
    NN_OPTION_REAL(struct random_normal, stddev, 0.05, 0.0, INFINITY,
                   "standard deviation of the values"),
    NN_OPTION_SEED(struct random_normal, seed, "a seed of its own; none: the model's"),
    NN_OPTION_END,
};

static nn_status fill(const void *self, const nn_shape *shape, nn_random *random, nn_real *values)
{
    const struct random_normal *normal = self;
    const size_t count = nn_shape_width(shape);
    nn_random stream = nn_initializer_stream(&normal->seed, random);
    for (size_t i = 0; i < count; i++)
        values[i] = (nn_real)(normal->mean + normal->stddev * nn_random_normal(&stream));
    return NN_OK;
}

const nn_initializer nn_initializer_random_normal = {
    .part = {.name = "random_normal",
             .alias = "normal",
             .options = options,
             .size = sizeof(struct random_normal),
             .help = "normal values",
             .sample = "random_normal mean=0.1 stddev=0.2 seed=1"},
    .fill = fill,
};
