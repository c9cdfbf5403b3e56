/* save_freq: "epoch", or after so many batches, counted across epochs, as Keras's callbacks take it. */
#ifndef NN_CALLBACKS_SAVE_FREQUENCY_H
#define NN_CALLBACKS_SAVE_FREQUENCY_H

#include "nn.h"

#define NN_OPTION_SAVE_FREQ(s)                                                                     \
    NN_OPTION_STRING(s, save_freq, "epoch", "epoch: after each epoch; N: after every N batches")

/* *batches: 0 for "epoch". Errors: NN_ERR_INVALID. */
nn_status nn_save_frequency_read(const char *save_freq, size_t *batches);

#endif
