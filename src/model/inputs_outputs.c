/* Inputs and outputs of a model. */
#include "access.h"
#include "allocate.h"
#include "model.h"
#include "status.h"
#include <math.h>

static bool is_empty(const nn_model *model)
{
    return model == NULL || model->node_count == 0;
}

const nn_shape *nn_model_input_shape(const nn_model *model, size_t index)
{
    const nn_layer_build *first = &model->nodes[0].build;
    return model->input_count > 0 ? &model->nodes[model->inputs[index]].build.output
                                  : &first->input;
}

size_t nn_model_input_count(const nn_model *model)
{
    if (is_empty(model))
        return 0;
    return model->input_count > 0 ? model->input_count : 1;
}

size_t nn_model_output_count(const nn_model *model)
{
    return is_empty(model) ? 0 : model->output_count;
}

const char *nn_model_input_name(const nn_model *model, size_t index)
{
    if (index >= nn_model_input_count(model))
        return NULL;
    return model->input_count > 0 ? model->nodes[model->inputs[index]].name : "x";
}

const char *nn_model_output_name(const nn_model *model, size_t index)
{
    return index < nn_model_output_count(model) ? model->nodes[model->outputs[index].node].name
                                                : NULL;
}

size_t nn_model_input_width(const nn_model *model)
{
    size_t width = 0;
    for (size_t i = 0; i < nn_model_input_count(model); i++)
        width += nn_shape_width(nn_model_input_shape(model, i));
    return width;
}

size_t nn_model_output_width(const nn_model *model)
{
    size_t width = 0;
    for (size_t i = 0; i < nn_model_output_count(model); i++)
        width += nn_shape_width(nn_model_output_shape(model, i));
    return width;
}

size_t nn_model_layer_width(const nn_model *model, const char *layer)
{
    if (is_empty(model) || layer == NULL)
        return 0;
    const size_t node = nn_model_find_node(model, layer);
    return node == NN_NO_NODE ? 0 : nn_shape_width(&model->nodes[node].build.output);
}

bool nn_model_is_chain(const nn_model *model)
{
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        if (i == 0 ? model->input_count > 0 : node->input_count != 1 || node->inputs[0] != i - 1)
            return false;
    }
    return model->node_count == 0 ||
           (model->output_count == 1 && model->outputs[0].node == model->node_count - 1);
}

bool nn_model_is_output(const nn_model *model, size_t node)
{
    for (size_t i = 0; i < model->output_count; i++)
        if (model->outputs[i].node == node)
            return true;
    return false;
}

nn_status nn_model_check_readers(const nn_model *model)
{
    for (size_t i = 0; i < model->node_count; i++)
        NN_REQUIRE(model->nodes[i].readers > 0 || nn_model_is_output(model, i), NN_ERR_INVALID,
                   "nothing reads the output of layer '%s': name it among a layer's inputs or the "
                   "model's outputs, or leave it out",
                   model->nodes[i].name);
    return NN_OK;
}

nn_status nn_model_set_output_nodes(nn_model *model, const size_t *nodes, size_t count)
{
    NN_REQUIRE(!atomic_load(&model->built), NN_ERR_STATE,
               "the model is already built (compiled, loaded or used): set outputs before");
    NN_REQUIRE(count >= 1 && count <= NN_MAX_OUTPUTS, NN_ERR_INVALID,
               "%zu outputs, expected 1 to %d", count, NN_MAX_OUTPUTS);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            NN_REQUIRE(nodes[i] != nodes[j], NN_ERR_INVALID, "output '%s' is given twice",
                       model->nodes[nodes[i]].name);
    nn_output *outputs = nn_allocate(count, sizeof(*outputs));
    if (outputs == NULL)
        return NN_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        outputs[i] = (nn_output){.node = nodes[i], .loss_weight = 1};
    nn_release(model->outputs);
    model->outputs = outputs;
    model->output_count = count;
    model->outputs_given = true;
    return NN_OK;
}

/* "a, 'b c'": read as the value of an option, so that names are written here as everywhere. */
static nn_status parse_names(const char *text, nn_name_list *list)
{
    static const nn_option option = {.name = "outputs", .type = NN_TYPE_NAMES};
    nn_text wrapped = NN_TEXT_INIT;
    nn_spec *spec = NULL;
    nn_text_append(&wrapped, "model outputs=(%s)", text);
    nn_status status = wrapped.failed
                           ? nn_fail(NN_ERR_NO_MEMORY, "out of memory: the names of outputs")
                           : nn_spec_parse(&spec, wrapped.data);
    nn_text_free(&wrapped);
    if (status == NN_OK && spec->count != 1)
        status = nn_fail(NN_ERR_INVALID, "outputs is '%.80s', expected names such as a, b", text);
    if (status == NN_OK)
        status = nn_option_take(&option, &spec->arguments[0].value, list);
    nn_spec_free(spec);
    return status;
}

static nn_status set_outputs(nn_model *model, const nn_name_list *names)
{
    size_t nodes[NN_MAX_OUTPUTS];
    NN_REQUIRE(names->count <= NN_MAX_OUTPUTS, NN_ERR_INVALID, "%zu outputs, expected 1 to %d",
               names->count, NN_MAX_OUTPUTS);
    for (size_t i = 0; i < names->count; i++)
        NN_TRY(nn_model_get_node(model, names->names[i], &nodes[i]));
    return nn_model_set_output_nodes(model, nodes, names->count);
}

nn_status nn_model_set_outputs(nn_model *model, const char *layers)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(layers != NULL, NN_ERR_INVALID, "layers is NULL");
    nn_name_list names = {.count = 0};
    NN_TRY(parse_names(layers, &names));
    nn_status status = nn_model_begin_write(model);
    if (status == NN_OK) {
        status = set_outputs(model, &names);
        nn_model_end_write(model);
    }
    nn_release(names.names);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "outputs");
}

static nn_status set_loss_weights(nn_model *model, const double *weights, size_t count)
{
    NN_REQUIRE(model->node_count > 0, NN_ERR_STATE, "the model has no layers");
    NN_REQUIRE(count == model->output_count, NN_ERR_INVALID,
               "count is %zu, but the model has %zu output(s)", count, model->output_count);
    for (size_t i = 0; i < count; i++)
        NN_REQUIRE(isfinite(weights[i]), NN_ERR_INVALID,
                   "the weight of output %zu is %g, expected a finite number", i, weights[i]);
    for (size_t i = 0; i < count; i++)
        model->outputs[i].loss_weight = weights[i];
    return NN_OK;
}

nn_status nn_model_set_loss_weights(nn_model *model, const double *weights, size_t count)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(weights != NULL, NN_ERR_INVALID, "weights is NULL");
    NN_TRY(nn_model_begin_write(model));
    nn_status status = set_loss_weights(model, weights, count);
    nn_model_end_write(model);
    return status;
}
