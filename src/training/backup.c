/*
 * Backups of training: the model's file with, beside the model, the copies of the weights that callbacks
 * keep, and as JSON
 *
 *     {"epoch": 3, "batch": 2, "position": 2,     the epoch, its batches done, those of the pass
 *      "totals": "...",                           losses and metrics of the epoch so far
 *      "callbacks": [{"spec": "early_stopping patience=3", "progress": "..."}, ...]}
 *
 * where totals and progress are bytes of memory in hexadecimal digits: a backup is for this machine and
 * this version of the library.
 */
#include "allocate.h"
#include "fitting.h"
#include "json.h"
#include "status.h"
#include <string.h>

/* ---- bytes as digits ---- */

static void write_bytes(nn_text *text, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        nn_text_append(text, "%02x", ((const unsigned char *)bytes)[i]);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool are_bytes(const char *digits, size_t size)
{
    return digits != NULL && strlen(digits) == 2 * size &&
           strspn(digits, "0123456789abcdef") == 2 * size;
}

static void read_bytes(const char *digits, void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)bytes)[i] =
            (unsigned char)(16 * digit(digits[2 * i]) + digit(digits[2 * i + 1]));
}

static size_t progress_size(const nn_listener *listener)
{
    return nn_callback_of(&listener->part)->progress_size;
}

static size_t states_size(const nn_trainer *trainer)
{
    return trainer->metric_state_count * sizeof(*trainer->metric_states);
}

static size_t norms_size(const nn_trainer *trainer)
{
    return trainer->norm_count * sizeof(*trainer->norm_sums);
}

/* ---- writing ---- */

/* The spec that a callback is found again by. */
static nn_status write_spec(const nn_listener *listener, nn_text *text)
{
    nn_text spec = NN_TEXT_INIT;
    nn_part_write(&listener->part, false, &spec);
    nn_status status = spec.failed ? nn_fail(NN_ERR_NO_MEMORY, "out of memory for a backup")
                                   : nn_json_write_string(text, spec.data);
    nn_text_free(&spec);
    return status;
}

static nn_status write_progress(const nn_fitting *fit, nn_text *text)
{
    const nn_trainer *trainer = fit->trainer;
    nn_text_append(text, "{\"epoch\":%zu,\"batch\":%zu,\"position\":%zu,\"totals\":\"", fit->epoch,
                   fit->batch, fit->position);
    write_bytes(text, &trainer->loss_sum, sizeof(trainer->loss_sum));
    write_bytes(text, &trainer->rows_seen, sizeof(trainer->rows_seen));
    for (size_t i = 0; i < trainer->output_count; i++)
        write_bytes(text, &trainer->outputs[i].loss_sum, sizeof(trainer->outputs[i].loss_sum));
    write_bytes(text, trainer->metric_states, states_size(trainer));
    write_bytes(text, &trainer->norm_batches, sizeof(trainer->norm_batches));
    if (trainer->norm_sums != NULL)
        write_bytes(text, trainer->norm_sums, norms_size(trainer));
    nn_text_append(text, "\",\"callbacks\":[");
    const char *separator = "";
    for (size_t i = 0; i < fit->listeners.count; i++) {
        const nn_listener *listener = &fit->listeners.list[i];
        if (progress_size(listener) == 0)
            continue;
        nn_text_append(text, "%s{\"spec\":", separator);
        NN_TRY(write_spec(listener, text));
        nn_text_append(text, ",\"progress\":\"");
        write_bytes(text, listener->state, progress_size(listener));
        nn_text_append(text, "\"}");
        separator = ",";
    }
    nn_text_append(text, "]}");
    NN_REQUIRE(!text->failed, NN_ERR_NO_MEMORY, "out of memory for a backup");
    return NN_OK;
}

nn_status nn_fitting_back_up(nn_fitting *fit)
{
    const char *path = fit->backup_path;
    if (path == NULL)
        return NN_OK;
    fit->backup_path = NULL;
    nn_text text = NN_TEXT_INIT;
    nn_status status = write_progress(fit, &text);
    const nn_model_training training = {
        .progress = text.data, .weight_count = fit->kept_count, .weights = fit->kept};
    const bool shown = fit->average_shown; /* the file has each in its own place */
    nn_fitting_show_average(fit, false);
    if (status == NN_OK)
        status = nn_model_save_training(fit->model, &training, path);
    nn_fitting_show_average(fit, shown);
    nn_text_free(&text);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "backup");
}

/* ---- reading ---- */

