#include "access.h"
#include "solve.h"
#include "status.h"
#include "trainer.h"
#include <math.h>

/* Checks and opens the batch, with a trainer for so many of its rows. */
static nn_status open_batch(nn_source *source, nn_trainer **trainer, nn_model *model,
                            const nn_dataset *batch, const double *values, size_t count,
                            bool solves)
{
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    NN_REQUIRE((values == NULL && count == 0) || count == nn_model_metric_count(model),
               NN_ERR_INVALID, "count is %zu, but there are %zu values: %s and %zu metric(s)",
               count, nn_model_metric_count(model), model->output_count > 1 ? "losses" : "loss",
               model->metric_count);
    NN_TRY(nn_source_open(source, model, batch, "batch"));
    NN_REQUIRE(source->rows > 0, NN_ERR_UNSUPPORTED,
               "batch: how many rows the stream has isn't known");
    NN_TRY(nn_trainer_keep(trainer, model,
                           solves ? nn_solve_rows(model, source->rows) : source->rows));
    return nn_trainer_prepare(*trainer, source);
}

static nn_status gather_batch(nn_trainer *trainer, const nn_model *model, const nn_source *source)
{
    NN_TRY(nn_reading_begin_pass(source));
    NN_TRY(nn_trainer_gather(trainer, model, source, &(nn_rows){.count = source->rows}));
    NN_REQUIRE(trainer->rows > 0, NN_ERR_INVALID, "batch: the stream has no rows");
    return NN_OK;
}

nn_status nn_trainer_take_batch(nn_trainer **trainer, nn_model *model, const nn_dataset *batch,
                                const double *values, size_t count)
{
    nn_source source;
    NN_TRY(open_batch(&source, trainer, model, batch, values, count, false));
    return gather_batch(*trainer, model, &source);
}

static nn_status check_loss(double loss, const nn_model *model)
{
    NN_REQUIRE(isfinite(loss), NN_ERR_NONFINITE,
               "the loss isn't finite after %llu steps; the weights are as before this one",
               (unsigned long long)model->iteration);
    return NN_OK;
}

/* An optimizer that works on whole data takes the batch for that: its step is an epoch on it. */
static nn_status take_step(nn_trainer *trainer, nn_model *model, const nn_source *source)
{
    if (nn_solves(model)) {
        double loss;
        bool solved = false;
        NN_TRY(nn_solve_check(model, source));
        NN_TRY(nn_solve(trainer, model, source, true, &loss, &solved));
        return check_loss(loss, model);
    }
    NN_TRY(gather_batch(trainer, model, source));
    const double loss = nn_trainer_forward(trainer, model);
    NN_TRY(nn_custom_take_failure());
    NN_TRY(check_loss(loss, model));
    return nn_trainer_backward(trainer, model);
}

static nn_status train_on_batch(nn_model *model, const nn_dataset *batch, double *values,
                                size_t count)
{
    nn_source source;
    nn_trainer *trainer;
    NN_TRY(open_batch(&source, &trainer, model, batch, values, count, true));
    NN_TRY(take_step(trainer, model, &source));
    if (values != NULL)
        nn_trainer_totals(trainer, model, values);
    return NN_OK;
}

nn_status nn_train_on_batch(nn_model *model, const nn_dataset *batch, double *values, size_t count)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(batch != NULL, NN_ERR_INVALID, "batch is NULL");
    NN_REQUIRE(values != NULL || count == 0, NN_ERR_INVALID, "values is NULL");
    NN_TRY(nn_model_begin_write(model));
    nn_status status = train_on_batch(model, batch, values, count);
    nn_model_end_write(model);
    return status;
}
