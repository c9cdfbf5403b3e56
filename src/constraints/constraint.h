/* The room of constraints: what a weight is made to be after each step of the optimizer. */
#ifndef NN_CONSTRAINTS_CONSTRAINT_H
#define NN_CONSTRAINTS_CONSTRAINT_H

#include "part.h"
#include "real.h"

typedef struct nn_constraint {
    nn_part_type part;
    /* NN_ERR_SHAPE if a weight of that shape can't have it; NULL: every one can. */
    nn_status (*check_shape)(const void *self, const nn_shape *shape);
    /* w[shape] becomes the nearest weight that is allowed. NaN stays. */
    void (*project)(const void *self, const nn_shape *shape, nn_real *w);
} nn_constraint;

extern const nn_room nn_constraint_room;

static inline const nn_constraint *nn_constraint_of(const nn_part *part)
{
    return (const nn_constraint *)part->type;
}

/* The same for a part; one that is none allows everything. */
nn_status nn_constraint_check_shape(const nn_part *constraint, const nn_shape *shape);

#endif
