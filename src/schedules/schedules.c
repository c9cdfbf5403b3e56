/* The table of learning-rate schedules. */
#include "schedule.h"

#define ROWS(ROW)                                                                                  \
    ROW(schedule, cosine_decay)                                                                    \
    ROW(schedule, cosine_decay_restarts)                                                           \
    ROW(schedule, exponential_decay)                                                               \
    ROW(schedule, inverse_time_decay)                                                              \
    ROW(schedule, piecewise_constant_decay)                                                        \
    ROW(schedule, polynomial_decay)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_schedule_room = {
    .kind = "schedule",
    .module = "keras.optimizers.schedules",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
};
