/* early_stopping: ends training when a quantity has stopped improving. Source: Keras's EarlyStopping. */
#include "monitor.h"
#include "status.h"
#include <math.h>

struct early_stopping {
    char *monitor;
    double min_delta;
    size_t patience, verbose;
    const char *mode;
    nn_optional_real baseline;
    bool restore_best_weights;
    size_t start_from_epoch;
};

struct progress {
    nn_best best;
    size_t best_epoch, stopped_epoch;
    size_t wait; /* epochs without improvement */
    bool kept;   /* there are weights to restore */
};

struct early_stopping_state {
    struct progress progress;
    nn_monitor monitor;
    size_t place; /* of the best weights */
};

static const nn_option options[] = {
    NN_OPTION_MONITOR(struct early_stopping),
    NN_OPTION_REAL(struct early_stopping, min_delta, 0.0, -INFINITY, INFINITY,
                   "a change up to this (its absolute value) is no improvement"),
    NN_OPTION_SIZE(struct early_stopping, patience, 0, 0, INFINITY,
                   "epochs without improvement after which training ends"),
    NN_OPTION_SIZE(struct early_stopping, verbose, 0, 0, 1,
                   "1: say on standard output what is done"),
    NN_OPTION_MODE(struct early_stopping),
    NN_OPTION_OPTIONAL_REAL(struct early_stopping, baseline, -INFINITY, INFINITY,
                            "what has to be beaten, too, for patience to start anew"),
    NN_OPTION_BOOL(struct early_stopping, restore_best_weights, false,
                   "whether training ends with the weights of its best epoch"),
    NN_OPTION_SIZE(struct early_stopping, start_from_epoch, 0, 0, INFINITY,
                   "the epochs before this one aren't looked at"),
    NN_OPTION_END,
};

static nn_status check(const void *self)
{
    return nn_monitor_check(((const struct early_stopping *)self)->monitor);
}

static nn_status begin(const struct early_stopping *stopping, struct early_stopping_state *state,
                       const nn_training *training)
{
    NN_TRY(nn_monitor_open(&state->monitor, training, stopping->monitor, stopping->mode,
                           stopping->min_delta, false));
    return stopping->restore_best_weights ? training->reserve_weights(training->fit, &state->place)
                                          : NN_OK;
}

static void keep(const struct early_stopping *stopping, struct early_stopping_state *state,
                 const nn_training *training, size_t epoch)
{
    state->progress.best_epoch = epoch;
    if (!stopping->restore_best_weights)
        return;
    training->keep_weights(training->fit, state->place);
    state->progress.kept = true;
}

static nn_status epoch_end(const struct early_stopping *stopping,
                           struct early_stopping_state *state, const nn_training *training,
                           const nn_event *event)
{
    struct progress *progress = &state->progress;
    double value;
    if (!nn_monitor_value(&state->monitor, event, &value) ||
        event->epoch < stopping->start_from_epoch)
        return NN_OK;
    progress->wait++;
    if (nn_monitor_beats(&state->monitor, value, &progress->best)) {
        progress->best = (nn_best){.value = value, .known = true};
        keep(stopping, state, training, event->epoch);
        if (!stopping->baseline.given ||
            nn_monitor_improves(&state->monitor, value, stopping->baseline.value))
            progress->wait = 0;
        return NN_OK;
    }
    if (progress->wait < stopping->patience || event->epoch == 0)
        return NN_OK;
    progress->stopped_epoch = event->epoch;
    return NN_STOPPED;
}

/* After a failure the weights stay as it left them. */
static void end(const struct early_stopping *stopping, const struct early_stopping_state *state,
                const nn_training *training)
{
    const struct progress *progress = &state->progress;
    if (stopping->verbose > 0 && progress->stopped_epoch > 0)
        nn_callback_print("Epoch %zu: early stopping", progress->stopped_epoch + 1);
    if (!progress->kept || training->status < NN_OK)
        return;
    if (stopping->verbose > 0)
        nn_callback_print("Restoring model weights from the end of the best epoch: %zu.",
                          progress->best_epoch + 1);
    training->restore_weights(training->fit, state->place);
}

static nn_status on_event(const void *self, void *state, const nn_training *training,
                          const nn_event *event)
{
    switch (event->kind) {
    case NN_EVENT_TRAIN_BEGIN:
        return begin(self, state, training);
    case NN_EVENT_EPOCH_END:
        return epoch_end(self, state, training, event);
    case NN_EVENT_TRAIN_END:
        end(self, state, training);
        return NN_OK;
    default:
        return NN_OK;
    }
}

const nn_callback nn_callback_early_stopping = {
    .part =
        {
            .name = "early_stopping",
            .options = options,
            .size = sizeof(struct early_stopping),
            .help = "ends training when a quantity has stopped improving",
            .sample = "early_stopping monitor=loss patience=3 restore_best_weights=true",
            .check = check,
        },
    .state_size = sizeof(struct early_stopping_state),
    .progress_size = sizeof(struct progress),
    .on_event = on_event,
};
