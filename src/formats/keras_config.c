#include "keras_config.h"
#include "allocate.h"
#include "keras_part.h"
#include "status.h"
#include <string.h>

static void write_input_layer(const nn_shape *shape, nn_text *text)
{
    nn_text_append(text, "{\"module\":\"keras.layers\",\"class_name\":\"InputLayer\",\"config\":{"
                         "\"batch_shape\":[null");
    for (size_t i = 0; i < shape->rank; i++)
        nn_text_append(text, ",%zu", shape->dimensions[i]);
    nn_text_append(text, "],\"dtype\":\"float32\",\"sparse\":false,\"name\":\"input_layer\"},"
                         "\"registered_name\":null}");
}

nn_status nn_keras_write_sequential(const nn_model *model, nn_text *text)
{
    nn_text_append(text, "{\"name\":\"sequential\",\"trainable\":true,\"dtype\":\"float32\","
                         "\"layers\":[");
    write_input_layer(nn_model_input_shape(model), text);
    for (size_t i = 0; i < model->node_count; i++) {
        nn_text_append(text, ",");
        NN_TRY(nn_keras_write_layer(&model->nodes[i].layer, model->nodes[i].name, text));
    }
    nn_text_append(text, "]}");
    return NN_OK;
}

nn_status nn_keras_write_compile(const nn_model *model, nn_text *text)
{
    nn_text_append(text, "{\"optimizer\":");
    NN_TRY(nn_keras_write_part(&model->optimizer, text));
    nn_text_append(text, ",\"loss\":");
    NN_TRY(nn_keras_write_part(&model->loss, text));
    nn_text_append(text, ",\"metrics\":[");
    for (size_t i = 0; i < model->metric_count; i++) {
        nn_text_append(text, i == 0 ? "" : ",");
        NN_TRY(nn_keras_write_metric(&model->metrics[i].part, model->metrics[i].name, text));
    }
    nn_text_append(text, "]}");
    return NN_OK;
}

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

static nn_status read_layer(nn_model *model, const nn_json *json, const nn_json *batch_shape)
{
    nn_part layer;
    NN_TRY(nn_keras_read_part(&layer, &nn_layer_room, json, batch_shape, NULL));
    return nn_keras_status(nn_model_add_part(model, &layer));
}

nn_status nn_keras_read_sequential(nn_model *model, const nn_json *json)
{
    static const char *const known[] = {"layers", NULL}, *const frozen[] = {"layers", "trainable",
                                                                            NULL};
    const nn_json *layers = nn_json_get(json, "layers");
    const bool trainable = !nn_json_is(nn_json_get(json, "trainable"), NN_JSON_FALSE);
    NN_REQUIRE(nn_json_is(layers, NN_JSON_LIST), NN_ERR_FORMAT, "the config has no list of layers");
    NN_TRY(check_keys(json, trainable ? known : frozen));
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
    return trainable ? NN_OK : nn_model_set_trainable(model, NULL, 0); /* a frozen model */
}

static nn_status read_metric(nn_named_metric *metric, const nn_json *json)
{
    const char *name;
    NN_TRY(nn_keras_read_part(&metric->part, &nn_metric_room, json, NULL, &name));
    metric->name = nn_copy_string(name != NULL ? name : metric->part.type->name);
    return metric->name != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

static nn_status read_metrics(nn_keras_compile *compile, const nn_json *json)
{
    size_t count = nn_json_count(json); /* 0 for null or none */
    NN_REQUIRE(json == NULL || nn_json_is(json, NN_JSON_NULL) || nn_json_is(json, NN_JSON_LIST),
               NN_ERR_UNSUPPORTED, "metrics aren't a list");
    compile->metrics = nn_allocate(count, sizeof(*compile->metrics));
    if (compile->metrics == NULL)
        return NN_ERR_NO_MEMORY;
    compile->metric_count = count;
    nn_named_metric *metric = compile->metrics;
    for (const nn_json *item = nn_json_first(json); item != NULL; item = nn_json_next(json, item))
        NN_TRY(read_metric(metric++, item));
    return NN_OK;
}

static nn_status read_compile(nn_keras_compile *compile, const nn_json *json)
{
    static const char *const known[] = {"optimizer", "loss", "metrics", NULL};
    NN_TRY(check_keys(json, known));
    NN_TRY(nn_keras_read_part(&compile->optimizer, &nn_optimizer_room,
                              nn_json_get(json, "optimizer"), NULL, NULL));
    NN_TRY(
        nn_keras_read_part(&compile->loss, &nn_loss_room, nn_json_get(json, "loss"), NULL, NULL));
    return read_metrics(compile, nn_json_get(json, "metrics"));
}

nn_status nn_keras_read_compile(nn_keras_compile *compile, const nn_json *json)
{
    *compile = (nn_keras_compile){.metrics = NULL};
    nn_status status = read_compile(compile, json);
    if (status == NN_OK)
        return NN_OK;
    nn_keras_compile_free(compile);
    return nn_fail_in(status, "compile settings");
}

void nn_keras_compile_free(nn_keras_compile *compile)
{
    nn_part_free(&compile->optimizer);
    nn_part_free(&compile->loss);
    nn_named_metrics_free(compile->metrics, compile->metric_count);
    *compile = (nn_keras_compile){.metrics = NULL};
}
