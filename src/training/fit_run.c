/* The run of a fit: epochs of batches, validation, events, and going back when a step led to infinity. */
#include "elementwise.h"
#include "fitting.h"
#include "random.h"
#include "solve.h"
#include "status.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static nn_event event_of(const nn_fitting *fit, nn_event_kind kind, size_t epoch)
{
    return (nn_event){
        .struct_size = sizeof(nn_event),
        .kind = kind,
        .model = fit->model,
        .epoch = epoch,
        .epochs = fit->end,
        .batches = fit->batches,
        .names = nn_history_names(fit->history),
        .values = fit->values,
    };
}

static nn_status tell(nn_fitting *fit, nn_event_kind kind, size_t epoch)
{
    const nn_event event = event_of(fit, kind, epoch);
    return nn_listeners_tell(&fit->listeners, &fit->actions, &event);
}

static nn_status tell_batch(nn_fitting *fit, nn_event_kind kind, size_t batch, size_t count)
{
    nn_event event = event_of(fit, kind, fit->epoch);
    event.batch = batch;
    event.count = count;
    return nn_listeners_tell(&fit->listeners, &fit->actions, &event);
}

/* The first failure, else a wish to stop. */
static nn_status worse(nn_status first, nn_status second)
{
    return first == NN_OK || (first == NN_STOPPED && second != NN_OK) ? second : first;
}

/* What comes after an event: the backup that it may have led to, also before a stop. */
static nn_status back_up_after(nn_fitting *fit, nn_status status)
{
    return status == NN_OK || status == NN_STOPPED ? worse(status, nn_fitting_back_up(fit))
                                                   : status;
}

/* Back to the end of the last whole epoch. NN_ERR_NONFINITE, or NN_STOPPED where a callback wants that. */
static nn_status diverged(nn_fitting *fit, const char *what, size_t batch)
{
    nn_snapshot_restore(&fit->snapshot, fit->model);
    fit->average_shown = false;
    nn_status failure = nn_fail(
        NN_ERR_NONFINITE,
        "%s isn't finite in epoch %zu, batch %zu (counted from 0); the weights are back at the "
        "end of the last whole epoch. Try a smaller learning_rate, or look for values "
        "in the data that aren't finite",
        what, fit->epoch, batch);
    return nn_listeners_ask_nonfinite(&fit->listeners) == NN_STOPPED ? NN_STOPPED : failure;
}

/* A weight that isn't finite shows in the next loss; where no batch follows it must be looked for.
 * Gives status back if all is well. */
static nn_status check_weights(nn_fitting *fit, nn_status status, size_t batch)
{
    const bool finite = nn_all_finite(fit->model->weights_size, fit->model->weights);
    return finite ? status : diverged(fit, "a weight", batch);
}

void nn_fitting_shuffle(nn_fitting *fit, uint64_t number)
{
    nn_random random = nn_random_stream(fit->model->seed, NN_RANDOM_SHUFFLE, 0, number);
    nn_random_permutation(&random, fit->training.rows, fit->order);
}

static nn_status begin_pass(nn_fitting *fit)
{
    NN_TRY(nn_reading_begin_pass(&fit->training));
    if (fit->order != NULL)
        nn_fitting_shuffle(fit, fit->model->epochs_started);
    fit->model->epochs_started++;
    return NN_OK;
}

/* The next batch of the pass, or the first one of a new pass. *last: the pass ends with it. Of a stream
 * there may be no batch any more, which ends the epoch: but no epoch is without one. */
static nn_status gather_batch(nn_fitting *fit, bool *last)
{
    const size_t size = fit->options.batch_size, all = fit->training.rows;
    bool begun = fit->position == 0;
    if (begun)
        NN_TRY(begin_pass(fit));
    for (;;) {
        const size_t first = fit->position * size, left = all > 0 ? all - first : SIZE_MAX;
        const nn_rows rows = {
            .order = fit->order, .first = first, .count = left < size ? left : size};
        NN_TRY(nn_trainer_gather(fit->trainer, fit->model, &fit->training, &rows));
        *last = left <= size || fit->trainer->rows < rows.count;
        if (fit->trainer->rows > 0 || fit->batch > 0)
            return NN_OK;
        NN_REQUIRE(!begun, NN_ERR_INVALID, "training data: the stream has no rows left");
        fit->position = 0; /* it had ended with the epoch before */
        begun = true;
        NN_TRY(begin_pass(fit));
    }
}

