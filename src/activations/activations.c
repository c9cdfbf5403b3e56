/* The table of activations. */
#include "activation.h"

#define ROWS(ROW)                                                                                  \
    ROW(activation, linear)                                                                        \
    ROW(activation, relu)                                                                          \
    ROW(activation, leaky_relu)                                                                    \
    ROW(activation, sigmoid)                                                                       \
    ROW(activation, tanh)                                                                          \
    ROW(activation, softmax)                                                                       \
    ROW(activation, elu)                                                                           \
    ROW(activation, exponential)                                                                   \
    ROW(activation, gelu)                                                                          \
    ROW(activation, log_sigmoid)                                                                   \
    ROW(activation, mish)                                                                          \
    ROW(activation, relu6)                                                                         \
    ROW(activation, selu)                                                                          \
    ROW(activation, silu)                                                                          \
    ROW(activation, softplus)                                                                      \
    ROW(activation, celu)                                                                          \
    ROW(activation, glu)                                                                           \
    ROW(activation, hard_shrink)                                                                   \
    ROW(activation, hard_sigmoid)                                                                  \
    ROW(activation, hard_silu)                                                                     \
    ROW(activation, hard_tanh)                                                                     \
    ROW(activation, heaviside)                                                                     \
    ROW(activation, log_softmax)                                                                   \
    ROW(activation, sign)                                                                          \
    ROW(activation, soft_shrink)                                                                   \
    ROW(activation, softsign)                                                                      \
    ROW(activation, sparse_plus)                                                                   \
    ROW(activation, sparse_sigmoid)                                                                \
    ROW(activation, sparsemax)                                                                     \
    ROW(activation, squareplus)                                                                    \
    ROW(activation, tanh_shrink)                                                                   \
    ROW(activation, threshold)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_activation_room = {
    .kind = "activation",
    .module = "keras.activations",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
};
