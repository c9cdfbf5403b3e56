/* The table of metrics. */
#include "metric.h"

#define ROWS(ROW)                                                                                  \
    ROW(metric, accuracy)                                                                          \
    ROW(metric, binary_accuracy)                                                                   \
    ROW(metric, categorical_accuracy)                                                              \
    ROW(metric, sparse_categorical_accuracy)                                                       \
    ROW(metric, mean_absolute_error)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_metric_room = {
    .kind = "metric",
    .module = "keras.metrics",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
};
