/* The known parts, for help and for programs that list them. */
#include "activation.h"
#include "callback.h"
#include "constraint.h"
#include "initializer.h"
#include "layer.h"
#include "loss.h"
#include "metric.h"
#include "optimizer.h"
#include "regularizer.h"
#include "schedule.h"
#include "status.h"
#include <string.h>

static const nn_room *const rooms[] = {
    &nn_layer_room,      &nn_activation_room, &nn_initializer_room, &nn_regularizer_room,
    &nn_constraint_room, &nn_loss_room,       &nn_metric_room,      &nn_optimizer_room,
    &nn_schedule_room,   &nn_callback_room,
};

enum { ROOM_COUNT = sizeof(rooms) / sizeof(rooms[0]) };

static const nn_room *find_room(const char *kind)
{
    for (size_t i = 0; i < ROOM_COUNT; i++)
        if (strcmp(rooms[i]->kind, kind) == 0)
            return rooms[i];
    return NULL;
}

const char *nn_part_kind(size_t index)
{
    return index < ROOM_COUNT ? rooms[index]->kind : NULL;
}

const char *nn_part_name(const char *kind, size_t index)
{
    const nn_room *room = kind == NULL ? NULL : find_room(kind);
    return room != NULL && index < room->count ? room->parts[index]->name : NULL;
}

static void help_room(const nn_room *room, nn_text *text)
{
    for (size_t i = 0; i < room->count; i++)
        nn_part_help(room, room->parts[i], text);
}

/* "loss mean_squared_error": a kind and a name. True if both are known. */
static bool help_qualified(const char *part, nn_text *text)
{
    const char *blank = strchr(part, ' ');
    for (size_t i = 0; i < ROOM_COUNT && blank != NULL; i++) {
        const size_t length = strlen(rooms[i]->kind);
        if ((size_t)(blank - part) != length || strncmp(part, rooms[i]->kind, length) != 0)
            continue;
        const nn_part_type *type = nn_room_find(rooms[i], blank + strspn(blank, " "));
        if (type != NULL)
            nn_part_help(rooms[i], type, text);
        return type != NULL;
    }
    return false;
}

static bool help_name(const char *name, nn_text *text)
{
    bool found = false;
    for (size_t i = 0; i < ROOM_COUNT; i++) {
        const nn_part_type *type = nn_room_find(rooms[i], name);
        if (type != NULL)
            nn_part_help(rooms[i], type, text);
        found = found || type != NULL;
    }
    return found;
}

/* Nothing has that name: which is the nearest? */
static nn_status unknown(const char *name)
{
    nn_nearest nearest = nn_nearest_to(name);
    for (size_t i = 0; i < ROOM_COUNT; i++)
        for (size_t j = 0; j < rooms[i]->count; j++)
            nn_nearest_consider(&nearest, rooms[i]->parts[j]->name);
    if (nearest.candidate != NULL)
        return nn_fail(NN_ERR_INVALID, "unknown part '%.80s'; did you mean '%s'?", name,
                       nearest.candidate);
    return nn_fail(NN_ERR_INVALID,
                   "unknown part '%.80s', and no kind of parts either (layer, activation, "
                   "initializer, regularizer, constraint, loss, metric, optimizer, schedule, "
                   "callback)",
                   name);
}

nn_status nn_help(const char *part, char *buffer, size_t size, size_t *length)
{
    nn_text text = NN_TEXT_INIT;
    bool found = true;
    if (part == NULL) {
        for (size_t i = 0; i < ROOM_COUNT; i++)
            help_room(rooms[i], &text);
    } else if (!help_qualified(part, &text)) {
        const nn_room *room = find_room(part); /* "activation" is a layer and a kind */
        found = help_name(part, &text);
        if (room != NULL)
            help_room(room, &text);
        found = found || room != NULL;
    }
    nn_status status = found ? nn_text_copy_out(&text, buffer, size, length) : unknown(part);
    nn_text_free(&text);
    return status;
}
