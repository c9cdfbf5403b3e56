#include "access.h"
#include "status.h"
#include "trainer.h"

static nn_status evaluate(const nn_model *model, const nn_dataset *data, double *values,
                          size_t count)
{
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    NN_REQUIRE(count == nn_model_metric_count(model), NN_ERR_INVALID,
               "count is %zu, but there are %zu values: %s and %zu metric(s)", count,
               nn_model_metric_count(model), model->output_count > 1 ? "losses" : "loss",
               model->metric_count);
    nn_source source;
    nn_trainer *trainer;
    NN_TRY(nn_source_open(&source, model, data, "data"));
    NN_TRY(nn_trainer_create(
        &trainer, model, source.rows < NN_EVALUATE_ROWS ? source.rows : NN_EVALUATE_ROWS, false));
    nn_status status = nn_trainer_evaluate(trainer, model, &source);
    if (status == NN_OK)
        nn_trainer_totals(trainer, model, values);
    nn_trainer_free(trainer);
    return status;
}

nn_status nn_evaluate(const nn_model *model, const nn_dataset *data, double *values, size_t count)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    NN_REQUIRE(values != NULL, NN_ERR_INVALID, "values is NULL");
    NN_TRY(nn_model_begin_read(model));
    nn_status status = evaluate(model, data, values, count);
    nn_model_end_read(model);
    return status;
}
