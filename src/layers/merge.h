/* What layers that merge inputs of one shape value by value have in common. */
#ifndef NN_LAYERS_MERGE_H
#define NN_LAYERS_MERGE_H

#include "layer.h"

/* The options struct of those that have no options of their own. */
struct merge {
    nn_layer_common common;
};

/* Every input has the first one's shape, and so has the output. Errors: NN_ERR_SHAPE. */
nn_status nn_merge_build(const void *self, nn_layer_build *build);

/* Values of y, and of each input, in the whole batch. */
static inline size_t nn_merge_values(const nn_layer_call *call)
{
    return call->rows * nn_shape_width(call->output);
}

#endif
