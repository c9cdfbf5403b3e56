/* Passes that don't train, over whole sources. */
#include "access.h"
#include "status.h"
#include "trainer.h"

static nn_status run(nn_trainer *trainer, const nn_model *model, const nn_source *source,
                     nn_trainer_seeing *see, void *user)
{
    nn_trainer_begin_evaluation(trainer, model);
    NN_TRY(nn_reading_begin_pass(source));
    const size_t most = trainer->most_rows;
    for (size_t at = 0; source->rows == 0 || at < source->rows; at += trainer->rows) {
        const size_t left = source->rows > 0 ? source->rows - at : most;
        const nn_rows rows = {.first = at, .count = left < most ? left : most};
        NN_TRY(nn_trainer_gather(trainer, model, source, &rows));
        if (trainer->rows > 0) {
            nn_trainer_forward(trainer, model);
            NN_TRY(nn_custom_take_failure());
            if (see != NULL)
                NN_TRY(see(user, trainer, at));
        }
        if (trainer->rows < rows.count)
            break; /* the end of a stream */
    }
    NN_REQUIRE(trainer->rows_seen > 0, NN_ERR_INVALID, "the stream has no rows");
    return NN_OK;
}

nn_status nn_evaluate_source(const nn_model *model, const nn_source *source, nn_trainer_seeing *see,
                             void *user, double *values)
{
    nn_trainer *trainer;
    const size_t rows =
        source->rows > 0 && source->rows < NN_EVALUATE_ROWS ? source->rows : NN_EVALUATE_ROWS;
    NN_TRY(nn_trainer_create(&trainer, model, rows, false));
    nn_status status = nn_trainer_prepare(trainer, source);
    if (status == NN_OK)
        status = run(trainer, model, source, see, user);
    if (status == NN_OK && values != NULL)
        nn_trainer_totals(trainer, model, values);
    nn_trainer_free(trainer);
    return status;
}

static nn_status evaluate(const nn_model *model, const nn_dataset *data, double *values,
                          size_t count)
{
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    NN_REQUIRE(count == nn_model_metric_count(model), NN_ERR_INVALID,
               "count is %zu, but there are %zu values: %s and %zu metric(s)", count,
               nn_model_metric_count(model), model->output_count > 1 ? "losses" : "loss",
               model->metric_count);
    nn_source source;
    NN_TRY(nn_source_open(&source, model, data, "data"));
    return nn_evaluate_source(model, &source, NULL, NULL, values);
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
