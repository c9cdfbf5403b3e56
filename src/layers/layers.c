/* The table of layers. */
#include "layer.h"
#include "status.h"

#define ROWS(ROW)                                                                                  \
    ROW(layer, activation)                                                                         \
    ROW(layer, activity_regularization)                                                            \
    ROW(layer, alpha_dropout)                                                                      \
    ROW(layer, batch_normalization)                                                                \
    ROW(layer, category_encoding)                                                                  \
    ROW(layer, dense)                                                                              \
    ROW(layer, dropout)                                                                            \
    ROW(layer, embedding)                                                                          \
    ROW(layer, flatten)                                                                            \
    ROW(layer, gaussian_dropout)                                                                   \
    ROW(layer, gaussian_noise)                                                                     \
    ROW(layer, group_normalization)                                                                \
    ROW(layer, layer_normalization)                                                                \
    ROW(layer, normalization)                                                                      \
    ROW(layer, pca)                                                                                \
    ROW(layer, permute)                                                                            \
    ROW(layer, prelu)                                                                              \
    ROW(layer, repeat_vector)                                                                      \
    ROW(layer, rescaling)                                                                          \
    ROW(layer, reshape)                                                                            \
    ROW(layer, rms_normalization)                                                                  \
    ROW(layer, unit_normalization)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

static const nn_option common[] = {
    NN_OPTION_STRING(nn_layer_common, name, NULL, "the layer's name; none: numbered as Keras does"),
    NN_OPTION_SHAPE(nn_layer_common, input_shape, "shape of one row; for the first layer"),
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
               "axis is %d, but only the last axis, -1, is supported", axis);
    return NN_OK;
}
