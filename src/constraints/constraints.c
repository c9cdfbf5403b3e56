/* The table of constraints. */
#include "constraint.h"

#define ROWS(ROW)                                                                                  \
    ROW(constraint, max_norm)                                                                      \
    ROW(constraint, min_max_norm)                                                                  \
    ROW(constraint, non_neg)                                                                       \
    ROW(constraint, unit_norm)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_constraint_room = {
    .kind = "constraint",
    .module = "keras.constraints",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
};

nn_status nn_constraint_check_shape(const nn_part *constraint, const nn_shape *shape)
{
    if (constraint->type == NULL || nn_constraint_of(constraint)->check_shape == NULL)
        return NN_OK;
    return nn_constraint_of(constraint)->check_shape(constraint->self, shape);
}
