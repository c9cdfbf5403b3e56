/* Looking parts up by name. */
#include "custom_part.h"
#include "part.h"
#include "status.h"
#include <string.h>

const char *nn_part_class_name(const nn_part_type *type, char *buffer, size_t size)
{
    if (type->class_name != NULL)
        return type->class_name;
    size_t at = 0;
    bool upper = true;
    for (const char *c = type->name; *c != '\0' && at + 1 < size; c++) {
        if (*c == '_') {
            upper = true;
            continue;
        }
        buffer[at++] = (char)(upper && *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        upper = false;
    }
    buffer[at] = '\0';
    return buffer;
}

/* Keras has its short names in capitals, too: mse and MSE. */
static bool is_in_capitals(const char *name, const char *of)
{
    size_t i = 0;
    for (; of[i] != '\0'; i++)
        if (name[i] != (of[i] >= 'a' && of[i] <= 'z' ? of[i] - 'a' + 'A' : of[i]))
            return false;
    return name[i] == '\0';
}

static bool has_name(const nn_part_type *type, const char *name)
{
    return strcmp(type->name, name) == 0 || (type->alias != NULL && strcmp(type->alias, name) == 0);
}

static bool has_other_name(const nn_part_type *type, const char *name)
{
    char buffer[64];
    return strcmp(nn_part_class_name(type, buffer, sizeof(buffer)), name) == 0 ||
           (type->alias != NULL && is_in_capitals(name, type->alias));
}

const nn_part_type *nn_room_find(const nn_room *room, const char *name)
{
    for (size_t i = 0; i < room->count; i++)
        if (has_name(room->parts[i], name))
            return room->parts[i];
    for (size_t i = 0; i < room->count; i++)
        if (has_other_name(room->parts[i], name))
            return room->parts[i];
    return NULL;
}

nn_status nn_room_unknown(const nn_room *room, const nn_custom_parts *custom, const char *name)
{
    nn_text known = NN_TEXT_INIT;
    nn_nearest nearest = nn_nearest_to(name);
    for (size_t i = 0; i < room->count; i++) {
        const char *candidate = room->parts[i]->name;
        nn_nearest_consider(&nearest, candidate);
        nn_text_append(&known, "%s%s", i == 0 ? "" : ", ", candidate);
    }
    for (size_t i = 0; custom != NULL && i < custom->count; i++)
        if (custom->parts[i]->room == room) {
            nn_nearest_consider(&nearest, custom->parts[i]->type->name);
            nn_text_append(&known, ", %s", custom->parts[i]->type->name);
        }
    if (nearest.candidate != NULL)
        nn_fail(NN_ERR_INVALID, "unknown %s '%.80s'; did you mean '%s'? known: %s", room->kind,
                name, nearest.candidate, known.failed ? "?" : known.data);
    else
        nn_fail(NN_ERR_INVALID, "unknown %s '%.80s'; known: %s", room->kind, name,
                known.failed ? "?" : known.data);
    nn_text_free(&known);
    return NN_ERR_INVALID;
}
