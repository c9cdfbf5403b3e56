/* Reading a model's layers and what it is compiled with. */
#include "allocate.h"
#include "keras_config.h"
#include "keras_keys.h"
#include "keras_part.h"
#include "status.h"
#include <string.h>

/* Skips the keys that are neutral and not among known, which a NULL ends. */
static nn_status check_keys(const nn_json *json, const char *const *known)
{
    for (const nn_json *item = nn_json_first(json); item != NULL; item = nn_json_next(json, item)) {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], item->key) != 0)
            i++;
        if (known[i] == NULL)
            NN_TRY(nn_keras_skip(item));
    }
    return NN_OK;
}

static bool is_input_layer(const nn_json *layer)
{
    const char *class_name = nn_json_string(nn_json_get(layer, "class_name"));
    return class_name != NULL && strcmp(class_name, "InputLayer") == 0;
}

static nn_status read_input_layer(const nn_json *layer, const nn_json **batch_shape)
{
    static const char *const known[] = {"batch_shape", NULL};
    const nn_json *config = nn_json_get(layer, "config");
    *batch_shape = nn_json_get(config, "batch_shape");
    NN_REQUIRE(nn_json_is(*batch_shape, NN_JSON_LIST), NN_ERR_FORMAT,
               "input layer: batch_shape is missing");
    return check_keys(config, known);
}

/* ---- layers one after the other ---- */

static nn_status read_layer(nn_model *model, const nn_json *json, const nn_json *batch_shape)
{
    nn_part layer;
    NN_TRY(nn_keras_read_layer(&layer, &model->custom, json, batch_shape, NULL, 0));
    return nn_keras_status(nn_model_add_part(model, &layer));
}

static nn_status read_sequential(nn_model *model, const nn_json *json, const nn_json *layers)
{
    static const char *const known[] = {"layers", "trainable", NULL};
    NN_TRY(check_keys(json, known));
    const nn_json *batch_shape = NULL;
    const nn_json *layer = nn_json_first(layers);
    if (is_input_layer(layer)) {
        NN_TRY(read_input_layer(layer, &batch_shape));
        layer = nn_json_next(layers, layer);
    }
    for (; layer != NULL; layer = nn_json_next(layers, layer)) {
        nn_status status = read_layer(model, layer, model->node_count == 0 ? batch_shape : NULL);
        if (status != NN_OK)
            return nn_fail_in(status, "layer %zu", model->node_count);
    }
    NN_REQUIRE(model->node_count > 0, NN_ERR_FORMAT, "the config has no layers");
    return NN_OK;
}

/* ---- a graph ---- */

/* The layer of ["name", 0, 0]: the first output of its first call, and there are no others here. */
static nn_status read_end(const nn_json *history, const char **name)
{
    *name = nn_json_string(nn_json_first(history));
    NN_REQUIRE(nn_json_is(history, NN_JSON_LIST) && nn_json_count(history) == 3 && *name != NULL,
               NN_ERR_FORMAT, "expected a layer's name and two numbers");
    const nn_json *item = nn_json_first(history);
    while ((item = nn_json_next(history, item)) != NULL)
        NN_REQUIRE(nn_json_is(item, NN_JSON_NUMBER) && item->number == 0, NN_ERR_UNSUPPORTED,
                   "layer '%.80s' is called more than once", *name);
    return NN_OK;
}

static nn_status read_tensor(const nn_json *tensor, const char **name)
{
    const char *class_name = nn_json_string(nn_json_get(tensor, "class_name"));
    NN_REQUIRE(class_name != NULL && strcmp(class_name, "__keras_tensor__") == 0,
               NN_ERR_UNSUPPORTED, "an input that isn't another layer's output");
    return read_end(nn_json_get(nn_json_get(tensor, "config"), "keras_history"), name);
}

