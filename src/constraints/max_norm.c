/* max_norm: w min(norm, max_value) / (norm + epsilon), so that no norm is above max_value; a norm of 0
 * stays. Source: Srivastava et al. 2014; Keras's MaxNorm. */
#include "constraint.h"
#include "norms.h"
#include <math.h>

struct max_norm {
    double max_value;
    int axis;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct max_norm, max_value, 2.0, 0.0, INFINITY, "the largest norm"),
    NN_OPTION_AXIS(struct max_norm),
    NN_OPTION_END,
};

static nn_status check_shape(const void *self, const nn_shape *shape)
{
    return nn_norms_check_axis(shape, ((const struct max_norm *)self)->axis);
}

static double desired(const void *self, double norm)
{
    const double most = ((const struct max_norm *)self)->max_value;
    return norm > most ? most : norm; /* NaN stays */
}

static void project(const void *self, const nn_shape *shape, nn_real *w)
{
    nn_norms_rescale(shape, ((const struct max_norm *)self)->axis, desired, self, w);
}

const nn_constraint nn_constraint_max_norm = {
    .part = {.name = "max_norm",
             .options = options,
             .size = sizeof(struct max_norm),
             .help = "norms of at most max_value; Srivastava et al. 2014",
             .sample = "max_norm max_value=0.9 axis=-1"},
    .check_shape = check_shape,
    .project = project,
};
