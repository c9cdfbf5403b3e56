#include "source.h"
#include "status.h"
#include <math.h>

static nn_status check_inputs(const nn_source *source, const nn_model *model)
{
    const nn_shape *input = nn_model_input_shape(model);
    NN_REQUIRE(source->x->width == nn_shape_width(input), NN_ERR_SHAPE,
               "the model takes inputs of shape %s = %zu values, the data has rows of shape %s = "
               "%zu values",
               nn_shape_string(input).text, nn_shape_width(input),
               nn_shape_string(&source->x->shape).text, source->x->width);
    return NN_OK;
}

/* One label for each of the output's distributions, which lie along its last dimension. */
static nn_status check_labels(const nn_source *source, const nn_model *model)
{
    const nn_shape *output = nn_model_output_shape(model);
    const char *loss = model->loss.type->name;
    const size_t labels = nn_shape_width(output) / nn_last_dimension(output);
    NN_REQUIRE(source->y->type != NN_FLOAT32, NN_ERR_INVALID,
               "loss %s takes class labels of type int32 or uint8, the targets are float32", loss);
    NN_REQUIRE(source->y->width == labels, NN_ERR_SHAPE,
               "loss %s takes %zu class label(s) a row for outputs of shape %s, the targets have "
               "shape %s",
               loss, labels, nn_shape_string(output).text, nn_shape_string(&source->y->shape).text);
    return source->reader != NULL
               ? NN_OK
               : nn_column_check_labels(source->y, source->rows, source->classes);
}

static nn_status check_values(const nn_source *source, const nn_model *model)
{
    const nn_shape *output = nn_model_output_shape(model);
    NN_REQUIRE(source->y->width == nn_shape_width(output), NN_ERR_SHAPE,
               "the model's outputs have shape %s = %zu values, the targets have shape %s = %zu "
               "values%s",
               nn_shape_string(output).text, nn_shape_width(output),
               nn_shape_string(&source->y->shape).text, source->y->width,
               source->y->width == 1 && source->y->type != NN_FLOAT32
                   ? " (for class labels there are sparse losses)"
                   : "");
    return NN_OK;
}

nn_status nn_source_open(nn_source *source, const nn_model *model, const nn_dataset *data,
                         const char *what)
{
    *source = (nn_source){
        .rows = data->rows,
        .reader = data->reader,
        .x = nn_dataset_column(data, "x"),
        .y = nn_dataset_column(data, "y"),
        .sample_weight = nn_dataset_column(data, "sample_weight"),
        .classes = nn_last_dimension(nn_model_output_shape(model)),
    };
    NN_REQUIRE(source->rows > 0 || nn_source_streams(source), NN_ERR_INVALID,
               "%s: there are no rows", what);
    NN_REQUIRE(source->x != NULL, NN_ERR_INVALID, "%s: there are no inputs", what);
    NN_REQUIRE(source->y != NULL, NN_ERR_INVALID, "%s: there are no targets", what);
    nn_status status = check_inputs(source, model);
    if (status == NN_OK)
        status = nn_loss_of(&model->loss)->target == NN_TARGET_LABELS ? check_labels(source, model)
                                                                      : check_values(source, model);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", what);
}

nn_status nn_source_set_class_weight(nn_source *source, const nn_model *model,
                                     const double *class_weight, size_t count)
{
    if (class_weight == NULL)
        return NN_OK;
    const nn_shape *output = nn_model_output_shape(model);
    const size_t classes = source->classes == 1 ? 2 : source->classes;
    NN_REQUIRE(nn_shape_width(output) == source->classes, NN_ERR_UNSUPPORTED,
               "class_weight needs one output distribution a row, the outputs have shape %s",
               nn_shape_string(output).text);
    NN_REQUIRE(count == classes, NN_ERR_SHAPE,
               "class_weight has %zu values, but there are %zu classes", count, classes);
    for (size_t i = 0; i < count; i++)
        NN_REQUIRE(isfinite(class_weight[i]) && class_weight[i] >= 0, NN_ERR_INVALID,
                   "class_weight of class %zu is %g, expected a number of at least 0", i,
                   class_weight[i]);
    source->class_weight = class_weight;
    return NN_OK;
}