/* The one call's tensors: [t] or [[t, t]], or of an operation such as a + b [t, t]. */
static nn_status find_tensors(const nn_json *layer, const nn_json **tensors)
{
    static const char *const known[] = {"args", "kwargs", NULL};
    static const char *const none[] = {NULL};
    const nn_json *nodes = nn_json_get(layer, "inbound_nodes"), *node = nn_json_first(nodes);
    NN_REQUIRE(nn_json_count(nodes) <= 1, NN_ERR_UNSUPPORTED,
               "it is called %zu times, expected once", nn_json_count(nodes));
    NN_REQUIRE(nn_json_is(node, NN_JSON_OBJECT), NN_ERR_FORMAT, "inbound_nodes holds no object");
    NN_TRY(check_keys(node, known));
    NN_TRY(check_keys(nn_json_get(node, "kwargs"), none));
    *tensors = nn_json_get(node, "args");
    NN_REQUIRE(nn_json_is(*tensors, NN_JSON_LIST), NN_ERR_FORMAT, "args isn't a list");
    if (nn_json_count(*tensors) == 1 && nn_json_is(nn_json_first(*tensors), NN_JSON_LIST))
        *tensors = nn_json_first(*tensors);
    NN_REQUIRE(nn_json_count(*tensors) > 0, NN_ERR_FORMAT, "it is called with no inputs");
    return NN_OK;
}

static nn_status read_called_layer(nn_part *layer, const nn_custom_parts *custom,
                                   const nn_json *json)
{
    const nn_json *tensors = NULL;
    NN_TRY(find_tensors(json, &tensors));
    const char **inputs = nn_allocate(nn_json_count(tensors), sizeof(*inputs));
    nn_status status = inputs != NULL ? NN_OK : NN_ERR_NO_MEMORY;
    size_t count = 0;
    for (const nn_json *tensor = nn_json_first(tensors); tensor != NULL && status == NN_OK;
         tensor = nn_json_next(tensors, tensor))
        status = read_tensor(tensor, &inputs[count++]);
    if (status == NN_OK)
        status = nn_keras_read_layer(layer, custom, json, NULL, inputs, count);
    nn_release(inputs);
    return status;
}

static nn_status read_node(nn_model *model, const nn_json *json)
{
    nn_part layer;
    if (is_input_layer(json)) {
        const nn_json *batch_shape = NULL;
        NN_TRY(read_input_layer(json, &batch_shape));
        NN_TRY(nn_keras_read_input_layer(
            &layer, nn_json_string(nn_json_get(nn_json_get(json, "config"), "name")), batch_shape));
    } else {
        NN_TRY(read_called_layer(&layer, &model->custom, json));
    }
    return nn_keras_status(nn_model_add_part(model, &layer));
}

/* ["a",0,0], or a list of such: the nodes that it names. */
static nn_status read_ends(const nn_model *model, const nn_json *json, size_t most, size_t *nodes,
                           size_t *count)
{
    const bool single = nn_json_is(nn_json_first(json), NN_JSON_STRING);
    *count = single ? 1 : nn_json_count(json);
    NN_REQUIRE(nn_json_is(json, NN_JSON_LIST) && *count > 0, NN_ERR_FORMAT,
               "expected a list of layers");
    NN_REQUIRE(*count <= most, NN_ERR_UNSUPPORTED, "%zu layers, expected at most %zu", *count,
               most);
    const nn_json *item = single ? json : nn_json_first(json);
    for (size_t i = 0; i < *count; i++) {
        const char *name;
        NN_TRY(read_end(item, &name));
        NN_TRY(nn_keras_status(nn_model_get_node(model, name, &nodes[i])));
        item = single ? NULL : nn_json_next(json, item);
    }
    return NN_OK;
}

