/* The table of layers. */
#include "layer.h"

#define ROWS(ROW)                                                                                  \
    ROW(layer, activation)                                                                         \
    ROW(layer, dense)                                                                              \
    ROW(layer, dropout)                                                                            \
    ROW(layer, flatten)                                                                            \
    ROW(layer, rescaling)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

static const nn_option common[] = {
    NN_OPTION_STRING(nn_layer_common, name, NULL, "the layer's name; none: numbered as Keras does"),
    NN_OPTION_SHAPE(nn_layer_common, input_shape, "shape of one row; for the first layer"),
    NN_OPTION_BOOL(nn_layer_common, trainable, true, "false: training leaves its weights alone"),
    NN_OPTION_END,
};

const nn_room nn_layer_room = {
    .kind = "layer",
    .module = "keras.layers",
    .parts = parts,
    .count = sizeof(parts) / sizeof(parts[0]),
    .common = common,
};
