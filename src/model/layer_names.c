/* Layers by name: a table with open addressing (the hash is FNV-1a), at most half full, of 1 + a node's index,
 * so that a model of many layers is made in linear time. */
#include "allocate.h"
#include "model.h"
#include "status.h"
#include <string.h>

static size_t hash(const char *name)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 32);
}

/* Where the name is, or where it would be. */
static size_t *find_slot(const nn_model *model, const char *name)
{
    const size_t mask = model->name_capacity - 1;
    size_t at = hash(name) & mask;
    while (model->name_table[at] != 0 &&
           strcmp(model->nodes[model->name_table[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return &model->name_table[at];
}

size_t nn_model_find_node(const nn_model *model, const char *name)
{
    if (model->name_capacity == 0)
        return NN_NO_NODE;
    const size_t found = *find_slot(model, name);
    return found == 0 ? NN_NO_NODE : found - 1;
}

nn_status nn_model_get_node(const nn_model *model, const char *name, size_t *node)
{
    *node = nn_model_find_node(model, name);
    if (*node != NN_NO_NODE)
        return NN_OK;
    nn_nearest nearest = nn_nearest_to(name);
    nn_text known = NN_TEXT_INIT;
    for (size_t i = 0; i < model->node_count; i++) {
        nn_nearest_consider(&nearest, model->nodes[i].name);
        nn_text_append(&known, "%s%s", i == 0 ? "" : ", ", model->nodes[i].name);
    }
    const bool near = nearest.candidate != NULL;
    nn_fail(NN_ERR_INVALID, "no layer named '%.80s'; %s%s%sknown: %s", name,
            near ? "did you mean '" : "", near ? nearest.candidate : "", near ? "'? " : "",
            known.failed || known.data == NULL ? "none" : known.data);
    nn_text_free(&known);
    return NN_ERR_INVALID;
}

nn_status nn_model_reserve_name(nn_model *model)
{
    if (2 * (model->node_count + 1) <= model->name_capacity)
        return NN_OK;
    const size_t capacity = model->name_capacity == 0 ? 16 : 2 * model->name_capacity;
    size_t *table = nn_allocate(capacity, sizeof(*table));
    if (table == NULL)
        return NN_ERR_NO_MEMORY;
    nn_release(model->name_table);
    model->name_table = table;
    model->name_capacity = capacity;
    for (size_t i = 0; i < model->node_count; i++)
        *find_slot(model, model->nodes[i].name) = i + 1;
    return NN_OK;
}

/* Which of the room's layers it is. */
static size_t type_index(const nn_part_type *type)
{
    size_t i = 0;
    while (nn_layer_room.parts[i] != type)
        i++;
    return i;
}

void nn_model_enter_name(nn_model *model, size_t node)
{
    const nn_part *layer = &model->nodes[node].layer;
    *find_slot(model, model->nodes[node].name) = node + 1;
    if (((const nn_layer_common *)layer->self)->name == NULL)
        model->unnamed[type_index(layer->type)]++;
}

static nn_status check_name(const nn_model *model, const char *name)
{
    NN_REQUIRE(name[0] != '\0' && strchr(name, '/') == NULL, NN_ERR_INVALID,
               "name is '%.80s', expected at least one character and no '/'", name);
    NN_REQUIRE(nn_is_printable(name), NN_ERR_INVALID,
               "the name isn't UTF-8 without control characters");
    NN_REQUIRE(nn_model_find_node(model, name) == NN_NO_NODE, NN_ERR_INVALID,
               "another layer is already named '%.80s'", name);
    return NN_OK;
}

nn_status nn_model_name_layer(const nn_model *model, const nn_part *layer, char **name)
{
    const char *given = ((const nn_layer_common *)layer->self)->name;
    *name = NULL;
    if (given != NULL) {
        NN_TRY(check_name(model, given));
        *name = nn_copy_string(given);
        return *name != NULL ? NN_OK : NN_ERR_NO_MEMORY;
    }
    nn_text text = NN_TEXT_INIT;
    const char *keras = nn_layer_of(layer)->default_name;
    const char *name_of_type = keras != NULL ? keras : layer->type->name;
    size_t number = model->unnamed[type_index(layer->type)];
    do { /* dense, dense_1, ... */
        text.length = 0;
        if (number == 0)
            nn_text_append(&text, "%s", name_of_type);
        else
            nn_text_append(&text, "%s_%zu", name_of_type, number);
        number++;
    } while (!text.failed && nn_model_find_node(model, text.data) != NN_NO_NODE);
    if (!text.failed)
        *name = nn_copy_string(text.data);
    nn_text_free(&text);
    return *name != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}
