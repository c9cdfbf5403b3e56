/* Adapting: layers that learn from data before training. */
#include "access.h"
#include "allocate.h"
#include "source.h"
#include "status.h"
#include "walk.h"
#include <string.h>

/* One layer's adapting. */
struct adaption {
    nn_model *model;
    size_t index;            /* of the layer */
    bool *wanted;            /* [node_count] the layers that it depends on */
    const nn_column *inputs; /* the model's */
    size_t rows;
    nn_workspace *workspace;
    double *state;
};

static size_t state_size(const nn_node *node)
{
    const nn_layer *layer = nn_layer_of(&node->layer);
    return layer->adapt == NULL ? 0 : layer->adapt_state(node->layer.self, &node->build);
}

static void find_wanted(const nn_model *model, size_t index, bool *wanted)
{
    wanted[index] = true;
    for (size_t i = index + 1; i-- > 0;)
        for (size_t e = 0; e < model->nodes[i].input_count && wanted[i]; e++)
            wanted[model->nodes[i].inputs[e]] = true;
    wanted[index] = false; /* it is to be adapted now */
}

static void adapt_batch(const struct adaption *a, size_t first, size_t count)
{
    const nn_model *model = a->model;
    const nn_node *node = &model->nodes[a->index];
    const size_t scaled = a->workspace->scaled_node;
    const nn_layer_build *input = scaled == NN_NO_NODE ? NULL : &model->nodes[scaled].build;
    for (size_t i = 0; i < nn_model_input_count(model); i++)
        nn_column_gather_scaled(&a->inputs[i], &(nn_rows){.first = first, .count = count},
                                input != NULL ? (nn_real)input->scale : 1,
                                input != NULL ? (nn_real)input->offset : 0,
                                nn_workspace_input(a->workspace, model, i));
    nn_layer_of(&node->layer)
        ->adapt(node->layer.self, &(nn_layer_sample){
                                      .rows = count,
                                      .input = &node->build.input,
                                      .x = nn_walk_forward_to(model, a->workspace, count,
                                                              a->workspace->x, a->index, a->wanted),
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

static nn_status make_and_run(struct adaption *a)
{
    const nn_model *model = a->model;
    find_wanted(model, a->index, a->wanted);
    NN_TRY(nn_walk_check_ready(model, a->wanted));
    NN_TRY(nn_workspace_create(&a->workspace, model,
                               a->rows < NN_ADAPT_ROWS ? a->rows : NN_ADAPT_ROWS, NN_TO_EVALUATE));
    nn_status status = run(a);
    nn_workspace_free(a->workspace);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", model->nodes[a->index].name);
}

static nn_status adapt_layer(nn_model *model, size_t index, const nn_column *inputs, size_t rows)
{
    struct adaption a = {.model = model, .index = index, .inputs = inputs, .rows = rows};
    a.wanted = nn_allocate(model->node_count, sizeof(*a.wanted));
    a.state = nn_allocate(state_size(&model->nodes[index]), sizeof(*a.state));
    nn_status status = NN_ERR_NO_MEMORY;
    if (a.wanted != NULL && a.state != NULL)
        status = make_and_run(&a);
    nn_release(a.wanted);
    nn_release(a.state);
    return status;
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
    nn_column inputs[NN_MAX_INPUTS];
    NN_TRY(nn_source_find_inputs(inputs, model, data, "data"));
    NN_TRY(nn_model_build(model));
    bool found = false;
    for (size_t i = 0; i < model->node_count; i++) {
        if (state_size(&model->nodes[i]) == 0 ||
            (layer != NULL && strcmp(model->nodes[i].name, layer) != 0))
            continue;
        found = true;
        NN_TRY(adapt_layer(model, i, inputs, data->rows));
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
