/* accuracy: the share of right answers, where what is right depends on output and target as in Keras:
 * binary_accuracy for outputs of width 1, else sparse_categorical_accuracy for labels and
 * categorical_accuracy for values. */
#include "metric.h"
#include <math.h>

struct accuracy_state {
    double right, count;
};

struct binary_accuracy {
    double threshold;
};

static const nn_option binary_options[] = {
    NN_OPTION_REAL(struct binary_accuracy, threshold, 0.5, -INFINITY, INFINITY,
                   "an output above it counts as 1"),
    NN_OPTION_END,
};

static double result(const void *self, const void *state)
{
    const struct accuracy_state *sums = state;
    (void)self;
    return sums->count > 0 ? sums->right / sums->count : 0;
}

/* The first of the largest values. */
static size_t largest(size_t width, const nn_real *row)
{
    size_t best = 0;
    for (size_t j = 1; j < width; j++)
        if (row[j] > row[best])
            best = j;
    return best;
}

static void update_binary(nn_real threshold, struct accuracy_state *sums, size_t count,
                          const nn_real *y, const nn_target *target)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real wanted =
            target->kind == NN_TARGET_LABELS ? (nn_real)target->labels[i] : target->values[i];
        sums->right += (y[i] > threshold ? 1 : 0) == wanted;
    }
    sums->count += (double)count;
}

static void update_classes(const void *self, void *state, size_t rows, size_t width,
                           const nn_real *y, const nn_target *target)
{
    struct accuracy_state *sums = state;
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const size_t wanted = target->kind == NN_TARGET_LABELS
                                  ? (size_t)target->labels[i]
                                  : largest(width, target->values + i * width);
        sums->right += largest(width, y + i * width) == wanted;
    }
    sums->count += (double)rows;
}

static void update_binary_accuracy(const void *self, void *state, size_t rows, size_t width,
                                   const nn_real *y, const nn_target *target)
{
    const struct binary_accuracy *binary = self;
    update_binary((nn_real)binary->threshold, state, rows * width, y, target);
}

static void update_accuracy(const void *self, void *state, size_t rows, size_t width,
                            const nn_real *y, const nn_target *target)
{
    if (width == 1)
        update_binary((nn_real)0.5, state, rows, y, target);
    else
        update_classes(self, state, rows, width, y, target);
}

const nn_metric nn_metric_accuracy = {
    .part = {.name = "accuracy",
             .alias = "acc",
             .help = "share of right answers: by a threshold of 0.5 for outputs of width 1, else "
                     "by the largest output",
             .sample = "accuracy"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES | NN_TARGET_LABELS,
    .state_size = sizeof(struct accuracy_state),
    .update = update_accuracy,
    .result = result,
};

const nn_metric nn_metric_binary_accuracy = {
    .part = {.name = "binary_accuracy",
             .options = binary_options,
             .size = sizeof(struct binary_accuracy),
             .help = "share of outputs that are on the right side of a threshold",
             .sample = "binary_accuracy threshold=0.4"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_size = sizeof(struct accuracy_state),
    .update = update_binary_accuracy,
    .result = result,
};

const nn_metric nn_metric_categorical_accuracy = {
    .part = {.name = "categorical_accuracy",
             .help = "share of rows whose largest output is where the largest target is",
             .sample = "categorical_accuracy"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_size = sizeof(struct accuracy_state),
    .update = update_classes,
    .result = result,
};

const nn_metric nn_metric_sparse_categorical_accuracy = {
    .part = {.name = "sparse_categorical_accuracy",
             .help = "share of rows whose largest output is the label's",
             .sample = "sparse_categorical_accuracy"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_LABELS,
    .state_size = sizeof(struct accuracy_state),
    .update = update_classes,
    .result = result,
};
