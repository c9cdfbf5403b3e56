/* save_freq: "epoch", or after so many batches, counted across epochs, as Keras's callbacks take it. */
#ifndef NN_CALLBACKS_SAVE_FREQUENCY_H
#define NN_CALLBACKS_SAVE_FREQUENCY_H

#include "nn.h"
#include <stdbool.h>

#define NN_OPTION_SAVE_FREQ(s)                                                                     \
    NN_OPTION_STRING(s, save_freq, "epoch", "epoch: after each epoch; N: after every N batches")

/* *batches: 0 for "epoch". Errors: NN_ERR_INVALID. */
nn_status nn_save_frequency_read(const char *save_freq, size_t *batches);

/* Whether it is time to save at this event: at the end of an epoch if save_freq is 0, else after as many
 * batches, which *batches counts from one call to the next. */
bool nn_save_frequency_is_due(size_t save_freq, size_t *batches, nn_event_kind event);

#endif
