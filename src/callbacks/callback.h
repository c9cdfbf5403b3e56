/* The room of callbacks: they are told of training's events and act on it through what they are handed. */
#ifndef NN_CALLBACKS_CALLBACK_H
#define NN_CALLBACKS_CALLBACK_H

#include "part.h"

typedef struct nn_callback {
    nn_part_type part;
    size_t state_size; /* bytes of instance state, zeroed before NN_EVENT_TRAIN_BEGIN */
    /* Told of every event (nn_event in nn.h). NN_OK goes on, NN_STOPPED asks training to stop after
     * this batch or epoch, anything else ends it and is what nn_fit returns. NN_EVENT_TRAIN_END comes
     * exactly once after NN_EVENT_TRAIN_BEGIN was answered with NN_OK or NN_STOPPED, also after a failure, and is
     * where the state's resources are given back. */
    nn_status (*on_event)(const void *self, void *state, const nn_event *event);
} nn_callback;

extern const nn_room nn_callback_room;

static inline const nn_callback *nn_callback_of(const nn_part *part)
{
    return (const nn_callback *)part->type;
}

#endif
