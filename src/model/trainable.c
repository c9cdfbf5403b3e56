/* Freezing layers and training them again. */
#include "access.h"
#include "allocate.h"
#include "model.h"
#include "status.h"
#include <string.h>

static nn_layer_common *common_of(const nn_node *node)
{
    return node->layer.self;
}

static bool is_meant(const nn_node *node, const char *layer)
{
    return layer == NULL || strcmp(node->name, layer) == 0;
}

static nn_status unknown_layer(const nn_model *model, const char *layer)
{
    nn_text known = NN_TEXT_INIT;
    for (size_t i = 0; i < model->node_count; i++)
        nn_text_append(&known, "%s%s", i == 0 ? "" : ", ", model->nodes[i].name);
    nn_fail(NN_ERR_INVALID, "no layer is named '%.80s'; known: %s", layer,
            known.failed || known.data == NULL ? "none" : known.data);
    nn_text_free(&known);
    return NN_ERR_INVALID;
}

/* Which parameters will be trainable then: wanted[parameter_count]. */
static void list_trainable(const nn_model *model, const char *layer, bool trainable, bool *wanted)
{
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        const bool trains = is_meant(node, layer) ? trainable : common_of(node)->trainable;
        for (size_t p = 0; p < node->build.parameter_count; p++)
            wanted[node->first_parameter + p] = trains && node->build.parameters[p].trainable;
    }
}

static nn_status set_trainable(nn_model *model, const char *layer, bool trainable)
{
    size_t found = 0, changed = 0;
    for (size_t i = 0; i < model->node_count; i++) {
        found += is_meant(&model->nodes[i], layer);
        changed += is_meant(&model->nodes[i], layer) &&
                   common_of(&model->nodes[i])->trainable != trainable;
    }
    NN_REQUIRE(model->node_count > 0, NN_ERR_STATE, "the model has no layers");
    if (found == 0)
        return unknown_layer(model, layer);
    if (changed == 0)
        return NN_OK;
    bool *wanted = nn_allocate(model->parameter_count, sizeof(*wanted));
    if (wanted == NULL)
        return NN_ERR_NO_MEMORY;
    list_trainable(model, layer, trainable, wanted);
    nn_status status = nn_model_lay_out_again(model, wanted);
    nn_release(wanted);
    if (status != NN_OK)
        return status;
    for (size_t i = 0; i < model->node_count; i++)
        if (is_meant(&model->nodes[i], layer))
            common_of(&model->nodes[i])->trainable = trainable;
    return NN_OK;
}

nn_status nn_model_set_trainable(nn_model *model, const char *layer, int trainable)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(trainable == 0 || trainable == 1, NN_ERR_INVALID, "trainable is %d, expected 0 or 1",
               trainable);
    NN_TRY(nn_model_begin_write(model));
    nn_status status = set_trainable(model, layer, trainable == 1);
    nn_model_end_write(model);
    return status;
}
