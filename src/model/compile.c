/* Compiling: which optimizer, loss and metrics, whether they fit the model, and their arenas. */
#include "access.h"
#include "allocate.h"
#include "model.h"
#include "status.h"
#include <string.h>

void nn_named_metrics_free(nn_named_metric *metrics, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        nn_part_free(&metrics[i].part);
        nn_release(metrics[i].name);
    }
    nn_release(metrics);
}

/* A spec list to metrics named as the user named them. */
static nn_status parse_metrics(const char *text, nn_named_metric **metrics, size_t *count)
{
    nn_spec_list list;
    *metrics = NULL;
    *count = 0;
    nn_status status = nn_spec_parse_list(&list, text);
    if (status != NN_OK)
        return nn_fail_in(status, "metrics");
    nn_named_metric *made = nn_allocate(list.count, sizeof(*made));
    if (made == NULL)
        status = NN_ERR_NO_MEMORY;
    for (size_t i = 0; i < list.count && status == NN_OK; i++) {
        status = nn_part_create(&made[i].part, &nn_metric_room, list.specs[i]);
        if (status == NN_OK && (made[i].name = nn_copy_string(list.specs[i]->name)) == NULL)
            status = NN_ERR_NO_MEMORY;
    }
    const size_t made_count = list.count;
    nn_spec_list_free(&list);
    if (status != NN_OK) {
        if (made != NULL)
            nn_named_metrics_free(made, made_count);
        return status;
    }
    *metrics = made;
    *count = made_count;
    return NN_OK;
}

/* Names of metrics become those of columns in files. */
static bool is_identifier(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return strspn(name, letters) > 0 && name[strspn(name, more)] == '\0';
}

static nn_status check_metrics(const nn_loss *loss, const nn_named_metric *metrics, size_t count)
{
    NN_REQUIRE(count <= NN_MAX_METRICS, NN_ERR_INVALID, "%zu metrics, expected at most %d", count,
               NN_MAX_METRICS);
    for (size_t i = 0; i < count; i++) {
        NN_REQUIRE((nn_metric_of(&metrics[i].part)->targets & loss->target) != 0, NN_ERR_INVALID,
                   "metric %s can't be used with loss %s: it needs %s as targets", metrics[i].name,
                   loss->part.name,
                   loss->target == NN_TARGET_LABELS ? "values, not class labels,"
                                                    : "class labels, not values,");
        NN_REQUIRE(strcmp(metrics[i].name, "loss") != 0, NN_ERR_INVALID,
                   "a metric can't be named loss");
        for (size_t j = 0; j < i; j++)
            NN_REQUIRE(strcmp(metrics[i].name, metrics[j].name) != 0, NN_ERR_INVALID,
                       "metric %s is given twice", metrics[i].name);
        NN_REQUIRE(is_identifier(metrics[i].name), NN_ERR_INVALID,
                   "a metric can't be named '%.80s': expected letters, digits and '_'",
                   metrics[i].name);
    }
    return NN_OK;
}

/* The node that computes the output: the last that isn't a view which leaves the last dimension, along
 * which activations and losses work, as it is. */
static size_t find_output_node(const nn_model *model)
{
    size_t at = model->node_count - 1;
    while (at > 0 && model->nodes[at].build.view &&
           nn_last_dimension(&model->nodes[at].build.input) ==
               nn_last_dimension(&model->nodes[at].build.output))
        at = model->nodes[at].input;
    return at;
}

/* Whether the loss swallows the activation of the node that computes the output. */
static bool can_fuse(const nn_model *model, size_t output_node, const nn_loss *loss)
{
    const nn_node *last = &model->nodes[output_node];
    const nn_layer *layer = nn_layer_of(&last->layer);
    if (loss->fuses_with == NULL || layer->last_activation == NULL)
        return false;
    const nn_part *activation = layer->last_activation(last->layer.self);
    return activation != NULL && activation->type == &loss->fuses_with->part;
}

void nn_model_drop_trainer(nn_model *model)
{
    if (model->trainer != NULL)
        model->trainer_free(model->trainer);
    model->trainer = NULL;
}

