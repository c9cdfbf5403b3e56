/* reduce_lr_on_plateau: learning_rate = max(factor learning_rate, min_lr) when a quantity has stopped
 * improving. Source: Keras's ReduceLROnPlateau. */
#include "monitor.h"
#include "status.h"
#include <math.h>

struct reduce_lr {
    char *monitor;
    double factor;
    size_t patience, verbose;
    const char *mode;
    double min_delta;
    size_t cooldown;
    double min_lr;
};

struct progress {
    nn_best best;
    size_t wait;     /* epochs without improvement */
    size_t cooldown; /* epochs left in which nothing is counted */
};

struct reduce_lr_state {
    struct progress progress;
    nn_monitor monitor;
};

static const nn_option options[] = {
    NN_OPTION_MONITOR(struct reduce_lr),
    {.name = "factor",
     .type = NN_TYPE_REAL,
     .offset = offsetof(struct reduce_lr, factor),
     .default_number = 0.1,
     .minimum = 0.0,
     .maximum = 1.0,
     .open_maximum = true,
     .help = "what the learning rate is multiplied by"},
    NN_OPTION_SIZE(struct reduce_lr, patience, 10, 0, INFINITY,
                   "epochs without improvement after which the rate is reduced"),
    NN_OPTION_SIZE(struct reduce_lr, verbose, 0, 0, 1, "1: say on standard output what is done"),
    NN_OPTION_MODE(struct reduce_lr),
    NN_OPTION_REAL(struct reduce_lr, min_delta, 1e-4, -INFINITY, INFINITY,
                   "a change up to this (its absolute value) is no improvement"),
    NN_OPTION_SIZE(struct reduce_lr, cooldown, 0, 0, INFINITY,
                   "epochs after a reduction in which none is counted"),
    NN_OPTION_REAL(struct reduce_lr, min_lr, 0.0, 0.0, INFINITY, "the rate isn't reduced below it"),
    NN_OPTION_END,
};

static nn_status check(const void *self)
{
    return nn_monitor_check(((const struct reduce_lr *)self)->monitor);
}

static nn_status reduce(const struct reduce_lr *reduce, struct progress *progress,
                        const nn_training *training, size_t epoch)
{
    const double old = training->learning_rate(training->fit);
    if ((float)old <= (float)reduce->min_lr)
        return NN_OK;
    const double reduced = fmax(old * reduce->factor, reduce->min_lr);
    NN_TRY(training->set_learning_rate(training->fit, reduced));
    if (reduce->verbose > 0)
        nn_callback_print("\nEpoch %zu: ReduceLROnPlateau reducing learning rate to %.9g.",
                          epoch + 1, reduced);
    progress->cooldown = reduce->cooldown;
    progress->wait = 0;
    return NN_OK;
}

static nn_status epoch_end(const struct reduce_lr *self, struct reduce_lr_state *state,
                           const nn_training *training, const nn_event *event)
{
    struct progress *progress = &state->progress;
    double value;
    if (!nn_monitor_value(&state->monitor, event, &value))
        return NN_OK;
    if (progress->cooldown > 0) {
        progress->cooldown--;
        progress->wait = 0;
    }
    if (nn_monitor_beats(&state->monitor, value, &progress->best)) {
        progress->best = (nn_best){.value = value, .known = true};
        progress->wait = 0;
        return NN_OK;
    }
    if (progress->cooldown > 0 || ++progress->wait < self->patience)
        return NN_OK;
    return reduce(self, progress, training, event->epoch);
}

static nn_status on_event(const void *self, void *state_memory, const nn_training *training,
                          const nn_event *event)
{
    const struct reduce_lr *reduce = self;
    struct reduce_lr_state *state = state_memory;
    switch (event->kind) {
    case NN_EVENT_TRAIN_BEGIN:
        NN_TRY(nn_training_check_rate(training));
        return nn_monitor_open(&state->monitor, training, reduce->monitor, reduce->mode,
                               reduce->min_delta, false);
    case NN_EVENT_EPOCH_END:
        return epoch_end(reduce, state, training, event);
    default:
        return NN_OK;
    }
}

const nn_callback nn_callback_reduce_lr_on_plateau = {
    .part =
        {
            .name = "reduce_lr_on_plateau",
            .class_name = "ReduceLROnPlateau",
            .options = options,
            .size = sizeof(struct reduce_lr),
            .help = "reduces the learning rate when a quantity has stopped improving, and shows it "
                    "in the history",
            .sample = "reduce_lr_on_plateau monitor=loss factor=0.5 patience=2",
            .check = check,
        },
    .state_size = sizeof(struct reduce_lr_state),
    .progress_size = sizeof(struct progress),
    .columns = nn_learning_rate_column,
    .measure = nn_measure_learning_rate,
    .on_event = on_event,
};
