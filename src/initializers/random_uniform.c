/* random_uniform: independent values, uniform between two bounds. */
#include "initializer.h"
#include "status.h"
#include <math.h>

struct random_uniform {
    double minval, maxval;
    nn_seed seed;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct random_uniform, minval, -0.05, -INFINITY, INFINITY, "lower bound"),
    NN_OPTION_REAL(struct random_uniform, maxval, 0.05, -INFINITY, INFINITY, "upper bound"),
    NN_OPTION_SEED(struct random_uniform, seed, "a seed of its own; none: the model's"),
    NN_OPTION_END,
};

static nn_status check(const void *self)
{
    const struct random_uniform *uniform = self;
    NN_REQUIRE(uniform->minval <= uniform->maxval, NN_ERR_INVALID, "minval %g is above maxval %g",
               uniform->minval, uniform->maxval);
    return NN_OK;
}

static nn_status fill(const void *self, const nn_shape *shape, nn_random *random, nn_real *values)
{
    const struct random_uniform *uniform = self;
    const double range = uniform->maxval - uniform->minval;
    const size_t count = nn_shape_width(shape);
    nn_random stream = nn_initializer_stream(&uniform->seed, random);
    for (size_t i = 0; i < count; i++)
        values[i] = (nn_real)(uniform->minval + range * nn_random_uniform(&stream));
    return NN_OK;
}

const nn_initializer nn_initializer_random_uniform = {
    .part = {.name = "random_uniform",
             .alias = "uniform",
             .options = options,
             .size = sizeof(struct random_uniform),
             .help = "values uniform between minval and maxval",
             .sample = "random_uniform minval=-0.1 maxval=0.2 seed=1",
             .check = check},
    .fill = fill,
};
