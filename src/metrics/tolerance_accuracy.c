/* tolerance_accuracy: the share of outputs with |y - t| <= tolerance, an accuracy for regressions. Keras
 * has none. An output that is NaN is wrong. */
#include "mean.h"
#include <math.h>

struct tolerance_accuracy {
    double tolerance;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct tolerance_accuracy, tolerance, 0.1, 0, INFINITY,
                   "how far an output may be from its target, in the target's unit"),
    NN_OPTION_END,
};

static size_t count_right(nn_real tolerance, size_t count, const nn_real *y, const nn_real *t)
{
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        const nn_real difference = y[i] - t[i];
        right += difference <= tolerance && -difference <= tolerance;
    }
    return right;
}

static void update(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target, const double *weight)
{
    const nn_real tolerance = (nn_real)((const struct tolerance_accuracy *)self)->tolerance;
    const nn_real *t = target->values;
    if (weight == NULL)
        state[NN_MEAN_SUM] += (double)count_right(tolerance, rows * width, y, t);
    for (size_t i = 0; i < rows && weight != NULL; i++)
        state[NN_MEAN_SUM] +=
            weight[i] * (double)count_right(tolerance, width, y + i * width, t + i * width);
    nn_mean_add_count(state, rows, width, weight);
}

const nn_metric nn_metric_tolerance_accuracy = {
    .part = {.name = "tolerance_accuracy",
             .options = options,
             .size = sizeof(struct tolerance_accuracy),
             .help = "share of outputs within a tolerance of their targets: mean(|y_true - y_pred| "
                     "<= tolerance), for regression; not in Keras",
             .sample = "tolerance_accuracy tolerance=0.25"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_count = nn_mean_state_count,
    .update = update,
    .result = nn_mean_result,
};
