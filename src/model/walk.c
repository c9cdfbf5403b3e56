#include "walk.h"
#include "elementwise.h"
#include "penalty.h"
#include "status.h"
#include <assert.h>

static const nn_real *output_of(const nn_workspace *workspace, size_t node, const nn_real *x)
{
    const nn_real *y = workspace->nodes[node].y;
    return y != NULL ? y : x;
}

/* Whether a loss does the node's last activation. */
static bool is_fused(const nn_model *model, size_t node)
{
    for (size_t i = 0; i < model->output_count; i++)
        if (model->outputs[i].fused && model->outputs[i].fused_node == node)
            return true;
    return false;
}

static nn_layer_call make_call(const nn_model *model, const nn_workspace *workspace, size_t index,
                               size_t rows, const nn_real *x, bool fused)
{
    const nn_node *node = &model->nodes[index];
    return (nn_layer_call){
        .rows = rows,
        .input = &node->build.input,
        .output = &node->build.output,
        .training = workspace->training,
        .skip_activation = fused && is_fused(model, index),
        .x = node->input_count == 0 ? x : output_of(workspace, node->inputs[0], x),
        .y = workspace->nodes[index].y,
        .kept = workspace->nodes[index].kept,
        .batch_kept = workspace->nodes[index].batch_kept,
        .grids = model->grids,
        .random = nn_random_stream(model->seed, NN_RANDOM_LAYER, node->number, model->iteration),
    };
}

/* What a layer of several inputs is told of them. */
static void add_inputs(const nn_node *node, nn_workspace *workspace, const nn_real *x,
                       nn_layer_call *call)
{
    const nn_real **inputs = workspace->inputs + node->first_edge;
    for (size_t i = 0; i < node->input_count; i++)
        inputs[i] = output_of(workspace, node->inputs[i], x);
    call->input_count = node->input_count;
    call->input_shapes = node->input_shapes;
    call->inputs = inputs;
}

static void find_parameters(const nn_model *model, const nn_node *node, nn_real *run,
                            nn_real **places)
{
    for (size_t i = 0; i < node->build.parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[node->first_parameter + i];
        places[i] = run + parameter->offset;
    }
}

/* Whether one of the caller's own activations has: what is computed from it is good for nothing, and must
 * not come into moving statistics. */
static bool has_failed(const nn_model *model)
{
    return model->custom.count > 0 && nn_custom_failed();
}

/* Inputs that lie side by side in x[rows][all of them], each to its place. */
static void split_inputs(const nn_model *model, const nn_workspace *workspace, const float *x,
                         size_t rows)
{
    const size_t all = workspace->input_width;
    for (size_t i = 0; i < model->input_count; i++) {
        const size_t width = nn_shape_width(nn_model_input_shape(model, i));
        nn_real *to = nn_workspace_input(workspace, model, i);
        for (size_t row = 0; row < rows; row++)
            nn_from_float(width, x + row * all, to + row * width);
        x += width;
    }
}

const nn_real *nn_walk_take_inputs(const nn_model *model, const nn_workspace *workspace,
                                   const float *x, size_t rows)
{
    if (model->input_count > 1) {
        split_inputs(model, workspace, x, rows);
        return NULL;
    }
#ifdef NN_REAL_DOUBLE
    nn_from_float(rows * workspace->input_width, x, workspace->x);
    return workspace->x;
#else
    return x;
#endif
}

static void run_forward(const nn_model *model, nn_workspace *workspace, size_t index, size_t rows,
                        const nn_real *x, bool fused)
{
    const nn_node *node = &model->nodes[index];
    const nn_layer *layer = nn_layer_of(&node->layer);
    const bool adds = layer->loss != NULL && !workspace->predicts;
    const bool passes = nn_workspace_passes(workspace, model, index);
    if (passes && !adds)
        return;
    nn_real *parameters[NN_LAYER_MAX_PARAMETERS];
    nn_layer_call call = make_call(model, workspace, index, rows, x, fused);
    if (node->input_count > 1)
        add_inputs(node, workspace, x, &call);
    find_parameters(model, node, model->weights, parameters);
    call.parameters = parameters;
    if (!passes)
        layer->forward(node->layer.self, &call);
    if (adds)
        workspace->added_loss += layer->loss(node->layer.self, &call);
}

static void forward_node(const nn_model *model, nn_workspace *workspace, size_t index, size_t rows,
                         const nn_real *x, bool fused)
{
    run_forward(model, workspace, index, rows, x, fused);
    if (!workspace->predicts)
        workspace->added_loss += nn_activity_penalty(
            &model->nodes[index], rows, output_of(workspace, index, x), workspace->loss_scratch);
}

static void walk_forward(const nn_model *model, nn_workspace *workspace, size_t rows,
                         const nn_real *x, bool fused, size_t last)
{
    assert(rows <= workspace->rows);
    workspace->added_loss = 0;
    for (size_t i = 0; i <= last && !has_failed(model); i++)
        forward_node(model, workspace, i, rows, x, fused);
}

const nn_real *nn_walk_forward_to(const nn_model *model, nn_workspace *workspace, size_t rows,
                                  const nn_real *x, size_t layer, const bool *wanted)
{
    const nn_node *node = &model->nodes[layer];
    for (size_t i = 0; i < layer && !has_failed(model); i++)
        if (wanted[i])
            forward_node(model, workspace, i, rows, x, false);
    return node->input_count == 0 ? x : output_of(workspace, node->inputs[0], x);
}

nn_status nn_walk_check_ready(const nn_model *model, const bool *wanted)
{
    nn_real *parameters[NN_LAYER_MAX_PARAMETERS];
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        const nn_layer *layer = nn_layer_of(&node->layer);
        if (layer->check_ready == NULL || (wanted != NULL && !wanted[i]))
            continue;
        find_parameters(model, node, model->weights, parameters);
        nn_status status = layer->check_ready(node->layer.self, parameters);
        if (status != NN_OK)
            return nn_fail_in(status, "%s", node->name);
    }
    return NN_OK;
}

