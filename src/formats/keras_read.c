/* Reading parts from JSON: each becomes a spec, which is checked against the part's table of
 * options. */
#include "allocate.h"
#include "keras_part.h"
#include "status.h"
#include <string.h>

enum { DEEPEST = 16 }; /* parts within parts: more is a mistake, and the stack is the host's */

static nn_status read_spec(nn_spec **spec, const nn_room *room, const json_t *json, int depth);

nn_status nn_keras_status(nn_status status)
{
    return status == NN_ERR_INVALID || status == NN_ERR_SHAPE || status == NN_ERR_STATE
               ? NN_ERR_FORMAT
               : status;
}

/* "float32", or {"class_name": "DTypePolicy", "config": {"name": "float32"}, ...} */
static bool is_float32(const json_t *value)
{
    const char *name = json_string_value(value);
    if (name == NULL)
        name = json_string_value(json_object_get(json_object_get(value, "config"), "name"));
    return name != NULL && strcmp(name, "float32") == 0;
}

/* Keys that Keras writes and that say what holds here anyway. */
static bool is_neutral(const char *key, const json_t *value)
{
    if (json_is_null(value) || strcmp(key, "build_config") == 0 ||
        strcmp(key, "build_input_shape") == 0)
        return true;
    if (strcmp(key, "name") == 0)
        return json_is_string(value);
    if (strcmp(key, "trainable") == 0)
        return json_is_true(value);
    if (strcmp(key, "sparse") == 0 || strcmp(key, "ragged") == 0 || strcmp(key, "optional") == 0)
        return json_is_false(value);
    if (strcmp(key, "dtype") == 0)
        return is_float32(value);
    if (strcmp(key, "data_format") == 0)
        return json_is_string(value) && strcmp(json_string_value(value), "channels_last") == 0;
    return false;
}

nn_status nn_keras_skip(const char *key, const json_t *value)
{
    NN_REQUIRE(is_neutral(key, value), NN_ERR_UNSUPPORTED, "'%.80s' isn't supported", key);
    return NN_OK;
}

static nn_status find_type(const nn_room *room, const char *name, const nn_part_type **type)
{
    *type = nn_room_find_class(room, name);
    if (*type != NULL)
        return NN_OK;
    nn_room_unknown(room, name); /* for its message */
    return nn_fail_in(NN_ERR_UNSUPPORTED, "not supported by this version");
}

static const nn_option *find_option(const nn_option *table, const char *name)
{
    for (; table != NULL && table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static nn_status set_text(nn_value *value, nn_value_kind kind, const char *text)
{
    value->kind = kind;
    value->text = nn_copy_string(text);
    return value->text != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

static nn_status read_number(const json_t *json, nn_value *value)
{
    nn_text text = NN_TEXT_INIT;
    value->number = json_number_value(json);
    if (json_is_integer(json))
        nn_text_append(&text, "%lld", (long long)json_integer_value(json));
    else
        nn_text_append_number(&text, value->number);
    nn_status status = text.failed ? nn_fail(NN_ERR_NO_MEMORY, "out of memory: a number")
                                   : set_text(value, NN_VALUE_NUMBER, text.data);
    nn_text_free(&text);
    return status;
}

/* A string is a part's name, or a number that JSON can't hold, or a string. */
static nn_status read_string(const nn_option *option, const char *string, nn_value *value)
{
    if (option->type == NN_TYPE_PART) {
        const nn_part_type *type;
        NN_TRY(find_type(option->room, string, &type));
        return set_text(value, NN_VALUE_NAME, type->name);
    }
    if (option->type != NN_TYPE_REAL && option->type != NN_TYPE_SEED)
        return set_text(value, NN_VALUE_STRING, string);
    char *end;
    value->number = nn_parse_number(string, &end);
    NN_REQUIRE(end != string && *end == '\0', NN_ERR_FORMAT, "'%.80s' isn't a number", string);
    return set_text(value, NN_VALUE_NUMBER, string);
}

/* The items of a list from first on. */
static nn_status read_tuple(const json_t *json, size_t first, nn_value *value)
{
    size_t size = json_array_size(json);
    NN_REQUIRE(size >= first && size - first <= NN_MAX_RANK, NN_ERR_UNSUPPORTED,
               "a list of %zu values", size);
    value->kind = NN_VALUE_TUPLE;
    value->items = nn_allocate(size - first, sizeof(*value->items));
    if (value->items == NULL)
        return NN_ERR_NO_MEMORY;
    for (size_t i = first; i < size; i++) {
        const json_t *item = json_array_get(json, i);
        NN_REQUIRE(json_is_integer(item), NN_ERR_FORMAT, "a dimension isn't a whole number");
        NN_TRY(read_number(item, &value->items[value->count]));
        value->count++;
    }
    return NN_OK;
}

/* On failure, value may own something. */
static nn_status read_value(const nn_option *option, const json_t *json, int depth, nn_value *value)
{
    switch (json_typeof(json)) {
    case JSON_NULL:
        value->kind = NN_VALUE_NONE;
        return NN_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        value->kind = NN_VALUE_BOOL;
        value->boolean = json_is_true(json);
        return NN_OK;
    case JSON_INTEGER:
    case JSON_REAL:
        return read_number(json, value);
    case JSON_STRING:
        return read_string(option, json_string_value(json), value);
    case JSON_ARRAY:
        return read_tuple(json, 0, value);
    case JSON_OBJECT:
        NN_REQUIRE(option->type == NN_TYPE_PART, NN_ERR_UNSUPPORTED, "an object isn't supported");
        value->kind = NN_VALUE_SPEC;
        return read_spec(&value->spec, option->room, json, depth + 1);
    }
    return NN_ERR_FORMAT;
}

static nn_status add_option(nn_spec *spec, const nn_option *option, const json_t *json, int depth)
{
    nn_value value = {.kind = NN_VALUE_NONE};
    nn_status status = read_value(option, json, depth, &value);
    if (status == NN_OK)
        status = nn_spec_add(spec, option->name, &value);
    else
        status = nn_fail_in(status, "%s", option->name);
    nn_value_free(&value);
    return status;
}

static nn_status add_config(nn_spec *spec, const nn_room *room, const nn_part_type *type,
                            const json_t *config, int depth)
{
    const char *key;
    json_t *json;
    json_object_foreach((json_t *)config, key, json)
    {
        const nn_option *option = find_option(type->options, key);
        if (option == NULL)
            option = find_option(room->common, key);
        if (option != NULL)
            NN_TRY(add_option(spec, option, json, depth));
        else
            NN_TRY(nn_keras_skip(key, json));
    }
    return NN_OK;
}

/* What stands beside "config". registered_name names a class of somebody's own. */
static nn_status check_object(const json_t *json)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)json, key, value)
    {
        if (strcmp(key, "module") == 0 || strcmp(key, "class_name") == 0)
            NN_REQUIRE(json_is_string(value), NN_ERR_FORMAT, "%s isn't a string", key);
        else if (strcmp(key, "config") == 0)
            NN_REQUIRE(json_is_object(value), NN_ERR_FORMAT, "config isn't an object");
        else
            NN_TRY(nn_keras_skip(key, value));
    }
    return NN_OK;
}

