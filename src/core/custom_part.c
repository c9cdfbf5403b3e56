#include "custom_part.h"
#include "allocate.h"
#include "status.h"
#include <string.h>

enum { LARGEST = 4096 }; /* no version's struct is larger: such a size is a mistake */

nn_status nn_custom_take(void *taken, size_t size, const void *given, const char *what)
{
    NN_REQUIRE(given != NULL, NN_ERR_INVALID, "%s is NULL", what);
    size_t given_size; /* struct_size, which comes first */
    memcpy(&given_size, given, sizeof(given_size));
    NN_REQUIRE(given_size >= size && given_size <= LARGEST, NN_ERR_INVALID,
               "%s: struct_size is %zu, expected %zu: set it to sizeof(nn_custom_%s)", what,
               given_size, size, what);
    for (size_t i = size; i < given_size; i++)
        NN_REQUIRE(((const unsigned char *)given)[i] == 0, NN_ERR_VERSION,
                   "%s: the caller's struct has %zu bytes, this version knows %zu, and what is "
                   "beyond isn't zero",
                   what, given_size, size);
    memcpy(taken, given, size);
    return NN_OK;
}

void *nn_custom_part_allocate(size_t size, const char *name)
{
    const size_t length = strlen(name) + 1;
    size_t all;
    if (!nn_add(size, length, &all))
        all = SIZE_MAX; /* which nn_allocate refuses */
    char *block = nn_allocate(all, 1);
    if (block != NULL)
        memcpy(block + size, name, length);
    return block;
}

void nn_custom_part_discard(nn_custom_part *part)
{
    nn_release(part);
}

/* ---- a model's own ---- */

/* What a spec can say, and what can be a column of the history. */
static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    static const char *const values[] = {"none", "true", "false"};
    bool other = strspn(name, letters) > 0 && name[strspn(name, more)] == '\0';
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        other = other && strcmp(name, values[i]) != 0;
    return other;
}

const nn_part_type *nn_custom_parts_find(const nn_custom_parts *parts, const nn_room *room,
                                         const char *name)
{
    for (size_t i = 0; parts != NULL && i < parts->count; i++)
        if (parts->parts[i]->room == room && strcmp(parts->parts[i]->type->name, name) == 0)
            return parts->parts[i]->type;
    return NULL;
}

static nn_status check_name(const nn_custom_parts *parts, const nn_room *room, const char *name)
{
    NN_REQUIRE(
        is_name(name), NN_ERR_INVALID,
        "%s '%.80s': a name is of letters, digits and '_', and none of the words none, true, "
        "false",
        room->kind, name);
    NN_REQUIRE(nn_room_find(room, name) == NULL, NN_ERR_INVALID,
               "%s '%.80s' is one of the library's own: choose another name", room->kind, name);
    NN_REQUIRE(nn_custom_parts_find(parts, room, name) == NULL, NN_ERR_INVALID,
               "%s '%.80s' is already registered with the model", room->kind, name);
    return NN_OK;
}

nn_status nn_custom_parts_add(nn_custom_parts *parts, nn_custom_part *part)
{
    NN_TRY(check_name(parts, part->room, part->type->name));
    nn_custom_part **grown =
        nn_grow(parts->parts, parts->count, parts->count + 1, sizeof(nn_custom_part *));
    if (grown == NULL)
        return NN_ERR_NO_MEMORY;
    atomic_fetch_add(&part->models, 1);
    parts->parts = grown;
    parts->parts[parts->count++] = part;
    return NN_OK;
}

nn_status nn_custom_parts_copy(nn_custom_parts *copy, const nn_custom_parts *parts)
{
    *copy = (nn_custom_parts){.count = 0};
    if (parts->count == 0)
        return NN_OK;
    copy->parts = nn_allocate(parts->count, sizeof(nn_custom_part *));
    if (copy->parts == NULL)
        return NN_ERR_NO_MEMORY;
    for (; copy->count < parts->count; copy->count++) {
        copy->parts[copy->count] = parts->parts[copy->count];
        atomic_fetch_add(&parts->parts[copy->count]->models, 1);
    }
    return NN_OK;
}

void nn_custom_parts_free(nn_custom_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        nn_custom_part *part = parts->parts[i];
        if (atomic_fetch_sub(&part->models, 1) > 1)
            continue;
        if (part->release != NULL)
            part->release(part->user);
        nn_release(part);
    }
    nn_release(parts->parts);
    *parts = (nn_custom_parts){.count = 0};
}

/* ---- failures ---- */

static _Thread_local nn_custom_failure met;

void nn_custom_note(const nn_custom_part *part, const char *function, nn_status status)
{
    if (status != NN_OK)
        nn_custom_set_failure(
            (nn_custom_failure){.status = status, .part = part, .function = function});
}

bool nn_custom_failed(void)
{
    return met.part != NULL;
}

nn_custom_failure nn_custom_move_failure(void)
{
    const nn_custom_failure failure = met;
    met = (nn_custom_failure){.part = NULL};
    return failure;
}

void nn_custom_set_failure(nn_custom_failure failure)
{
    if (met.part == NULL)
        met = failure;
}

nn_status nn_custom_take_failure(void)
{
    if (met.part == NULL)
        return NN_OK;
    const nn_custom_failure failure = nn_custom_move_failure();
    const char *kind = failure.part->room->kind, *name = failure.part->type->name;
    if (failure.status > 0) /* which callers take for no failure */
        return nn_fail(NN_ERR_INVALID,
                       "%s %s: its function '%s' gave %d, expected NN_OK or a negative status",
                       kind, name, failure.function, (int)failure.status);
    return nn_fail(failure.status, "%s %s: its function '%s' failed: %s (status %d)", kind, name,
                   failure.function, nn_status_string(failure.status), (int)failure.status);
}

/* ---- floats ---- */

#ifdef NN_REAL_DOUBLE
float *nn_floats_begin(size_t count, const nn_real *values)
{
    float *floats = nn_allocate(count, sizeof(*floats));
    for (size_t i = 0; floats != NULL && i < count; i++)
        floats[i] = (float)values[i];
    return floats;
}

void nn_floats_end(size_t count, float *floats, nn_real *values)
{
    for (size_t i = 0; floats != NULL && values != NULL && i < count; i++)
        values[i] = (nn_real)floats[i];
    nn_release(floats);
}
#else
float *nn_floats_begin(size_t count, const nn_real *values)
{
    (void)count;
    return (float *)(uintptr_t)values; /* const for those that are only read */
}

void nn_floats_end(size_t count, float *floats, nn_real *values)
{
    (void)count, (void)floats, (void)values;
}
#endif
