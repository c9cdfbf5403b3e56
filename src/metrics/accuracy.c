/* accuracy: the share of right answers, where what is right depends on output and target as in Keras:
 * binary_accuracy for outputs of width 1, else sparse_categorical_accuracy for labels and
 * categorical_accuracy for values. */
#include "mean.h"
#include "status.h"
#include <math.h>

struct binary_accuracy {
    double threshold;
};

static const nn_option binary_options[] = {
    NN_OPTION_REAL(struct binary_accuracy, threshold, 0.5, -INFINITY, INFINITY,
                   "an output above it counts as 1"),
    NN_OPTION_END,
};

static void update_binary(nn_real threshold, double *state, size_t rows, size_t width,
                          const nn_real *y, const nn_target *target, const double *weight)
{
    double sum = state[NN_MEAN_SUM];
    for (size_t i = 0; i < rows; i++) {
        size_t right = 0;
        for (size_t at = i * width; at < (i + 1) * width; at++) {
            const nn_real wanted =
                target->kind == NN_TARGET_LABELS ? (nn_real)target->labels[at] : target->values[at];
            right += (y[at] > threshold ? 1 : 0) == wanted;
        }
        sum += nn_metric_weight(weight, i) * (double)right;
    }
    state[NN_MEAN_SUM] = sum;
    nn_mean_add_count(state, rows, width, weight);
}

static bool is_right(size_t row, size_t width, const nn_real *y, const nn_target *target)
{
    return nn_largest(width, y + row * width) == nn_target_class(target, row, width);
}

static void update_classes(const void *self, double *state, size_t rows, size_t width,
                           const nn_real *y, const nn_target *target, const double *weight)
{
    size_t right = 0;
    (void)self;
    for (size_t i = 0; i < rows && weight == NULL; i++)
        right += is_right(i, width, y, target);
    state[NN_MEAN_SUM] += (double)right;
    for (size_t i = 0; i < rows && weight != NULL; i++)
        state[NN_MEAN_SUM] += weight[i] * is_right(i, width, y, target);
    nn_mean_add_count(state, rows, 1, weight);
}

static void update_binary_accuracy(const void *self, double *state, size_t rows, size_t width,
                                   const nn_real *y, const nn_target *target, const double *weight)
{
    const struct binary_accuracy *binary = self;
    update_binary((nn_real)binary->threshold, state, rows, width, y, target, weight);
}

static void update_accuracy(const void *self, double *state, size_t rows, size_t width,
                            const nn_real *y, const nn_target *target, const double *weight)
{
    if (width == 1)
        update_binary((nn_real)0.5, state, rows, width, y, target, weight);
    else
        update_classes(self, state, rows, width, y, target, weight);
}

static nn_status check_classes(const void *self, size_t width)
{
    (void)self;
    NN_REQUIRE(width > 1, NN_ERR_SHAPE,
               "it looks for the largest of a row's outputs, and the model has 1 output: use "
               "binary_accuracy");
    return NN_OK;
}

const nn_metric nn_metric_accuracy = {
    .part = {.name = "accuracy",
             .alias = "acc",
             .help = "share of right answers: by a threshold of 0.5 for outputs of width 1, else "
                     "by the largest output",
             .sample = "accuracy"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES | NN_TARGET_LABELS,
    .state_count = nn_mean_state_count,
    .update = update_accuracy,
    .result = nn_mean_result,
};

const nn_metric nn_metric_binary_accuracy = {
    .part = {.name = "binary_accuracy",
             .options = binary_options,
             .size = sizeof(struct binary_accuracy),
             .help = "share of outputs that are on the right side of a threshold",
             .sample = "binary_accuracy threshold=0.4"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_count = nn_mean_state_count,
    .update = update_binary_accuracy,
    .result = nn_mean_result,
};

const nn_metric nn_metric_categorical_accuracy = {
    .part = {.name = "categorical_accuracy",
             .help = "share of rows whose largest output is where the largest target is",
             .sample = "categorical_accuracy"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_count = nn_mean_state_count,
    .update = update_classes,
    .result = nn_mean_result,
    .check_width = check_classes,
};

const nn_metric nn_metric_sparse_categorical_accuracy = {
    .part = {.name = "sparse_categorical_accuracy",
             .help = "share of rows whose largest output is the label's",
             .sample = "sparse_categorical_accuracy"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_LABELS,
    .state_count = nn_mean_state_count,
    .update = update_classes,
    .result = nn_mean_result,
    .check_width = check_classes,
};
