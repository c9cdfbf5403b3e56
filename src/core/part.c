/* Making parts from specs: each option checked against the part's table. */
#include "part.h"
#include "allocate.h"
#include "custom_part.h"
#include "status.h"
#include <string.h>

static void *field(const nn_part *part, const nn_option *option)
{
    return (char *)part->self + option->offset;
}

const nn_option *nn_option_find(const nn_option *table, const char *name)
{
    for (; table != NULL && table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

#define OPTION_REQUIRE(condition, ...) NN_REQUIRE(condition, NN_ERR_INVALID, __VA_ARGS__)

static nn_status set_default(const nn_option *option, void *to)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
        *(size_t *)to = (size_t)option->default_number;
        return NN_OK;
    case NN_TYPE_INTEGER:
        *(int *)to = (int)option->default_number;
        return NN_OK;
    case NN_TYPE_REAL:
        *(double *)to = option->default_number;
        return NN_OK;
    case NN_TYPE_BOOL:
        *(bool *)to = option->default_number != 0;
        return NN_OK;
    case NN_TYPE_CHOICE:
        *(const char **)to = option->default_text;
        return NN_OK;
    case NN_TYPE_STRING:
        if (option->default_text == NULL)
            return NN_OK;
        *(char **)to = nn_copy_string(option->default_text);
        return *(char **)to != NULL ? NN_OK : NN_ERR_NO_MEMORY;
    case NN_TYPE_PART:
        return option->default_text == NULL ? NN_OK
                                            : nn_part_parse(to, option->room, option->default_text);
    case NN_TYPE_OPTIONAL_REAL:
        *(nn_optional_real *)to =
            (nn_optional_real){.given = option->default_given, .value = option->default_number};
        return NN_OK;
    case NN_TYPE_REAL_OR_PART:
        ((nn_real_or_part *)to)->value = option->default_number;
        return NN_OK;
    case NN_TYPE_OPTIONAL_SIZE:
    case NN_TYPE_OPTIONAL_INTEGER:
    case NN_TYPE_INTEGERS:
    case NN_TYPE_REALS:
    case NN_TYPE_SHAPE:
    case NN_TYPE_NAMES:
    case NN_TYPE_SEED:
        return NN_OK; /* zeroed: none */
    }
    return NN_OK;
}

static nn_status set_defaults(const nn_part *part, const nn_option *table)
{
    for (; table != NULL && table->name != NULL; table++)
        NN_TRY(set_default(table, field(part, table)));
    return NN_OK;
}

static bool spec_has(const nn_spec *spec, const char *key)
{
    for (size_t i = 0; i < spec->count; i++)
        if (strcmp(spec->arguments[i].key, key) == 0)
            return true;
    return false;
}

static nn_status check_required(const nn_option *table, const nn_spec *spec)
{
    for (; table != NULL && table->name != NULL; table++)
        OPTION_REQUIRE(!table->required || spec_has(spec, table->name), "option %s is missing (%s)",
                       table->name, table->help);
    return NN_OK;
}

static nn_status unknown_option(const nn_room *room, const nn_part_type *type, const char *name)
{
    const nn_option *const tables[] = {type->options, room->common, room->outer};
    nn_nearest nearest = nn_nearest_to(name);
    nn_text known = NN_TEXT_INIT;
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (const nn_option *option = tables[t]; option != NULL && option->name != NULL;
             option++) {
            if (t > 0 && nn_option_find(type->options, option->name) != NULL)
                continue;
            nn_nearest_consider(&nearest, option->name);
            nn_text_append(&known, "%s%s", known.length == 0 ? "" : ", ", option->name);
        }
    nn_fail(NN_ERR_INVALID, "unknown option '%.80s'%s%s%s; %s%s", name,
            nearest.candidate != NULL ? "; did you mean '" : "",
            nearest.candidate != NULL ? nearest.candidate : "",
            nearest.candidate != NULL ? "'?" : "", known.length > 0 ? "known: " : "there are none",
            known.length > 0 && !known.failed ? known.data : "");
    nn_text_free(&known);
    return NN_ERR_INVALID;
}

