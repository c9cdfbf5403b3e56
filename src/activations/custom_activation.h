/* An activation of a caller's own, by two functions. */
#ifndef NN_ACTIVATIONS_CUSTOM_ACTIVATION_H
#define NN_ACTIVATIONS_CUSTOM_ACTIVATION_H

#include "custom_part.h"

/* *part is to be added to a model or discarded. Errors: NN_ERR_INVALID, NN_ERR_VERSION, NN_ERR_NO_MEMORY. */
nn_status nn_custom_activation_create(nn_custom_part **part, const nn_custom_activation *given);

#endif
