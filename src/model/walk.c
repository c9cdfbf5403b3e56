#include "walk.h"
#include <assert.h>

/* A node's input: another node's output, or the model's own input. */
static const nn_real *input_of(const nn_node *node, const nn_workspace *workspace, const nn_real *x)
{
    const nn_real *y = node->input == NN_NO_NODE ? NULL : workspace->nodes[node->input].y;
    return y != NULL ? y : x;
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
        .skip_activation = fused && index == model->fused_node,
        .x = input_of(node, workspace, x),
        .y = workspace->nodes[index].y,
        .kept = workspace->nodes[index].kept,
        .grids = model->grids,
        .loss_scratch = workspace->loss_scratch,
        .random = nn_random_stream(model->seed, NN_RANDOM_LAYER, index, model->iteration),
    };
}

static void find_parameters(const nn_model *model, const nn_node *node, nn_real *run,
                            nn_real **places)
{
    for (size_t i = 0; i < node->build.parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[node->first_parameter + i];
        places[i] = run + parameter->offset;
    }
}

static void forward_node(const nn_model *model, nn_workspace *workspace, size_t index, size_t rows,
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
    find_parameters(model, node, model->weights, parameters);
    call.parameters = parameters;
    if (!passes)
        layer->forward(node->layer.self, &call);
    if (adds)
        workspace->added_loss += layer->loss(node->layer.self, &call);
}

nn_real *nn_walk_forward(const nn_model *model, nn_workspace *workspace, size_t rows,
                         const nn_real *x, bool fused)
{
    assert(rows <= workspace->rows);
    workspace->added_loss = 0;
    for (size_t i = 0; i < model->node_count; i++)
        forward_node(model, workspace, i, rows, x, fused);
    return workspace->nodes[model->node_count - 1].y;
}

nn_real *nn_walk_output_gradient(const nn_model *model, const nn_workspace *workspace)
{
    return workspace->nodes[model->node_count - 1].dy;
}

/* Whether a parameter of the node is trained. */
static bool is_trained(const nn_model *model, const nn_node *node)
{
    for (size_t i = 0; i < node->build.parameter_count; i++)
        if (model->parameters[node->first_parameter + i].trainable)
            return true;
    return false;
}

/* run[trainable_size] = scale gradient + keep run */
static void walk_backward(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                          bool fused, nn_real *run, nn_real scale, nn_real keep)
{
    nn_real *parameters[NN_LAYER_MAX_PARAMETERS], *gradients[NN_LAYER_MAX_PARAMETERS];
    for (size_t i = model->node_count; i-- > 0;) {
        const nn_node *node = &model->nodes[i];
        if (!workspace->nodes[i].backward || nn_workspace_passes(workspace, model, i))
            continue;
        nn_layer_call call = make_call(model, workspace, i, rows, x, fused);
        find_parameters(model, node, model->weights, parameters);
        find_parameters(model, node, run, gradients);
        call.parameters = parameters;
        call.gradient_scale = scale;
        call.gradient_keep = keep;
        /* of the trainable ones; these are declared first */
        call.gradients = is_trained(model, node) ? gradients : NULL;
        call.dy = workspace->nodes[i].dy;
        call.scratch = workspace->nodes[i].scratch;
        call.dx = node->input == NN_NO_NODE ? NULL : workspace->nodes[node->input].dy;
        nn_layer_of(&node->layer)->backward(node->layer.self, &call);
    }
}

void nn_walk_backward(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                      bool fused)
{
    walk_backward(model, workspace, rows, x, fused, model->gradients, 1, 0);
}

void nn_walk_backward_folded(nn_model *model, nn_workspace *workspace, size_t rows,
                             const nn_real *x, bool fused, double learning_rate)
{
    walk_backward(model, workspace, rows, x, fused, model->weights, (nn_real)-learning_rate, 1);
}
