/* Fitting: epochs of minibatches, validation, events, and going back when a step led to infinity. */
#include "access.h"
#include "allocate.h"
#include "elementwise.h"
#include "fit_options.h"
#include "history.h"
#include "listeners.h"
#include "names.h"
#include "random.h"
#include "snapshot.h"
#include "status.h"
#include "trainer.h"
#include <math.h>
#include <stdio.h>

/* Everything one nn_fit holds. */
struct fit {
    nn_model *model;
    nn_fit_options options;
    nn_dataset *training_data, *validation_data; /* counted references; the second may be NULL */
    nn_source training, validation;
    nn_trainer *trainer;   /* the model's own */
    nn_trainer *validator; /* NULL without validation */
    size_t *order;         /* [rows] the epoch's order of rows; NULL: as they come */
    nn_snapshot snapshot;  /* the end of the last whole epoch */
    nn_history *history;
    nn_listeners listeners;
    double *values;    /* [columns of the history] */
    size_t quantities; /* loss and metrics */
    size_t batches;    /* of an epoch */
};

/* ---- preparing ---- */

/* The last fraction of the rows validates, as in Keras. */
static nn_status split(struct fit *fit, const nn_dataset *data)
{
    const size_t rows = nn_dataset_rows(data);
    const size_t kept = (size_t)((double)rows * (1 - fit->options.validation_split));
    NN_REQUIRE(kept > 0 && kept < rows, NN_ERR_INVALID,
               "validation_split %g of %zu rows leaves none to %s", fit->options.validation_split,
               rows, kept == 0 ? "train on" : "validate on");
    NN_TRY(nn_dataset_slice(&fit->training_data, data, 0, kept));
    return nn_dataset_slice(&fit->validation_data, data, kept, rows - kept);
}

static nn_status open_data(struct fit *fit, const nn_dataset *data)
{
    const nn_fit_options *options = &fit->options;
    if (options->validation_data == NULL && options->validation_split > 0) {
        NN_TRY(split(fit, data));
    } else {
        fit->training_data = nn_dataset_retain(data);
        if (options->validation_data != NULL)
            fit->validation_data = nn_dataset_retain(options->validation_data);
    }
    NN_TRY(nn_source_open(&fit->training, fit->model, fit->training_data, "training data"));
    NN_TRY(nn_source_set_class_weight(&fit->training, fit->model, options->class_weight,
                                      options->class_weight_count));
    if (fit->validation_data != NULL)
        NN_TRY(
            nn_source_open(&fit->validation, fit->model, fit->validation_data, "validation data"));
    return NN_OK;
}

/* Where a layer can't train on the few rows that are left for the last batch, they join the one before. */
static nn_status make_trainers(struct fit *fit)
{
    const size_t rows = fit->training.rows;
    if (fit->options.batch_size > rows)
        fit->options.batch_size = rows;
    NN_TRY(nn_source_check_batch(fit->model, fit->options.batch_size));
    const size_t size = fit->options.batch_size, rest = rows % size;
    const bool joined = rest > 0 && rest < nn_source_least_rows(fit->model);
    fit->batches = (rows - 1) / size + 1 - joined;
    NN_TRY(nn_trainer_keep(&fit->trainer, fit->model, joined ? size + rest : size));
    if (fit->validation_data == NULL)
        return NN_OK;
    const size_t most =
        fit->validation.rows < NN_EVALUATE_ROWS ? fit->validation.rows : NN_EVALUATE_ROWS;
    return nn_trainer_create(&fit->validator, fit->model, most, false);
}

static nn_status prepare(struct fit *fit, const nn_dataset *data)
{
    nn_model *model = fit->model;
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    NN_TRY(open_data(fit, data));
    NN_TRY(make_trainers(fit));
    NN_TRY(nn_history_create(&fit->history, model, fit->validation_data != NULL));
    NN_TRY(nn_snapshot_create(&fit->snapshot, model));
    NN_TRY(nn_listeners_create(&fit->listeners, &fit->options));
    fit->quantities = nn_model_metric_count(model);
    fit->values = nn_allocate(nn_history_count(fit->history), sizeof(*fit->values));
    if (fit->values == NULL)
        return NN_ERR_NO_MEMORY;
    if (fit->options.shuffle) {
        fit->order = nn_allocate(fit->training.rows, sizeof(*fit->order));
        if (fit->order == NULL)
            return NN_ERR_NO_MEMORY;
    }
    return NN_OK;
}

/* Keeps the class names of the data with the model, if there is one for each output and the model has
 * none yet. */
static nn_status keep_class_names(nn_model *model, const nn_dataset *data)
{
    if (model->class_count > 0 || model->output_count > 1 ||
        data->class_count != nn_model_output_width(model))
        return NN_OK;
    NN_TRY(nn_names_copy(&model->class_names, (const char *const *)data->class_names,
                         data->class_count));
    model->class_count = data->class_count;
    return NN_OK;
}

static void release(struct fit *fit)
{
    nn_release(fit->values);
    nn_release(fit->order);
    nn_listeners_free(&fit->listeners);
    nn_snapshot_free(&fit->snapshot);
    nn_trainer_free(fit->validator);
    nn_dataset_free(fit->validation_data);
    nn_dataset_free(fit->training_data);
}

/* ---- running ---- */

