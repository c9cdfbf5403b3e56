/* The table of losses, and what they have in common. */
#include "loss.h"

#define ROWS(ROW)                                                                                  \
    ROW(loss, mean_squared_error)                                                                  \
    ROW(loss, mean_absolute_error)                                                                 \
    ROW(loss, mean_absolute_percentage_error)                                                      \
    ROW(loss, mean_squared_logarithmic_error)                                                      \
    ROW(loss, huber)                                                                               \
    ROW(loss, log_cosh)                                                                            \
    ROW(loss, cosine_similarity)                                                                   \
    ROW(loss, binary_crossentropy)                                                                 \
    ROW(loss, binary_focal_crossentropy)                                                           \
    ROW(loss, categorical_crossentropy)                                                            \
    ROW(loss, categorical_focal_crossentropy)                                                      \
    ROW(loss, categorical_generalized_cross_entropy)                                               \
    ROW(loss, sparse_categorical_crossentropy)                                                     \
    ROW(loss, kl_divergence)                                                                       \
    ROW(loss, poisson)                                                                             \
    ROW(loss, hinge)                                                                               \
    ROW(loss, squared_hinge)                                                                       \
    ROW(loss, categorical_hinge)                                                                   \
    ROW(loss, perceptron)                                                                          \
    ROW(loss, dice)                                                                                \
    ROW(loss, tversky)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

static const char *const reductions[] = {"sum_over_batch_size", "mean", "sum",
                                         "mean_with_sample_weight", NULL};

/* Keras's none, a loss for each row, is nothing that training could minimize. */
static const nn_option common[] = {
    NN_OPTION_CHOICE(nn_loss_options, reduction, reductions, "sum_over_batch_size",
                     "what a batch's weighted losses come to: the sum, or that divided by the "
                     "number of rows, or by the sum of their weights"),
    NN_OPTION_END,
};

const nn_room nn_loss_room = {
    .kind = "loss",
    .module = "keras.losses",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
    .common = common,
    .common_size = sizeof(nn_loss_options),
};
