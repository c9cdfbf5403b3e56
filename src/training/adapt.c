/* Adapting: layers that learn from data before training. */
#include "access.h"
#include "allocate.h"
#include "dataset.h"
#include "status.h"
#include "walk.h"
#include <string.h>

/* One layer's adapting. */
struct adaption {
    nn_model *model;
    size_t index; /* of the layer */
    const nn_column *x;
    size_t rows;
    nn_workspace *workspace;
    double *state;
};

static size_t state_size(const nn_node *node)
{
    const nn_layer *layer = nn_layer_of(&node->layer);
    return layer->adapt == NULL ? 0 : layer->adapt_state(node->layer.self, &node->build);
}

static void adapt_batch(const struct adaption *a, size_t first, size_t count)
{
    const nn_model *model = a->model;
    const nn_node *node = &model->nodes[a->index];
    const nn_layer_build *input = &model->nodes[0].build;
    const bool scaled = a->workspace->input_scaled && a->index > 0;
    nn_column_gather_scaled(a->x, &(nn_rows){.first = first, .count = count},
                            scaled ? (nn_real)input->scale : 1, scaled ? (nn_real)input->offset : 0,
                            a->workspace->x);
    nn_layer_of(&node->layer)
        ->adapt(node->layer.self,
                &(nn_layer_sample){
                    .rows = count,
                    .input = &node->build.input,
                    .x = nn_walk_forward_to(model, a->workspace, count, a->workspace->x, a->index),
                    .state = a->state,
                });
}

static nn_status run(const struct adaption *a)
{
    const nn_model *model = a->model;
    const nn_node *node = &model->nodes[a->index];
    nn_real *parameters[NN_LAYER_MAX_PARAMETERS];
    for (size_t at = 0; at < a->rows; at += NN_ADAPT_ROWS)
        adapt_batch(a, at, a->rows - at < NN_ADAPT_ROWS ? a->rows - at : NN_ADAPT_ROWS);
    for (size_t i = 0; i < node->build.parameter_count; i++)
        parameters[i] = model->weights + model->parameters[node->first_parameter + i].offset;
    return nn_layer_of(&node->layer)
        ->adapt_end(node->layer.self, &node->build, a->state, parameters);
}

static nn_status adapt_layer(nn_model *model, size_t index, const nn_column *x, size_t rows)
{
    struct adaption a = {.model = model, .index = index, .x = x, .rows = rows};
    NN_TRY(nn_walk_check_ready(model, index));
    NN_TRY(nn_workspace_create(&a.workspace, model, rows < NN_ADAPT_ROWS ? rows : NN_ADAPT_ROWS,
                               NN_TO_EVALUATE));
    a.state = nn_allocate(state_size(&model->nodes[index]), sizeof(*a.state));
    nn_status status = a.state != NULL ? run(&a) : NN_ERR_NO_MEMORY;
    nn_release(a.state);
    nn_workspace_free(a.workspace);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", model->nodes[index].name);
}

static nn_status unknown_layer(const nn_model *model, const char *name)
{
    nn_text known = NN_TEXT_INIT;
    for (size_t i = 0; i < model->node_count; i++)
        if (state_size(&model->nodes[i]) > 0)
            nn_text_append(&known, "%s%s", known.length == 0 ? "" : ", ", model->nodes[i].name);
    nn_fail(NN_ERR_INVALID, "no layer '%.80s' learns from data before training; those that do: %s",
            name, known.failed || known.data == NULL ? "none" : known.data);
    nn_text_free(&known);
    return NN_ERR_INVALID;
}

static nn_status adapt_model(nn_model *model, const char *layer, const nn_dataset *data)
{
    NN_REQUIRE(model->node_count > 0, NN_ERR_STATE, "the model has no layers");
    const nn_column *x = nn_dataset_column(data, "x");
    const nn_shape *input = nn_model_input_shape(model);
    NN_REQUIRE(data->rows > 0, NN_ERR_INVALID, "data: there are no rows");
    NN_REQUIRE(x != NULL, NN_ERR_INVALID, "data: there are no inputs");
    NN_REQUIRE(x->width == nn_shape_width(input), NN_ERR_SHAPE,
               "the model takes inputs of shape %s = %zu values, the data has rows of shape %s = "
               "%zu values",
               nn_shape_string(input).text, nn_shape_width(input), nn_shape_string(&x->shape).text,
               x->width);
    NN_TRY(nn_model_build(model));
    bool found = false;
    for (size_t i = 0; i < model->node_count; i++) {
        if (state_size(&model->nodes[i]) == 0 ||
            (layer != NULL && strcmp(model->nodes[i].name, layer) != 0))
            continue;
        found = true;
        NN_TRY(adapt_layer(model, i, x, data->rows));
    }
    return found || layer == NULL ? NN_OK : unknown_layer(model, layer);
}

nn_status nn_model_adapt(nn_model *model, const char *layer, const nn_dataset *data)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    NN_TRY(nn_model_begin_write(model));
    nn_status status = adapt_model(model, layer, data);
    nn_model_end_write(model);
    return status;
}
