/* What a model is compiled with, from specs. */
#include "allocate.h"
#include "model.h"
#include "status.h"
#include <string.h>

static void free_losses(nn_part *losses, size_t count)
{
    for (size_t i = 0; losses != NULL && i < count; i++)
        nn_part_free(&losses[i]);
    nn_release(losses);
}

void nn_named_metrics_free(nn_named_metric *metrics, size_t count)
{
    for (size_t i = 0; metrics != NULL && i < count; i++) {
        nn_part_free(&metrics[i].part);
        nn_release(metrics[i].name);
    }
    nn_release(metrics);
}

void nn_compile_parts_free(nn_compile_parts *parts)
{
    nn_part_free(&parts->optimizer);
    free_losses(parts->losses, parts->loss_count);
    nn_named_metrics_free(parts->metrics, parts->metric_count);
    *parts = (nn_compile_parts){.loss_count = 0};
}

static nn_status make_losses(const nn_model *model, const nn_spec_list *list,
                             nn_compile_parts *parts)
{
    NN_REQUIRE(list->count > 0, NN_ERR_INVALID, "loss is empty");
    parts->losses = nn_allocate(list->count, sizeof(*parts->losses));
    if (parts->losses == NULL)
        return NN_ERR_NO_MEMORY;
    parts->loss_count = list->count;
    for (size_t i = 0; i < list->count; i++)
        NN_TRY(
            nn_part_create_with(&parts->losses[i], &nn_loss_room, &model->custom, list->specs[i]));
    return NN_OK;
}

/* "mae" is a metric of every output, "a/mae" one of output a. Finds the kind. */
static nn_status split_metric(const nn_model *model, const char *given, const char **kind,
                              size_t *output)
{
    const char *slash = strrchr(given, '/');
    *kind = slash == NULL ? given : slash + 1;
    *output = model->output_count;
    for (size_t i = 0; slash != NULL && i < model->output_count; i++) {
        const char *candidate = model->nodes[model->outputs[i].node].name;
        const size_t length = (size_t)(slash - given);
        if (strncmp(candidate, given, length) == 0 && candidate[length] == '\0')
            *output = i;
    }
    NN_REQUIRE(slash == NULL || *output < model->output_count, NN_ERR_INVALID,
               "metric %.80s: the model has no output of that name", given);
    return NN_OK;
}

/* Takes key=... out of the arguments, if it is there; the value is still the spec's it came from. */
static nn_status take_argument(nn_spec *spec, const char *key, bool *given, nn_value *value)
{
    size_t kept = 0;
    *given = false;
    for (size_t i = 0; i < spec->count; i++) {
        const nn_argument *argument = &spec->arguments[i];
        if (strcmp(argument->key, key) != 0) {
            spec->arguments[kept++] = *argument;
            continue;
        }
        NN_REQUIRE(!*given, NN_ERR_INVALID, "%s: option %s is given twice", spec->name, key);
        *given = true;
        *value = argument->value;
    }
    spec->count = kept;
    return NN_OK;
}

/* The options that any metric may have: see nn_metric_room. Without name, *name stays. */
static nn_status take_outer(nn_spec *spec, const char **name, bool *weighted)
{
    bool given;
    nn_value value;
    NN_TRY(take_argument(spec, "name", &given, &value));
    NN_REQUIRE(!given || value.kind == NN_VALUE_NAME || value.kind == NN_VALUE_STRING,
               NN_ERR_INVALID, "%s: name isn't a word: expected letters, digits and '_'",
               spec->name);
    if (given)
        *name = value.text;
    NN_TRY(take_argument(spec, "weighted", &given, &value));
    if (!given)
        return NN_OK;
    nn_status status =
        nn_option_take(nn_option_find(nn_metric_room.outer, "weighted"), NULL, &value, weighted);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", spec->name);
}

/* A metric of an output, named as the user named it; kind is the end of the spec's name. */
static nn_status make_metric(const nn_model *model, const nn_spec *spec, const char *kind,
                             size_t output, nn_named_metric *metric)
{
    nn_spec own = *spec; /* what it points to is the list's */
    const char *name = kind;
    own.name += kind - spec->name;
    own.arguments = nn_allocate(spec->count, sizeof(*own.arguments));
    if (own.arguments == NULL)
        return NN_ERR_NO_MEMORY;
    if (spec->count > 0)
        memcpy(own.arguments, spec->arguments, spec->count * sizeof(*own.arguments));
    metric->output = output;
    nn_status status = take_outer(&own, &name, &metric->weighted);
    if (status == NN_OK && (metric->name = nn_copy_string(name)) == NULL)
        status = NN_ERR_NO_MEMORY;
    if (status == NN_OK)
        status = nn_part_create_with(&metric->part, &nn_metric_room, &model->custom, &own);
    nn_release(own.arguments);
    return status;
}

/* As Keras, which has them in a list of their own, and counts them after the others. */
static void put_weighted_last(nn_named_metric *metrics, size_t count)
{
    size_t plain = 0;
    for (size_t i = 0; i < count; i++) {
        const nn_named_metric metric = metrics[i];
        if (metric.weighted)
            continue;
        memmove(metrics + plain + 1, metrics + plain, (i - plain) * sizeof(*metrics));
        metrics[plain++] = metric;
    }
}

static nn_status make_metrics(const nn_model *model, const nn_spec_list *list,
                              nn_compile_parts *parts)
{
    size_t most;
    if (!nn_multiply(list->count, model->output_count, &most))
        most = SIZE_MAX; /* which nn_allocate refuses */
    parts->metrics = nn_allocate(most, sizeof(*parts->metrics));
    if (parts->metrics == NULL)
        return NN_ERR_NO_MEMORY;
    for (size_t output = 0; output < model->output_count; output++)
        for (size_t i = 0; i < list->count; i++) {
            const char *kind;
            size_t only;
            NN_TRY(split_metric(model, list->specs[i]->name, &kind, &only));
            if (only == output || only == model->output_count)
                NN_TRY(make_metric(model, list->specs[i], kind, output,
                                   &parts->metrics[parts->metric_count++]));
        }
    put_weighted_last(parts->metrics, parts->metric_count);
    return NN_OK;
}

nn_status nn_compile_parts_parse(nn_compile_parts *parts, const nn_model *model,
                                 const char *optimizer, const char *loss, const char *metrics)
{
    nn_spec_list list;
    NN_REQUIRE(model->node_count > 0, NN_ERR_STATE, "the model has no layers");
    NN_TRY(nn_part_parse(&parts->optimizer, &nn_optimizer_room, optimizer));
    nn_status status = nn_spec_parse_list(&list, loss);
    if (status != NN_OK)
        return nn_fail_in(status, "loss");
    status = make_losses(model, &list, parts);
    nn_spec_list_free(&list);
    NN_TRY(status);
    status = nn_spec_parse_list(&list, metrics);
    if (status != NN_OK)
        return nn_fail_in(status, "metrics");
    status = make_metrics(model, &list, parts);
    nn_spec_list_free(&list);
    return status;
}
