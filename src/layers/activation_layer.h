/* What layers that are an activation have in common. */
#ifndef NN_LAYERS_ACTIVATION_LAYER_H
#define NN_LAYERS_ACTIVATION_LAYER_H

#include "activation.h"
#include "layer.h"

/* y = f(x) along the last dimension, of which some activations make another width, and dx. self: the
 * activation's. */
void nn_activation_layer_forward(const nn_activation *activation, const void *self,
                                 const nn_layer_call *call);
void nn_activation_layer_backward(const nn_activation *activation, const void *self,
                                  const nn_layer_call *call);

#endif
