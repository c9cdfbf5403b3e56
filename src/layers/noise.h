/* What layers that draw random numbers have in common: value i of a batch takes number i of the layer's
 * stream in this step, so that the batch can be cut into tiles for the pool. */
#ifndef NN_LAYERS_NOISE_H
#define NN_LAYERS_NOISE_H

#include "layer.h"

/* Does values first ... first + count - 1, with one number of random for each. */
typedef void (*nn_noise_function)(const void *self, const nn_layer_call *call, nn_random *random,
                                  size_t first, size_t count);

/* Runs the function over all values of the batch's input. seed: the layer's own, if it is given. */
void nn_noise_run(const void *self, const nn_layer_call *call, const nn_seed *seed,
                  nn_noise_function function);

#endif
