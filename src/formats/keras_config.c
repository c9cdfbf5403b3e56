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
static nn_status check_keys(const json_t *json, const char *const *known)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)json, key, value)
    {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], key) != 0)
            i++;
        if (known[i] == NULL)
            NN_TRY(nn_keras_skip(key, value));
    }
    return NN_OK;
}

static bool is_input_layer(const json_t *layer)
{
    const char *class_name = json_string_value(json_object_get(layer, "class_name"));
    return class_name != NULL && strcmp(class_name, "InputLayer") == 0;
}

static nn_status read_input_layer(const json_t *layer, const json_t **batch_shape)
{
    static const char *const known[] = {"batch_shape", NULL};
    const json_t *config = json_object_get(layer, "config");
    *batch_shape = json_object_get(config, "batch_shape");
    NN_REQUIRE(json_is_array(*batch_shape), NN_ERR_FORMAT, "input layer: batch_shape is missing");
    return check_keys(config, known);
}

static nn_status read_layer(nn_model *model, const json_t *json, const json_t *batch_shape)
{
    nn_part layer;
    NN_TRY(nn_keras_read_part(&layer, &nn_layer_room, json, batch_shape, NULL));
    return nn_keras_status(nn_model_add_part(model, &layer));
}

nn_status nn_keras_read_sequential(nn_model *model, const json_t *json)
{
    static const char *const known[] = {"layers", NULL};
    const json_t *layers = json_object_get(json, "layers");
    NN_REQUIRE(json_is_array(layers), NN_ERR_FORMAT, "the config has no list of layers");
    NN_TRY(check_keys(json, known));
    const json_t *batch_shape = NULL;
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        nn_status status;
        if (i == 0 && is_input_layer(layer)) {
            NN_TRY(read_input_layer(layer, &batch_shape));
            continue;
        }
        status = read_layer(model, layer, model->node_count == 0 ? batch_shape : NULL);
        if (status != NN_OK)
            return nn_fail_in(status, "layer %zu", model->node_count);
    }
    NN_REQUIRE(model->node_count > 0, NN_ERR_FORMAT, "the config has no layers");
    return NN_OK;
}

static nn_status read_metric(nn_named_metric *metric, const json_t *json)
{
    const char *name;
    NN_TRY(nn_keras_read_part(&metric->part, &nn_metric_room, json, NULL, &name));
    metric->name = nn_copy_string(name != NULL ? name : metric->part.type->name);
    return metric->name != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

static nn_status read_metrics(nn_keras_compile *compile, const json_t *json)
{
    size_t count = json_array_size(json); /* 0 for null or none */
    NN_REQUIRE(json == NULL || json_is_null(json) || json_is_array(json), NN_ERR_UNSUPPORTED,
               "metrics aren't a list");
    compile->metrics = nn_allocate(count, sizeof(*compile->metrics));
    if (compile->metrics == NULL)
        return NN_ERR_NO_MEMORY;
    compile->metric_count = count;
    for (size_t i = 0; i < count; i++)
        NN_TRY(read_metric(&compile->metrics[i], json_array_get(json, i)));
    return NN_OK;
}

static nn_status read_compile(nn_keras_compile *compile, const json_t *json)
{
    static const char *const known[] = {"optimizer", "loss", "metrics", NULL};
    NN_TRY(check_keys(json, known));
    NN_TRY(nn_keras_read_part(&compile->optimizer, &nn_optimizer_room,
                              json_object_get(json, "optimizer"), NULL, NULL));
    NN_TRY(nn_keras_read_part(&compile->loss, &nn_loss_room, json_object_get(json, "loss"), NULL,
                              NULL));
    return read_metrics(compile, json_object_get(json, "metrics"));
}

nn_status nn_keras_read_compile(nn_keras_compile *compile, const json_t *json)
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
