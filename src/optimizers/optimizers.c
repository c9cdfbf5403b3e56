/* The table of optimizers. */
#include "optimizer.h"

#define ROWS(ROW) ROW(optimizer, sgd)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_optimizer_room = {
    .kind = "optimizer",
    .module = "keras.optimizers",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
};
