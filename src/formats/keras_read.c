/* Reading parts from JSON: each becomes a spec, which is checked against the part's table of
 * options. */
#include "allocate.h"
#include "custom_part.h"
#include "keras_part.h"
#include "layer.h"
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

/* "float32", or {"class_name": "DTypePolicy", "config": {"name": "float32"}, ...} */
static bool is_float32(const nn_json *value)
{
    const char *name = nn_json_string(value);
    if (name == NULL)
        name = nn_json_string(nn_json_get(nn_json_get(value, "config"), "name"));
    return name != NULL && strcmp(name, "float32") == 0;
}

/* Keys that Keras writes and that say what holds here anyway. */
static bool is_neutral(const nn_json *value)
{
    const char *key = value->key;
    if (nn_json_is(value, NN_JSON_NULL) || strcmp(key, "build_config") == 0 ||
        strcmp(key, "build_input_shape") == 0)
        return true;
    if (strcmp(key, "name") == 0)
        return nn_json_is(value, NN_JSON_STRING);
    if (strcmp(key, "trainable") == 0) /* of what has no weights: layers have the option */
        return nn_json_is(value, NN_JSON_TRUE) || nn_json_is(value, NN_JSON_FALSE);
    static const char *const no[] = {"sparse",       "ragged", "optional",
                                     "synchronized", "renorm", "mask_zero"};
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (strcmp(key, no[i]) == 0)
            return nn_json_is(value, NN_JSON_FALSE);
    if (strcmp(key, "renorm_momentum") == 0) /* of renorm, which is false */
        return nn_json_is(value, NN_JSON_NUMBER);
    if (strcmp(key, "dtype") == 0)
        return is_float32(value);
    if (strcmp(key, "axis") == 0) /* the last, along which parts work */
        return nn_json_is(value, NN_JSON_NUMBER) && value->number == -1;
    if (strcmp(key, "data_format") == 0)
        return nn_json_is(value, NN_JSON_STRING) &&
               strcmp(nn_json_string(value), "channels_last") == 0;
    return false;
}

nn_status nn_keras_skip(const nn_json *item)
{
    NN_REQUIRE(is_neutral(item), NN_ERR_UNSUPPORTED, "'%.80s' isn't supported", item->key);
    return NN_OK;
}

