/* model_checkpoint: saves the model after epochs or batches, all or the best. Source: Keras's
 * ModelCheckpoint. A file is the native one, whatever its name, with the optimizer's state. */
#include "directories.h"
#include "monitor.h"
#include "path_template.h"
#include "save_frequency.h"
#include "status.h"
#include <limits.h>
#include <math.h>

struct model_checkpoint {
    char *filepath, *monitor;
    size_t verbose;
    bool save_best_only, save_weights_only;
    const char *mode;
    char *save_freq;
    nn_optional_real initial_value_threshold;
};

struct progress {
    nn_best best;
    size_t batches; /* since the last save */
};

struct model_checkpoint_state {
    struct progress progress;
    nn_monitor monitor;
    size_t save_freq; /* batches; 0: epochs */
    char path[PATH_MAX];
};

static const nn_option options[] = {
    NN_OPTION_STRING_REQUIRED(struct model_checkpoint, filepath,
                              "the file to write, with fields such as {epoch:02d} and "
                              "{val_loss:.2f}; its directory is made"),
    NN_OPTION_MONITOR(struct model_checkpoint),
    NN_OPTION_SIZE(struct model_checkpoint, verbose, 0, 0, 1,
                   "1: say on standard output what is done"),
    NN_OPTION_BOOL(struct model_checkpoint, save_best_only, false,
                   "whether to save only when the monitored quantity is the best so far"),
    NN_OPTION_BOOL(struct model_checkpoint, save_weights_only, false,
                   "must be false: a file always holds the whole model"),
    NN_OPTION_MODE(struct model_checkpoint),
    NN_OPTION_SAVE_FREQ(struct model_checkpoint),
    NN_OPTION_OPTIONAL_REAL(
        struct model_checkpoint, initial_value_threshold, -INFINITY, INFINITY,
        "with save_best_only, what the first to be saved has to be better than"),
    NN_OPTION_END,
};

static nn_status fill_path(const struct model_checkpoint *checkpoint, const nn_path_fields *fields,
                           char *path)
{
    nn_status status = nn_path_template_fill(checkpoint->filepath, fields, path, PATH_MAX);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "filepath");
}

static nn_status check(const void *self)
{
    const struct model_checkpoint *checkpoint = self;
    char path[PATH_MAX];
    size_t batches;
    NN_REQUIRE(checkpoint->filepath != NULL && checkpoint->filepath[0] != '\0', NN_ERR_INVALID,
               "filepath is empty");
    NN_REQUIRE(!checkpoint->save_weights_only, NN_ERR_UNSUPPORTED,
               "save_weights_only is true, but a file always holds the whole model: leave it out, "
               "and take weights from the loaded model by nn_model_get_weights");
    NN_TRY(nn_monitor_check(checkpoint->monitor));
    NN_TRY(nn_save_frequency_read(checkpoint->save_freq, &batches));
    return fill_path(checkpoint, &(nn_path_fields){.epoch = 1, .batch = batches > 0, .any = true},
                     path);
}

static nn_status begin(const struct model_checkpoint *checkpoint,
                       struct model_checkpoint_state *state, const nn_training *training)
{
    NN_TRY(nn_save_frequency_read(checkpoint->save_freq, &state->save_freq));
    const bool at_batches = state->save_freq > 0;
    state->progress.best = (nn_best){.value = checkpoint->initial_value_threshold.value,
                                     .known = checkpoint->initial_value_threshold.given};
    NN_TRY(fill_path(
        checkpoint,
        &(nn_path_fields){.epoch = 1,
                          .batch = at_batches,
                          .count = at_batches ? training->quantity_count : training->column_count,
                          .names = training->columns},
        state->path));
    NN_TRY(nn_make_directories(state->path)); /* rather than after an epoch that would be lost */
    return checkpoint->save_best_only
               ? nn_monitor_open(&state->monitor, training, checkpoint->monitor, checkpoint->mode,
                                 0, at_batches)
               : NN_OK;
}

/* In an epoch without validation nothing is known of a validated quantity: then it saves, as Keras
 * does. */
static bool is_to_save(const struct model_checkpoint *checkpoint,
                       struct model_checkpoint_state *state, const nn_event *event)
{
    nn_best *best = &state->progress.best;
    double value;
    if (!checkpoint->save_best_only || !nn_monitor_value(&state->monitor, event, &value)) {
        if (checkpoint->verbose > 0)
            nn_callback_print("\nEpoch %zu: saving model to %s", event->epoch + 1, state->path);
        return true;
    }
    const bool improved = nn_monitor_beats(&state->monitor, value, best);
    if (checkpoint->verbose > 0 && improved && best->known)
        nn_callback_print("\nEpoch %zu: %s improved from %.5f to %.5f, saving model to %s",
                          event->epoch + 1, checkpoint->monitor, best->value, value, state->path);
    else if (checkpoint->verbose > 0 && improved)
        nn_callback_print("\nEpoch %zu: %s improved from None to %.5f, saving model to %s",
                          event->epoch + 1, checkpoint->monitor, value, state->path);
    else if (checkpoint->verbose > 0)
        nn_callback_print("\nEpoch %zu: %s did not improve from %.5f", event->epoch + 1,
                          checkpoint->monitor, best->value);
    if (improved)
        *best = (nn_best){.value = value, .known = true};
    return improved;
}

static nn_status save(const struct model_checkpoint *checkpoint,
                      struct model_checkpoint_state *state, const nn_event *event)
{
    const nn_path_fields fields = {
        .epoch = event->epoch + 1,
        .batch = event->kind == NN_EVENT_BATCH_END ? event->batch + 1 : 0,
        .count = event->count,
        .names = event->names,
        .values = event->values,
    };
    NN_TRY(fill_path(checkpoint, &fields, state->path));
    if (!is_to_save(checkpoint, state, event))
        return NN_OK;
    NN_TRY(nn_make_directories(state->path));
    NN_TRY(nn_model_save(event->model, state->path));
    if (checkpoint->verbose > 0)
        nn_callback_print("\nEpoch %zu: finished saving model to %s", event->epoch + 1,
                          state->path);
    return NN_OK;
}

static nn_status on_event(const void *self, void *state_memory, const nn_training *training,
                          const nn_event *event)
{
    struct model_checkpoint_state *state = state_memory;
    if (event->kind == NN_EVENT_TRAIN_BEGIN)
        return begin(self, state, training);
    const bool due =
        nn_save_frequency_is_due(state->save_freq, &state->progress.batches, event->kind);
    return due ? save(self, state, event) : NN_OK;
}

const nn_callback nn_callback_model_checkpoint = {
    .part =
        {
            .name = "model_checkpoint",
            .options = options,
            .size = sizeof(struct model_checkpoint),
            .help = "saves the model after epochs or batches",
            .sample = "model_checkpoint filepath=best.safetensors monitor=loss save_best_only=true",
            .check = check,
        },
    .state_size = sizeof(struct model_checkpoint_state),
    .progress_size = sizeof(struct progress),
    .on_event = on_event,
};
