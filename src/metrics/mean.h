/* Metrics that are means: a sum, and over how many values it goes. */
#ifndef NN_METRICS_MEAN_H
#define NN_METRICS_MEAN_H

#include "loss.h"
#include "metric.h"

enum { NN_MEAN_SUM, NN_MEAN_COUNT, NN_MEAN_STATE };

size_t nn_mean_state_count(const void *self, size_t width);

/* sum / count */
double nn_mean_result(const void *self, size_t width, const double *state);

/* Counts the rows, of so many values each. */
void nn_mean_add_count(double *state, size_t rows, size_t values, const double *weight);

/* Takes in the losses of the rows, some rows at a time: not for a loss that is the whole batch's (dice). The
 * hinges see from those rows whether targets are 0 and 1 or -1 and 1. A row that the loss ignores has a loss of
 * 0, and counts as such only where rows have no weights, as in Keras. */
void nn_mean_add_loss(const nn_loss *loss, const void *self, double *state, size_t rows,
                      size_t width, const nn_real *y, const nn_target *target,
                      const double *weight);

/* Defines update_name and check_name for a metric that has a loss's options and is its mean over all
 * rows. */
#define NN_MEAN_OF_LOSS(name)                                                                      \
    extern const nn_loss nn_loss_##name;                                                           \
    static void update_##name(const void *self, double *state, size_t rows, size_t width,          \
                              const nn_real *y, const nn_target *target, const double *weight)     \
    {                                                                                              \
        nn_mean_add_loss(&nn_loss_##name, self, state, rows, width, y, target, weight);            \
    }                                                                                              \
    static nn_status check_##name(const void *self, size_t width)                                  \
    {                                                                                              \
        return nn_loss_##name.check_width == NULL ? NN_OK                                          \
                                                  : nn_loss_##name.check_width(self, width);       \
    }

/* ... and its functions in the vtable. */
#define NN_MEAN_FUNCTIONS(name)                                                                    \
    .state_count = nn_mean_state_count, .update = update_##name, .result = nn_mean_result,         \
    .check_width = check_##name

#endif
