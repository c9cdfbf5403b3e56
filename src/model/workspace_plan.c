/*
 * Lifetimes of a model's buffers, and the arena they are placed in.
 *
 * Time runs with the walk: node i computes y at time i; of n nodes, the loss is at time n; node i's
 * backward is at time 2n - i. Inference ends at time n, when the caller takes the output.
 */
#include "allocate.h"
#include "status.h"
#include "workspace.h"

/* A planned buffer that isn't there. */
#define NO_BUFFER SIZE_MAX

struct node_plan {
    size_t y, kept, batch_kept, dy, scratch; /* indices of buffers */
    size_t root; /* the node whose y this is: itself, unless it passes its input on */
};

struct gradient_plan {
    size_t written, sum;
};

struct plan {
    const nn_model *model;
    nn_workspace *workspace;
    bool gathers; /* it has a place for the model's only input */
    size_t x;
    struct node_plan *nodes;
    struct gradient_plan *edges, *outputs;
    nn_plan_buffer *buffers;
    size_t count;
};

static nn_status add_buffer(struct plan *plan, size_t rows, size_t width, size_t first, size_t last,
                            size_t *index)
{
    nn_plan_buffer *buffer = &plan->buffers[plan->count];
    NN_REQUIRE(nn_multiply(rows, width, &buffer->size), NN_ERR_NO_MEMORY,
               "%zu rows of %zu values are more than memory can hold", rows, width);
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

/* A node that passes its input on has that one's buffer; several inputs have each their own, which stays as
 * it is. */
static nn_status plan_passing(struct plan *plan, size_t index)
{
    const nn_node *node = &plan->model->nodes[index];
    struct node_plan *places = &plan->nodes[index];
    if (node->input_count > 0) {
        places->y = plan->nodes[node->inputs[0]].y;
        places->root = plan->nodes[node->inputs[0]].root;
    } else if (plan->model->input_count > 1) {
        return add_buffer(plan, plan->workspace->rows, nn_shape_width(&node->build.output), 0,
                          2 * plan->model->node_count, &places->y);
    }
    return NN_OK;
}

static nn_status plan_forward(struct plan *plan)
{
    const nn_model *model = plan->model;
    const size_t n = model->node_count, rows = plan->workspace->rows;
    if (plan->gathers)
        NN_TRY(add_buffer(plan, rows, nn_shape_width(nn_model_input_shape(model, 0)), 0, 2 * n,
                          &plan->x));
    for (size_t i = 0; i < n; i++) {
        const nn_node *node = &model->nodes[i];
        struct node_plan *places = &plan->nodes[i];
        const size_t last_use = plan->workspace->training ? 2 * n - i : i;
        *places =
            (struct node_plan){NO_BUFFER, NO_BUFFER, NO_BUFFER, NO_BUFFER, NO_BUFFER, .root = i};
        for (size_t e = 0; e < node->input_count; e++)
            live_until(plan, plan->nodes[node->inputs[e]].y, last_use); /* as x */
        if (nn_workspace_passes(plan->workspace, model, i)) {
            NN_TRY(plan_passing(plan, i));
            continue;
        }
        NN_TRY(
            add_buffer(plan, rows, nn_shape_width(&node->build.output), i, last_use, &places->y));
        if (plan->workspace->training && node->build.kept > 0)
            NN_TRY(add_buffer(plan, rows, node->build.kept, i, last_use, &places->kept));
        if (plan->workspace->training && node->build.batch_kept > 0)
            /* nn_walk_update reads it when the step is made */
            NN_TRY(add_buffer(plan, 1, node->build.batch_kept, i, 2 * n, &places->batch_kept));
    }
    for (size_t i = 0; i < model->output_count; i++)
        live_until(plan, plan->nodes[model->outputs[i].node].y, n);
    return NN_OK;
}

static void find_backward(const struct plan *plan)
{
    const nn_model *model = plan->model;
    nn_node_buffers *buffers = plan->workspace->nodes;
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        bool needed = false;
        for (size_t e = 0; e < node->input_count; e++)
            needed = needed || buffers[node->inputs[e]].backward;
        for (size_t p = 0; p < node->build.parameter_count; p++)
            needed = needed || model->parameters[node->first_parameter + p].trainable;
        buffers[i].backward = needed;
    }
}

