/* Weights by name, and their counts. */
#include "access.h"
#include "elementwise.h"
#include "model.h"
#include "status.h"
#include <math.h>
#include <string.h>

size_t nn_model_find_parameter(const nn_model *model, const char *name)
{
    for (size_t i = 0; i < model->parameter_count; i++)
        if (strcmp(model->parameters[i].name, name) == 0)
            return i;
    return model->parameter_count;
}

size_t nn_model_weight_count(const nn_model *model)
{
    return model == NULL ? 0 : model->parameter_count;
}

const char *nn_model_weight_name(const nn_model *model, size_t index)
{
    return index < nn_model_weight_count(model) ? model->parameters[index].name : NULL;
}

size_t nn_model_weight_shape(const nn_model *model, const char *name, size_t *dimensions,
                             size_t count)
{
    if (model == NULL || name == NULL)
        return 0;
    size_t index = nn_model_find_parameter(model, name);
    if (index == model->parameter_count)
        return 0;
    const nn_shape *shape = &model->parameters[index].shape;
    for (size_t i = 0; i < shape->rank && i < count && dimensions != NULL; i++)
        dimensions[i] = shape->dimensions[i];
    return shape->rank;
}

static size_t count_values(const nn_model *model, bool all)
{
    size_t sum = 0;
    for (size_t i = 0; model != NULL && i < model->parameter_count; i++)
        if (all || model->parameters[i].trainable)
            sum += model->parameters[i].width;
    return sum;
}

size_t nn_model_trainable_count(const nn_model *model)
{
    return count_values(model, false);
}

size_t nn_model_parameter_count(const nn_model *model)
{
    return count_values(model, true);
}

nn_status nn_model_find_weight(const nn_model *model, const char *name, size_t count,
                               const nn_parameter **parameter)
{
    NN_REQUIRE(model->node_count > 0, NN_ERR_STATE, "the model has no layers");
    size_t index = nn_model_find_parameter(model, name);
    if (index == model->parameter_count) {
        nn_text known = NN_TEXT_INIT;
        for (size_t i = 0; i < model->parameter_count; i++)
            nn_text_append(&known, "%s%s", i == 0 ? "" : ", ", model->parameters[i].name);
        nn_fail(NN_ERR_INVALID, "no weight is named '%.80s'; known: %s", name,
                known.failed || known.data == NULL ? "none" : known.data);
        nn_text_free(&known);
        return NN_ERR_INVALID;
    }
    *parameter = &model->parameters[index];
    NN_REQUIRE(count == (*parameter)->width, NN_ERR_SHAPE,
               "%s has shape %s = %zu values, but count is %zu", name,
               nn_shape_string(&(*parameter)->shape).text, (*parameter)->width, count);
    return NN_OK;
}

nn_status nn_model_get_weights(const nn_model *model, const char *name, float *values, size_t count)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(name != NULL, NN_ERR_INVALID, "name is NULL");
    NN_REQUIRE(values != NULL, NN_ERR_INVALID, "values is NULL");
    NN_TRY(nn_model_begin_read(model));
    const nn_parameter *parameter;
    nn_status status = nn_model_find_weight(model, name, count, &parameter);
    if (status == NN_OK)
        status = nn_model_build(model);
    if (status == NN_OK)
        nn_to_float(count, model->weights + parameter->offset, values);
    nn_model_end_read(model);
    return status;
}

static nn_status set_weights(nn_model *model, const char *name, const float *values, size_t count)
{
    const nn_parameter *parameter;
    NN_TRY(nn_model_find_weight(model, name, count, &parameter));
    for (size_t i = 0; i < count; i++)
        NN_REQUIRE(isfinite(values[i]), NN_ERR_NONFINITE, "%s: value %zu is %g", name, i,
                   (double)values[i]);
    NN_TRY(nn_model_build(model));
    nn_from_float(count, values, model->weights + parameter->offset);
    return NN_OK;
}

nn_status nn_model_set_weights(nn_model *model, const char *name, const float *values, size_t count)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(name != NULL, NN_ERR_INVALID, "name is NULL");
    NN_REQUIRE(values != NULL, NN_ERR_INVALID, "values is NULL");
    NN_TRY(nn_model_begin_write(model));
    nn_status status = set_weights(model, name, values, count);
    nn_model_end_write(model);
    return status;
}
