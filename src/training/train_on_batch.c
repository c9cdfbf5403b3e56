#include "access.h"
#include "status.h"
#include "trainer.h"
#include <math.h>

static nn_status train_on_batch(nn_model *model, const nn_dataset *batch, double *values,
                                size_t count)
{
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    NN_REQUIRE((values == NULL && count == 0) || count == nn_model_metric_count(model),
               NN_ERR_INVALID, "count is %zu, but there are %zu values: %s and %zu metric(s)",
               count, nn_model_metric_count(model), model->output_count > 1 ? "losses" : "loss",
               model->metric_count);
    nn_source source;
    nn_trainer *trainer;
    NN_TRY(nn_source_open(&source, model, batch, "batch"));
    NN_TRY(nn_source_check_batch(model, source.rows));
    NN_TRY(nn_trainer_keep(&trainer, model, source.rows));
    NN_TRY(nn_trainer_gather(trainer, model, &source, &(nn_rows){.count = source.rows}));
    const double loss = nn_trainer_forward(trainer, model);
    NN_REQUIRE(isfinite(loss), NN_ERR_NONFINITE,
               "the loss isn't finite after %llu steps; the weights are as before this one",
               (unsigned long long)model->iteration);
    nn_trainer_backward(trainer, model);
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
