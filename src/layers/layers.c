/* The table of layers. */
#include "layer.h"

#define ROWS(ROW)                                                                                  \
    ROW(layer, activation)                                                                         \
    ROW(layer, add)                                                                                \
    ROW(layer, average)                                                                            \
    ROW(layer, concatenate)                                                                        \
    ROW(layer, dense)                                                                              \
    ROW(layer, dot)                                                                                \
    ROW(layer, dropout)                                                                            \
    ROW(layer, flatten)                                                                            \
    ROW(layer, input_layer)                                                                        \
    ROW(layer, maximum)                                                                            \
    ROW(layer, minimum)                                                                            \
    ROW(layer, multiply)                                                                           \
    ROW(layer, rescaling)                                                                          \
    ROW(layer, subtract)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

static const nn_option common[] = {
    NN_OPTION_STRING(nn_layer_common, name, NULL, "the layer's name; none: numbered as Keras does"),
    NN_OPTION_SHAPE(nn_layer_common, input_shape, "shape of one row; for the first layer"),
    NN_OPTION_NAMES(nn_layer_common, inputs, "layers that it reads; none: the one added last"),
    NN_OPTION_END,
};

const nn_room nn_layer_room = {
    .kind = "layer",
    .module = "keras.layers",
    .parts = parts,
    .count = sizeof(parts) / sizeof(parts[0]),
    .common = common,
};
