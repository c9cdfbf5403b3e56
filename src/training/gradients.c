/* Gradients of a batch without a step. */
#include "access.h"
#include "allocate.h"
#include "elementwise.h"
#include "status.h"
#include "trainer.h"
#include <string.h>

/* A pass of training may change moving statistics, which are put back. */
static nn_status keep_statistics(const nn_model *model, nn_real **kept)
{
    const size_t size = model->weights_size - model->trainable_size;
    *kept = nn_allocate(size, sizeof(**kept));
    if (*kept == NULL)
        return NN_ERR_NO_MEMORY;
    memcpy(*kept, model->weights + model->trainable_size, size * sizeof(**kept));
    return NN_OK;
}

static void restore_statistics(nn_model *model, nn_real *kept)
{
    memcpy(model->weights + model->trainable_size, kept,
           (model->weights_size - model->trainable_size) * sizeof(*kept));
    nn_release(kept);
}

static nn_status compute_gradients(nn_model *model, const nn_dataset *batch, double *values,
                                   size_t count)
{
    nn_trainer *trainer;
    nn_real *statistics;
    NN_TRY(nn_trainer_take_batch(&trainer, model, batch, values, count));
    NN_TRY(keep_statistics(model, &statistics));
    model->gradients_known = false;
    nn_trainer_forward(trainer, model);
    nn_status status = nn_custom_take_failure();
    if (status == NN_OK)
        status = nn_trainer_gradients(trainer, model);
    restore_statistics(model, statistics);
    NN_TRY(status);
    model->gradients_known = true;
    if (values != NULL)
        nn_trainer_totals(trainer, model, values);
    return NN_OK;
}

nn_status nn_model_compute_gradients(nn_model *model, const nn_dataset *batch, double *values,
                                     size_t count)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(batch != NULL, NN_ERR_INVALID, "batch is NULL");
    NN_REQUIRE(values != NULL || count == 0, NN_ERR_INVALID, "values is NULL");
    NN_TRY(nn_model_begin_write(model));
    nn_status status = compute_gradients(model, batch, values, count);
    nn_model_end_write(model);
    return status;
}

static nn_status get_gradients(const nn_model *model, const char *name, float *values, size_t count)
{
    const nn_parameter *parameter;
    NN_TRY(nn_model_find_weight(model, name, count, &parameter));
    NN_REQUIRE(parameter->trainable, NN_ERR_INVALID, "%s isn't trained, so it has no gradients",
               name);
    NN_REQUIRE(model->compiled && model->gradients_known, NN_ERR_STATE,
               "there are no gradients: call nn_model_compute_gradients, after the last training");
    nn_to_float(count, model->gradients + parameter->offset, values);
    return NN_OK;
}

nn_status nn_model_get_gradients(const nn_model *model, const char *name, float *values,
                                 size_t count)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(name != NULL, NN_ERR_INVALID, "name is NULL");
    NN_REQUIRE(values != NULL, NN_ERR_INVALID, "values is NULL");
    NN_TRY(nn_model_begin_read(model));
    nn_status status = get_gradients(model, name, values, count);
    nn_model_end_read(model);
    return status;
}
