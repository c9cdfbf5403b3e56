/* Compiling: which optimizer, loss and metrics, whether they fit the model, and their arenas. */
#include "access.h"
#include "allocate.h"
#include "arenas.h"
#include "model.h"
#include "names.h"
#include "penalty.h"
#include "status.h"
#include <string.h>

void nn_model_drop_compiled(nn_model *model)
{
    nn_part_free(&model->optimizer);
    for (size_t i = 0; i < model->output_count; i++)
        nn_part_free(&model->outputs[i].loss);
    nn_named_metrics_free(model->metrics, model->metric_count);
    nn_release(model->quantities);
    model->metrics = NULL;
    model->metric_count = 0;
    model->quantities = NULL;
    model->quantity_count = 0;
}

/* ---- checking ---- */

/* Names of metrics become those of columns in files. */
static bool is_identifier(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return strspn(name, letters) > 0 && name[strspn(name, more)] == '\0';
}

static nn_status check_metric_width(const nn_model *model, const nn_named_metric *metric)
{
    const nn_metric *type = nn_metric_of(&metric->part);
    const size_t width = nn_last_dimension(nn_model_output_shape(model, metric->output));
    nn_status status =
        type->check_width != NULL ? type->check_width(metric->part.self, width) : NN_OK;
    return status == NN_OK ? NN_OK : nn_fail_in(status, "metric %s", metric->name);
}

static nn_status check_metric(const nn_model *model, const nn_loss *loss,
                              const nn_named_metric *metric)
{
    const bool several = model->output_count > 1;
    NN_REQUIRE((nn_metric_of(&metric->part)->targets & loss->target) != 0, NN_ERR_INVALID,
               "metric %s can't be used with loss %s%s%s: it needs %s as targets", metric->name,
               loss->part.name, several ? " of output " : "",
               several ? nn_model_output_name(model, metric->output) : "",
               loss->target == NN_TARGET_LABELS ? "values, not class labels,"
                                                : "class labels, not values,");
    NN_REQUIRE(strcmp(metric->name, "loss") != 0, NN_ERR_INVALID, "a metric can't be named loss");
    NN_REQUIRE(is_identifier(metric->name), NN_ERR_INVALID,
               "a metric can't be named '%.80s': expected letters, digits and '_'", metric->name);
    return NN_OK;
}

static bool share_name(const nn_named_metric *a, const nn_named_metric *b)
{
    return a->output == b->output && strcmp(a->name, b->name) == 0;
}

static nn_status check_metrics(const nn_model *model, const nn_compile_parts *parts)
{
    const nn_named_metric *metrics = parts->metrics;
    NN_REQUIRE(parts->metric_count <= NN_MAX_METRICS, NN_ERR_INVALID,
               "%zu metrics, expected at most %d", parts->metric_count, NN_MAX_METRICS);
    for (size_t i = 0; i < parts->metric_count; i++) {
        const size_t of = parts->loss_count > 1 ? metrics[i].output : 0;
        NN_TRY(check_metric(model, nn_loss_of(&parts->losses[of]), &metrics[i]));
        NN_TRY(check_metric_width(model, &metrics[i]));
        for (size_t j = 0; j < i; j++)
            NN_REQUIRE(!share_name(&metrics[i], &metrics[j]) ||
                           metrics[i].weighted != metrics[j].weighted,
                       NN_ERR_INVALID, "metric %s is given twice: tell them apart by name=...",
                       metrics[i].name);
    }
    return NN_OK;
}

static nn_status check_losses(const nn_model *model, const nn_compile_parts *parts)
{
    NN_REQUIRE(parts->loss_count == 1 || parts->loss_count == model->output_count, NN_ERR_INVALID,
               "%zu losses, but the model has %zu output(s): expected one for each, or one for all",
               parts->loss_count, model->output_count);
    for (size_t i = 0; i < model->output_count; i++) {
        const nn_part *loss = &parts->losses[parts->loss_count > 1 ? i : 0];
        const size_t width = nn_last_dimension(nn_model_output_shape(model, i));
        if (nn_loss_of(loss)->check_width != NULL)
            NN_TRY(nn_loss_of(loss)->check_width(loss->self, width));
    }
    return NN_OK;
}

/* ---- what the model reports ---- */

/* Keras's way to tell a weighted metric from the same one without weights. */
static const char *prefix_of(const nn_compile_parts *parts, const nn_named_metric *metric)
{
    for (size_t i = 0; metric->weighted && i < parts->metric_count; i++)
        if (!parts->metrics[i].weighted && share_name(&parts->metrics[i], metric))
            return "weighted_";
    return "";
}

/* Fills names[quantities], which are the caller's to release. With several outputs their names stand
 * before those of losses and metrics, as in Keras. */
