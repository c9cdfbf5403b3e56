/* Errors of regressions, as means over all rows of the losses of the same names.
 * root_mean_squared_error: the square root of mean_squared_error.
 * log_cosh_error: the loss log_cosh.
 * cosine_similarity: minus the loss of that name: 1 for the same direction, -1 for the opposite one.
 * Source: Keras. */
#include "mean.h"
#include <math.h>

NN_MEAN_OF_LOSS(mean_squared_error)
NN_MEAN_OF_LOSS(mean_absolute_error)
NN_MEAN_OF_LOSS(mean_absolute_percentage_error)
NN_MEAN_OF_LOSS(mean_squared_logarithmic_error)
NN_MEAN_OF_LOSS(log_cosh)
NN_MEAN_OF_LOSS(cosine_similarity)

static double root_of_mean(const void *self, size_t width, const double *state)
{
    return sqrt(nn_mean_result(self, width, state));
}

static double less_mean(const void *self, size_t width, const double *state)
{
    return 0 - nn_mean_result(self, width, state); /* nothing is 0, not -0 */
}

const nn_metric nn_metric_mean_squared_error = {
    .part = {.name = "mean_squared_error",
             .alias = "mse",
             .help = "mean((y_true - y_pred)^2)",
             .sample = "mean_squared_error"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(mean_squared_error),
};

const nn_metric nn_metric_root_mean_squared_error = {
    .part = {.name = "root_mean_squared_error",
             .help = "sqrt(mean((y_true - y_pred)^2)), in the unit of the targets",
             .sample = "root_mean_squared_error"},
    .targets = NN_TARGET_VALUES,
    .state_count = nn_mean_state_count,
    .update = update_mean_squared_error,
    .result = root_of_mean,
};

const nn_metric nn_metric_mean_absolute_error = {
    .part = {.name = "mean_absolute_error",
             .alias = "mae",
             .help = "mean(|y_true - y_pred|)",
             .sample = "mean_absolute_error"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(mean_absolute_error),
};

const nn_metric nn_metric_mean_absolute_percentage_error = {
    .part = {.name = "mean_absolute_percentage_error",
             .alias = "mape",
             .help = "100 * mean(|y_true - y_pred| / max(|y_true|, 1e-7))",
             .sample = "mean_absolute_percentage_error"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(mean_absolute_percentage_error),
};

const nn_metric nn_metric_mean_squared_logarithmic_error = {
    .part = {.name = "mean_squared_logarithmic_error",
             .alias = "msle",
             .help = "mean((log(y_true + 1) - log(y_pred + 1))^2), for what is never negative",
             .sample = "mean_squared_logarithmic_error"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(mean_squared_logarithmic_error),
};

const nn_metric nn_metric_log_cosh_error = {
    .part = {.name = "log_cosh_error",
             .help = "mean(log(cosh(y_pred - y_true))): squares / 2 near 0, linear far from it",
             .sample = "log_cosh_error"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(log_cosh),
};

const nn_metric nn_metric_cosine_similarity = {
    .part = {.name = "cosine_similarity",
             .help = "mean over rows of the cosine between y_true and y_pred: 1 for the same "
                     "direction (the loss has the other sign)",
             .sample = "cosine_similarity"},
    .targets = NN_TARGET_VALUES,
    .state_count = nn_mean_state_count,
    .update = update_cosine_similarity,
    .result = less_mean,
    .check_width = check_cosine_similarity,
};