/* A gradient by a node's output that is found at that time; see nn_gradient_place. */
static nn_status plan_gradient(struct plan *plan, size_t node, size_t time,
                               struct gradient_plan *places)
{
    const size_t root = plan->nodes[node].root, rows = plan->workspace->rows;
    struct node_plan *target = &plan->nodes[root];
    const size_t width = nn_shape_width(&plan->model->nodes[root].build.output);
    *places = (struct gradient_plan){NO_BUFFER, NO_BUFFER};
    if (!plan->workspace->nodes[root].backward)
        return NN_OK;
    if (target->dy == NO_BUFFER) {
        NN_TRY(add_buffer(plan, rows, width, time, time, &target->dy));
        places->written = target->dy;
        return NN_OK;
    }
    places->sum = target->dy;
    return add_buffer(plan, rows, width, time, time, &places->written);
}

/* From the last node to the first that has something that is trained in or before it. */
static nn_status plan_backward(struct plan *plan)
{
    const nn_model *model = plan->model;
    const size_t n = model->node_count;
    find_backward(plan);
    for (size_t i = 0; i < model->output_count; i++)
        NN_TRY(plan_gradient(plan, model->outputs[i].node, n, &plan->outputs[i]));
    for (size_t i = n; i-- > 0;) {
        const nn_node *node = &model->nodes[i];
        bool wanted = false; /* a gradient by an input */
        for (size_t e = 0; e < node->input_count; e++)
            plan->edges[node->first_edge + e] = (struct gradient_plan){NO_BUFFER, NO_BUFFER};
        if (!plan->workspace->nodes[i].backward || nn_workspace_passes(plan->workspace, model, i))
            continue;
        live_until(plan, plan->nodes[i].dy, 2 * n - i);
        for (size_t e = 0; e < node->input_count; e++) {
            struct gradient_plan *edge = &plan->edges[node->first_edge + e];
            NN_TRY(plan_gradient(plan, node->inputs[e], 2 * n - i, edge));
            wanted = wanted || edge->written != NO_BUFFER;
        }
        if (node->build.scratch > 0 && wanted)
            NN_TRY(add_buffer(plan, plan->workspace->rows, node->build.scratch, 2 * n - i,
                              2 * n - i, &plan->nodes[i].scratch));
    }
    return NN_OK;
}

static nn_real *place_of(const struct plan *plan, size_t buffer)
{
    return buffer == NO_BUFFER ? NULL : plan->workspace->arena + plan->buffers[buffer].offset;
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
    workspace->x = place_of(plan, plan->x);
    for (size_t i = 0; i < plan->model->node_count; i++) {
        const struct node_plan *places = &plan->nodes[i];
        nn_node_buffers *node = &workspace->nodes[i];
        node->y = place_of(plan, places->y);
        node->kept = place_of(plan, places->kept);
        node->batch_kept = place_of(plan, places->batch_kept);
        node->dy = place_of(plan, places->dy);
        node->scratch = place_of(plan, places->scratch);
    }
    for (size_t i = 0; i < plan->model->edge_count && workspace->training; i++) {
        workspace->input_gradients[i] = place_of(plan, plan->edges[i].written);
        workspace->sums[i] = place_of(plan, plan->edges[i].sum);
    }
    for (size_t i = 0; i < plan->model->output_count && workspace->training; i++)
        workspace->outputs[i] = (nn_gradient_place){
            .written = place_of(plan, plan->outputs[i].written),
            .sum = place_of(plan, plan->outputs[i].sum),
        };
    return NN_OK;
}

static nn_status make_plan(struct plan *plan)
{
    NN_TRY(plan_forward(plan));
    if (plan->workspace->training)
        NN_TRY(plan_backward(plan));
    return make_arena(plan);
}

nn_status nn_workspace_plan(nn_workspace *workspace, const nn_model *model, bool gathers)
{
    const size_t gradients = model->edge_count + model->output_count;
    struct plan plan = {
        .model = model,
        .workspace = workspace,
        .gathers = gathers,
        .x = NO_BUFFER,
        .nodes = nn_allocate(model->node_count, sizeof(*plan.nodes)),
        .edges = nn_allocate(gradients, sizeof(*plan.edges)),
        .buffers = nn_allocate(1 + 5 * model->node_count + gradients, sizeof(*plan.buffers)),
    };
    nn_status status = NN_ERR_NO_MEMORY;
    if (plan.nodes != NULL && plan.edges != NULL && plan.buffers != NULL) {
        plan.outputs = plan.edges + model->edge_count;
        status = make_plan(&plan);
    }
    nn_release(plan.nodes);
    nn_release(plan.edges);
    nn_release(plan.buffers);
    return status;
}
