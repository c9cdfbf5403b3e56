/* top_k_categorical_accuracy and sparse_top_k_categorical_accuracy: the share of rows in which fewer than
 * k outputs are larger than that of the wanted class. A row with an output that isn't finite is wrong.
 * Source: Keras, whose in_top_k both use. */
#include "mean.h"
#include "status.h"
#include <math.h>

struct top_k {
    size_t k;
};

static const nn_option options[] = {
    NN_OPTION_SIZE(struct top_k, k, 5, 1, INFINITY,
                   "how many of the largest outputs the wanted one may be among"),
    NN_OPTION_END,
};

static bool in_top_k(size_t k, size_t width, const nn_real *row, size_t wanted)
{
    size_t larger = 0;
    if (wanted >= width) /* what the loss ignores */
        return false;
    for (size_t j = 0; j < width; j++) {
        if (!isfinite(row[j]))
            return false;
        larger += row[j] > row[wanted];
    }
    return larger < k;
}

static void update(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target, const double *weight)
{
    const struct top_k *top = self;
    for (size_t i = 0; i < rows; i++)
        state[NN_MEAN_SUM] +=
            nn_metric_weight(weight, i) *
            in_top_k(top->k, width, y + i * width, nn_target_class(target, i, width));
    nn_mean_add_count(state, rows, 1, weight);
}

static nn_status check_width(const void *self, size_t width)
{
    (void)self;
    NN_REQUIRE(width > 1, NN_ERR_SHAPE,
               "it looks for the largest of a row's outputs, and the model has 1 output: use "
               "binary_accuracy");
    return NN_OK;
}

const nn_metric nn_metric_top_k_categorical_accuracy = {
    .part = {.name = "top_k_categorical_accuracy",
             .options = options,
             .size = sizeof(struct top_k),
             .help = "share of rows whose largest target is where one of the k largest outputs is",
             .sample = "top_k_categorical_accuracy k=2"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_count = nn_mean_state_count,
    .update = update,
    .result = nn_mean_result,
    .check_width = check_width,
};

const nn_metric nn_metric_sparse_top_k_categorical_accuracy = {
    .part = {.name = "sparse_top_k_categorical_accuracy",
             .options = options,
             .size = sizeof(struct top_k),
             .help = "share of rows whose label is where one of the k largest outputs is",
             .sample = "sparse_top_k_categorical_accuracy k=2"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_LABELS,
    .state_count = nn_mean_state_count,
    .update = update,
    .result = nn_mean_result,
    .check_width = check_width,
};
