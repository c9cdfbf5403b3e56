/* Making parts from specs: each option checked against the part's table. */
#include "part.h"
#include "allocate.h"
#include "status.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *field(const nn_part *part, const nn_option *option)
{
    return (char *)part->self + option->offset;
}

static const nn_option *find_option(const nn_option *table, const char *name)
{
    for (; table != NULL && table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

#define OPTION_REQUIRE(condition, ...) NN_REQUIRE(condition, NN_ERR_INVALID, __VA_ARGS__)

static const char *describe(const nn_value *value)
{
    switch (value->kind) {
    case NN_VALUE_NONE:
        return "none";
    case NN_VALUE_BOOL:
        return value->boolean ? "true" : "false";
    case NN_VALUE_NUMBER:
    case NN_VALUE_NAME:
    case NN_VALUE_STRING:
        return value->text;
    case NN_VALUE_TUPLE:
        return "a tuple";
    case NN_VALUE_SPEC:
        return value->spec->name;
    }
    return "?";
}

static nn_status check_bounds(const nn_option *option, double number)
{
    bool low = option->open_minimum ? number > option->minimum : number >= option->minimum;
    bool high = option->open_maximum ? number < option->maximum : number <= option->maximum;
    OPTION_REQUIRE(low && high, "%s is %g, expected %s%g, %g%s", option->name, number,
                   option->open_minimum ? "(" : "[", option->minimum, option->maximum,
                   option->open_maximum ? ")" : "]");
    return NN_OK;
}

static nn_status take_count(const nn_value *value, const char *name, size_t *count)
{
    OPTION_REQUIRE(value->kind == NN_VALUE_NUMBER && value->number >= 0 &&
                       value->number <= 0x1p53 && value->number == (double)(size_t)value->number,
                   "%s is %s, expected a whole number", name, describe(value));
    *count = (size_t)value->number;
    return NN_OK;
}

static nn_status take_size(const nn_option *option, const nn_value *value, size_t *size)
{
    size_t count = 0;
    NN_TRY(take_count(value, option->name, &count));
    NN_TRY(check_bounds(option, (double)count));
    *size = count;
    return NN_OK;
}

static nn_status take_real(const nn_option *option, const nn_value *value, double *real)
{
    OPTION_REQUIRE(value->kind == NN_VALUE_NUMBER, "%s is %s, expected a number", option->name,
                   describe(value));
    NN_TRY(check_bounds(option, value->number));
    *real = value->number;
    return NN_OK;
}

/* A tuple, or one number for rank 1, as in input_shape=784. */
static nn_status take_shape(const nn_option *option, const nn_value *value, nn_shape *shape)
{
    nn_shape taken = {.rank = 0};
    if (value->kind == NN_VALUE_NONE) {
        *shape = taken;
        return NN_OK;
    }
    if (value->kind == NN_VALUE_NUMBER) {
        taken.rank = 1;
        NN_TRY(take_count(value, option->name, &taken.dimensions[0]));
    } else {
        OPTION_REQUIRE(value->kind == NN_VALUE_TUPLE, "%s is %s, expected a tuple such as (28, 28)",
                       option->name, describe(value));
        OPTION_REQUIRE(value->count >= 1 && value->count <= NN_MAX_RANK,
                       "%s has %zu dimensions, expected 1 to %d", option->name, value->count,
                       NN_MAX_RANK);
        taken.rank = value->count;
        for (size_t i = 0; i < value->count; i++)
            NN_TRY(take_count(&value->items[i], option->name, &taken.dimensions[i]));
    }
    NN_TRY(nn_shape_check(&taken, option->name));
    *shape = taken;
    return NN_OK;
}

static nn_status take_string(const nn_option *option, const nn_value *value, char **string)
{
    char *copy = NULL;
    if (value->kind != NN_VALUE_NONE) {
        OPTION_REQUIRE(value->kind == NN_VALUE_NAME || value->kind == NN_VALUE_STRING ||
                           value->kind == NN_VALUE_NUMBER,
                       "%s is %s, expected a name or a 'string'", option->name, describe(value));
        copy = nn_copy_string(value->text);
        if (copy == NULL)
            return NN_ERR_NO_MEMORY;
    }
    nn_release(*string);
    *string = copy;
    return NN_OK;
}

static nn_status take_choice(const nn_option *option, const nn_value *value, const char **choice)
{
    if (value->kind == NN_VALUE_NAME || value->kind == NN_VALUE_STRING)
        for (size_t i = 0; option->choices[i] != NULL; i++)
            if (strcmp(option->choices[i], value->text) == 0) {
                *choice = option->choices[i];
                return NN_OK;
            }
    nn_text known = NN_TEXT_INIT;
    for (size_t i = 0; option->choices[i] != NULL; i++)
        nn_text_append(&known, "%s%s", i == 0 ? "" : ", ", option->choices[i]);
    nn_fail(NN_ERR_INVALID, "%s is %s, expected one of: %s", option->name, describe(value),
            known.failed ? "?" : known.data);
    nn_text_free(&known);
    return NN_ERR_INVALID;
}

static nn_status take_seed(const nn_option *option, const nn_value *value, nn_seed *seed)
{
    if (value->kind == NN_VALUE_NONE) {
        *seed = (nn_seed){.given = false};
        return NN_OK;
    }
    char *end = NULL;
    uint64_t number = 0;
    bool valid = value->kind == NN_VALUE_NUMBER && value->text[0] >= '0' && value->text[0] <= '9';
    if (valid) {
        errno = 0;
        number = strtoull(value->text, &end, 10);
        valid = *end == '\0' && errno == 0;
    }
    OPTION_REQUIRE(valid, "%s is %s, expected a whole number below 2^64 or none", option->name,
                   describe(value));
    *seed = (nn_seed){.given = true, .value = number};
    return NN_OK;
}

static nn_status take_part(const nn_option *option, const nn_value *value, nn_part *part)
{
    nn_part made = {.type = NULL};
    if (value->kind == NN_VALUE_SPEC) {
        NN_TRY(nn_part_create(&made, option->room, value->spec));
    } else if (value->kind == NN_VALUE_NAME || value->kind == NN_VALUE_STRING) {
        nn_spec spec = {.name = value->text};
        NN_TRY(nn_part_create(&made, option->room, &spec));
    } else {
        OPTION_REQUIRE(value->kind == NN_VALUE_NONE && !option->required,
                       "%s is %s, expected the name of %s %s", option->name, describe(value),
                       strchr("aeio", option->room->kind[0]) != NULL ? "an" : "a",
                       option->room->kind);
    }
    nn_part_free(part);
    *part = made;
    return NN_OK;
}

static nn_status take_value(const nn_option *option, const nn_value *value, void *to)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
        return take_size(option, value, to);
    case NN_TYPE_REAL:
        return take_real(option, value, to);
    case NN_TYPE_BOOL:
        OPTION_REQUIRE(value->kind == NN_VALUE_BOOL, "%s is %s, expected true or false",
                       option->name, describe(value));
        *(bool *)to = value->boolean;
        return NN_OK;
    case NN_TYPE_SHAPE:
        return take_shape(option, value, to);
    case NN_TYPE_STRING:
        return take_string(option, value, to);
    case NN_TYPE_CHOICE:
        return take_choice(option, value, to);
    case NN_TYPE_SEED:
        return take_seed(option, value, to);
    case NN_TYPE_PART:
        return take_part(option, value, to);
    }
    return nn_fail(NN_ERR_INVALID, "%s has an unknown type", option->name);
}

