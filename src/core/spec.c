/* Specs: trees of names, keys and values. */
#include "spec.h"
#include "allocate.h"

nn_status nn_spec_create(nn_spec **spec, const char *name)
{
    nn_spec *made = nn_allocate(1, sizeof(*made));
    *spec = NULL;
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    made->name = nn_copy_string(name);
    if (made->name == NULL) {
        nn_spec_free(made);
        return NN_ERR_NO_MEMORY;
    }
    *spec = made;
    return NN_OK;
}

nn_status nn_spec_add(nn_spec *spec, const char *key, nn_value *value)
{
    nn_argument *arguments =
        nn_grow(spec->arguments, spec->count, spec->count + 1, sizeof(*arguments));
    if (arguments == NULL)
        return NN_ERR_NO_MEMORY;
    spec->arguments = arguments;
    char *copy = nn_copy_string(key);
    if (copy == NULL)
        return NN_ERR_NO_MEMORY;
    arguments[spec->count++] = (nn_argument){.key = copy, .value = *value};
    *value = (nn_value){.kind = NN_VALUE_NONE};
    return NN_OK;
}

void nn_value_free(nn_value *value)
{
    for (size_t i = 0; i < value->count; i++)
        nn_value_free(&value->items[i]);
    nn_release(value->items);
    nn_release(value->text);
    nn_spec_free(value->spec);
}

void nn_spec_free(nn_spec *spec)
{
    if (spec == NULL)
        return;
    for (size_t i = 0; i < spec->count; i++) {
        nn_release(spec->arguments[i].key);
        nn_value_free(&spec->arguments[i].value);
    }
    nn_release(spec->arguments);
    nn_release(spec->name);
    nn_release(spec);
}

void nn_spec_list_free(nn_spec_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        nn_spec_free(list->specs[i]);
    nn_release(list->specs);
    *list = (nn_spec_list){NULL, 0};
}
