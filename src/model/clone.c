#include "access.h"
#include "allocate.h"
#include "status.h"
#include "workspace.h"
#include <string.h>

static nn_status clone_layers(nn_model *copy, const nn_model *model)
{
    for (size_t i = 0; i < model->node_count; i++) {
        nn_part layer;
        NN_TRY(nn_part_clone(&layer, &model->nodes[i].layer));
        NN_TRY(nn_model_add_part(copy, &layer));
    }
    return NN_OK;
}

static nn_status clone_metrics(const nn_model *model, nn_named_metric **metrics)
{
    nn_named_metric *made = nn_allocate(model->metric_count, sizeof(*made));
    nn_status status = made != NULL ? NN_OK : NN_ERR_NO_MEMORY;
    for (size_t i = 0; i < model->metric_count && status == NN_OK; i++) {
        status = nn_part_clone(&made[i].part, &model->metrics[i].part);
        if (status == NN_OK && (made[i].name = nn_copy_string(model->metrics[i].name)) == NULL)
            status = NN_ERR_NO_MEMORY;
    }
    if (status != NN_OK && made != NULL) {
        nn_named_metrics_free(made, model->metric_count);
        made = NULL;
    }
    *metrics = made;
    return status;
}

static nn_status clone_compiled(nn_model *copy, const nn_model *model)
{
    nn_part optimizer = {.type = NULL}, loss = {.type = NULL};
    nn_named_metric *metrics = NULL;
    nn_status status = nn_part_clone(&optimizer, &model->optimizer);
    if (status == NN_OK)
        status = nn_part_clone(&loss, &model->loss);
    if (status == NN_OK)
        status = clone_metrics(model, &metrics);
    if (status == NN_OK)
        status = nn_model_set_compiled(copy, &optimizer, &loss, metrics, model->metric_count);
    if (status != NN_OK) {
        nn_part_free(&optimizer);
        nn_part_free(&loss);
        if (metrics != NULL)
            nn_named_metrics_free(metrics, model->metric_count);
        return status;
    }
    memcpy(copy->slots, model->slots,
           model->slot_count * model->trainable_size * sizeof(*copy->slots));
    memcpy(copy->scalars, model->scalars, sizeof(copy->scalars));
    return NN_OK;
}

static nn_status clone_all(nn_model *copy, const nn_model *model)
{
    copy->seed = model->seed;
    NN_TRY(clone_layers(copy, model));
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