static nn_status set_default(const nn_option *option, void *to)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
        *(size_t *)to = (size_t)option->default_number;
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
    case NN_TYPE_SHAPE:
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
    const nn_option *const tables[] = {type->options, room->common};
    const char *nearest = NULL;
    size_t nearest_distance = 4;
    nn_text known = NN_TEXT_INIT;
    for (size_t t = 0; t < 2; t++)
        for (const nn_option *option = tables[t]; option != NULL && option->name != NULL;
             option++) {
            size_t distance = nn_edit_distance(name, option->name);
            if (distance < nearest_distance && distance < strlen(option->name)) {
                nearest_distance = distance;
                nearest = option->name;
            }
            nn_text_append(&known, "%s%s", known.length == 0 ? "" : ", ", option->name);
        }
    nn_fail(NN_ERR_INVALID, "unknown option '%.80s'%s%s%s; %s%s", name,
            nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
            nearest != NULL ? "'?" : "", known.length > 0 ? "known: " : "there are none",
            known.length > 0 && !known.failed ? known.data : "");
    nn_text_free(&known);
    return NN_ERR_INVALID;
}

static nn_status fill(const nn_spec *spec, nn_part *part)
{
    const nn_part_type *type = part->type;
    const nn_room *room = part->room;
    NN_TRY(set_defaults(part, room->common));
    NN_TRY(set_defaults(part, type->options));
    for (size_t i = 0; i < spec->count; i++) {
        const nn_argument *argument = &spec->arguments[i];
        const nn_option *option = find_option(type->options, argument->key);
        if (option == NULL)
            option = find_option(room->common, argument->key);
        if (option == NULL)
            return unknown_option(room, type, argument->key);
        for (size_t j = 0; j < i; j++)
            OPTION_REQUIRE(strcmp(spec->arguments[j].key, argument->key) != 0,
                           "option %s is given twice", argument->key);
        NN_TRY(take_value(option, &argument->value, field(part, option)));
    }
    NN_TRY(check_required(room->common, spec));
    NN_TRY(check_required(type->options, spec));
    return type->check != NULL ? type->check(part->self) : NN_OK;
}