static nn_status begin_batch(nn_fitting *fit)
{
    if (!nn_listeners_any(&fit->listeners))
        return NN_OK;
    nn_status status = tell_batch(fit, NN_EVENT_BATCH_BEGIN, fit->batch, 0);
    return status == NN_STOPPED ? check_weights(fit, status, fit->batch) : status;
}

static nn_status end_batch(nn_fitting *fit, size_t batch)
{
    if (!nn_listeners_any(&fit->listeners))
        return NN_OK;
    nn_trainer_totals(fit->trainer, fit->model, fit->values);
    nn_status status = tell_batch(fit, NN_EVENT_BATCH_END, batch, fit->quantities);
    if (status == NN_STOPPED)
        status = check_weights(fit, status, batch);
    return back_up_after(fit, status);
}

/* All rows are one batch. */
static nn_status solve(nn_fitting *fit)
{
    double loss;
    fit->model->epochs_started++;
    NN_TRY(nn_solve(fit->trainer, fit->model, &fit->training, !fit->solving, &loss, &fit->solved));
    fit->solving = true;
    if (!isfinite(loss))
        return diverged(fit, "the loss", 0);
    fit->batch++;
    return end_batch(fit, 0);
}

static nn_status train_batch(nn_fitting *fit)
{
    const size_t batch = fit->batch;
    bool last;
    NN_TRY(begin_batch(fit));
    if (nn_solves(fit->model))
        return solve(fit);
    NN_TRY(gather_batch(fit, &last));
    if (fit->trainer->rows == 0) {
        fit->position = 0;
        return NN_OK;
    }
    const double loss = nn_trainer_forward(fit->trainer, fit->model);
    NN_TRY(nn_custom_take_failure());
    if (!isfinite(loss))
        return diverged(fit, "the loss", batch);
    NN_TRY(nn_trainer_backward(fit->trainer, fit->model));
    fit->batch++;
    fit->position = last ? 0 : fit->position + 1;
    return end_batch(fit, batch);
}

/* ---- the end of an epoch ---- */

static nn_status tell_test(nn_fitting *fit, nn_event_kind kind, size_t batch, size_t batches,
                           bool measured)
{
    if (!nn_listeners_any(&fit->listeners))
        return NN_OK;
    double *values = fit->values + fit->quantities;
    nn_event event = event_of(fit, kind, fit->epoch);
    event.batch = batch;
    event.batches = batches;
    event.count = measured ? fit->quantities : 0;
    event.values = values;
    if (measured)
        nn_trainer_totals(fit->validator, fit->model, values);
    return nn_listeners_tell(&fit->listeners, &fit->actions, &event);
}

static nn_status test_batch(nn_fitting *fit, size_t batch, size_t batches, bool *ended)
{
    const size_t size = fit->validator->most_rows, all = fit->validation.rows;
    const size_t left = all > 0 ? all - batch * size : SIZE_MAX;
    const nn_rows rows = {.first = batch * size, .count = left < size ? left : size};
    nn_status status = tell_test(fit, NN_EVENT_TEST_BATCH_BEGIN, batch, batches, false);
    if (status != NN_OK && status != NN_STOPPED)
        return status;
    NN_TRY(nn_trainer_gather(fit->validator, fit->model, &fit->validation, &rows));
    *ended = fit->validator->rows < rows.count; /* a stream */
    if (fit->validator->rows == 0)
        return status;
    nn_trainer_forward(fit->validator, fit->model);
    NN_TRY(nn_custom_take_failure());
    return worse(status, tell_test(fit, NN_EVENT_TEST_BATCH_END, batch, batches, true));
}