static nn_status read_object(nn_spec **spec, const nn_room *room, const json_t *json, int depth)
{
    NN_REQUIRE(depth < DEEPEST, NN_ERR_FORMAT, "more than %d parts within each other", DEEPEST);
    const char *class_name = json_string_value(json_object_get(json, "class_name"));
    NN_REQUIRE(class_name != NULL, NN_ERR_FORMAT, "%s: class_name is missing", room->kind);
    const nn_part_type *type;
    NN_TRY(find_type(room, class_name, &type));
    nn_status status = check_object(json);
    if (status == NN_OK)
        status = nn_spec_create(spec, type->name);
    if (status == NN_OK)
        status = add_config(*spec, room, type, json_object_get(json, "config"), depth);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", type->name);
}

static nn_status read_spec(nn_spec **spec, const nn_room *room, const json_t *json, int depth)
{
    *spec = NULL;
    nn_status status;
    if (json_is_string(json)) {
        const nn_part_type *type;
        NN_TRY(find_type(room, json_string_value(json), &type));
        status = nn_spec_create(spec, type->name);
    } else {
        status = read_object(spec, room, json, depth);
    }
    if (status != NN_OK) {
        nn_spec_free(*spec);
        *spec = NULL;
    }
    return status;
}

/* batch_shape is [null, 28, 28]: any number of rows, each of the shape that follows. */
static nn_status add_input_shape(nn_spec *spec, const json_t *batch_shape)
{
    nn_value value = {.kind = NN_VALUE_NONE};
    nn_status status = NN_OK;
    if (json_is_null(json_array_get(batch_shape, 0)))
        status = read_tuple(batch_shape, 1, &value);
    else
        status = nn_fail(NN_ERR_UNSUPPORTED, "a fixed number of rows");
    if (status == NN_OK)
        status = nn_spec_add(spec, "input_shape", &value);
    else
        status = nn_fail_in(status, "batch_shape");
    nn_value_free(&value);
    return status;
}

nn_status nn_keras_read_part(nn_part *part, const nn_room *room, const json_t *json,
                             const json_t *batch_shape, const char **name)
{
    *part = (nn_part){.type = NULL};
    nn_spec *spec;
    NN_TRY(read_spec(&spec, room, json, 0));
    nn_status status = batch_shape != NULL ? add_input_shape(spec, batch_shape) : NN_OK;
    if (status == NN_OK)
        status = nn_keras_status(nn_part_create(part, room, spec));
    nn_spec_free(spec);
    if (name != NULL) {
        const json_t *given =
            json_is_string(json) ? json : json_object_get(json_object_get(json, "config"), "name");
        *name = json_string_value(given);
    }
    return status;
}
