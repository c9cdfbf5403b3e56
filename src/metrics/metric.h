/* The room of metrics: numbers gathered over batches, in double, and a result. */
#ifndef NN_METRICS_METRIC_H
#define NN_METRICS_METRIC_H

#include "part.h"
#include "target.h"

typedef struct nn_metric {
    nn_part_type part;
    unsigned targets; /* the nn_target_kinds it takes, or-ed */
    /* How many numbers its state has for outputs of this width. All 0 is the start of an epoch. */
    size_t (*state_count)(const void *self, size_t width);
    /* Takes in y[rows][width] and what it should be. */
    void (*update)(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target);
    /* 0 when nothing was taken in. */
    double (*result)(const void *self, size_t width, const double *state);
    /* Whether it means something for outputs of this width; NULL: for any. Errors: NN_ERR_SHAPE with
     * reason and remedy. */
    nn_status (*check_width)(const void *self, size_t width);
} nn_metric;

extern const nn_room nn_metric_room;

static inline const nn_metric *nn_metric_of(const nn_part *part)
{
    return (const nn_metric *)part->type;
}

/* Whether there is an output of that number. Errors: NN_ERR_SHAPE. */
nn_status nn_metric_check_class(nn_optional_size class_id, size_t width);

/* Keras's divide_no_nan: 0 where there is nothing to divide by. */
static inline double nn_ratio(double part, double whole)
{
    return whole != 0 ? part / whole : 0;
}

#endif
