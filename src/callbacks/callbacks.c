/* The table of callbacks. */
#include "callback.h"

#define ROWS(ROW)                                                                                  \
    ROW(callback, csv_logger)                                                                      \
    ROW(callback, progress_bar)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_callback_room = {
    .kind = "callback",
    .module = "keras.callbacks",
    .parts = parts,
    .count = sizeof(parts) / sizeof(parts[0]),
};
