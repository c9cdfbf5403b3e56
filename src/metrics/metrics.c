/* The table of metrics. */
#include "metric.h"
#include "status.h"

#define ROWS(ROW)                                                                                  \
    ROW(metric, accuracy)                                                                          \
    ROW(metric, binary_accuracy)                                                                   \
    ROW(metric, categorical_accuracy)                                                              \
    ROW(metric, sparse_categorical_accuracy)                                                       \
    ROW(metric, top_k_categorical_accuracy)                                                        \
    ROW(metric, sparse_top_k_categorical_accuracy)                                                 \
    ROW(metric, tolerance_accuracy)                                                                \
    ROW(metric, true_positives)                                                                    \
    ROW(metric, true_negatives)                                                                    \
    ROW(metric, false_positives)                                                                   \
    ROW(metric, false_negatives)                                                                   \
    ROW(metric, precision)                                                                         \
    ROW(metric, recall)                                                                            \
    ROW(metric, f1_score)                                                                          \
    ROW(metric, fbeta_score)                                                                       \
    ROW(metric, sensitivity_at_specificity)                                                        \
    ROW(metric, specificity_at_sensitivity)                                                        \
    ROW(metric, precision_at_recall)                                                               \
    ROW(metric, recall_at_precision)                                                               \
    ROW(metric, auc)                                                                               \
    ROW(metric, binary_crossentropy)                                                               \
    ROW(metric, categorical_crossentropy)                                                          \
    ROW(metric, sparse_categorical_crossentropy)                                                   \
    ROW(metric, kl_divergence)                                                                     \
    ROW(metric, poisson)                                                                           \
    ROW(metric, mean_squared_error)                                                                \
    ROW(metric, root_mean_squared_error)                                                           \
    ROW(metric, mean_absolute_error)                                                               \
    ROW(metric, mean_absolute_percentage_error)                                                    \
    ROW(metric, mean_squared_logarithmic_error)                                                    \
    ROW(metric, log_cosh_error)                                                                    \
    ROW(metric, cosine_similarity)                                                                 \
    ROW(metric, r2_score)                                                                          \
    ROW(metric, pearson_correlation)                                                               \
    ROW(metric, concordance_correlation)                                                           \
    ROW(metric, hinge)                                                                             \
    ROW(metric, squared_hinge)                                                                     \
    ROW(metric, categorical_hinge)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

/* Their values go to the model's list of metrics, not into a struct of their own. */
static const nn_option outer[] = {
    {.name = "name",
     .type = NN_TYPE_STRING,
     .help = "by which values and history know it; none: its own"},
    {.name = "weighted",
     .type = NN_TYPE_BOOL,
     .help = "whether rows count by sample and class weights, as in Keras's weighted_metrics"},
    NN_OPTION_END,
};

const nn_room nn_metric_room = {
    .kind = "metric",
    .outer = outer,
    .module = "keras.metrics",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
};

nn_status nn_metric_check_class(nn_optional_size class_id, size_t width)
{
    NN_REQUIRE(!class_id.given || class_id.value < width, NN_ERR_SHAPE,
               "class_id is %zu, and the model has %zu output(s), numbered from 0: use a class_id "
               "of at most %zu",
               class_id.value, width, width - 1);
    return NN_OK;
}
