/* What is in a tree of JSON. */
#include "json.h"
#include "status.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool nn_json_is(const nn_json *json, nn_json_kind kind)
{
    return json != NULL && json->kind == kind;
}

const nn_json *nn_json_get(const nn_json *object, const char *key)
{
    if (!nn_json_is(object, NN_JSON_OBJECT))
        return NULL;
    for (const nn_json *item = nn_json_first(object); item != NULL;
         item = nn_json_next(object, item))
        if (strcmp(item->key, key) == 0)
            return item;
    return NULL;
}

const char *nn_json_string(const nn_json *json)
{
    return nn_json_is(json, NN_JSON_STRING) ? json->text : NULL;
}

size_t nn_json_count(const nn_json *json)
{
    return json == NULL ? 0 : json->count;
}

const nn_json *nn_json_first(const nn_json *parent)
{
    return nn_json_count(parent) == 0 ? NULL : parent + 1;
}

const nn_json *nn_json_next(const nn_json *parent, const nn_json *item)
{
    const nn_json *next = item + item->span;
    return next < parent + parent->span ? next : NULL;
}

nn_status nn_json_read_uint64(const nn_json *json, const char *what, uint64_t *number)
{
    const char *text =
        nn_json_is(json, NN_JSON_NUMBER) && json->whole ? json->text : nn_json_string(json);
    NN_REQUIRE(text != NULL && text[0] >= '0' && text[0] <= '9', NN_ERR_FORMAT,
               "%s isn't a whole number below 2^64", what);
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    NN_REQUIRE(end == text + json->length && errno == 0, NN_ERR_FORMAT,
               "%s is '%.*s', expected a whole number below 2^64", what,
               (int)(json->length < 40 ? json->length : 40), text);
    *number = value;
    return NN_OK;
}
