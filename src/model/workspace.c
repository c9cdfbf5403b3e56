/* Workspaces, and those that a model keeps idle. */
#include "workspace.h"
#include "allocate.h"
#include "penalty.h"
#include "pool.h"
#include "status.h"
#include <limits.h>

/* BLAS counts rows in an int; a row of rank 2 or more holds several. */
static nn_status check_rows(const nn_model *model, size_t rows)
{
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_shape *output = &model->nodes[i].build.output;
        size_t products;
        NN_REQUIRE(
            nn_multiply(rows, nn_shape_width(output) / nn_last_dimension(output), &products) &&
                products <= INT_MAX,
            NN_ERR_INVALID, "a batch of %zu rows is too large", rows);
    }
    return NN_OK;
}

/* The tables that a workspace has besides its arena. */
static bool make_tables(nn_workspace *workspace, const nn_model *model)
{
    const size_t edges = model->edge_count;
    workspace->nodes = nn_allocate(model->node_count, sizeof(*workspace->nodes));
    workspace->inputs = nn_allocate(edges, sizeof(*workspace->inputs));
    workspace->input_gradients = nn_allocate(edges, sizeof(*workspace->input_gradients));
    workspace->sums = nn_allocate(edges, sizeof(*workspace->sums));
    workspace->outputs = nn_allocate(model->output_count, sizeof(*workspace->outputs));
    return workspace->nodes != NULL && workspace->inputs != NULL &&
           workspace->input_gradients != NULL && workspace->sums != NULL &&
           workspace->outputs != NULL;
}

/* The layer that is done while the model's only input is gathered, if there is one. */
static size_t find_scaled_node(const nn_model *model)
{
    const nn_node *first = &model->nodes[0];
    size_t reader = 0;
    if (model->input_count == 1 && first->readers == 1 && !nn_model_is_output(model, 0) &&
        model->node_count > 1 && model->nodes[1].input_count == 1)
        reader = 1; /* of the input layer: it has no other */
    return model->input_count <= 1 && model->nodes[reader].build.affine ? reader : NN_NO_NODE;
}

static nn_status make_loss_scratch(nn_workspace *workspace, const nn_model *model)
{
    size_t values;
    if (workspace->predicts)
        return NN_OK;
    NN_REQUIRE(nn_penalty_scratch(model, workspace->rows, &values), NN_ERR_NO_MEMORY,
               "the regularizers need more than memory can hold");
    if (values == 0)
        return NN_OK;
    workspace->loss_scratch = nn_allocate(values, sizeof(nn_real));
    return workspace->loss_scratch != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

nn_status nn_workspace_create(nn_workspace **workspace, const nn_model *model, size_t rows,
                              nn_workspace_use use)
{
    *workspace = NULL;
    NN_TRY(check_rows(model, rows));
    nn_workspace *made = nn_allocate(1, sizeof(*made));
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    made->rows = rows;
    made->input_width = nn_model_input_width(model);
    made->output_width = nn_model_output_width(model);
    made->training = use == NN_TO_TRAIN;
    made->predicts = use == NN_TO_PREDICT;
    made->loss_scale = 1;
    /* nn_predict reads the caller's floats where those are nn_real */
    const bool gathers =
        model->input_count <= 1 && (use != NN_TO_PREDICT || sizeof(nn_real) != sizeof(float));
    made->scaled_node = use != NN_TO_PREDICT ? find_scaled_node(model) : NN_NO_NODE;
    nn_status status =
        make_tables(made, model) ? nn_workspace_plan(made, model, gathers) : NN_ERR_NO_MEMORY;
    if (status == NN_OK)
        status = make_loss_scratch(made, model);
    if (status != NN_OK) {
        nn_workspace_free(made);
        return status;
    }
    *workspace = made;
    return NN_OK;
}

void nn_workspace_free(nn_workspace *workspace)
{
    if (workspace == NULL)
        return;
    nn_release(workspace->nodes);
    nn_release(workspace->inputs);
    nn_release(workspace->input_gradients);
    nn_release(workspace->sums);
    nn_release(workspace->outputs);
    nn_release(workspace->arena);
    nn_release(workspace->loss_scratch);
    nn_release(workspace);
}

/* One that is too small is only given up where there is no better one: the new one takes its place. */
nn_status nn_workspace_take(nn_workspace **workspace, const nn_model *model, size_t rows)
{
    nn_model *owner = (nn_model *)(uintptr_t)model;
    nn_workspace *small = NULL;
    for (size_t i = 0; i < NN_KEPT_WORKSPACES; i++) {
        if (atomic_load_explicit(&owner->workspaces[i], memory_order_relaxed) == NULL)
            continue;
        nn_workspace *idle = atomic_exchange(&owner->workspaces[i], NULL);
        if (idle != NULL && idle->rows >= rows) {
            if (small != NULL)
                nn_workspace_give(model, small);
            *workspace = idle;
            return NN_OK;
        }
        if (idle != NULL && small != NULL)
            nn_workspace_give(model, idle);
        else if (idle != NULL)
            small = idle;
    }
    nn_workspace_free(small);
    return nn_workspace_create(workspace, model, rows, NN_TO_PREDICT);
}

void nn_workspace_give(const nn_model *model, nn_workspace *workspace)
{
    nn_model *owner = (nn_model *)(uintptr_t)model;
    for (size_t i = 0; i < NN_KEPT_WORKSPACES; i++) {
        nn_workspace *empty = NULL;
        if (atomic_compare_exchange_strong(&owner->workspaces[i], &empty, workspace))
            return;
    }
    nn_workspace_free(workspace);
}

nn_status nn_workspace_reserve(const nn_model *model, size_t blocks, size_t rows)
{
    nn_workspace *taken[NN_KEPT_WORKSPACES];
    size_t wanted = nn_pool_threads() < blocks ? nn_pool_threads() : blocks;
    if (wanted > NN_KEPT_WORKSPACES)
        wanted = NN_KEPT_WORKSPACES;
    nn_status status = NN_OK;
    size_t count = 0;
    while (blocks > 1 && count < wanted && status == NN_OK) {
        status = nn_workspace_take(&taken[count], model, rows);
        count += status == NN_OK;
    }
    while (count > 0)
        nn_workspace_give(model, taken[--count]);
    return status;
}