static nn_status find_type(scope in, const char *name, const nn_part_type **type)
{
    *type = nn_room_find_class(in.room, name);
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

static nn_status set_text(nn_value *value, nn_value_kind kind, const char *text, size_t length)
{
    value->kind = kind;
    value->text = nn_copy_bytes(text, length);
    return value->text != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

static nn_status read_number(const nn_json *json, nn_value *value)
{
    value->number = json->number;
    return set_text(value, NN_VALUE_NUMBER, json->text, json->length);
}

static bool takes_part(const nn_option *option)
{
    return option->type == NN_TYPE_PART || option->type == NN_TYPE_REAL_OR_PART;
}

/* A string is a part's name, or a seed above 2^63 - 1, or a string. */
static nn_status read_string(const nn_option *option, scope in, const nn_json *json,
                             nn_value *value)
{
    if (!takes_part(option))
        return set_text(value, option->type == NN_TYPE_SEED ? NN_VALUE_NUMBER : NN_VALUE_STRING,
                        json->text, json->length);
    const nn_part_type *type;
    NN_TRY(find_type(in, json->text, &type));
    return set_text(value, NN_VALUE_NAME, type->name, strlen(type->name));
}

static nn_status begin_tuple(nn_value *value, size_t most)
{
    value->kind = NN_VALUE_TUPLE;
    value->items = nn_allocate(most, sizeof(*value->items));
    return value->items != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

/* A list without names is none. */
static nn_status read_names(const nn_json *list, nn_value *value)
{
    if (nn_json_count(list) == 0)
        return NN_OK; /* value begins as none */
    NN_TRY(begin_tuple(value, nn_json_count(list)));
    for (const nn_json *item = nn_json_first(list); item != NULL; item = nn_json_next(list, item)) {
        NN_REQUIRE(nn_json_is(item, NN_JSON_STRING), NN_ERR_FORMAT, "a name isn't a string");
        NN_TRY(set_text(&value->items[value->count++], NN_VALUE_STRING, item->text, item->length));
    }
    return NN_OK;
}

static bool is_item(const nn_json *item, nn_option_type type)
{
    return nn_json_is(item, NN_JSON_NUMBER) && (item->whole || type == NN_TYPE_REALS);
}

/* The items of a list, from item on: numbers, or the dimensions of a shape, as the type says. */
static nn_status read_tuple(const nn_json *list, const nn_json *item, nn_option_type type,
                            nn_value *value)
{
    const bool shape = type != NN_TYPE_REALS;
    NN_REQUIRE(!shape || nn_json_count(list) <= NN_MAX_RANK + 1, NN_ERR_UNSUPPORTED,
               "a list of %zu values", nn_json_count(list));
    NN_TRY(begin_tuple(value, nn_json_count(list)));
    for (; item != NULL; item = nn_json_next(list, item)) {
        NN_REQUIRE(is_item(item, type), NN_ERR_FORMAT, "%s",
                   shape ? "a dimension isn't a whole number" : "an item isn't a number");
        NN_TRY(read_number(item, &value->items[value->count]));
        value->count++;
    }
    return NN_OK;
}

/* On failure, value may own something. */
static nn_status read_value(const nn_option *option, scope in, const nn_json *json, nn_value *value)
{
    switch (json->kind) {
    case NN_JSON_NULL:
        value->kind = NN_VALUE_NONE;
        return NN_OK;
    case NN_JSON_TRUE:
    case NN_JSON_FALSE:
        value->kind = NN_VALUE_BOOL;
        value->boolean = json->kind == NN_JSON_TRUE;
        return NN_OK;
    case NN_JSON_NUMBER:
        return read_number(json, value);
    case NN_JSON_STRING:
        return read_string(option, in, json, value);
    case NN_JSON_LIST:
        return option->type == NN_TYPE_NAMES
                   ? read_names(json, value)
                   : read_tuple(json, nn_json_first(json), option->type, value);
    case NN_JSON_OBJECT:
        NN_REQUIRE(takes_part(option), NN_ERR_UNSUPPORTED, "an object isn't supported");
        value->kind = NN_VALUE_SPEC;
        return read_spec(&value->spec, in, json);
    }
    return NN_ERR_FORMAT;
}

static nn_status add_option(nn_spec *spec, scope in, const nn_option *option, const nn_json *json)
{
    const scope inside = {.room = option->room, .custom = in.custom, .depth = in.depth + 1};
    nn_value value = {.kind = NN_VALUE_NONE};
    nn_status status = read_value(option, inside, json, &value);
    if (status == NN_OK)
        status = nn_spec_add(spec, option->name, &value);
    else
        status = nn_fail_in(status, "%s", option->name);
    nn_value_free(&value);
    return status;
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

/* registered_name, unless null, names a class of somebody's own; but Keras says it of its operations, too
 * (a + b). */
static bool is_registered_by_keras(const nn_json *json, const nn_json *name)
{
    const char *module = nn_json_string(nn_json_get(json, "module"));
    const char *class_name = nn_json_string(nn_json_get(json, "class_name"));
    return nn_json_is(name, NN_JSON_STRING) && module != NULL && class_name != NULL &&
           strncmp(module, "keras.", 6) == 0 && strcmp(name->text, class_name) == 0;
}

/* What stands beside "config". */
static nn_status check_object(const nn_json *json)
{
    for (const nn_json *item = nn_json_first(json); item != NULL; item = nn_json_next(json, item)) {
        if (strcmp(item->key, "module") == 0 || strcmp(item->key, "class_name") == 0)
            NN_REQUIRE(item->kind == NN_JSON_STRING, NN_ERR_FORMAT, "%s isn't a string", item->key);
        else if (strcmp(item->key, "config") == 0)
            NN_REQUIRE(item->kind == NN_JSON_OBJECT, NN_ERR_FORMAT, "config isn't an object");
        else if (strcmp(item->key, "registered_name") == 0 && is_registered_by_keras(json, item))
            continue;
        else if (strcmp(item->key, "inbound_nodes") == 0) /* of a layer in a graph */
            NN_REQUIRE(item->kind == NN_JSON_LIST, NN_ERR_FORMAT, "inbound_nodes isn't a list");
        else
            NN_TRY(nn_keras_skip(item));
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
    nn_status status = check_object(json);
    if (status == NN_OK)
        status = nn_spec_create(spec, type->name);
    if (status == NN_OK)
        status = add_config(*spec, in, type, nn_json_get(json, "config"));
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", type->name);
}

static nn_status read_spec(nn_spec **spec, scope in, const nn_json *json)
{
    *spec = NULL;
    nn_status status;
    if (nn_json_is(json, NN_JSON_STRING)) {
        const nn_part_type *type;
        NN_TRY(find_type(in, nn_json_string(json), &type));
        status = nn_spec_create(spec, type->name);
    } else if (has_class(json, "function")) {
        const nn_part_type *type;
        NN_TRY(find_function(in, json, &type));
        status = nn_spec_create(spec, type->name);
    } else {
        status = read_object(spec, in, json);
    }
    if (status != NN_OK) {
        nn_spec_free(*spec);
        *spec = NULL;
    }
    return status;
}

/* batch_shape is [null, 28, 28]: any number of rows, each of the shape that follows. */
static nn_status add_shape(nn_spec *spec, const char *option, const nn_json *batch_shape)
{
    nn_value value = {.kind = NN_VALUE_NONE};
    nn_status status = NN_OK;
    const nn_json *rows = nn_json_first(batch_shape);
    if (nn_json_is(rows, NN_JSON_NULL))
        status = read_tuple(batch_shape, nn_json_next(batch_shape, rows), NN_TYPE_SHAPE, &value);
    else
        status = nn_fail(NN_ERR_UNSUPPORTED, "a fixed number of rows");
    if (status == NN_OK)
        status = nn_spec_add(spec, option, &value);
    else
        status = nn_fail_in(status, "batch_shape");
    nn_value_free(&value);
    return status;
}

static nn_status add_inputs(nn_spec *spec, const char *const *inputs, size_t count)
{
    nn_value value = {.kind = NN_VALUE_NONE};
    nn_status status = begin_tuple(&value, count);
    for (size_t i = 0; i < count && status == NN_OK; i++)
        status =
            set_text(&value.items[value.count++], NN_VALUE_STRING, inputs[i], strlen(inputs[i]));
    if (status == NN_OK)
        status = nn_spec_add(spec, "inputs", &value);
    nn_value_free(&value);
    return status;
}

/* The function that a metric is the mean of, or what else the metric is. */
static const nn_json *find_metric_function(const nn_room *room, const nn_json *json)
{
    const nn_json *function = nn_json_get(nn_json_get(json, "config"), "fn");
    const bool wraps = room == &nn_metric_room && has_class(json, "MeanMetricWrapper");
    return wraps && has_class(function, "function") ? function : json;
}

nn_status nn_keras_read_part_with(nn_part *part, const nn_room *room, const nn_custom_parts *custom,
                                  const nn_json *json, const char **name)
{
    *part = (nn_part){.type = NULL};
    nn_spec *spec;
    NN_TRY(read_spec(&spec, (scope){.room = room, .custom = custom},
                     find_metric_function(room, json)));
    nn_status status = nn_keras_status(nn_part_create_with(part, room, custom, spec));
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

static nn_status add_name(nn_spec *spec, const char *name)
{
    nn_value value = {.kind = NN_VALUE_NONE};
    nn_status status = set_text(&value, NN_VALUE_STRING, name, strlen(name));
    if (status == NN_OK)
        status = nn_spec_add(spec, "name", &value);
    nn_value_free(&value);
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
