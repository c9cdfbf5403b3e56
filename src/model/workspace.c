/*
 * Workspaces: lifetimes of a model's buffers, and the arena they are placed in.
 *
 * Time runs with the walk: node i computes y at time i; of n nodes, the loss is at time n; node i's
 * backward is at time 2n - i. Inference ends at time n, when the caller takes the output.
 */
#include "workspace.h"
#include "allocate.h"
#include "penalty.h"
#include "status.h"
#include <limits.h>

/* A planned buffer that isn't there. */
#define NO_BUFFER SIZE_MAX

struct node_plan {
    size_t y, kept, dy, scratch; /* indices of buffers */
};

struct plan {
    const nn_model *model;
    nn_workspace *workspace;
    bool gathers; /* it has a place for the model's input */
    size_t x;
    struct node_plan *nodes;
    nn_plan_buffer *buffers;
    size_t count;
};

static nn_status add_buffer(struct plan *plan, size_t width, size_t first, size_t last,
                            size_t *index)
{
    nn_plan_buffer *buffer = &plan->buffers[plan->count];
    NN_REQUIRE(nn_multiply(plan->workspace->rows, width, &buffer->size), NN_ERR_NO_MEMORY,
               "%zu rows of %zu values are more than memory can hold", plan->workspace->rows,
               width);
    buffer->first = first;
    buffer->last = last;
    *index = plan->count++;
    return NN_OK;
}

static void live_until(struct plan *plan, size_t buffer, size_t time)
{
    if (buffer != NO_BUFFER && plan->buffers[buffer].last < time)
        plan->buffers[buffer].last = time;
}

static void live_from(struct plan *plan, size_t buffer, size_t time)
{
    if (buffer != NO_BUFFER && plan->buffers[buffer].first > time)
        plan->buffers[buffer].first = time;
}

static nn_status plan_forward(struct plan *plan)
{
    const nn_model *model = plan->model;
    const size_t n = model->node_count;
    if (plan->gathers)
        NN_TRY(add_buffer(plan, nn_shape_width(nn_model_input_shape(model)), 0, 2 * n, &plan->x));
    for (size_t i = 0; i < n; i++) {
        const nn_node *node = &model->nodes[i];
        struct node_plan *places = &plan->nodes[i];
        const size_t input = node->input == NN_NO_NODE ? NO_BUFFER : plan->nodes[node->input].y;
        const size_t last_use = plan->workspace->training ? 2 * n - i : i;
        places->kept = places->dy = places->scratch = NO_BUFFER;
        live_until(plan, input, last_use); /* as x */
        if (nn_workspace_passes(plan->workspace, model, i)) {
            places->y = input;
            continue;
        }
        NN_TRY(add_buffer(plan, nn_shape_width(&node->build.output), i, last_use, &places->y));
        if (plan->workspace->training && node->build.kept > 0)
            NN_TRY(add_buffer(plan, node->build.kept, i, last_use, &places->kept));
    }
    live_until(plan, plan->nodes[n - 1].y, n);
    return NN_OK;
}

/* From the last node to the first that has something that is trained in or before it. */
static nn_status plan_backward(struct plan *plan)
{
    const nn_model *model = plan->model;
    nn_workspace *workspace = plan->workspace;
    const size_t n = model->node_count;
    for (size_t i = 0; i < n; i++) {
        const nn_node *node = &model->nodes[i];
        bool needed = node->input != NN_NO_NODE && workspace->nodes[node->input].backward;
        for (size_t p = 0; p < node->build.parameter_count; p++)
            needed = needed || model->parameters[node->first_parameter + p].trainable;
        workspace->nodes[i].backward = needed;
    }
    for (size_t i = n; i-- > 0;) {
        const nn_node *node = &model->nodes[i];
        struct node_plan *places = &plan->nodes[i];
        const size_t width = nn_shape_width(&node->build.output);
        if (places->dy == NO_BUFFER && workspace->nodes[i].backward)
            NN_TRY(add_buffer(plan, width, 2 * n - i - 1, 2 * n - i, &places->dy));
        if (node->build.scratch > 0 && node->input != NN_NO_NODE &&
            workspace->nodes[node->input].backward)
            NN_TRY(add_buffer(plan, node->build.scratch, 2 * n - i, 2 * n - i, &places->scratch));
        live_from(plan, places->dy, 2 * n - i - 1);
        live_until(plan, places->dy, 2 * n - i);
        if (nn_workspace_passes(workspace, model, i) && node->input != NN_NO_NODE &&
            workspace->nodes[node->input].backward)
            plan->nodes[node->input].dy = places->dy;
    }
    return NN_OK;
}

/* Places everything and points the workspace into its arena. */
static nn_status make_arena(struct plan *plan)
{
    nn_workspace *workspace = plan->workspace;
    size_t total;
    NN_REQUIRE(nn_plan_place(plan->buffers, plan->count, &total), NN_ERR_NO_MEMORY,
               "out of memory: the plan of a batch of %zu rows", plan->workspace->rows);
    workspace->arena = nn_allocate(total, sizeof(nn_real));
    if (workspace->arena == NULL)
        return NN_ERR_NO_MEMORY;
    if (plan->x != NO_BUFFER)
        workspace->x = workspace->arena + plan->buffers[plan->x].offset;
    for (size_t i = 0; i < plan->model->node_count; i++) {
        const struct node_plan *places = &plan->nodes[i];
        nn_node_buffers *node = &workspace->nodes[i];
        if (places->y != NO_BUFFER)
            node->y = workspace->arena + plan->buffers[places->y].offset;
        if (places->kept != NO_BUFFER)
            node->kept = workspace->arena + plan->buffers[places->kept].offset;
        if (places->dy != NO_BUFFER)
            node->dy = workspace->arena + plan->buffers[places->dy].offset;
        if (places->scratch != NO_BUFFER)
            node->scratch = workspace->arena + plan->buffers[places->scratch].offset;
    }
    return NN_OK;
}

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

static nn_status fill_workspace(nn_workspace *workspace, const nn_model *model, bool gathers)
{
    struct plan plan = {
        .model = model,
        .workspace = workspace,
        .gathers = gathers,
        .x = NO_BUFFER,
        .nodes = nn_allocate(model->node_count, sizeof(*plan.nodes)),
        .buffers = nn_allocate(1 + 4 * model->node_count, sizeof(*plan.buffers)),
    };
    workspace->nodes = nn_allocate(model->node_count, sizeof(*workspace->nodes));
    nn_status status = NN_ERR_NO_MEMORY;
    if (plan.nodes != NULL && plan.buffers != NULL && workspace->nodes != NULL) {
        status = plan_forward(&plan);
        if (status == NN_OK && workspace->training)
            status = plan_backward(&plan);
        if (status == NN_OK)
            status = make_arena(&plan);
    }
    nn_release(plan.nodes);
    nn_release(plan.buffers);
    return status;
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
    made->training = use == NN_TO_TRAIN;
    made->predicts = use == NN_TO_PREDICT;
    /* nn_predict reads the caller's floats where those are nn_real */
    const bool gathers = use != NN_TO_PREDICT || sizeof(nn_real) != sizeof(float);
    made->input_scaled = use != NN_TO_PREDICT && model->nodes[0].build.affine;
    nn_status status = fill_workspace(made, model, gathers);
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
