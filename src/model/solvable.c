/* Whether a model is one that its optimizer can train. */
#include "model.h"
#include "penalty.h"
#include "status.h"

static bool is_trained(const nn_model *model, const nn_node *node)
{
    for (size_t i = 0; i < node->build.parameter_count; i++)
        if (model->parameters[node->first_parameter + i].trainable)
            return true;
    return false;
}

static nn_status check_linear_layer(const nn_node *node, const char *optimizer)
{
    const nn_layer *layer = nn_layer_of(&node->layer);
    const nn_part *activation =
        layer->last_activation == NULL ? NULL : layer->last_activation(node->layer.self);
    NN_REQUIRE(
        layer->linear, NN_ERR_UNSUPPORTED,
        "%s solves for one linear dense layer, and layer '%s' is a %s: train this model with "
        "adam or lbfgs",
        optimizer, node->name, layer->part.name);
    NN_REQUIRE(activation == NULL || activation->type == NULL ||
                   nn_activation_of(activation)->identity,
               NN_ERR_UNSUPPORTED,
               "%s solves for one linear dense layer, and layer '%s' has activation %s: leave the "
               "activation out, or train this model with adam or lbfgs",
               optimizer, node->name, activation->type->name);
    return NN_OK;
}

static bool is_given(const nn_part *part)
{
    return part != NULL && part->type != NULL;
}

/* The exact solution is that of the squares alone. */
static nn_status check_unpenalized(const nn_model *model, const nn_node *node,
                                   const char *optimizer)
{
    bool penalized = nn_layer_of(&node->layer)->loss != NULL || nn_activity_is_penalized(node);
    for (size_t i = 0; i < node->build.parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[node->first_parameter + i];
        penalized =
            penalized || is_given(parameter->regularizer) || is_given(parameter->constraint);
    }
    NN_REQUIRE(!penalized, NN_ERR_UNSUPPORTED,
               "%s minimizes the squares alone, and layer '%s' has a regularizer or a constraint: "
               "use its own ridge, or train this model with adam",
               optimizer, node->name);
    return NN_OK;
}

/* Layers before the one that is trained may do anything that stays the same; those behind it may not change
 * its values. */
static nn_status check_linear(const nn_model *model, const nn_part *loss, const char *optimizer)
{
    const nn_node *trained = NULL;
    NN_REQUIRE(nn_model_is_chain(model), NN_ERR_UNSUPPORTED,
               "%s solves for a model whose layers follow one another, and this one has branches: "
               "train it with adam or lbfgs",
               optimizer);
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        const bool is_next = is_trained(model, node);
        NN_REQUIRE(!is_next || trained == NULL, NN_ERR_UNSUPPORTED,
                   "%s solves for one linear dense layer, and both '%s' and '%s' are trained: "
                   "train this model with adam or lbfgs",
                   optimizer, trained->name, node->name);
        NN_REQUIRE(trained == NULL || node->build.view, NN_ERR_UNSUPPORTED,
                   "%s solves for one linear dense layer, and layer '%s' changes what it gives: "
                   "put it before '%s', or train this model with adam or lbfgs",
                   optimizer, node->name, trained->name);
        NN_TRY(check_unpenalized(model, node, optimizer));
        if (!is_next)
            continue;
        NN_TRY(check_linear_layer(node, optimizer));
        trained = node;
    }
    NN_REQUIRE(trained != NULL, NN_ERR_UNSUPPORTED,
               "%s solves for one linear dense layer, and no layer of this model is trained",
               optimizer);
    NN_REQUIRE(nn_loss_of(loss)->squares, NN_ERR_UNSUPPORTED,
               "%s minimizes mean_squared_error, and the loss is %s: compile with that loss, or "
               "with optimizer lbfgs",
               optimizer, loss->type->name);
    return NN_OK;
}

/* Whether the layer gives the same in each pass over the same rows, however they are cut into batches. */
static bool is_steady(const nn_node *node)
{
    const nn_layer_common *common = node->layer.self;
    const nn_layer *layer = nn_layer_of(&node->layer);
    const bool learns_by_itself = layer->update != NULL && common->trainable;
    return !learns_by_itself && (!node->build.training_only || layer->loss != NULL);
}

static nn_status check_unconstrained(const nn_model *model, const char *optimizer)
{
    for (size_t i = 0; i < model->parameter_count; i++)
        NN_REQUIRE(!is_given(model->parameters[i].constraint), NN_ERR_UNSUPPORTED,
                   "%s can't keep constraints, and %s has one: leave it out, or train this model "
                   "with adam",
                   optimizer, model->parameters[i].name);
    return NN_OK;
}

static nn_status check_mean(const nn_part *loss, const char *optimizer)
{
    NN_REQUIRE(
        nn_loss_is_mean(loss), NN_ERR_UNSUPPORTED,
        "%s goes over all rows in blocks and minimizes the mean of their losses, and the loss "
        "is %s with a reduction or an ignore_class that makes it something else: leave them "
        "out, or train this model with adam",
        optimizer, loss->type->name);
    return NN_OK;
}

nn_status nn_model_check_optimizer(const nn_model *model, const nn_compile_parts *parts)
{
    const nn_optimizer *optimizer = nn_optimizer_of(&parts->optimizer);
    const char *name = optimizer->part.name;
    if (optimizer->solve == NULL)
        return NN_OK;
    for (size_t i = 0; i < model->node_count; i++)
        NN_REQUIRE(
            is_steady(&model->nodes[i]), NN_ERR_UNSUPPORTED,
            "%s needs a loss that depends on the weights alone, and layer '%s', a %s, gives "
            "something else in each pass or batch: leave it out, or train this model with adam",
            name, model->nodes[i].name, model->nodes[i].layer.type->name);
    NN_TRY(check_unconstrained(model, name));
    for (size_t i = 0; i < parts->loss_count; i++)
        NN_TRY(check_mean(&parts->losses[i], name));
    return optimizer->trains == NN_TRAINS_LINEAR ? check_linear(model, &parts->losses[0], name)
                                                 : NN_OK;
}