void nn_walk_update(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x)
{
    nn_real *parameters[NN_LAYER_MAX_PARAMETERS];
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        const nn_layer *layer = nn_layer_of(&node->layer);
        const nn_layer_common *common = node->layer.self;
        if (layer->update == NULL || !common->trainable)
            continue;
        nn_layer_call call = make_call(model, workspace, i, rows, x, false);
        if (node->input_count > 1)
            add_inputs(node, workspace, x, &call);
        find_parameters(model, node, model->weights, parameters);
        call.parameters = parameters;
        layer->update(node->layer.self, &call);
    }
}

void nn_walk_forward(const nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                     bool fused)
{
    walk_forward(model, workspace, rows, x, fused, model->node_count - 1);
}

nn_real *nn_walk_to_node(const nn_model *model, nn_workspace *workspace, size_t rows,
                         const nn_real *x, size_t node)
{
    walk_forward(model, workspace, rows, x, false, node);
    return workspace->nodes[node].y;
}

nn_real *nn_walk_output(const nn_model *model, const nn_workspace *workspace, size_t index)
{
    return workspace->nodes[model->outputs[index].node].y;
}

const nn_real *nn_walk_input(const nn_model *model, const nn_workspace *workspace, size_t node)
{
    const nn_node *reader = &model->nodes[node];
    return reader->input_count == 0 ? workspace->x
                                    : output_of(workspace, reader->inputs[0], workspace->x);
}

nn_real *nn_walk_output_gradient(const nn_workspace *workspace, size_t index)
{
    return workspace->outputs[index].written;
}

/* Gradients of two outputs by one node, such as a layer and its flattened view. */
static void add_output_gradients(const nn_model *model, const nn_workspace *workspace, size_t rows)
{
    for (size_t i = 0; i < model->output_count; i++) {
        const nn_gradient_place *place = &workspace->outputs[i];
        if (place->sum != NULL)
            nn_add_values(rows * nn_shape_width(nn_model_output_shape(model, i)), place->sum,
                          place->written, place->sum);
    }
}

/* A node's gradients by inputs that have later readers too. */
static void add_input_gradients(const nn_node *node, const nn_workspace *workspace, size_t rows)
{
    for (size_t i = 0; i < node->input_count; i++) {
        nn_real *sum = workspace->sums[node->first_edge + i];
        if (sum != NULL)
            nn_add_values(rows * nn_shape_width(&node->input_shapes[i]), sum,
                          workspace->input_gradients[node->first_edge + i], sum);
    }
}

/* Whether a parameter of the node is trained. */
static bool is_trained(const nn_model *model, const nn_node *node)
{
    for (size_t i = 0; i < node->build.parameter_count; i++)
        if (model->parameters[node->first_parameter + i].trainable)
            return true;
    return false;
}

/* Adds the gradient of a node's activity_regularizer to that by its output, which is its input's where it
 * passes that on. */
static void add_activity_gradient(const nn_model *model, const nn_workspace *workspace,
                                  size_t index, size_t rows, const nn_real *x)
{
    const nn_node *node = &model->nodes[index];
    size_t root = index;
    if (!nn_activity_is_penalized(node))
        return;
    while (nn_workspace_passes(workspace, model, root))
        root = model->nodes[root].inputs[0]; /* it has one, for something before is trained */
    nn_activity_add_gradient(node, rows, output_of(workspace, index, x), workspace->loss_scratch,
                             (nn_real)workspace->loss_scale, workspace->nodes[root].dy);
}

/* run[trainable_size] = scale gradient + keep run */
static void walk_backward(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                          bool fused, nn_real *run, nn_real scale, nn_real keep)
{
    nn_real *parameters[NN_LAYER_MAX_PARAMETERS], *gradients[NN_LAYER_MAX_PARAMETERS];
    add_output_gradients(model, workspace, rows);
    for (size_t i = model->node_count; i-- > 0;) {
        const nn_node *node = &model->nodes[i];
        if (!workspace->nodes[i].backward)
            continue;
        add_activity_gradient(model, workspace, i, rows, x);
        if (nn_workspace_passes(workspace, model, i))
            continue;
        nn_layer_call call = make_call(model, workspace, i, rows, x, fused);
        if (node->input_count > 1)
            add_inputs(node, workspace, x, &call);
        find_parameters(model, node, model->weights, parameters);
        find_parameters(model, node, run, gradients);
        call.parameters = parameters;
        call.gradient_scale = scale;
        call.loss_scale = (nn_real)workspace->loss_scale;
        call.gradient_keep = keep;
        /* of the trainable ones; these are declared first */
        call.gradients = is_trained(model, node) ? gradients : NULL;
        call.dy = workspace->nodes[i].dy;
        call.scratch = workspace->nodes[i].scratch;
        call.input_gradients = workspace->input_gradients + node->first_edge;
        call.dx = node->input_count == 0 ? NULL : call.input_gradients[0];
        nn_layer_of(&node->layer)->backward(node->layer.self, &call);
        if (has_failed(model))
            return;
        add_input_gradients(node, workspace, rows);
    }
}

void nn_walk_backward(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                      bool fused, double scale)
{
    walk_backward(model, workspace, rows, x, fused, model->gradients, (nn_real)scale, 0);
}

void nn_walk_backward_folded(nn_model *model, nn_workspace *workspace, size_t rows,
                             const nn_real *x, bool fused, double learning_rate)
{
    walk_backward(model, workspace, rows, x, fused, model->weights, (nn_real)-learning_rate, 1);
}