/* A wish to stop waits for the end of the epoch. */
static nn_status validate(nn_fitting *fit)
{
    const size_t steps = fit->options.validation_steps, rows = fit->validation.rows;
    const size_t all = rows > 0 ? (rows - 1) / fit->validator->most_rows + 1 : 0;
    const size_t batches = steps > 0 && (all == 0 || steps < all) ? steps : all;
    bool ended = false;
    nn_trainer_reset_totals(fit->validator);
    NN_TRY(nn_reading_begin_pass(&fit->validation));
    nn_status status = tell_test(fit, NN_EVENT_TEST_BEGIN, 0, batches, false);
    for (size_t batch = 0;
         !ended && (batches == 0 || batch < batches) && (status == NN_OK || status == NN_STOPPED);
         batch++)
        status = worse(status, test_batch(fit, batch, batches, &ended));
    if (status != NN_OK && status != NN_STOPPED)
        return status;
    NN_REQUIRE(fit->validator->rows_seen > 0, NN_ERR_INVALID,
               "validation data: the stream has no rows left");
    status = worse(status, tell_test(fit, NN_EVENT_TEST_END, 0, batches, true));
    nn_trainer_totals(fit->validator, fit->model, fit->values + fit->quantities);
    return status;
}

/* Tells the end of the epoch; without validation, with what else there is moved together. */
static nn_status tell_epoch_end(nn_fitting *fit, size_t epoch, bool validated)
{
    const size_t count = nn_history_count(fit->history);
    const size_t skipped = fit->validator != NULL && !validated ? fit->quantities : 0;
    const char *const *names = nn_history_names(fit->history);
    for (size_t i = 0, at = 0; i < count; i++) {
        if (i >= fit->quantities && i < fit->quantities + skipped)
            continue;
        fit->known_names[at] = names[i];
        fit->known_values[at++] = fit->values[i];
    }
    nn_event event = event_of(fit, NN_EVENT_EPOCH_END, epoch);
    event.count = count - skipped;
    event.names = fit->known_names;
    event.values = fit->known_values;
    nn_history_append(fit->history, fit->values, fit->quantities, skipped);
    return nn_listeners_tell(&fit->listeners, &fit->actions, &event);
}

static nn_status end_epoch(nn_fitting *fit)
{
    nn_model *model = fit->model;
    const size_t epoch = fit->epoch;
    const bool validated =
        fit->validator != NULL && (epoch + 1) % (size_t)fit->options.validation_freq == 0;
    NN_TRY(check_weights(fit, NN_OK, fit->batch - 1));
    nn_trainer_totals(fit->trainer, model, fit->values);
    nn_status stop = validated ? validate(fit) : NN_OK;
    if (stop != NN_OK && stop != NN_STOPPED)
        return stop;
    nn_listeners_measure(&fit->listeners, &fit->actions, fit->values);
    nn_snapshot_take(&fit->snapshot, model);
    fit->epoch++;
    fit->batch = 0;
    return back_up_after(fit, worse(stop, tell_epoch_end(fit, epoch, validated)));
}

static nn_status run_epoch(nn_fitting *fit)
{
    NN_TRY(nn_history_reserve(fit->history));
    NN_TRY(tell(fit, NN_EVENT_EPOCH_BEGIN, fit->epoch));
    if (fit->batch == 0)
        nn_trainer_reset_totals(fit->trainer);
    /* the end of the data ends the epoch, too */
    while ((fit->batches == 0 || fit->batch < fit->batches) &&
           (fit->batch == 0 || fit->position > 0))
        NN_TRY(train_batch(fit));
    return end_epoch(fit);
}

nn_status nn_fitting_run(nn_fitting *fit)
{
    size_t next = fit->epoch;
    nn_status status = tell(fit, NN_EVENT_TRAIN_BEGIN, fit->epoch);
    if (status == NN_OK)
        status = nn_fitting_restore(fit);
    while (status == NN_OK && fit->epoch < fit->end && !fit->solved) {
        next = fit->epoch + 1;
        status = run_epoch(fit);
    }
    const bool failed = status != NN_OK && status != NN_STOPPED;
    char message[1024] = ""; /* of the first failure: the end of training may meet others */
    if (failed)
        snprintf(message, sizeof(message), "%s", nn_error_message());
    nn_fitting_show_average(fit, false);
    const bool ended = status == NN_STOPPED && !fit->listeners.function_stopped;
    fit->actions.status = ended ? NN_OK : status;
    nn_status end = tell(fit, NN_EVENT_TRAIN_END, next);
    if (failed)
        return nn_fail(status, "%s", message);
    return end != NN_OK && end != NN_STOPPED ? end : status; /* too late to stop */
}
