/* Keys of objects in JSON that name no option: what may stand there without changing anything. */
#include "keras_keys.h"
#include "status.h"
#include <string.h>

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

/* registered_name, unless null, names a class of somebody's own; but Keras says it of its operations, too
 * (a + b). */
static bool is_registered_by_keras(const nn_json *json, const nn_json *name)
{
    const char *module = nn_json_string(nn_json_get(json, "module"));
    const char *class_name = nn_json_string(nn_json_get(json, "class_name"));
    return nn_json_is(name, NN_JSON_STRING) && module != NULL && class_name != NULL &&
           strncmp(module, "keras.", 6) == 0 && strcmp(name->text, class_name) == 0;
}

nn_status nn_keras_check_object(const nn_json *json)
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
