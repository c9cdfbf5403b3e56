/* Reading parts from JSON: each becomes a spec, which is checked against the part's table of
 * options. */
#include "custom_part.h"
#include "keras_keys.h"
#include "keras_part.h"
#include "keras_value.h"
#include "layer.h"
#include "loss.h"
#include "metric.h"
#include "status.h"
#include <string.h>

enum { DEEPEST = 16 }; /* parts within parts: more is a mistake, and the stack is the host's */

/* What a spec is read for: the parts that there are, and how deep it lies in others. */
typedef struct scope {
    const nn_room *room;
    const nn_custom_parts *custom; /* the caller's own; NULL: none */
    int depth;
} scope;

static nn_status read_spec(nn_spec **spec, scope in, const nn_json *json);

nn_status nn_keras_status(nn_status status)
{
    return status == NN_ERR_INVALID || status == NN_ERR_SHAPE || status == NN_ERR_STATE
               ? NN_ERR_FORMAT
               : status;
}

static nn_status find_type(scope in, const char *name, const nn_part_type **type)
{
    *type = nn_room_find(in.room, name);
    if (*type == NULL)
        *type = nn_custom_parts_find(in.custom, in.room, name);
    if (*type != NULL)
        return NN_OK;
    nn_room_unknown(in.room, in.custom, name); /* for its message */
    return nn_fail_in(NN_ERR_UNSUPPORTED, "not supported by this version");
}

static bool has_class(const nn_json *json, const char *name)
{
    const char *class_name = nn_json_string(nn_json_get(json, "class_name"));
    return class_name != NULL && strcmp(class_name, name) == 0;
}

/* A function of somebody's own is only what the caller has given that name. */
static nn_status find_function(scope in, const nn_json *json, const nn_part_type **type)
{
    const char *name = nn_json_string(nn_json_get(json, "config"));
    NN_REQUIRE(name != NULL, NN_ERR_FORMAT, "%s: the name of a function isn't a string",
               in.room->kind);
    const char *package = strrchr(name, '>'); /* "Custom>my_swish", if it was registered there */
    *type = nn_custom_parts_find(in.custom, in.room, package != NULL ? package + 1 : name);
    NN_REQUIRE(*type != NULL, NN_ERR_UNSUPPORTED,
               "%s '%.80s' is a part of its author's own: register it with a model and load with "
               "nn_model_load_with_parts",
               in.room->kind, name);
    return NN_OK;
}

static bool takes_part(const nn_option *option)
{
    return option->type == NN_TYPE_PART || option->type == NN_TYPE_REAL_OR_PART;
}

/* On failure, value may own something. */
static nn_status read_value(const nn_option *option, scope in, const nn_json *json, nn_value *value)
{
    if (takes_part(option) && json->kind == NN_JSON_STRING) {
        const nn_part_type *type;
        NN_TRY(find_type(in, json->text, &type));
        return nn_keras_set_text(value, NN_VALUE_NAME, type->name);
    }
    if (takes_part(option) && json->kind == NN_JSON_OBJECT) {
        value->kind = NN_VALUE_SPEC;
        return read_spec(&value->spec, in, json);
    }
    return nn_keras_read_value(value, option->type, json);
}

/* Moves a value into the spec, if it was made; nothing is left of it. */
static nn_status add_value(nn_spec *spec, const char *option, nn_value *value, nn_status made)
{
    nn_status status = made == NN_OK ? nn_spec_add(spec, option, value) : made;
    nn_value_free(value);
    return status;
}

static nn_status add_option(nn_spec *spec, scope in, const nn_option *option, const nn_json *json)
{
    const scope inside = {.room = option->room, .custom = in.custom, .depth = in.depth + 1};
    nn_value value = {.kind = NN_VALUE_NONE};
    nn_status status = read_value(option, inside, json, &value);
    if (status != NN_OK)
        status = nn_fail_in(status, "%s", option->name);
    return add_value(spec, option->name, &value, status);
}

/* "activation": null is Keras's word for the default. */
static bool is_default_part(const nn_option *option, const nn_json *json)
{
    return option->type == NN_TYPE_PART && option->default_text != NULL &&
           json->kind == NN_JSON_NULL;
}

static nn_status add_config(nn_spec *spec, scope in, const nn_part_type *type,
                            const nn_json *config)
{
    for (const nn_json *item = nn_json_first(config); item != NULL;
         item = nn_json_next(config, item)) {
        const nn_option *option = nn_option_find(type->options, item->key);
        if (option == NULL)
            option = nn_option_find(in.room->common, item->key);
        if (option == NULL)
            NN_TRY(nn_keras_skip(item));
        else if (!is_default_part(option, item))
            NN_TRY(add_option(spec, in, option, item));
    }
    return NN_OK;
}

static nn_status read_object(nn_spec **spec, scope in, const nn_json *json)
{
    NN_REQUIRE(in.depth < DEEPEST, NN_ERR_FORMAT, "more than %d parts within each other", DEEPEST);
    const char *class_name = nn_json_string(nn_json_get(json, "class_name"));
    NN_REQUIRE(class_name != NULL, NN_ERR_FORMAT, "%s: class_name is missing", in.room->kind);
    const nn_part_type *type;
    NN_TRY(find_type(in, class_name, &type));
    nn_status status = nn_keras_check_object(json);
    if (status == NN_OK)
        status = nn_spec_create(spec, type->name);
    if (status == NN_OK)
        status = add_config(*spec, in, type, nn_json_get(json, "config"));
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", type->name);
}

