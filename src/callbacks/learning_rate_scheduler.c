/* learning_rate_scheduler: a schedule of the learning rate over epochs: each epoch begins with
 * learning_rate = schedule(epoch), where epochs count from 0. A schedule given to the optimizer goes by steps
 * instead. Source: Keras's LearningRateScheduler, whose schedule is any function. */
#include "callback.h"

struct scheduler {
    nn_part schedule;
    size_t verbose;
};

static const nn_option options[] = {
    NN_OPTION_PART_REQUIRED(struct scheduler, schedule, &nn_schedule_room,
                            "the learning rate, by epochs in place of steps"),
    NN_OPTION_SIZE(struct scheduler, verbose, 0, 0, 1, "1: say on standard output what is done"),
    NN_OPTION_END,
};

static nn_status epoch_begin(const struct scheduler *scheduler, const nn_training *training,
                             size_t epoch)
{
    const nn_part *schedule = &scheduler->schedule;
    const double rate = nn_schedule_of(schedule)->rate(schedule->self, epoch);
    NN_TRY(training->set_learning_rate(training->fit, rate));
    if (scheduler->verbose > 0)
        nn_callback_print("\nEpoch %zu: LearningRateScheduler setting learning rate to %.9g.",
                          epoch + 1, rate);
    return NN_OK;
}

static nn_status on_event(const void *self, void *state, const nn_training *training,
                          const nn_event *event)
{
    (void)state;
    switch (event->kind) {
    case NN_EVENT_TRAIN_BEGIN:
        return nn_training_check_rate(training);
    case NN_EVENT_EPOCH_BEGIN:
        return epoch_begin(self, training, event->epoch);
    default:
        return NN_OK;
    }
}

const nn_callback nn_callback_learning_rate_scheduler = {
    .part =
        {
            .name = "learning_rate_scheduler",
            .options = options,
            .size = sizeof(struct scheduler),
            .help = "sets the learning rate at the beginning of each epoch, and shows it in the "
                    "history",
            .sample = "learning_rate_scheduler schedule=exponential_decay("
                      "initial_learning_rate=0.1, decay_steps=2, decay_rate=0.5)",
        },
    .columns = nn_learning_rate_column,
    .measure = nn_measure_learning_rate,
    .on_event = on_event,
};
