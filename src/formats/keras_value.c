/* Values of options: what JSON has, and what a caller has. */
#include "keras_value.h"
#include "allocate.h"
#include "status.h"
#include <string.h>

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

/* A list where one number is wanted is read all the same: what takes it can tell what to do instead. */
static bool takes_reals(nn_option_type type)
{
    return type == NN_TYPE_REALS || type == NN_TYPE_REAL || type == NN_TYPE_OPTIONAL_REAL;
}

/* The items of a list, from item on: numbers, or the dimensions of a shape, as the type says. */
static nn_status read_tuple(const nn_json *list, const nn_json *item, nn_option_type type,
                            nn_value *value)
{
    const bool shape = !takes_reals(type);
    NN_REQUIRE(!shape || nn_json_count(list) <= NN_MAX_RANK + 1, NN_ERR_UNSUPPORTED,
               "a list of %zu values", nn_json_count(list));
    NN_TRY(begin_tuple(value, nn_json_count(list)));
    for (; item != NULL; item = nn_json_next(list, item)) {
        NN_REQUIRE(nn_json_is(item, NN_JSON_NUMBER) && (item->whole || !shape), NN_ERR_FORMAT, "%s",
                   shape ? "a dimension isn't a whole number" : "an item isn't a number");
        NN_TRY(read_number(item, &value->items[value->count]));
        value->count++;
    }
    return NN_OK;
}

nn_status nn_keras_read_value(nn_value *value, nn_option_type type, const nn_json *json)
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
    case NN_JSON_STRING: /* a seed above 2^63 - 1 is one, too */
        return set_text(value, type == NN_TYPE_SEED ? NN_VALUE_NUMBER : NN_VALUE_STRING, json->text,
                        json->length);
    case NN_JSON_LIST:
        return type == NN_TYPE_NAMES ? read_names(json, value)
                                     : read_tuple(json, nn_json_first(json), type, value);
    case NN_JSON_OBJECT:
        return nn_fail(NN_ERR_UNSUPPORTED, "an object isn't supported");
    }
    return NN_ERR_FORMAT;
}

nn_status nn_keras_read_batch_shape(nn_value *value, const nn_json *batch_shape)
{
    const nn_json *rows = nn_json_first(batch_shape);
    nn_status status =
        nn_json_is(rows, NN_JSON_NULL)
            ? read_tuple(batch_shape, nn_json_next(batch_shape, rows), NN_TYPE_SHAPE, value)
            : nn_fail(NN_ERR_UNSUPPORTED, "a fixed number of rows");
    return status == NN_OK ? NN_OK : nn_fail_in(status, "batch_shape");
}

nn_status nn_keras_set_text(nn_value *value, nn_value_kind kind, const char *text)
{
    return set_text(value, kind, text, strlen(text));
}

nn_status nn_keras_set_names(nn_value *value, const char *const *names, size_t count)
{
    NN_TRY(begin_tuple(value, count));
    for (size_t i = 0; i < count; i++)
        NN_TRY(nn_keras_set_text(&value->items[value->count++], NN_VALUE_STRING, names[i]));
    return NN_OK;
}
