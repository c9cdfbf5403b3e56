/* swap_ema_weights: the moving average of the weights, which an optimizer with use_ema=true keeps, in their
 * place while the model is validated; with swap_on_epoch also from the end of an epoch to the beginning of
 * the next, for callbacks that follow this one (model_checkpoint). Source: Keras's SwapEMAWeights. Unlike
 * there, training ends with the weights, as nn_model_swap_ema_weights says. */
#include "callback.h"
#include "status.h"

struct swap_ema_weights {
    bool swap_on_epoch;
};

static const nn_option options[] = {
    NN_OPTION_BOOL(struct swap_ema_weights, swap_on_epoch, false,
                   "whether callbacks after this one see the average at the end of an epoch"),
    NN_OPTION_END,
};

static nn_status on_event(const void *self, void *state, const nn_training *training,
                          const nn_event *event)
{
    const bool on_epoch = ((const struct swap_ema_weights *)self)->swap_on_epoch;
    (void)state;
    switch (event->kind) {
    case NN_EVENT_TRAIN_BEGIN:
        NN_REQUIRE(nn_optimizer_options_of(&training->model->optimizer)->use_ema, NN_ERR_STATE,
                   "there is no moving average: compile with use_ema=true");
        return NN_OK;
    case NN_EVENT_TEST_BEGIN:
        return training->show_average(training->fit, true);
    case NN_EVENT_TEST_END:
        return training->show_average(training->fit, false);
    case NN_EVENT_EPOCH_END:
        return on_epoch ? training->show_average(training->fit, true) : NN_OK;
    case NN_EVENT_EPOCH_BEGIN:
        return training->show_average(training->fit, false);
    default:
        return NN_OK;
    }
}

const nn_callback nn_callback_swap_ema_weights = {
    .part =
        {
            .name = "swap_ema_weights",
            .class_name = "SwapEMAWeights",
            .options = options,
            .size = sizeof(struct swap_ema_weights),
            .help = "validates with the moving average of the weights",
            .sample = "swap_ema_weights",
        },
    .on_event = on_event,
};
