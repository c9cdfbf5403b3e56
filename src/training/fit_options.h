/* The options of nn_fit as its caller's version of the struct gives them. */
#ifndef NN_TRAINING_FIT_OPTIONS_H
#define NN_TRAINING_FIT_OPTIONS_H

#include "nn.h"

/* Takes what the caller's struct has (NULL: nothing) over the defaults and checks it. A smaller struct
 * of an older program leaves the newer options at their defaults; a larger one of a newer program is
 * refused if it asks for something unknown here. Errors: NN_ERR_INVALID, NN_ERR_VERSION. */
nn_status nn_fit_options_take(nn_fit_options *taken, const nn_fit_options *given);

#endif
