/* non_neg: max(w, 0). Source: Keras's NonNeg. */
#include "constraint.h"
#include "vectorize.h"

NN_VECTORIZE
static void clip_values(size_t count, nn_real *w)
{
    for (size_t i = 0; i < count; i++)
        w[i] = w[i] < 0 ? 0 : w[i]; /* NaN stays */
}

static void project(const void *self, const nn_shape *shape, nn_real *w)
{
    (void)self;
    clip_values(nn_shape_width(shape), w);
}

const nn_constraint nn_constraint_non_neg = {
    .part = {.name = "non_neg", .help = "no value below 0", .sample = "non_neg"},
    .project = project,
};
