/* The table of layers. */
#include "layer.h"
#include "status.h"

#define ROWS(ROW)                                                                                  \
    ROW(layer, activation)                                                                         \
    ROW(layer, activity_regularization)                                                            \
    ROW(layer, add)                                                                                \
    ROW(layer, alpha_dropout)                                                                      \
    ROW(layer, average)                                                                            \
    ROW(layer, batch_normalization)                                                                \
    ROW(layer, category_encoding)                                                                  \
    ROW(layer, concatenate)                                                                        \
    ROW(layer, dense)                                                                              \
    ROW(layer, dot)                                                                                \
    ROW(layer, dropout)                                                                            \
    ROW(layer, elu)                                                                                \
    ROW(layer, embedding)                                                                          \
    ROW(layer, flatten)                                                                            \
    ROW(layer, gaussian_dropout)                                                                   \
    ROW(layer, gaussian_noise)                                                                     \
    ROW(layer, group_normalization)                                                                \
    ROW(layer, identity)                                                                           \
    ROW(layer, input_layer)                                                                        \
    ROW(layer, layer_normalization)                                                                \
    ROW(layer, leaky_relu)                                                                         \
    ROW(layer, maximum)                                                                            \
    ROW(layer, minimum)                                                                            \
    ROW(layer, multiply)                                                                           \
    ROW(layer, normalization)                                                                      \
    ROW(layer, pca)                                                                                \
    ROW(layer, permute)                                                                            \
    ROW(layer, prelu)                                                                              \
    ROW(layer, relu)                                                                               \
    ROW(layer, repeat_vector)                                                                      \
    ROW(layer, rescaling)                                                                          \
    ROW(layer, reshape)                                                                            \
    ROW(layer, rms_normalization)                                                                  \
    ROW(layer, softmax)                                                                            \
    ROW(layer, subtract)                                                                           \
    ROW(layer, unit_normalization)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

static const nn_option common[] = {
    NN_OPTION_STRING(nn_layer_common, name, NULL, "the layer's name; none: numbered as Keras does"),
    NN_OPTION_SHAPE(nn_layer_common, input_shape, "shape of one row; for the first layer"),
    NN_OPTION_NAMES(nn_layer_common, inputs, "layers that it reads; none: the one added last"),
    NN_OPTION_BOOL(nn_layer_common, trainable, true, "false: training leaves its weights alone"),
    NN_OPTION_PART(nn_layer_common, activity_regularizer, &nn_regularizer_room, NULL,
                   "penalty on its output, divided by the rows of the batch"),
    NN_OPTION_END,
};

const nn_room nn_layer_room = {
    .kind = "layer",
    .module = "keras.layers",
    .parts = parts,
    .count = sizeof(parts) / sizeof(parts[0]),
    .common = common,
};

nn_status nn_layer_check_axis(const nn_shape *input, int axis)
{
    NN_REQUIRE(axis == -1 || axis == (int)input->rank, NN_ERR_UNSUPPORTED,
               "axis is %d, but only the last axis, -1 or %zu, is supported%s", axis, input->rank,
               input->rank > 1 ? ": a permute before brings another one there" : "");
    return NN_OK;
}
