/* The room of callbacks: they are told of training's events and act on it through what they are handed. */
#ifndef NN_CALLBACKS_CALLBACK_H
#define NN_CALLBACKS_CALLBACK_H

#include "model.h"
#include "part.h"

/* What training hands to callbacks: what is known of it, and a table of functions to act on it, each of
 * which takes fit first. */
typedef struct nn_training {
    void *fit;
    const nn_model *model;

    /* The columns of the history, from NN_EVENT_TRAIN_BEGIN on. The first quantity_count, the loss and
     * the metrics, are known at the end of a batch; those of validation only after epochs that have one;
     * all others at the end of every epoch. */
    const char *const *columns;
    size_t column_count, quantity_count;

    /* At NN_EVENT_TRAIN_END: NN_OK if training came to its end, also to an earlier one by a callback's
     * wish; NN_STOPPED if the caller's own function stopped it; else the failure. */
    nn_status status;

    /* A place for a copy of all weights (moving statistics too), which training frees. Only at
     * NN_EVENT_TRAIN_BEGIN. Errors: NN_ERR_NO_MEMORY. */
    nn_status (*reserve_weights)(void *fit, size_t *place);
    void (*keep_weights)(void *fit, size_t place);    /* the weights of now to the place */
    void (*restore_weights)(void *fit, size_t place); /* and back */

    /* The rate of the next step. Errors: as nn_model_set_learning_rate's. */
    double (*learning_rate)(void *fit);
    nn_status (*set_learning_rate)(void *fit, double learning_rate);

    /* Swaps the weights with their moving average, until this is undone: by a further call, before a copy
     * of the weights or a backup is put back, and at the end of training. Errors: as
     * nn_model_swap_ema_weights'. */
    nn_status (*show_average)(void *fit, bool shown);

    /* The mean of the L2 norms that the gradients of a node's weights had in this epoch's batches. Only for
     * callbacks with wants_gradients. */
    double (*gradient_norm)(void *fit, size_t node);

    /* Asks for all that training needs to go on from here to be written to a file, which is done once
     * everybody was told of the event; for what such a file holds to be put in place before the first
     * epoch. Errors of restore: as nn_model_load's, NN_ERR_SHAPE (of another model). path must live as
     * long as the callback. */
    void (*backup)(void *fit, const char *path);
    nn_status (*restore)(void *fit, const char *path); /* only at NN_EVENT_TRAIN_BEGIN */
} nn_training;

typedef struct nn_callback {
    nn_part_type part;
    size_t state_size; /* bytes of instance state, zeroed before NN_EVENT_TRAIN_BEGIN */
    /* its first bytes, plain numbers that a backup keeps and brings back after
     * NN_EVENT_TRAIN_BEGIN; 0: none */
    size_t progress_size;
    bool wants_gradients; /* it asks for gradient_norm */
    /* Columns that it adds to the history: calls add for each name. The same name twice is one column,
     * and new names lie side by side. NULL: none. */
    nn_status (*columns)(const void *self, const nn_model *model,
                         nn_status (*add)(void *user, const char *name), void *user);
    /* Their values, before the end of an epoch is told: to values, which lie as training->columns. */
    void (*measure)(const void *self, void *state, const nn_training *training, double *values);
    /* Told of every event (nn_event in nn.h). NN_OK goes on, NN_STOPPED asks training to stop after
     * this batch or epoch, anything else ends it and is what nn_fit returns. NN_EVENT_TRAIN_END comes
     * exactly once after NN_EVENT_TRAIN_BEGIN was answered with NN_OK or NN_STOPPED, also after a failure, and is
     * where the state's resources are given back. */
    nn_status (*on_event)(const void *self, void *state, const nn_training *training,
                          const nn_event *event);
    /* Asked when training ends for a loss or a weight that isn't finite: NN_STOPPED makes that a stop
     * instead of a failure, NN_OK leaves it. NULL: NN_OK. */
    nn_status (*on_nonfinite)(const void *self);
} nn_callback;

extern const nn_room nn_callback_room;

static inline const nn_callback *nn_callback_of(const nn_part *part)
{
    return (const nn_callback *)part->type;
}

/* The column of that name; column_count if there is none. */
size_t nn_training_column(const nn_training *training, const char *name);

/* For callbacks that set the learning rate, at NN_EVENT_TRAIN_BEGIN. Errors: NN_ERR_STATE (a schedule's). */
nn_status nn_training_check_rate(const nn_training *training);

/* columns and measure of a callback that shows the learning rate in the history, as "learning_rate". */
nn_status nn_learning_rate_column(const void *self, const nn_model *model,
                                  nn_status (*add)(void *user, const char *name), void *user);
void nn_measure_learning_rate(const void *self, void *state, const nn_training *training,
                              double *values);

/* The message of a callback whose verbose asks for it, on standard output, with a line's end. A display
 * that can't be written to is no failure. */
void nn_callback_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
