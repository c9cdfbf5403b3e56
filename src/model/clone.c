#include "access.h"
#include "allocate.h"
#include "status.h"
#include "workspace.h"
#include <string.h>

static nn_status clone_layers(nn_model *copy, const nn_model *model)
{
    for (size_t i = 0; i < model->node_count; i++) {
        nn_part layer;
        NN_TRY(nn_part_clone_with(&layer, &copy->custom, &model->nodes[i].layer));
        NN_TRY(nn_model_add_part(copy, &layer));
    }
    return NN_OK;
}

static nn_status clone_outputs(nn_model *copy, const nn_model *model)
{
    size_t nodes[NN_MAX_OUTPUTS];
    for (size_t i = 0; i < model->output_count; i++)
        nodes[i] = model->outputs[i].node;
    if (model->outputs_given)
        NN_TRY(nn_model_set_output_nodes(copy, nodes, model->output_count));
    memcpy(copy->inputs, model->inputs,
           sizeof(copy->inputs)); /* a file may have told their order */
    for (size_t i = 0; i < model->output_count; i++)
        copy->outputs[i].loss_weight = model->outputs[i].loss_weight;
    return NN_OK;
}

static nn_status clone_parts(const nn_model *model, const nn_custom_parts *custom,
                             nn_compile_parts *parts)
{
    NN_TRY(nn_part_clone(&parts->optimizer, &model->optimizer));
    parts->losses = nn_allocate(model->output_count, sizeof(*parts->losses));
    parts->metrics = nn_allocate(model->metric_count, sizeof(*parts->metrics));
    if (parts->losses == NULL || parts->metrics == NULL)
        return NN_ERR_NO_MEMORY;
    parts->loss_count = model->output_count;
    for (size_t i = 0; i < model->output_count; i++)
        NN_TRY(nn_part_clone_with(&parts->losses[i], custom, &model->outputs[i].loss));
    parts->metric_count = model->metric_count;
    for (size_t i = 0; i < model->metric_count; i++) {
        nn_named_metric *metric = &parts->metrics[i];
        NN_TRY(nn_part_clone_with(&metric->part, custom, &model->metrics[i].part));
        metric->output = model->metrics[i].output;
        metric->weighted = model->metrics[i].weighted;
        metric->name = nn_copy_string(model->metrics[i].name);
        if (metric->name == NULL)
            return NN_ERR_NO_MEMORY;
    }
    return NN_OK;
}

static nn_status clone_compiled(nn_model *copy, const nn_model *model)
{
    nn_compile_parts parts = {.loss_count = 0};
    nn_status status = clone_parts(model, &copy->custom, &parts);
    if (status == NN_OK)
        status = nn_model_set_compiled(copy, &parts);
    nn_compile_parts_free(&parts);
    NN_TRY(status);
    memcpy(copy->slots, model->slots,
           model->slot_count * model->trainable_size * sizeof(*copy->slots));
    memcpy(copy->scalars, model->scalars, sizeof(copy->scalars));
    return NN_OK;
}

static nn_status clone_all(nn_model *copy, const nn_model *model)
{
    copy->seed = model->seed;
    NN_TRY(nn_custom_parts_copy(&copy->custom, &model->custom));
    NN_TRY(clone_layers(copy, model));
    NN_TRY(clone_outputs(copy, model));
    if (atomic_load(&((nn_model *)(uintptr_t)model)->built)) {
        NN_TRY(nn_model_build_zeros(copy));
        memcpy(copy->weights, model->weights, model->weights_size * sizeof(*copy->weights));
    }
    if (model->compiled)
        NN_TRY(clone_compiled(copy, model));
    copy->iteration = model->iteration;
    copy->epochs_started = model->epochs_started;
    return nn_model_set_class_names(copy, (const char *const *)model->class_names,
                                    model->class_count);
}

nn_status nn_model_clone(nn_model **copy, const nn_model *model)
{
    NN_REQUIRE(copy != NULL, NN_ERR_INVALID, "copy is NULL");
    *copy = NULL;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_TRY(nn_model_begin_read(model));
    nn_model *made;
    nn_status status = nn_model_create(&made);
    if (status == NN_OK)
        status = clone_all(made, model);
    nn_model_end_read(model);
    if (status != NN_OK) {
        nn_model_free(made);
        return status;
    }
    *copy = made;
    return NN_OK;
}
