/* Fitting: what the caller asks for, made ready to run (fit_run.c). */
#include "access.h"
#include "allocate.h"
#include "fit_options.h"
#include "fitting.h"
#include "names.h"
#include "solve.h"
#include "status.h"

/* The last fraction of the rows validates, as in Keras. */
static nn_status split(nn_fitting *fit, const nn_dataset *data)
{
    const size_t rows = nn_dataset_rows(data);
    NN_TRY(nn_dataset_check_views(data));
    const size_t kept = (size_t)((double)rows * (1 - fit->options.validation_split));
    NN_REQUIRE(kept > 0 && kept < rows, NN_ERR_INVALID,
               "validation_split %g of %zu rows leaves none to %s", fit->options.validation_split,
               rows, kept == 0 ? "train on" : "validate on");
    NN_TRY(nn_dataset_slice(&fit->training_data, data, 0, kept));
    return nn_dataset_slice(&fit->validation_data, data, kept, rows - kept);
}

static nn_status open_data(nn_fitting *fit, const nn_dataset *data)
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
    NN_REQUIRE(fit->validation_data == NULL || !nn_source_streams(&fit->training) ||
                   fit->validation_data->reader != fit->training.reader,
               NN_ERR_INVALID, "validation data: the stream that is trained on");
    NN_TRY(nn_source_set_class_weight(&fit->training, fit->model, options->class_weight,
                                      options->class_weight_count));
    if (fit->validation_data != NULL)
        NN_TRY(
            nn_source_open(&fit->validation, fit->model, fit->validation_data, "validation data"));
    return NN_OK;
}

/* Else it matters into which batches the rows of an evaluation are cut: they are the training's, as in Keras. */
static bool has_mean_losses(const nn_model *model)
{
    for (size_t i = 0; i < model->output_count; i++)
        if (!nn_loss_is_mean(&model->outputs[i].loss))
            return false;
    return true;
}

/* Where a layer can't train on the few rows that are left for the last batch, they join the one before. */
static nn_status make_trainers(nn_fitting *fit)
{
    const size_t rows = fit->training.rows, batch_size = fit->options.batch_size;
    NN_TRY(nn_solve_check(fit->model, &fit->training));
    if (rows > 0 && (batch_size > rows || nn_solves(fit->model)))
        fit->options.batch_size = rows;
    const size_t size = fit->options.batch_size, steps = fit->options.steps_per_epoch;
    NN_TRY(nn_source_check_batch(fit->model, size));
    fit->least_rows = nn_source_least_rows(fit->model);
    const size_t rest = rows % size;
    const bool joined = rest > 0 && rest < fit->least_rows;
    const size_t all = rows > 0 ? (rows - 1) / size + 1 - joined : 0;
    fit->batches = steps > 0 && (all == 0 || steps < all) ? steps : all;
    NN_TRY(nn_trainer_keep(&fit->trainer, fit->model,
                           nn_solve_rows(fit->model, joined ? size + rest : size)));
    NN_TRY(nn_trainer_prepare(fit->trainer, &fit->training));
    if (fit->validation_data == NULL)
        return NN_OK;
    size_t most = fit->options.validation_batch_size;
    if (most == 0)
        most = fit->options.validation_steps > 0 || !has_mean_losses(fit->model) ? batch_size
                                                                                 : NN_EVALUATE_ROWS;
    if (fit->validation.rows > 0 && most > fit->validation.rows)
        most = fit->validation.rows;
    NN_TRY(nn_trainer_create(&fit->validator, fit->model, most, false));
    return nn_trainer_prepare(fit->validator, &fit->validation);
}

static nn_status add_column(void *history, const char *name)
{
    return nn_history_add_column(history, name);
}

/* The history, the callbacks that add columns to it, and room for what is measured. */
static nn_status make_history(nn_fitting *fit)
{
    fit->quantities = nn_model_metric_count(fit->model);
    NN_TRY(nn_history_create(&fit->history, fit->model, fit->validation_data != NULL));
    NN_TRY(nn_listeners_create(&fit->listeners, &fit->options));
    NN_TRY(nn_listeners_columns(&fit->listeners, fit->model, add_column, fit->history));
    const size_t count = nn_history_count(fit->history);
    fit->values = nn_allocate(count, sizeof(*fit->values));
    fit->known_values = nn_allocate(count, sizeof(*fit->known_values));
    fit->known_names = nn_allocate(count, sizeof(*fit->known_names));
    return fit->values != NULL && fit->known_values != NULL && fit->known_names != NULL
               ? NN_OK
               : NN_ERR_NO_MEMORY;
}

static nn_status prepare(nn_fitting *fit, const nn_dataset *data)
{
    nn_model *model = fit->model;
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    NN_TRY(open_data(fit, data));
    NN_TRY(make_trainers(fit));
    NN_TRY(make_history(fit));
    if (nn_listeners_want_gradients(&fit->listeners))
        NN_TRY(nn_trainer_sum_norms(fit->trainer, model));
    NN_TRY(nn_snapshot_create(&fit->snapshot, model));
    nn_fitting_offer_actions(fit);
    if (fit->options.shuffle && !nn_source_streams(&fit->training) && !nn_solves(model)) {
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

static void release(nn_fitting *fit)
{
    nn_fitting_drop_backup(fit);
    nn_fitting_free_kept(fit);
    nn_release(fit->known_names);
    nn_release(fit->known_values);
    nn_release(fit->values);
    nn_release(fit->order);
    nn_listeners_free(&fit->listeners);
    nn_snapshot_free(&fit->snapshot);
    nn_trainer_free(fit->validator);
    nn_dataset_free(fit->validation_data);
    nn_dataset_free(fit->training_data);
}

static nn_status fit_model(nn_model *model, const nn_dataset *data, const nn_fit_options *options,
                           nn_history **history)
{
    nn_fitting fit = {.model = model};
    NN_TRY(nn_fit_options_take(&fit.options, options));
    fit.epoch = fit.options.initial_epoch;
    fit.end = fit.options.initial_epoch + fit.options.epochs;
    nn_status status = prepare(&fit, data);
    if (status == NN_OK)
        status = keep_class_names(model, data);
    const bool prepared = status == NN_OK;
    if (prepared)
        status = nn_fitting_run(&fit);
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