static bool same_weights(const nn_model *a, const nn_model *b)
{
    bool same = a->parameter_count == b->parameter_count && a->weights_size == b->weights_size &&
                a->trainable_size == b->trainable_size;
    for (size_t i = 0; same && i < a->parameter_count; i++)
        same = strcmp(a->parameters[i].name, b->parameters[i].name) == 0 &&
               a->parameters[i].offset == b->parameters[i].offset &&
               a->parameters[i].width == b->parameters[i].width;
    return same;
}

/* Whether what one optimizer keeps is what the other needs. */
static bool same_slots(const nn_part *a, const nn_part *b)
{
    const size_t count = nn_optimizer_slot_count(a);
    bool same = a->type == b->type && count == nn_optimizer_slot_count(b);
    for (size_t i = 0; same && i < count; i++)
        same = strcmp(nn_optimizer_slot(a, i), nn_optimizer_slot(b, i)) == 0;
    return same;
}

nn_status nn_fitting_read_backup(nn_fitting *fit, const char *path)
{
    nn_fitting_drop_backup(fit);
    NN_REQUIRE(!nn_source_streams(&fit->training) || fit->training.reader->restart != NULL,
               NN_ERR_UNSUPPORTED,
               "%s: training on a stream without restart can't go on from a backup", path);
    NN_TRY(nn_model_load_training(&fit->backup, &fit->restore, fit->model, path));
    const nn_model *model = fit->model, *backup = fit->backup;
    NN_REQUIRE(fit->restore.progress != NULL, NN_ERR_FORMAT,
               "%s: a model without a backup of training", path);
    NN_REQUIRE(same_weights(model, backup), NN_ERR_SHAPE,
               "%s: the backup is one of another model; to start anew, remove it", path);
    NN_REQUIRE(backup->compiled && same_slots(&model->optimizer, &backup->optimizer), NN_ERR_SHAPE,
               "%s: the backup is of training with another optimizer; to start anew, remove it",
               path);
    return NN_OK;
}

void nn_fitting_drop_backup(nn_fitting *fit)
{
    nn_model_free(fit->backup);
    fit->backup = NULL;
    nn_model_training_free(&fit->restore);
}

static nn_status read_size(const nn_json *json, const char *name, size_t most, size_t *size)
{
    uint64_t number;
    NN_TRY(nn_json_read_uint64(nn_json_get(json, name), name, &number));
    NN_REQUIRE(number <= most, NN_ERR_FORMAT, "%s is %llu, expected at most %zu", name,
               (unsigned long long)number, most);
    *size = (size_t)number;
    return NN_OK;
}

/* The next bytes of *digits. */
static void take_bytes(const char **digits, void *bytes, size_t size)
{
    read_bytes(*digits, bytes, size);
    *digits += 2 * size;
}

static nn_status read_totals(nn_trainer *trainer, const char *digits)
{
    const size_t sums = sizeof(trainer->loss_sum) + sizeof(trainer->rows_seen) +
                        sizeof(trainer->norm_batches) + norms_size(trainer) +
                        trainer->output_count * sizeof(trainer->outputs[0].loss_sum);
    NN_REQUIRE(are_bytes(digits, sums + states_size(trainer)), NN_ERR_FORMAT,
               "totals aren't those of this loss, these metrics and callbacks");
    take_bytes(&digits, &trainer->loss_sum, sizeof(trainer->loss_sum));
    take_bytes(&digits, &trainer->rows_seen, sizeof(trainer->rows_seen));
    for (size_t i = 0; i < trainer->output_count; i++)
        take_bytes(&digits, &trainer->outputs[i].loss_sum, sizeof(trainer->outputs[i].loss_sum));
    take_bytes(&digits, trainer->metric_states, states_size(trainer));
    take_bytes(&digits, &trainer->norm_batches, sizeof(trainer->norm_batches));
    if (trainer->norm_sums != NULL)
        take_bytes(&digits, trainer->norm_sums, norms_size(trainer));
    return NN_OK;
}

static nn_status read_progress(nn_fitting *fit, const nn_json *json)
{
    size_t epoch = 0, batch = 0, position = 0;
    const size_t rows = fit->training.rows;
    const size_t most_batches = rows > 0 ? (rows - 1) / fit->options.batch_size : SIZE_MAX;
    NN_TRY(read_size(json, "epoch", SIZE_MAX, &epoch));
    NN_TRY(read_size(json, "batch", fit->batches > 0 ? fit->batches : SIZE_MAX, &batch));
    NN_TRY(read_size(json, "position", most_batches, &position));
    NN_TRY(read_totals(fit->trainer, nn_json_string(nn_json_get(json, "totals"))));
    fit->epoch = epoch;
    fit->batch = batch;
    fit->position = position;
    return NN_OK;
}