static nn_status name_quantities(const nn_model *model, const nn_compile_parts *parts, char **names)
{
    const bool several = model->output_count > 1;
    const size_t losses = several ? model->output_count : 0;
    names[0] = nn_copy_string("loss");
    if (names[0] == NULL)
        return NN_ERR_NO_MEMORY;
    for (size_t i = 0; i < losses + parts->metric_count; i++) {
        const nn_named_metric *metric = i < losses ? NULL : &parts->metrics[i - losses];
        const size_t output = metric == NULL ? i : metric->output;
        nn_text text = NN_TEXT_INIT;
        if (several)
            nn_text_append(&text, "%s_", nn_model_output_name(model, output));
        if (metric == NULL)
            nn_text_append(&text, "loss");
        else
            nn_text_append(&text, "%s%s", prefix_of(parts, metric), metric->name);
        names[1 + i] = text.failed ? NULL : nn_copy_string(text.data);
        nn_text_free(&text);
        if (names[1 + i] == NULL)
            return NN_ERR_NO_MEMORY;
    }
    return NN_OK;
}

/* By validation and callbacks. */
static bool is_taken(const char *name)
{
    return strncmp(name, "val_", 4) == 0 || strcmp(name, "epoch") == 0 ||
           strcmp(name, "learning_rate") == 0;
}

static nn_status check_quantities(char *const *names, size_t count)
{
    NN_REQUIRE(count <= 1 + NN_MAX_METRICS, NN_ERR_INVALID,
               "%zu losses of outputs and metrics, expected at most %d", count - 1, NN_MAX_METRICS);
    for (size_t i = 0; i < count; i++) {
        NN_REQUIRE(
            is_identifier(names[i]), NN_ERR_INVALID,
            "'%.80s' would be a column of the history: with several outputs, their names are "
            "of letters, digits and '_'",
            names[i]);
        NN_REQUIRE(
            !is_taken(names[i]), NN_ERR_INVALID,
            "'%s' would be a column of the history, which has others of that name: rename the "
            "metric or the output",
            names[i]);
        for (size_t j = 0; j < i; j++)
            NN_REQUIRE(strcmp(names[i], names[j]) != 0, NN_ERR_INVALID,
                       "two columns of the history would be named %s: rename an output or "
                       "a metric",
                       names[i]);
    }
    return NN_OK;
}

static nn_status make_quantities(const nn_model *model, const nn_compile_parts *parts,
                                 char ***quantities, size_t *count)
{
    *quantities = NULL;
    *count = 1 + parts->metric_count + (model->output_count > 1 ? model->output_count : 0);
    char **names = nn_allocate(*count, sizeof(*names));
    if (names == NULL)
        return NN_ERR_NO_MEMORY;
    nn_status status = name_quantities(model, parts, names);
    if (status == NN_OK)
        status = check_quantities(names, *count);
    if (status == NN_OK)
        status = nn_names_copy(quantities, (const char *const *)names, *count);
    for (size_t i = 0; i < *count; i++)
        nn_release(names[i]);
    nn_release(names);
    return status;
}

/* ---- fusing ---- */

/* The node that computes an output: the last that isn't a view which leaves the last dimension, along
 * which activations and losses work, as it is. NN_NO_NODE if anything else reads what it gives, or it is
 * penalized, for a loss that does its activation changes that. */
static size_t find_output_node(const nn_model *model, size_t output)
{
    size_t at = model->outputs[output].node;
    if (model->nodes[at].readers > 0 || nn_activity_is_penalized(&model->nodes[at]))
        return NN_NO_NODE;
    while (model->nodes[at].input_count == 1 && model->nodes[at].build.view &&
           nn_last_dimension(&model->nodes[at].build.input) ==
               nn_last_dimension(&model->nodes[at].build.output)) {
        at = model->nodes[at].inputs[0];
        if (model->nodes[at].readers > 1 || nn_model_is_output(model, at) ||
            nn_activity_is_penalized(&model->nodes[at]))
            return NN_NO_NODE;
    }
    return at;
}

/* Whether the loss swallows the activation of the node that computes the output. */
static bool can_fuse(const nn_model *model, size_t output_node, const nn_loss *loss)
{
    if (output_node == NN_NO_NODE)
        return false;
    const nn_node *last = &model->nodes[output_node];
    const nn_layer *layer = nn_layer_of(&last->layer);
    if (loss->fuses_with == NULL || layer->last_activation == NULL)
        return false;
    const nn_part *activation = layer->last_activation(last->layer.self);
    return activation != NULL && activation->type == &loss->fuses_with->part;
}

/* ---- compiling ---- */

void nn_model_drop_trainer(nn_model *model)
{
    if (model->trainer != NULL)
        model->trainer_free(model->trainer);
    model->trainer = NULL;
}

