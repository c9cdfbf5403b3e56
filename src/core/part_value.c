/* Reading the values of options from specs. */
#include "allocate.h"
#include "part.h"
#include "status.h"
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    if (low && high)
        return NN_OK;
    nn_text bounds = NN_TEXT_INIT;
    nn_option_write_bounds(option, &bounds);
    nn_fail(NN_ERR_INVALID, "%s is %.9g, expected a number%s", option->name, number,
            bounds.failed ? "" : bounds.data);
    nn_text_free(&bounds);
    return NN_ERR_INVALID;
}

static nn_status take_count(const nn_value *value, const char *name, size_t *count)
{
    OPTION_REQUIRE(value->kind == NN_VALUE_NUMBER && value->number >= 0 &&
                       value->number <= 0x1p53 && value->number == (double)(size_t)value->number,
                   "%s is %s, expected a whole number >= 0", name, describe(value));
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

/* -INT_MAX ... INT_MAX */
static nn_status take_whole(const nn_option *option, const nn_value *value, int *integer)
{
    OPTION_REQUIRE(value->kind == NN_VALUE_NUMBER && fabs(value->number) <= INT_MAX &&
                       value->number == (int)value->number,
                   "%s is %s, expected a whole number", option->name, describe(value));
    *integer = (int)value->number;
    return NN_OK;
}

static nn_status take_integer(const nn_option *option, const nn_value *value, int *integer)
{
    int taken = 0;
    if (value->kind == NN_VALUE_TUPLE && value->count == 1)
        value = value->items;
    NN_TRY(take_whole(option, value, &taken));
    NN_TRY(check_bounds(option, taken));
    *integer = taken;
    return NN_OK;
}

/* A tuple, or one number. */
static nn_status take_integers(const nn_option *option, const nn_value *value,
                               nn_integers *integers)
{
    nn_integers taken = {.count = 0};
    if (value->kind == NN_VALUE_TUPLE) {
        OPTION_REQUIRE(value->count >= 1 && value->count <= NN_MAX_RANK,
                       "%s has %zu numbers, expected 1 to %d", option->name, value->count,
                       NN_MAX_RANK);
        for (; taken.count < value->count; taken.count++)
            NN_TRY(take_whole(option, &value->items[taken.count], &taken.values[taken.count]));
    } else if (value->kind != NN_VALUE_NONE || option->required) {
        NN_TRY(take_whole(option, value, taken.values));
        taken.count = 1;
    }
    *integers = taken;
    return NN_OK;
}

static nn_status take_optional_size(const nn_option *option, const nn_value *value,
                                    nn_optional_size *size)
{
    nn_optional_size taken = {.given = value->kind != NN_VALUE_NONE};
    if (taken.given)
        NN_TRY(take_size(option, value, &taken.value));
    *size = taken;
    return NN_OK;
}

static nn_status take_optional_integer(const nn_option *option, const nn_value *value,
                                       nn_optional_integer *integer)
{
    nn_optional_integer taken = {.given = value->kind != NN_VALUE_NONE};
    if (taken.given)
        NN_TRY(take_integer(option, value, &taken.value));
    *integer = taken;
    return NN_OK;
}

static nn_status take_real(const nn_option *option, const nn_value *value, double *real)
{
    OPTION_REQUIRE(value->kind == NN_VALUE_NUMBER, "%s is %s, expected a number%s%s", option->name,
                   describe(value), option->instead != NULL ? ": " : "",
                   option->instead != NULL ? option->instead : "");
    OPTION_REQUIRE(fabs(value->number) <= (double)FLT_MAX,
                   "%s is %s, expected a finite number of at most %g", option->name, value->text,
                   (double)FLT_MAX);
    NN_TRY(check_bounds(option, value->number));
    *real = value->number;
    return NN_OK;
}

static nn_status take_optional_real(const nn_option *option, const nn_value *value,
                                    nn_optional_real *real)
{
    nn_optional_real taken = {.given = value->kind != NN_VALUE_NONE};
    if (taken.given)
        NN_TRY(take_real(option, value, &taken.value));
    *real = taken;
    return NN_OK;
}

/* A tuple, or one number, or none. */
static nn_status take_reals(const nn_option *option, const nn_value *value, nn_reals *reals)
{
    const bool one = value->kind == NN_VALUE_NUMBER;
    const bool none = value->kind == NN_VALUE_NONE && !option->required;
    OPTION_REQUIRE(one || none || (value->kind == NN_VALUE_TUPLE && value->count > 0),
                   "%s is %s, expected numbers such as (0.1, 0.05)", option->name,
                   value->kind == NN_VALUE_TUPLE ? "empty" : describe(value));
    nn_reals taken = {.count = none ? 0 : one ? 1 : value->count};
    nn_status status = NN_OK;
    if (taken.count > 0) {
        taken.values = nn_allocate(taken.count, sizeof(*taken.values));
        if (taken.values == NULL)
            return NN_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < taken.count && status == NN_OK; i++)
        status = take_real(option, one ? value : &value->items[i], &taken.values[i]);
    if (status != NN_OK) {
        nn_release(taken.values);
        return status;
    }
    nn_release(reals->values);
    *reals = taken;
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

static bool is_name(const nn_value *value)
{
    return value->kind == NN_VALUE_NAME || value->kind == NN_VALUE_STRING;
}

static nn_status copy_names(const nn_option *option, const nn_value *items, size_t count,
                            nn_name_list *list)
{
    const char **names = nn_allocate(count, sizeof(*names));
    nn_status status = names != NULL ? NN_OK : NN_ERR_NO_MEMORY;
    for (size_t i = 0; i < count && status == NN_OK; i++) {
        if (!is_name(&items[i]))
            status = nn_fail(NN_ERR_INVALID, "%s has %s in it, expected names or 'strings'",
                             option->name, describe(&items[i]));
        else
            names[i] = items[i].text;
    }
    if (status == NN_OK)
        status = nn_names_copy(&list->names, names, count);
    if (status == NN_OK)
        list->count = count;
    nn_release(names);
    return status;
}

/* A tuple, or one name, as in inputs=a. */
static nn_status take_names(const nn_option *option, const nn_value *value, nn_name_list *list)
{
    nn_name_list taken = {.count = 0};
    if (value->kind == NN_VALUE_TUPLE && value->count > 0) {
        NN_TRY(copy_names(option, value->items, value->count, &taken));
    } else if (value->kind != NN_VALUE_NONE) {
        OPTION_REQUIRE(is_name(value), "%s is %s, expected names such as (a, b)", option->name,
                       value->kind == NN_VALUE_TUPLE ? "empty" : describe(value));
        NN_TRY(copy_names(option, value, 1, &taken));
    }
    nn_release(list->names);
    *list = taken;
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
    if (value->kind == NN_VALUE_NONE && option->default_text == NULL && !option->required) {
        *choice = NULL;
        return NN_OK;
    }
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

/* none stands for the default. */
static nn_status make_part(const nn_option *option, const nn_custom_parts *custom,
                           const nn_value *value, nn_part *part)
{
    switch (value->kind) {
    case NN_VALUE_SPEC:
        return nn_part_create_with(part, option->room, custom, value->spec);
    case NN_VALUE_NAME:
    case NN_VALUE_STRING:
        return nn_part_create_with(part, option->room, custom, &(nn_spec){.name = value->text});
    default:
        OPTION_REQUIRE(value->kind == NN_VALUE_NONE && !option->required,
                       "%s, expected the name of %s %s", describe(value),
                       strchr("aeio", option->room->kind[0]) != NULL ? "an" : "a",
                       option->room->kind);
        return option->default_text == NULL
                   ? NN_OK
                   : nn_part_parse(part, option->room, option->default_text);
    }
}

static nn_status take_part(const nn_option *option, const nn_custom_parts *custom,
                           const nn_value *value, nn_part *part)
{
    nn_part made = {.type = NULL};
    nn_status status = make_part(option, custom, value, &made);
    if (status != NN_OK)
        return nn_fail_in(status, "%s", option->name);
    nn_part_free(part);
    *part = made;
    return NN_OK;
}

static nn_status take_real_or_part(const nn_option *option, const nn_custom_parts *custom,
                                   const nn_value *value, nn_real_or_part *to)
{
    if (value->kind == NN_VALUE_NAME || value->kind == NN_VALUE_STRING ||
        value->kind == NN_VALUE_SPEC) {
        NN_TRY(take_part(option, custom, value, &to->part));
        to->value = 0;
        return NN_OK;
    }
    OPTION_REQUIRE(value->kind == NN_VALUE_NUMBER, "%s is %s, expected a number or a %s",
                   option->name, describe(value), option->room->kind);
    NN_TRY(take_real(option, value, &to->value));
    nn_part_free(&to->part);
    return NN_OK;
}

nn_status nn_option_take(const nn_option *option, const nn_custom_parts *custom,
                         const nn_value *value, void *to)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
        return take_size(option, value, to);
    case NN_TYPE_INTEGER:
        return take_integer(option, value, to);
    case NN_TYPE_INTEGERS:
        return take_integers(option, value, to);
    case NN_TYPE_OPTIONAL_SIZE:
        return take_optional_size(option, value, to);
    case NN_TYPE_OPTIONAL_INTEGER:
        return take_optional_integer(option, value, to);
    case NN_TYPE_REAL:
        return take_real(option, value, to);
    case NN_TYPE_OPTIONAL_REAL:
        return take_optional_real(option, value, to);
    case NN_TYPE_REALS:
        return take_reals(option, value, to);
    case NN_TYPE_REAL_OR_PART:
        return take_real_or_part(option, custom, value, to);
    case NN_TYPE_BOOL:
        OPTION_REQUIRE(value->kind == NN_VALUE_BOOL, "%s is %s, expected true or false",
                       option->name, describe(value));
        *(bool *)to = value->boolean;
        return NN_OK;
    case NN_TYPE_SHAPE:
        return take_shape(option, value, to);
    case NN_TYPE_NAMES:
        return take_names(option, value, to);
    case NN_TYPE_STRING:
        return take_string(option, value, to);
    case NN_TYPE_CHOICE:
        return take_choice(option, value, to);
    case NN_TYPE_SEED:
        return take_seed(option, value, to);
    case NN_TYPE_PART:
        return take_part(option, custom, value, to);
    }
    return nn_fail(NN_ERR_INVALID, "%s has an unknown type", option->name);
}
