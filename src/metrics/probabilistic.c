/* How well outputs tell probabilities or rates, as means over all rows of the losses of the same names,
 * with their options. The cross-entropies are also known as log-loss.  Source: Keras. */
#include "crossentropy.h"
#include "mean.h"

NN_MEAN_OF_LOSS(binary_crossentropy)
NN_MEAN_OF_LOSS(categorical_crossentropy)
NN_MEAN_OF_LOSS(sparse_categorical_crossentropy)
NN_MEAN_OF_LOSS(kl_divergence)
NN_MEAN_OF_LOSS(poisson)

const nn_metric nn_metric_binary_crossentropy = {
    .part = {.name = "binary_crossentropy",
             .alias = "bce",
             .options = nn_binary_crossentropy_options,
             .size = sizeof(struct nn_binary_crossentropy),
             .help = "mean of the cross-entropies of independent yes-or-no outputs",
             .sample = "binary_crossentropy label_smoothing=0.1"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(binary_crossentropy),
};

const nn_metric nn_metric_categorical_crossentropy = {
    .part = {.name = "categorical_crossentropy",
             .options = nn_categorical_crossentropy_options,
             .size = sizeof(struct nn_crossentropy),
             .help = "mean(-sum(y_true * log(y_pred))) over classes; targets are rows of "
                     "probabilities (one-hot)",
             .sample = "categorical_crossentropy label_smoothing=0.1"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(categorical_crossentropy),
};

const nn_metric nn_metric_sparse_categorical_crossentropy = {
    .part = {.name = "sparse_categorical_crossentropy",
             .options = nn_sparse_categorical_crossentropy_options,
             .size = sizeof(struct nn_crossentropy),
             .help = "mean(-log(y_pred[label])); targets are one class label a row",
             .sample = "sparse_categorical_crossentropy from_logits=true"},
    .targets = NN_TARGET_LABELS,
    NN_MEAN_FUNCTIONS(sparse_categorical_crossentropy),
};

const nn_metric nn_metric_kl_divergence = {
    .part = {.name = "kl_divergence",
             .class_name = "KLDivergence",
             .help = "mean(sum(y_true * log(y_true / y_pred))); targets are rows of probabilities",
             .sample = "kl_divergence"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(kl_divergence),
};

const nn_metric nn_metric_poisson = {
    .part = {.name = "poisson",
             .help =
                 "mean(y_pred - y_true * log(y_pred + 1e-7)), for counts; outputs are rates and "
                 "must not be negative",
             .sample = "poisson"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(poisson),
};
