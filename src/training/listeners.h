/* Who is told of training's events: callbacks by spec, and the caller's function. */
#ifndef NN_TRAINING_LISTENERS_H
#define NN_TRAINING_LISTENERS_H

#include "callback.h"

typedef struct nn_listener {
    nn_part part;
    void *state;
    bool begun; /* was told of the beginning, so it is told of the end */
} nn_listener;

typedef struct nn_listeners {
    nn_listener *list;
    size_t count;
    nn_event_function function; /* NULL: none */
    void *user;
    bool all_events; /* function is told of every event, not just of those it always had */
    bool function_begun;
    bool function_stopped; /* it asked to stop */
} nn_listeners;

/* From nn_fit's options: verbose, callbacks, callback. */
nn_status nn_listeners_create(nn_listeners *listeners, const nn_fit_options *options);
void nn_listeners_free(nn_listeners *listeners);

static inline bool nn_listeners_any(const nn_listeners *listeners)
{
    return listeners->count > 0 || listeners->function != NULL;
}

/* Whether a callback wants to know of gradients. */
bool nn_listeners_want_gradients(const nn_listeners *listeners);

/* Calls add for the columns that the callbacks add to the history. */
nn_status nn_listeners_columns(const nn_listeners *listeners, const nn_model *model,
                               nn_status (*add)(void *user, const char *name), void *user);

/* Has the callbacks fill their columns of values. */
void nn_listeners_measure(const nn_listeners *listeners, const nn_training *training,
                          double *values);

/* NN_STOPPED if a callback makes a loss or a weight that isn't finite a stop, else NN_OK. */
nn_status nn_listeners_ask_nonfinite(const nn_listeners *listeners);

/* Tells all of an event. The first failure is returned at once; else NN_STOPPED if anybody asked for
 * that. The end of training is told to all that were told of its beginning, whatever they return. */
nn_status nn_listeners_tell(nn_listeners *listeners, const nn_training *training,
                            const nn_event *event);

#endif
