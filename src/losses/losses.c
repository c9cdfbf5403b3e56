/* The table of losses. */
#include "loss.h"

#define ROWS(ROW)                                                                                  \
    ROW(loss, mean_squared_error)                                                                  \
    ROW(loss, binary_crossentropy)                                                                 \
    ROW(loss, categorical_crossentropy)                                                            \
    ROW(loss, sparse_categorical_crossentropy)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_loss_room = {
    .kind = "loss",
    .module = "keras.losses",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
};
