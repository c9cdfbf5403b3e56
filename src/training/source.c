/* A dataset opened for a model: its columns checked. */
#include "source.h"
#include "columns.h"
#include "status.h"
#include "walk.h"
#include <math.h>

/* ---- checking columns ---- */

static nn_status check_input(const nn_model *model, size_t index, const nn_column *column)
{
    const nn_shape *input = nn_model_input_shape(model, index);
    NN_REQUIRE(column->width == nn_shape_width(input), NN_ERR_SHAPE,
               "the model takes inputs of shape %s = %zu values, the data has rows of shape %s = "
               "%zu values",
               nn_shape_string(input).text, nn_shape_width(input),
               nn_shape_string(&column->shape).text, column->width);
    return NN_OK;
}

static nn_status check_labels(const nn_source *source, const nn_model *model, size_t index)
{
    const nn_column *column = &source->targets[index];
    const nn_shape *output = nn_model_output_shape(model, index);
    const char *loss = model->outputs[index].loss.type->name;
    const size_t classes = nn_last_dimension(output), labels = nn_shape_width(output) / classes;
    NN_REQUIRE(column->type != NN_FLOAT32, NN_ERR_INVALID,
               "loss %s takes class labels of type int32 or uint8, the targets are float32", loss);
    NN_REQUIRE(column->width == labels, NN_ERR_SHAPE,
               "loss %s takes %zu class label(s) a row for outputs of shape %s, the targets have "
               "shape %s",
               loss, labels, nn_shape_string(output).text, nn_shape_string(&column->shape).text);
    return source->reader != NULL
               ? NN_OK
               : nn_column_check_labels(column, source->rows, classes,
                                        nn_loss_ignored_class(&model->outputs[index].loss));
}

static nn_status check_values(const nn_model *model, size_t index, const nn_column *column)
{
    const nn_shape *output = nn_model_output_shape(model, index);
    NN_REQUIRE(column->width == nn_shape_width(output), NN_ERR_SHAPE,
               "the model's outputs have shape %s = %zu values, the targets have shape %s = %zu "
               "values%s",
               nn_shape_string(output).text, nn_shape_width(output),
               nn_shape_string(&column->shape).text, column->width,
               column->width == 1 && column->type != NN_FLOAT32
                   ? " (for class labels there are sparse losses)"
                   : "");
    return NN_OK;
}

/* The index of the model's input that a layer takes as it is, or only seen in another shape; SIZE_MAX:
 * it takes another layer's output. */
static size_t input_taken(const nn_model *model, const nn_node *node)
{
    while (node->input_count == 1 && model->nodes[node->inputs[0]].build.view)
        node = &model->nodes[node->inputs[0]];
    if (node->input_count > 0)
        return SIZE_MAX;
    for (size_t i = 0; i < model->input_count; i++)
        if (model->inputs[i] == (size_t)(node - model->nodes))
            return i;
    return 0; /* the only one, told by an input_shape */
}

static double value_at(const nn_column *column, size_t index)
{
    switch (column->type) {
    case NN_FLOAT32:
        return (double)((const float *)column->values)[index];
    case NN_UINT8:
        return ((const uint8_t *)column->values)[index];
    case NN_INT32:
        return ((const int32_t *)column->values)[index];
    }
    return NAN;
}

static nn_status check_tokens(const nn_node *node, const nn_column *column, size_t rows)
{
    const double tokens = (double)node->build.tokens;
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < column->width; i++) {
            const double value = value_at(column, nn_column_start(column, row) + i);
            NN_REQUIRE(value >= 0 && value < tokens && value == floor(value), NN_ERR_INVALID,
                       "%s takes whole numbers 0 to %zu, the inputs have %g in row %zu", node->name,
                       node->build.tokens - 1, value, row);
        }
    return NN_OK;
}

/* inputs[nn_model_input_count]: of rows in memory. */
static nn_status check_all_tokens(const nn_model *model, const nn_column *inputs, size_t rows)
{
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        const size_t input = node->build.tokens > 0 ? input_taken(model, node) : SIZE_MAX;
        if (input != SIZE_MAX)
            NN_TRY(check_tokens(node, &inputs[input], rows));
    }
    return NN_OK;
}

nn_status nn_source_check_tokens(const nn_source *source, const nn_model *model)
{
    return source->reader != NULL ? NN_OK : check_all_tokens(model, source->inputs, source->rows);
}