void nn_model_uncompile(nn_model *model)
{
    nn_model_drop_trainer(model);
    nn_release(model->gradients);
    nn_release(model->slots);
    nn_part_free(&model->optimizer);
    nn_part_free(&model->loss);
    nn_named_metrics_free(model->metrics, model->metric_count);
    model->gradients = model->slots = NULL;
    model->metrics = NULL;
    model->metric_count = model->slot_count = 0;
    model->fused = model->compiled = false;
}

static size_t count_slots(const nn_part *optimizer)
{
    const char *const *names = nn_optimizer_of(optimizer)->slots(optimizer->self);
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    return count;
}

static nn_status check_loss(const nn_model *model, const nn_part *loss)
{
    const size_t width = nn_last_dimension(nn_model_output_shape(model));
    return nn_loss_of(loss)->check_width == NULL ? NN_OK
                                                 : nn_loss_of(loss)->check_width(loss->self, width);
}

nn_status nn_model_set_compiled(nn_model *model, nn_part *optimizer, nn_part *loss,
                                nn_named_metric *metrics, size_t metric_count)
{
    NN_REQUIRE(model->node_count > 0, NN_ERR_STATE, "the model has no layers");
    NN_TRY(check_loss(model, loss));
    NN_TRY(check_metrics(nn_loss_of(loss), metrics, metric_count));
    const bool was_built = atomic_load(&model->built);
    NN_TRY(nn_model_build(model));
    const size_t slot_count = count_slots(optimizer);
    size_t slot_values;
    if (!nn_multiply(slot_count, model->trainable_size, &slot_values))
        slot_values = SIZE_MAX; /* which nn_allocate refuses */
    nn_real *gradients = nn_allocate(model->trainable_size, sizeof(*gradients));
    nn_real *slots = nn_allocate(slot_values, sizeof(*slots));
    if (gradients == NULL || slots == NULL) {
        nn_release(gradients);
        nn_release(slots);
        if (!was_built)
            nn_model_unbuild(model);
        return NN_ERR_NO_MEMORY;
    }
    nn_model_uncompile(model);
    model->gradients = gradients;
    model->slots = slots;
    model->slot_count = slot_count;
    model->optimizer = *optimizer;
    model->loss = *loss;
    model->metrics = metrics;
    model->metric_count = metric_count;
    model->fused_node = find_output_node(model);
    model->fused = can_fuse(model, model->fused_node, nn_loss_of(loss));
    model->iteration = 0;
    model->compiled = true;
    return NN_OK;
}

nn_status nn_model_compile(nn_model *model, const char *optimizer, const char *loss,
                           const char *metrics)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(optimizer != NULL, NN_ERR_INVALID, "optimizer is NULL");
    NN_REQUIRE(loss != NULL, NN_ERR_INVALID, "loss is NULL");
    nn_part optimizer_part, loss_part = {.type = NULL};
    nn_named_metric *named = NULL;
    size_t count = 0;
    NN_TRY(nn_model_begin_write(model));
    nn_status status = nn_part_parse(&optimizer_part, &nn_optimizer_room, optimizer);
    if (status == NN_OK)
        status = nn_part_parse(&loss_part, &nn_loss_room, loss);
    if (status == NN_OK)
        status = parse_metrics(metrics, &named, &count);
    if (status == NN_OK)
        status = nn_model_set_compiled(model, &optimizer_part, &loss_part, named, count);
    if (status != NN_OK) {
        nn_part_free(&optimizer_part);
        nn_part_free(&loss_part);
        nn_named_metrics_free(named, count);
    }
    nn_model_end_write(model);
    return status;
}

size_t nn_model_metric_count(const nn_model *model)
{
    return model == NULL || !model->compiled ? 0 : 1 + model->metric_count;
}

const char *nn_model_metric_name(const nn_model *model, size_t index)
{
    if (index >= nn_model_metric_count(model))
        return NULL;
    return index == 0 ? "loss" : model->metrics[index - 1].name;
}
