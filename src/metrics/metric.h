/* The room of metrics: sums over batches, in double, and a result. */
#ifndef NN_METRICS_METRIC_H
#define NN_METRICS_METRIC_H

#include "part.h"
#include "target.h"

/* What callbacks that look for the best need to know. */
typedef enum nn_direction {
    NN_DIRECTION_UNKNOWN = 0,
    NN_HIGHER_IS_BETTER,
    NN_LOWER_IS_BETTER
} nn_direction;

typedef struct nn_metric {
    nn_part_type part;
    nn_direction direction; /* Keras's */
    unsigned targets;       /* the nn_target_kinds it takes, or-ed */
    size_t state_size;      /* bytes; a zeroed state is the start of an epoch */
    /* Takes in y[rows][width] and what it should be. */
    void (*update)(const void *self, void *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target);
    double (*result)(const void *self, const void *state); /* 0 when nothing was taken in */
} nn_metric;

extern const nn_room nn_metric_room;

static inline const nn_metric *nn_metric_of(const nn_part *part)
{
    return (const nn_metric *)part->type;
}

#endif