/* Whether item is what was written for the callback. */
static nn_status compare_callback(const nn_listener *listener, const nn_json *item, bool *same)
{
    const char *spec = nn_json_string(nn_json_get(item, "spec"));
    nn_text own = NN_TEXT_INIT;
    nn_part_write(&listener->part, false, &own);
    const bool failed = own.failed;
    *same = !failed && spec != NULL && strcmp(own.data, spec) == 0 &&
            are_bytes(nn_json_string(nn_json_get(item, "progress")), progress_size(listener));
    nn_text_free(&own);
    NN_REQUIRE(!failed, NN_ERR_NO_MEMORY, "out of memory for a backup");
    return NN_OK;
}

/* The callbacks with progress must be those that were backed up: then their copies of weights are, too,
 * which lie in the same order. Else all of them begin anew. */
static nn_status compare_callbacks(const nn_fitting *fit, const nn_json *list, bool *same)
{
    const nn_json *item = nn_json_first(list);
    size_t count = 0;
    *same = fit->restore.weight_count == fit->kept_count;
    for (size_t i = 0; i < fit->listeners.count && *same; i++) {
        const nn_listener *listener = &fit->listeners.list[i];
        if (progress_size(listener) == 0)
            continue;
        NN_TRY(compare_callback(listener, item, same)); /* of no item it isn't the same */
        item = item != NULL ? nn_json_next(list, item) : NULL;
        count++;
    }
    *same = *same && count == nn_json_count(list);
    return NN_OK;
}

static void restore_callbacks(nn_fitting *fit, const nn_json *list)
{
    const nn_json *item = nn_json_first(list);
    for (size_t i = 0; i < fit->listeners.count; i++) {
        const nn_listener *listener = &fit->listeners.list[i];
        if (progress_size(listener) == 0)
            continue;
        read_bytes(nn_json_string(nn_json_get(item, "progress")), listener->state,
                   progress_size(listener));
        item = nn_json_next(list, item);
    }
    for (size_t i = 0; i < fit->kept_count; i++)
        memcpy(fit->kept[i], fit->restore.weights[i], fit->model->weights_size * sizeof(nn_real));
}

/* As it was set since compile. A schedule goes on by the steps done. */
static void restore_learning_rate(nn_model *model, const nn_model *backup)
{
    nn_optimizer_options *options = model->optimizer.self;
    const nn_optimizer_options *from = nn_optimizer_options_of(&backup->optimizer);
    if (options->learning_rate.part.type == NULL && from->learning_rate.part.type == NULL)
        options->learning_rate.value = from->learning_rate.value;
}

/* All that a step changes is in a snapshot: one of the backup's model, put into this one. */
static nn_status restore_model(nn_fitting *fit)
{
    nn_snapshot snapshot;
    nn_model *model = fit->model;
    const nn_model *backup = fit->backup;
    NN_TRY(nn_snapshot_create(&snapshot, backup));
    nn_snapshot_restore(&snapshot, model);
    nn_snapshot_free(&snapshot);
    model->seed = backup->seed;
    model->epochs_started = backup->epochs_started;
    restore_learning_rate(model, backup);
    nn_snapshot_take(&fit->snapshot, model);
    return NN_OK;
}

/* The rows of the pass that are done: by their order, or a stream's by reading them again. */
static nn_status restore_position(nn_fitting *fit)
{
    const size_t size = fit->options.batch_size;
    if (fit->order != NULL)
        nn_fitting_shuffle(fit, fit->model->epochs_started - 1);
    if (!nn_source_streams(&fit->training))
        return NN_OK;
    NN_TRY(nn_reading_begin_pass(&fit->training));
    for (size_t i = 0; i < fit->position; i++) {
        NN_TRY(
            nn_trainer_gather(fit->trainer, fit->model, &fit->training, &(nn_rows){.count = size}));
        NN_REQUIRE(fit->trainer->rows == size, NN_ERR_INVALID,
                   "the stream ends before the %zu batches that had been read", fit->position);
    }
    return NN_OK;
}

static nn_status restore_all(nn_fitting *fit, const nn_json *json)
{
    bool same;
    const nn_json *list = nn_json_get(json, "callbacks");
    NN_TRY(compare_callbacks(fit, list, &same));
    NN_TRY(read_progress(fit, json));
    NN_TRY(restore_model(fit));
    if (same)
        restore_callbacks(fit, list);
    return fit->position > 0 ? restore_position(fit) : NN_OK;
}

nn_status nn_fitting_restore(nn_fitting *fit)
{
    nn_json *json;
    const char *text = fit->restore.progress;
    if (text == NULL)
        return NN_OK;
    nn_status status = nn_json_parse(&json, text, strlen(text), "training");
    if (status == NN_OK)
        status = restore_all(fit, json);
    nn_release(json);
    nn_fitting_drop_backup(fit);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "backup");
}
