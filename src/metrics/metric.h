/* The room of metrics: numbers gathered over batches, in double, and a result. */
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
    /* How many numbers its state has for outputs of this width. All 0 is the start of an epoch. */
    size_t (*state_count)(const void *self, size_t width);
    /* Takes in y[rows][width] and what it should be. A row counts weight[row] times, finite and not
     * negative; NULL: every row once. */
    void (*update)(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target, const double *weight);
    /* 0 when nothing was taken in, or only rows whose weights are 0. */
    double (*result)(const void *self, size_t width, const double *state);
    /* Whether it means something for outputs of this width; NULL: for any. Errors: NN_ERR_SHAPE with
     * reason and remedy. */
    nn_status (*check_width)(const void *self, size_t width);
} nn_metric;

/* Its outer options are those that a model's metrics have. */
extern const nn_room nn_metric_room;

static inline const nn_metric *nn_metric_of(const nn_part *part)
{
    return (const nn_metric *)part->type;
}

/* Whether there is an output of that number. Errors: NN_ERR_SHAPE. */
nn_status nn_metric_check_class(nn_optional_size class_id, size_t width);

static inline double nn_metric_weight(const double *weight, size_t row)
{
    return weight != NULL ? weight[row] : 1;
}

/* Keras's divide_no_nan: 0 where there is nothing to divide by. */
static inline double nn_ratio(double part, double whole)
{
    return whole != 0 ? part / whole : 0;
}

#endif