static nn_status tell(struct fit *fit, nn_event_kind kind, size_t epoch, size_t batch, size_t count)
{
    const nn_event event = {
        .struct_size = sizeof(event),
        .kind = kind,
        .model = fit->model,
        .epoch = epoch,
        .epochs = fit->options.initial_epoch + fit->options.epochs,
        .batch = batch,
        .batches = fit->batches,
        .count = count,
        .names = nn_history_names(fit->history),
        .values = fit->values,
    };
    return nn_listeners_tell(&fit->listeners, &event);
}

/* Back to the end of the last whole epoch. */
static nn_status diverged(struct fit *fit, const char *what, size_t epoch, size_t batch)
{
    nn_snapshot_restore(&fit->snapshot, fit->model);
    return nn_fail(
        NN_ERR_NONFINITE,
        "%s isn't finite in epoch %zu, batch %zu (counted from 0); the weights are back at the "
        "end of the last whole epoch. Try a smaller learning_rate, or look for values "
        "in the data that aren't finite",
        what, epoch, batch);
}

/* A weight that isn't finite shows in the next loss; where no batch follows it must be looked for.
 * Gives status back if all is well. */
static nn_status check_weights(struct fit *fit, nn_status status, size_t epoch, size_t batch)
{
    const bool finite = nn_all_finite(fit->model->weights_size, fit->model->weights);
    return finite ? status : diverged(fit, "a weight", epoch, batch);
}

static nn_status train_batch(struct fit *fit, size_t epoch, size_t batch)
{
    const size_t size = fit->options.batch_size, first = batch * size;
    const size_t left = fit->training.rows - first;
    const nn_rows rows = {
        .order = fit->order, .first = first, .count = batch + 1 == fit->batches ? left : size};
    NN_TRY(nn_trainer_gather(fit->trainer, fit->model, &fit->training, &rows));
    const double loss = nn_trainer_forward(fit->trainer, fit->model);
    if (!isfinite(loss))
        return diverged(fit, "the loss", epoch, batch);
    nn_trainer_backward(fit->trainer, fit->model);
    if (!nn_listeners_any(&fit->listeners))
        return NN_OK;
    nn_trainer_totals(fit->trainer, fit->model, fit->values);
    nn_status status = tell(fit, NN_EVENT_BATCH_END, epoch, batch, fit->quantities);
    return status == NN_STOPPED ? check_weights(fit, status, epoch, batch) : status;
}

static nn_status end_epoch(struct fit *fit, size_t epoch)
{
    nn_model *model = fit->model;
    NN_TRY(check_weights(fit, NN_OK, epoch, fit->batches - 1));
    nn_trainer_totals(fit->trainer, model, fit->values);
    if (fit->validator != NULL) {
        NN_TRY(nn_trainer_evaluate(fit->validator, model, &fit->validation));
        nn_trainer_totals(fit->validator, model, fit->values + fit->quantities);
    }
    nn_history_append(fit->history, fit->values);
    nn_snapshot_take(&fit->snapshot, model);
    return tell(fit, NN_EVENT_EPOCH_END, epoch, 0, nn_history_count(fit->history));
}

static nn_status run_epoch(struct fit *fit, size_t epoch)
{
    nn_model *model = fit->model;
    NN_TRY(nn_history_reserve(fit->history));
    NN_TRY(tell(fit, NN_EVENT_EPOCH_BEGIN, epoch, 0, 0));
    if (fit->order != NULL) {
        nn_random random =
            nn_random_stream(model->seed, NN_RANDOM_SHUFFLE, 0, model->epochs_started);
        nn_random_permutation(&random, fit->training.rows, fit->order);
    }
    model->epochs_started++;
    nn_trainer_reset_totals(fit->trainer);
    for (size_t batch = 0; batch < fit->batches; batch++)
        NN_TRY(train_batch(fit, epoch, batch));
    return end_epoch(fit, epoch);
}

static nn_status run(struct fit *fit)
{
    const size_t first = fit->options.initial_epoch;
    size_t done = 0;
    nn_status status = tell(fit, NN_EVENT_TRAIN_BEGIN, first, 0, 0);
    for (; done < fit->options.epochs && status == NN_OK; done++)
        status = run_epoch(fit, first + done);
    const bool failed = status != NN_OK && status != NN_STOPPED;
    char message[1024] = ""; /* of the first failure: the end of training may meet others */
    if (failed)
        snprintf(message, sizeof(message), "%s", nn_error_message());
    nn_status end = tell(fit, NN_EVENT_TRAIN_END, first + done, 0, 0);
    if (failed)
        return nn_fail(status, "%s", message);
    return end != NN_OK && end != NN_STOPPED ? end : status; /* too late to stop */
}

static nn_status fit_model(nn_model *model, const nn_dataset *data, const nn_fit_options *options,
                           nn_history **history)
{
    struct fit fit = {.model = model};
    NN_TRY(nn_fit_options_take(&fit.options, options));
    nn_status status = prepare(&fit, data);
    if (status == NN_OK)
        status = keep_class_names(model, data);
    const bool prepared = status == NN_OK;
    if (prepared)
        status = run(&fit);
    release(&fit);
    if (history != NULL && prepared)
        *history = fit.history;
    else
        nn_history_free(fit.history);
    return status;
}

nn_status nn_fit(nn_model *model, const nn_dataset *data, const nn_fit_options *options,
                 nn_history **history)
{
    if (history != NULL)
        *history = NULL;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    NN_TRY(nn_model_begin_write(model));
    nn_status status = fit_model(model, data, options, history);
    nn_model_end_write(model);
    return status;
}