static nn_status fill(const nn_spec *spec, const nn_custom_parts *custom, nn_part *part)
{
    const nn_part_type *type = part->type;
    const nn_room *room = part->room;
    if (type->custom != NULL)
        *(const nn_custom_part **)part->self = type->custom;
    NN_TRY(set_defaults(part, room->common));
    NN_TRY(set_defaults(part, type->options));
    for (size_t i = 0; i < spec->count; i++) {
        const nn_argument *argument = &spec->arguments[i];
        const nn_option *option = nn_option_find(type->options, argument->key);
        if (option == NULL)
            option = nn_option_find(room->common, argument->key);
        if (option == NULL)
            return unknown_option(room, type, argument->key);
        for (size_t j = 0; j < i; j++)
            OPTION_REQUIRE(strcmp(spec->arguments[j].key, argument->key) != 0,
                           "option %s is given twice", argument->key);
        NN_TRY(nn_option_take(option, custom, &argument->value, field(part, option)));
    }
    NN_TRY(check_required(room->common, spec));
    NN_TRY(check_required(type->options, spec));
    if (room->check != NULL)
        NN_TRY(room->check(part->self));
    return type->check != NULL ? type->check(part->self) : NN_OK;
}

nn_status nn_part_create_with(nn_part *part, const nn_room *room, const nn_custom_parts *custom,
                              const nn_spec *spec)
{
    *part = (nn_part){.type = NULL};
    const nn_part_type *type = nn_room_find(room, spec->name);
    if (type == NULL)
        type = nn_custom_parts_find(custom, room, spec->name);
    if (type == NULL)
        return nn_room_unknown(room, custom, spec->name);
    const size_t size = type->size > room->common_size ? type->size : room->common_size;
    nn_part made = {.type = type, .room = room, .self = nn_allocate(1, size)};
    if (made.self == NULL)
        return NN_ERR_NO_MEMORY;
    nn_status status = fill(spec, custom, &made);
    if (status != NN_OK) {
        nn_part_free(&made);
        return nn_fail_in(status, "%s", type->name);
    }
    *part = made;
    return NN_OK;
}

nn_status nn_part_parse_with(nn_part *part, const nn_room *room, const nn_custom_parts *custom,
                             const char *text)
{
    *part = (nn_part){.type = NULL};
    nn_spec *spec;
    nn_status status = nn_spec_parse(&spec, text);
    if (status != NN_OK)
        return nn_fail_in(status, "%s", room->kind);
    status = nn_part_create_with(part, room, custom, spec);
    nn_spec_free(spec);
    return status;
}

nn_status nn_part_clone_with(nn_part *copy, const nn_custom_parts *custom, const nn_part *part)
{
    *copy = (nn_part){.type = NULL};
    if (part->type == NULL)
        return NN_OK;
    nn_text text = NN_TEXT_INIT;
    nn_part_write(part, false, &text);
    nn_status status = text.failed ? nn_fail(NN_ERR_NO_MEMORY, "out of memory: copy of a part")
                                   : nn_part_parse_with(copy, part->room, custom, text.data);
    nn_text_free(&text);
    return status;
}

nn_status nn_part_create(nn_part *part, const nn_room *room, const nn_spec *spec)
{
    return nn_part_create_with(part, room, NULL, spec);
}

nn_status nn_part_parse(nn_part *part, const nn_room *room, const char *text)
{
    return nn_part_parse_with(part, room, NULL, text);
}

nn_status nn_part_clone(nn_part *copy, const nn_part *part)
{
    return nn_part_clone_with(copy, NULL, part);
}

nn_status nn_part_visit(const nn_part *part, nn_option_visitor visit, void *user)
{
    const nn_option *const tables[] = {part->room->common, part->type->options};
    for (size_t t = 0; t < 2; t++)
        for (const nn_option *option = tables[t]; option != NULL && option->name != NULL; option++)
            if (t == 1 || nn_option_find(tables[1], option->name) == NULL)
                NN_TRY(visit(user, option, field(part, option)));
    return NN_OK;
}

static nn_status free_option(void *user, const nn_option *option, const void *value)
{
    (void)user;
    if (option->type == NN_TYPE_STRING)
        nn_release(*(char *const *)value);
    if (option->type == NN_TYPE_NAMES)
        nn_release(((const nn_name_list *)value)->names);
    if (option->type == NN_TYPE_REALS)
        nn_release(((const nn_reals *)value)->values);
    if (option->type == NN_TYPE_PART || option->type == NN_TYPE_REAL_OR_PART) {
        nn_part nested = option->type == NN_TYPE_PART ? *(const nn_part *)value
                                                      : ((const nn_real_or_part *)value)->part;
        nn_part_free(&nested);
    }
    return NN_OK;
}

void nn_part_free(nn_part *part)
{
    if (part->type == NULL)
        return;
    nn_part_visit(part, free_option, NULL);
    nn_release(part->self);
    *part = (nn_part){.type = NULL};
}