/* Which inputs there are is known; this tells their order. */
static nn_status read_inputs(nn_model *model, const nn_json *json)
{
    size_t nodes[NN_MAX_INPUTS], count;
    NN_TRY(read_ends(model, json, NN_MAX_INPUTS, nodes, &count));
    NN_REQUIRE(count == model->input_count, NN_ERR_FORMAT, "%zu layers, but there are %zu inputs",
               count, model->input_count);
    for (size_t i = 0; i < count; i++) {
        bool other = nn_layer_of(&model->nodes[nodes[i]].layer)->takes == NN_TAKES_NONE;
        for (size_t j = 0; j < i; j++)
            other = other && nodes[i] != nodes[j];
        NN_REQUIRE(other, NN_ERR_FORMAT, "'%s' is no input, or is given twice",
                   model->nodes[nodes[i]].name);
    }
    memcpy(model->inputs, nodes, count * sizeof(nodes[0]));
    return NN_OK;
}

static nn_status read_outputs(nn_model *model, const nn_json *json)
{
    size_t nodes[NN_MAX_OUTPUTS], count;
    NN_TRY(read_ends(model, json, NN_MAX_OUTPUTS, nodes, &count));
    return nn_keras_status(nn_model_set_output_nodes(model, nodes, count));
}

static nn_status read_functional(nn_model *model, const nn_json *json, const nn_json *layers)
{
    static const char *const known[] = {"layers", "trainable", "input_layers", "output_layers",
                                        NULL};
    NN_TRY(check_keys(json, known));
    for (const nn_json *layer = nn_json_first(layers); layer != NULL;
         layer = nn_json_next(layers, layer)) {
        nn_status status = read_node(model, layer);
        const char *name = nn_json_string(nn_json_get(layer, "name"));
        if (status != NN_OK)
            return nn_fail_in(status, "layer %.80s", name != NULL ? name : "without name");
    }
    NN_REQUIRE(model->node_count > 0, NN_ERR_FORMAT, "the config has no layers");
    nn_status status = read_inputs(model, nn_json_get(json, "input_layers"));
    if (status != NN_OK)
        return nn_fail_in(status, "input_layers");
    status = read_outputs(model, nn_json_get(json, "output_layers"));
    return status == NN_OK ? NN_OK : nn_fail_in(status, "output_layers");
}

nn_status nn_keras_read_model(nn_model *model, const nn_json *json)
{
    if (nn_json_get(json, "class_name") !=
        NULL) /* a config.json: the config and what is around it */
        json = nn_json_get(json, "config");
    const nn_json *layers = nn_json_get(json, "layers");
    NN_REQUIRE(nn_json_is(layers, NN_JSON_LIST), NN_ERR_FORMAT, "the config has no list of layers");
    const nn_json *trainable = nn_json_get(json, "trainable");
    const bool frozen = nn_json_is(trainable, NN_JSON_FALSE);
    if (trainable != NULL && !frozen)
        NN_TRY(nn_keras_skip(trainable));
    NN_TRY(nn_json_get(json, "output_layers") != NULL ? read_functional(model, json, layers)
                                                      : read_sequential(model, json, layers));
    return frozen ? nn_model_set_trainable(model, NULL, 0) : NN_OK;
}

/* ---- what it is compiled with ---- */

static nn_status read_losses(nn_compile_parts *parts, const nn_model *model, const nn_json *json)
{
    const bool list = nn_json_is(json, NN_JSON_LIST);
    const size_t count = list ? nn_json_count(json) : 1;
    const nn_json *item = list ? nn_json_first(json) : json;
    parts->losses = nn_allocate(count, sizeof(*parts->losses));
    if (parts->losses == NULL)
        return NN_ERR_NO_MEMORY;
    parts->loss_count = count;
    for (size_t i = 0; i < count; i++) {
        NN_TRY(
            nn_keras_read_part_with(&parts->losses[i], &nn_loss_room, &model->custom, item, NULL));
        item = list ? nn_json_next(json, item) : NULL;
    }
    return NN_OK;
}

