#include "source.h"
#include "status.h"
#include "walk.h"
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
    return nn_column_check_labels(source->y, source->rows, source->classes);
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

/* Whether a layer takes the model's input as it is, or only seen in another shape. */
static bool takes_input(const nn_model *model, const nn_node *node)
{
    size_t input = node->input;
    while (input != NN_NO_NODE && model->nodes[input].build.view)
        input = model->nodes[input].input;
    return input == NN_NO_NODE;
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

static nn_status check_tokens(const nn_source *source, const nn_node *node)
{
    const double tokens = (double)node->build.tokens;
    for (size_t i = 0; i < source->rows * source->x->width; i++) {
        const double value = value_at(source->x, i);
        NN_REQUIRE(value >= 0 && value < tokens && value == floor(value), NN_ERR_INVALID,
                   "%s takes whole numbers 0 to %zu, the inputs have %g in row %zu", node->name,
                   node->build.tokens - 1, value, i / source->x->width);
    }
    return NN_OK;
}

static nn_status check_all_tokens(const nn_source *source, const nn_model *model)
{
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i].build.tokens > 0 && takes_input(model, &model->nodes[i]))
            NN_TRY(check_tokens(source, &model->nodes[i]));
    return NN_OK;
}

size_t nn_source_least_rows(const nn_model *model)
{
    size_t least = 1;
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i].build.least_rows > least)
            least = model->nodes[i].build.least_rows;
    return least;
}

nn_status nn_source_check_batch(const nn_model *model, size_t rows)
{
    for (size_t i = 0; i < model->node_count; i++)
        NN_REQUIRE(
            rows >= model->nodes[i].build.least_rows, NN_ERR_INVALID,
            "%s can't train on batches of %zu row: its statistics are those of the batch, and "
            "the variance of one row is 0. Use a batch_size of at least %zu, or "
            "layer_normalization",
            model->nodes[i].name, rows, model->nodes[i].build.least_rows);
    return NN_OK;
}

nn_status nn_source_open(nn_source *source, const nn_model *model, const nn_dataset *data,
                         const char *what)
{
    *source = (nn_source){
        .rows = data->rows,
        .x = nn_dataset_column(data, "x"),
        .y = nn_dataset_column(data, "y"),
        .sample_weight = nn_dataset_column(data, "sample_weight"),
        .classes = nn_last_dimension(nn_model_output_shape(model)),
    };
    NN_REQUIRE(source->rows > 0, NN_ERR_INVALID, "%s: there are no rows", what);
    NN_REQUIRE(source->x != NULL, NN_ERR_INVALID, "%s: there are no inputs", what);
    NN_REQUIRE(source->y != NULL, NN_ERR_INVALID, "%s: there are no targets", what);
    NN_TRY(nn_walk_check_ready(model, model->node_count));
    nn_status status = check_inputs(source, model);
    if (status == NN_OK)
        status = check_all_tokens(source, model);
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