/* inputs[nn_model_input_count]: columns that have been found. */
static nn_status check_inputs(const nn_model *model, const nn_column *inputs)
{
    for (size_t i = 0; i < nn_model_input_count(model); i++) {
        nn_status status = check_input(model, i, &inputs[i]);
        if (status != NN_OK)
            return model->input_count > 1 ? nn_fail_in(status, "%s", nn_model_input_name(model, i))
                                          : status;
    }
    return NN_OK;
}

static nn_status check_source(const nn_source *source, const nn_model *model)
{
    NN_TRY(check_inputs(model, source->inputs));
    NN_TRY(nn_source_check_tokens(source, model));
    for (size_t i = 0; i < model->output_count; i++) {
        nn_status status = nn_columns_are_labels(model, i)
                               ? check_labels(source, model, i)
                               : check_values(model, i, &source->targets[i]);
        if (status != NN_OK)
            return model->output_count > 1
                       ? nn_fail_in(status, "%s", nn_model_output_name(model, i))
                       : status;
    }
    return NN_OK;
}

/* ---- opening ---- */

static nn_status open_inputs(nn_column *inputs, const nn_model *model, const nn_dataset *data)
{
    NN_REQUIRE(data->reader == NULL, NN_ERR_UNSUPPORTED,
               "its rows are read by a function: take a dataset of some of them in memory");
    NN_REQUIRE(data->rows > 0, NN_ERR_INVALID, "there are no rows");
    NN_TRY(nn_columns_find_inputs(inputs, model, data));
    NN_TRY(check_inputs(model, inputs));
    return check_all_tokens(model, inputs, data->rows);
}

nn_status nn_source_find_inputs(nn_column *inputs, const nn_model *model, const nn_dataset *data,
                                const char *what)
{
    nn_status status = open_inputs(inputs, model, data);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", what);
}

static size_t least_rows_of(const nn_node *node)
{
    const nn_layer_common *common = node->layer.self;
    return common->trainable ? node->build.least_rows : 0;
}

size_t nn_source_least_rows(const nn_model *model)
{
    size_t least = 1;
    for (size_t i = 0; i < model->node_count; i++)
        if (least_rows_of(&model->nodes[i]) > least)
            least = least_rows_of(&model->nodes[i]);
    return least;
}

nn_status nn_source_check_batch(const nn_model *model, size_t rows)
{
    for (size_t i = 0; i < model->node_count; i++)
        NN_REQUIRE(
            rows >= least_rows_of(&model->nodes[i]), NN_ERR_INVALID,
            "%s can't train on batches of %zu row: its statistics are those of the batch, and "
            "the variance of one row is 0. Use a batch_size of at least %zu, or "
            "layer_normalization",
            model->nodes[i].name, rows, least_rows_of(&model->nodes[i]));
    return NN_OK;
}

static nn_status open_source(nn_source *source, const nn_model *model, const nn_dataset *data)
{
    NN_REQUIRE(source->rows > 0 || nn_source_streams(source), NN_ERR_INVALID, "there are no rows");
    NN_TRY(nn_columns_find(source->inputs, source->targets, model, data));
    return check_source(source, model);
}

nn_status nn_source_open(nn_source *source, const nn_model *model, const nn_dataset *data,
                         const char *what)
{
    *source = (nn_source){
        .rows = data->rows,
        .reader = data->reader,
        .input_count = nn_model_input_count(model),
        .target_count = model->output_count,
        .sample_weight = nn_dataset_column(data, "sample_weight"),
    };
    NN_TRY(nn_walk_check_ready(model, NULL));
    nn_status status = open_source(source, model, data);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", what);
}

nn_status nn_source_set_class_weight(nn_source *source, const nn_model *model,
                                     const double *class_weight, size_t count)
{
    if (class_weight == NULL)
        return NN_OK;
    const nn_shape *output = nn_model_output_shape(model, 0);
    const size_t width = nn_last_dimension(output), classes = width == 1 ? 2 : width;
    NN_REQUIRE(model->output_count == 1, NN_ERR_UNSUPPORTED,
               "class_weight is for models with one output, this one has %zu", model->output_count);
    NN_REQUIRE(nn_shape_width(output) == width, NN_ERR_UNSUPPORTED,
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
