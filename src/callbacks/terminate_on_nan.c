/* terminate_on_nan: a loss or a weight that isn't finite ends training as a stop. Without it, that is a
 * failure of nn_fit; in both cases the weights go back to the end of the last whole epoch. Source:
 * Keras's TerminateOnNaN. */
#include "callback.h"

struct terminate_on_nan {
    bool raise_error;
};

static const nn_option options[] = {
    NN_OPTION_BOOL(struct terminate_on_nan, raise_error, false,
                   "whether it ends in an error instead, as without this callback"),
    NN_OPTION_END,
};

static nn_status on_event(const void *self, void *state, const nn_training *training,
                          const nn_event *event)
{
    (void)self;
    (void)state;
    (void)training;
    (void)event;
    return NN_OK;
}

static nn_status on_nonfinite(const void *self)
{
    return ((const struct terminate_on_nan *)self)->raise_error ? NN_OK : NN_STOPPED;
}

const nn_callback nn_callback_terminate_on_nan = {
    .part =
        {
            .name = "terminate_on_nan",
            .class_name = "TerminateOnNaN",
            .options = options,
            .size = sizeof(struct terminate_on_nan),
            .help = "makes a loss or weight that isn't finite a stop instead of a failure",
            .sample = "terminate_on_nan",
        },
    .on_event = on_event,
    .on_nonfinite = on_nonfinite,
};