void nn_model_uncompile(nn_model *model)
{
    static const nn_arenas none = {.gradients = NULL};
    nn_model_drop_trainer(model);
    nn_model_drop_compiled(model);
    nn_model_set_arenas(model, &none);
    for (size_t i = 0; i < model->output_count; i++)
        model->outputs[i].fused = false;
    model->compiled = false;
}

/* A loss for each output, where one was given for all. */
static nn_status spread_loss(nn_compile_parts *parts, const nn_custom_parts *custom, size_t outputs)
{
    if (parts->loss_count == outputs)
        return NN_OK;
    nn_part *losses = nn_grow(parts->losses, 1, outputs, sizeof(*losses));
    if (losses == NULL)
        return NN_ERR_NO_MEMORY;
    parts->losses = losses;
    for (; parts->loss_count < outputs; parts->loss_count++)
        NN_TRY(nn_part_clone_with(&losses[parts->loss_count], custom, &losses[0]));
    return NN_OK;
}

/* What compile makes beside the weights. */
struct made {
    nn_arenas arenas;
    char **quantities;
    size_t quantity_count;
};

static nn_status make(const nn_model *model, nn_compile_parts *parts, struct made *made)
{
    NN_TRY(nn_model_check_optimizer(model, parts));
    NN_TRY(make_quantities(model, parts, &made->quantities, &made->quantity_count));
    NN_TRY(spread_loss(parts, &model->custom, model->output_count));
    return nn_arenas_create(&made->arenas, model, &parts->optimizer);
}

/* Nothing fails from here on. */
static void take_over(nn_model *model, nn_compile_parts *parts, const struct made *made)
{
    nn_model_drop_trainer(model);
    nn_model_drop_compiled(model);
    nn_model_set_arenas(model, &made->arenas);
    model->quantities = made->quantities;
    model->quantity_count = made->quantity_count;
    model->optimizer = parts->optimizer;
    model->metrics = parts->metrics;
    model->metric_count = parts->metric_count;
    for (size_t i = 0; i < model->output_count; i++) {
        nn_output *output = &model->outputs[i];
        output->loss = parts->losses[i];
        output->fused_node = find_output_node(model, i);
        output->fused = can_fuse(model, output->fused_node, nn_loss_of(&output->loss));
    }
    nn_release(parts->losses);
    *parts = (nn_compile_parts){.loss_count = 0};
    model->gradients_known = false;
    model->iteration = 0;
    model->compiled = true;
}

nn_status nn_model_set_compiled(nn_model *model, nn_compile_parts *parts)
{
    NN_REQUIRE(model->node_count > 0, NN_ERR_STATE, "the model has no layers");
    NN_TRY(nn_model_check_readers(model));
    NN_TRY(check_losses(model, parts));
    NN_TRY(check_metrics(model, parts));
    const bool was_built = atomic_load(&model->built);
    NN_TRY(nn_model_build(model));
    struct made made = {.quantities = NULL};
    nn_status status = make(model, parts, &made);
    if (status == NN_OK) {
        take_over(model, parts, &made);
        return NN_OK;
    }
    nn_release(made.quantities);
    if (!was_built)
        nn_model_unbuild(model);
    return status;
}

/* What would train to nothing. A saved model may have it all the same. */
static nn_status check_activations(const nn_model *model)
{
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        const nn_layer *layer = nn_layer_of(&node->layer);
        const nn_part *activation =
            layer->last_activation == NULL ? NULL : layer->last_activation(node->layer.self);
        NN_REQUIRE(activation == NULL || activation->type == NULL ||
                       !nn_activation_of(activation)->compares ||
                       nn_last_dimension(&node->build.output) > 1,
                   NN_ERR_SHAPE,
                   "layer '%s' has %s over 1 value, which is the same whatever the value is: use "
                   "sigmoid, or a unit for each class",
                   node->name, activation->type->name);
    }
    return NN_OK;
}

nn_status nn_model_compile(nn_model *model, const char *optimizer, const char *loss,
                           const char *metrics)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(optimizer != NULL, NN_ERR_INVALID, "optimizer is NULL");
    NN_REQUIRE(loss != NULL, NN_ERR_INVALID, "loss is NULL");
    nn_compile_parts parts = {.loss_count = 0};
    NN_TRY(nn_model_begin_write(model));
    nn_status status = nn_compile_parts_parse(&parts, model, optimizer, loss, metrics);
    if (status == NN_OK)
        status = check_activations(model);
    if (status == NN_OK)
        status = nn_model_set_compiled(model, &parts);
    nn_compile_parts_free(&parts);
    nn_model_end_write(model);
    return status;
}

size_t nn_model_metric_count(const nn_model *model)
{
    return model == NULL || !model->compiled ? 0 : model->quantity_count;
}

const char *nn_model_metric_name(const nn_model *model, size_t index)
{
    return index < nn_model_metric_count(model) ? model->quantities[index] : NULL;
}
