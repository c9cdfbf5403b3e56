/* Margins, as means over all rows of the losses of the same names.  Source: Keras. */
#include "mean.h"

NN_MEAN_OF_LOSS(hinge)
NN_MEAN_OF_LOSS(squared_hinge)
NN_MEAN_OF_LOSS(categorical_hinge)

const nn_metric nn_metric_hinge = {
    .part = {.name = "hinge",
             .help = "mean(max(1 - y_true * y_pred, 0)); targets are -1 and 1, or 0 and 1",
             .sample = "hinge"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(hinge),
};

const nn_metric nn_metric_squared_hinge = {
    .part = {.name = "squared_hinge",
             .help = "mean(max(1 - y_true * y_pred, 0)^2); targets are -1 and 1, or 0 and 1",
             .sample = "squared_hinge"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(squared_hinge),
};

const nn_metric nn_metric_categorical_hinge = {
    .part = {.name = "categorical_hinge",
             .help = "mean(max(neg - pos + 1, 0)), pos = sum(y_true * y_pred), neg = max((1 - "
                     "y_true) * y_pred); targets are one-hot",
             .sample = "categorical_hinge"},
    .targets = NN_TARGET_VALUES,
    NN_MEAN_FUNCTIONS(categorical_hinge),
};