static nn_status read_loss_weights(nn_model *model, const nn_json *json)
{
    if (json == NULL || nn_json_is(json, NN_JSON_NULL))
        return NN_OK;
    NN_REQUIRE(nn_json_is(json, NN_JSON_LIST) && nn_json_count(json) == model->output_count,
               NN_ERR_UNSUPPORTED, "loss_weights aren't a list with one for each output");
    size_t i = 0;
    for (const nn_json *item = nn_json_first(json); item != NULL; item = nn_json_next(json, item)) {
        NN_REQUIRE(nn_json_is(item, NN_JSON_NUMBER), NN_ERR_FORMAT, "a loss weight isn't a number");
        model->outputs[i++].loss_weight = item->number;
    }
    return NN_OK;
}

static nn_status read_metric(nn_compile_parts *parts, const nn_model *model, const nn_json *json,
                             size_t output, bool weighted)
{
    nn_named_metric *metric = &parts->metrics[parts->metric_count++];
    const char *name;
    metric->output = output;
    metric->weighted = weighted;
    NN_TRY(nn_keras_read_part_with(&metric->part, &nn_metric_room, &model->custom, json, &name));
    metric->name = nn_copy_string(name != NULL ? name : metric->part.type->name);
    return metric->name != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

/* A list of metrics; with several outputs, for each of them a list, or one metric, or null. */
static nn_status read_metric_list(nn_compile_parts *parts, const nn_model *model,
                                  const nn_json *json, bool weighted)
{
    const char *key = weighted ? "weighted_metrics" : "metrics";
    NN_REQUIRE(json == NULL || nn_json_is(json, NN_JSON_NULL) || nn_json_is(json, NN_JSON_LIST),
               NN_ERR_UNSUPPORTED, "%s aren't a list", key);
    const size_t outputs = model->output_count;
    NN_REQUIRE(outputs == 1 || nn_json_count(json) == 0 || nn_json_count(json) == outputs,
               NN_ERR_FORMAT, "%s of %zu outputs, but there are %zu", key, nn_json_count(json),
               outputs);
    size_t output = 0;
    for (const nn_json *item = nn_json_first(json); item != NULL; item = nn_json_next(json, item)) {
        if (nn_json_is(item, NN_JSON_LIST))
            for (const nn_json *of = nn_json_first(item); of != NULL; of = nn_json_next(item, of))
                NN_TRY(read_metric(parts, model, of, output, weighted));
        else if (outputs == 1 || !nn_json_is(item, NN_JSON_NULL))
            NN_TRY(read_metric(parts, model, item, output, weighted));
        output += outputs > 1;
    }
    return NN_OK;
}

static size_t span_of(const nn_json *json)
{
    return json != NULL ? json->span : 0;
}

static nn_status read_metrics(nn_compile_parts *parts, const nn_model *model, const nn_json *json)
{
    const nn_json *plain = nn_json_get(json, "metrics");
    const nn_json *weighted = nn_json_get(json, "weighted_metrics");
    parts->metrics = nn_allocate(span_of(plain) + span_of(weighted), sizeof(*parts->metrics));
    if (parts->metrics == NULL)
        return NN_ERR_NO_MEMORY;
    NN_TRY(read_metric_list(parts, model, plain, false));
    return read_metric_list(parts, model, weighted, true);
}

static nn_status read_compile(nn_compile_parts *parts, nn_model *model, const nn_json *json)
{
    static const char *const known[] = {"optimizer",        "loss", "loss_weights", "metrics",
                                        "weighted_metrics", NULL};
    NN_TRY(check_keys(json, known));
    NN_TRY(nn_keras_read_part(&parts->optimizer, &nn_optimizer_room, nn_json_get(json, "optimizer"),
                              NULL));
    NN_TRY(read_losses(parts, model, nn_json_get(json, "loss")));
    NN_TRY(read_loss_weights(model, nn_json_get(json, "loss_weights")));
    return read_metrics(parts, model, json);
}

nn_status nn_keras_read_compile(nn_compile_parts *parts, nn_model *model, const nn_json *json)
{
    *parts = (nn_compile_parts){.loss_count = 0};
    nn_status status = read_compile(parts, model, json);
    if (status == NN_OK)
        return NN_OK;
    nn_compile_parts_free(parts);
    return nn_fail_in(status, "compile settings");
}
