/* The table of regularizers. */
#include "regularizer.h"
#include "status.h"

#define ROWS(ROW)                                                                                  \
    ROW(regularizer, l1)                                                                           \
    ROW(regularizer, l2)                                                                           \
    ROW(regularizer, l1_l2)                                                                        \
    ROW(regularizer, orthogonal_regularizer)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_regularizer_room = {
    .kind = "regularizer",
    .module = "keras.regularizers",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
};

bool nn_regularizer_scratch(const nn_part *regularizer, size_t rows, size_t width, size_t *values)
{
    const nn_regularizer *type = nn_regularizer_of(regularizer);
    *values = 0;
    return type->scratch == NULL || type->scratch(regularizer->self, rows, width, values);
}

nn_status nn_regularizer_check_rank(const nn_part *regularizer, size_t rank, const char *what)
{
    if (regularizer->type != NULL && nn_regularizer_of(regularizer)->matrices)
        NN_REQUIRE(rank == 2, NN_ERR_SHAPE, "%s needs 2 dimensions, but %s has %zu",
                   regularizer->type->name, what, rank);
    return NN_OK;
}
