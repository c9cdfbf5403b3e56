/* unit_norm: w / (norm + epsilon), so that every norm is 1; a norm of 0 stays. Source: Keras's UnitNorm. */
#include "constraint.h"
#include "norms.h"

struct unit_norm {
    int axis;
};

static const nn_option options[] = {NN_OPTION_AXIS(struct unit_norm), NN_OPTION_END};

static nn_status check_shape(const void *self, const nn_shape *shape)
{
    return nn_norms_check_axis(shape, ((const struct unit_norm *)self)->axis);
}

static double desired(const void *self, double norm)
{
    (void)self;
    (void)norm;
    return 1;
}

static void project(const void *self, const nn_shape *shape, nn_real *w)
{
    nn_norms_rescale(shape, ((const struct unit_norm *)self)->axis, desired, self, w);
}

const nn_constraint nn_constraint_unit_norm = {
    .part = {.name = "unit_norm",
             .options = options,
             .size = sizeof(struct unit_norm),
             .help = "norms of 1",
             .sample = "unit_norm axis=-1"},
    .check_shape = check_shape,
    .project = project,
};