nn_status nn_part_create(nn_part *part, const nn_room *room, const nn_spec *spec)
{
    *part = (nn_part){.type = NULL};
    const nn_part_type *type = nn_room_find(room, spec->name);
    if (type == NULL)
        return nn_room_unknown(room, spec->name);
    nn_part made = {.type = type, .room = room, .self = nn_allocate(1, type->size)};
    if (made.self == NULL)
        return NN_ERR_NO_MEMORY;
    nn_status status = fill(spec, &made);
    if (status != NN_OK) {
        nn_part_free(&made);
        return nn_fail_in(status, "%s", type->name);
    }
    *part = made;
    return NN_OK;
}

nn_status nn_part_parse(nn_part *part, const nn_room *room, const char *text)
{
    *part = (nn_part){.type = NULL};
    nn_spec *spec;
    nn_status status = nn_spec_parse(&spec, text);
    if (status != NN_OK)
        return nn_fail_in(status, "%s", room->kind);
    status = nn_part_create(part, room, spec);
    nn_spec_free(spec);
    return status;
}

nn_status nn_part_clone(nn_part *copy, const nn_part *part)
{
    *copy = (nn_part){.type = NULL};
    if (part->type == NULL)
        return NN_OK;
    nn_text text = NN_TEXT_INIT;
    nn_part_write(part, false, &text);
    nn_status status = text.failed ? nn_fail(NN_ERR_NO_MEMORY, "out of memory: copy of a part")
                                   : nn_part_parse(copy, part->room, text.data);
    nn_text_free(&text);
    return status;
}

nn_status nn_part_visit(const nn_part *part, nn_option_visitor visit, void *user)
{
    const nn_option *const tables[] = {part->room->common, part->type->options};
    for (size_t t = 0; t < 2; t++)
        for (const nn_option *option = tables[t]; option != NULL && option->name != NULL; option++)
            NN_TRY(visit(user, option, field(part, option)));
    return NN_OK;
}

static nn_status free_option(void *user, const nn_option *option, const void *value)
{
    (void)user;
    if (option->type == NN_TYPE_STRING)
        nn_release(*(char *const *)value);
    if (option->type == NN_TYPE_PART) {
        nn_part nested = *(const nn_part *)value;
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
