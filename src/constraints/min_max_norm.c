/* min_max_norm: w d / (norm + epsilon), where d = rate clip(norm, min_value, max_value) + (1 - rate) norm:
 * with rate 1 every norm is made to lie between the two, with less it goes part of the way there.
 * Source: Keras's MinMaxNorm. */
#include "constraint.h"
#include "norms.h"
#include "status.h"
#include <math.h>

struct min_max_norm {
    double min_value, max_value, rate;
    int axis;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct min_max_norm, min_value, 0.0, 0.0, INFINITY, "the smallest norm"),
    NN_OPTION_REAL(struct min_max_norm, max_value, 1.0, -INFINITY, INFINITY,
                   "the largest norm, not below min_value"),
    NN_OPTION_REAL(struct min_max_norm, rate, 1.0, 0.0, 1.0, "share of the way that is gone"),
    NN_OPTION_AXIS(struct min_max_norm),
    NN_OPTION_END,
};

static nn_status check(const void *self)
{
    const struct min_max_norm *constraint = self;
    NN_REQUIRE(constraint->min_value <= constraint->max_value, NN_ERR_INVALID,
               "max_value is %.9g, expected at least min_value, which is %.9g",
               constraint->max_value, constraint->min_value);
    return NN_OK;
}

static nn_status check_shape(const void *self, const nn_shape *shape)
{
    return nn_norms_check_axis(shape, ((const struct min_max_norm *)self)->axis);
}

static double desired(const void *self, double norm)
{
    const struct min_max_norm *constraint = self;
    const double low = norm < constraint->min_value ? constraint->min_value : norm;
    const double clipped = low > constraint->max_value ? constraint->max_value : low;
    return constraint->rate * clipped + (1 - constraint->rate) * norm;
}

static void project(const void *self, const nn_shape *shape, nn_real *w)
{
    nn_norms_rescale(shape, ((const struct min_max_norm *)self)->axis, desired, self, w);
}

const nn_constraint nn_constraint_min_max_norm = {
    .part = {.name = "min_max_norm",
             .options = options,
             .size = sizeof(struct min_max_norm),
             .help = "norms between min_value and max_value, or part of the way there",
             .sample = "min_max_norm min_value=0.5 max_value=1.5 rate=0.7 axis=-1",
             .check = check},
    .check_shape = check_shape,
    .project = project,
};
