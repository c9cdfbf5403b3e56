/* mean_absolute_error: the mean of |y - t| over all values. */
#include "metric.h"
#include <math.h>

struct error_state {
    double sum, count;
};

static void update(const void *self, void *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target)
{
    struct error_state *sums = state;
    (void)self;
    for (size_t i = 0; i < rows * width; i++)
        sums->sum += fabs((double)y[i] - (double)target->values[i]);
    sums->count += (double)(rows * width);
}

static double result(const void *self, const void *state)
{
    const struct error_state *sums = state;
    (void)self;
    return sums->count > 0 ? sums->sum / sums->count : 0;
}

const nn_metric nn_metric_mean_absolute_error = {
    .part = {.name = "mean_absolute_error",
             .alias = "mae",
             .help = "mean(|y_true - y_pred|)",
             .sample = "mean_absolute_error"},
    .direction = NN_LOWER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_size = sizeof(struct error_state),
    .update = update,
    .result = result,
};
