/*
 * What layers that merge their inputs value by value have in common. Shapes are compared from the right, as
 * Keras and NumPy do: a dimension of 1, or one that isn't there, stretches to the others'. An input of the
 * output's shape is read and its gradient written where it lies; for one that stretches, a block of values at a
 * time is put into a buffer, and the gradients of the values that came from one are added up, always in the
 * same order.
 */
#ifndef NN_LAYERS_MERGE_H
#define NN_LAYERS_MERGE_H

#include "layer.h"

/* The options struct of those that have no options of their own. */
struct merge {
    nn_layer_common common;
};

enum { NN_MERGE_BLOCK = 1024 }; /* values, for buffers on the stack */

/* The output has the shape that all inputs stretch to. Errors: NN_ERR_SHAPE. */
nn_status nn_merge_build(const void *self, nn_layer_build *build);

/* Values of y in the whole batch, and of an input. */
static inline size_t nn_merge_values(const nn_layer_call *call)
{
    return call->rows * nn_shape_width(call->output);
}

static inline size_t nn_merge_input_values(const nn_layer_call *call, size_t input)
{
    return call->rows * nn_shape_width(&call->input_shapes[input]);
}

static inline bool nn_merge_stretches(const nn_layer_call *call, size_t input)
{
    return nn_merge_input_values(call, input) != nn_merge_values(call);
}

/* How many values may be done at once: all, where no input stretches. */
size_t nn_merge_block(const nn_layer_call *call);

/* y = a op b for each of count values; y may be a */
typedef void (*nn_merge_operation)(size_t count, const nn_real *a, const nn_real *b, nn_real *y);

/* y = ((first op second) op third) ... */
void nn_merge_forward(const nn_layer_call *call, nn_merge_operation operation);

/* Values first ... first + count - 1 of an input stretched to the output's shape: its own, or in buffer. */
const nn_real *nn_merge_read(const nn_layer_call *call, size_t input, size_t first, size_t count,
                             nn_real *buffer);

/* The gradient by an input that is wanted: begin, and then for each block in turn what is put into the place
 * is taken as the gradient by the stretched input's values. */
void nn_merge_begin_gradient(const nn_layer_call *call, size_t input);
nn_real *nn_merge_gradient_place(const nn_layer_call *call, size_t input, size_t first,
                                 nn_real *buffer);
void nn_merge_take_gradient(const nn_layer_call *call, size_t input, size_t first, size_t count,
                            const nn_real *place);

/* The gradient by an input, if it is wanted, of y = ... + scale input + ... */
void nn_merge_pass_gradient(const nn_layer_call *call, size_t input, nn_real scale);

#endif