static nn_status read_spec(nn_spec **spec, scope in, const nn_json *json)
{
    const nn_part_type *type;
    *spec = NULL;
    if (nn_json_is(json, NN_JSON_STRING)) {
        NN_TRY(find_type(in, nn_json_string(json), &type));
        return nn_spec_create(spec, type->name);
    }
    if (has_class(json, "function")) {
        NN_TRY(find_function(in, json, &type));
        return nn_spec_create(spec, type->name);
    }
    nn_status status = read_object(spec, in, json);
    if (status != NN_OK) {
        nn_spec_free(*spec);
        *spec = NULL;
    }
    return status;
}

/* The function that a metric is the mean of, or that a loss is made of, or what else they are. */
static const nn_json *find_function_wrapped(const nn_room *room, const nn_json *json)
{
    const nn_json *function = nn_json_get(nn_json_get(json, "config"), "fn");
    const bool wraps = (room == &nn_metric_room && has_class(json, "MeanMetricWrapper")) ||
                       (room == &nn_loss_room && has_class(json, "LossFunctionWrapper"));
    return wraps && has_class(function, "function") ? function : json;
}

/* What a wrapper says beside its function: what the room's parts have in common. */
static nn_status add_wrappers_options(nn_spec *spec, scope in, const nn_json *json)
{
    const nn_json *config = nn_json_get(json, "config");
    for (const nn_json *item = nn_json_first(config); item != NULL;
         item = nn_json_next(config, item)) {
        const nn_option *option = nn_option_find(in.room->common, item->key);
        if (option != NULL)
            NN_TRY(add_option(spec, in, option, item));
        else if (strcmp(item->key, "fn") != 0)
            NN_TRY(nn_keras_skip(item));
    }
    return NN_OK;
}

nn_status nn_keras_read_part_with(nn_part *part, const nn_room *room, const nn_custom_parts *custom,
                                  const nn_json *json, const char **name)
{
    *part = (nn_part){.type = NULL};
    nn_spec *spec;
    const scope in = {.room = room, .custom = custom};
    const nn_json *function = find_function_wrapped(room, json);
    NN_TRY(read_spec(&spec, in, function));
    nn_status status = function != json ? add_wrappers_options(spec, in, json) : NN_OK;
    if (status == NN_OK)
        status = nn_keras_status(nn_part_create_with(part, room, custom, spec));
    nn_spec_free(spec);
    if (name != NULL) {
        const nn_json *given = nn_json_is(json, NN_JSON_STRING)
                                   ? json
                                   : nn_json_get(nn_json_get(json, "config"), "name");
        *name = nn_json_string(given);
    }
    return status;
}

nn_status nn_keras_read_part(nn_part *part, const nn_room *room, const nn_json *json,
                             const char **name)
{
    return nn_keras_read_part_with(part, room, NULL, json, name);
}

static nn_status add_shape(nn_spec *spec, const char *option, const nn_json *batch_shape)
{
    nn_value value = {.kind = NN_VALUE_NONE};
    return add_value(spec, option, &value, nn_keras_read_batch_shape(&value, batch_shape));
}

static nn_status add_inputs(nn_spec *spec, const char *const *inputs, size_t count)
{
    nn_value value = {.kind = NN_VALUE_NONE};
    return add_value(spec, "inputs", &value, nn_keras_set_names(&value, inputs, count));
}

static nn_status add_name(nn_spec *spec, const char *name)
{
    nn_value value = {.kind = NN_VALUE_NONE};
    return add_value(spec, "name", &value, nn_keras_set_text(&value, NN_VALUE_STRING, name));
}

nn_status nn_keras_read_layer(nn_part *part, const nn_custom_parts *custom, const nn_json *json,
                              const nn_json *batch_shape, const char *const *inputs, size_t count)
{
    *part = (nn_part){.type = NULL};
    nn_spec *spec;
    NN_TRY(read_spec(&spec, (scope){.room = &nn_layer_room, .custom = custom}, json));
    nn_status status = NN_OK;
    if (batch_shape != NULL)
        status = add_shape(spec, "input_shape", batch_shape);
    if (status == NN_OK && count > 0)
        status = add_inputs(spec, inputs, count);
    if (status == NN_OK)
        status = nn_keras_status(nn_part_create_with(part, &nn_layer_room, custom, spec));
    nn_spec_free(spec);
    return status;
}

nn_status nn_keras_read_input_layer(nn_part *part, const char *name, const nn_json *batch_shape)
{
    *part = (nn_part){.type = NULL};
    nn_spec *spec;
    NN_TRY(nn_spec_create(&spec, "input_layer"));
    nn_status status = add_shape(spec, "shape", batch_shape);
    if (status == NN_OK && name != NULL)
        status = add_name(spec, name);
    if (status == NN_OK)
        status = nn_keras_status(nn_part_create(part, &nn_layer_room, spec));
    nn_spec_free(spec);
    return status;
}
