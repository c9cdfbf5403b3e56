/* Help from the tables of options. */
#include "part.h"
#include <math.h>

static bool is_number(const nn_option *option)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
    case NN_TYPE_INTEGER:
    case NN_TYPE_OPTIONAL_SIZE:
    case NN_TYPE_OPTIONAL_INTEGER:
    case NN_TYPE_REAL:
    case NN_TYPE_OPTIONAL_REAL:
    case NN_TYPE_REALS:
    case NN_TYPE_REAL_OR_PART:
        return true;
    default:
        return false;
    }
}

static const char *type_name(const nn_option *option)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
    case NN_TYPE_INTEGER:
        return "whole number";
    case NN_TYPE_INTEGERS:
        return "whole numbers";
    case NN_TYPE_OPTIONAL_SIZE:
    case NN_TYPE_OPTIONAL_INTEGER:
        return "whole number or none";
    case NN_TYPE_REAL:
        return "number";
    case NN_TYPE_OPTIONAL_REAL:
        return "number or none";
    case NN_TYPE_REALS:
        return "numbers";
    case NN_TYPE_REAL_OR_PART:
        return "number";
    case NN_TYPE_BOOL:
        return "true or false";
    case NN_TYPE_SHAPE:
        return "shape";
    case NN_TYPE_NAMES:
        return "names";
    case NN_TYPE_STRING:
        return "string";
    case NN_TYPE_SEED:
        return "seed";
    case NN_TYPE_CHOICE:
        return "one of";
    case NN_TYPE_PART:
        return option->room->kind;
    }
    return "?";
}

static void write_default(const nn_option *option, nn_text *text)
{
    if (option->required) {
        nn_text_append(text, "required");
        return;
    }
    nn_text_append(text, "default ");
    switch (option->type) {
    case NN_TYPE_OPTIONAL_REAL:
        if (option->default_given)
            nn_text_append_number(text, option->default_number);
        else
            nn_text_append(text, "none");
        break;
    case NN_TYPE_SIZE:
    case NN_TYPE_INTEGER:
    case NN_TYPE_REAL:
    case NN_TYPE_REAL_OR_PART:
        nn_text_append_number(text, option->default_number);
        break;
    case NN_TYPE_BOOL:
        nn_text_append(text, option->default_number != 0 ? "true" : "false");
        break;
    default:
        nn_text_append(text, "%s", option->default_text != NULL ? option->default_text : "none");
        break;
    }
}

void nn_option_write_bounds(const nn_option *option, nn_text *text)
{
    const bool low = isfinite(option->minimum), high = isfinite(option->maximum);
    nn_text_append_bytes(text, "", 0); /* no bounds are a text too */
    if (low && high)
        nn_text_append(text, " in %s", option->open_minimum ? "(" : "[");
    else if (low)
        nn_text_append(text, option->open_minimum ? " > " : " >= ");
    if (low)
        nn_text_append_number(text, option->minimum);
    if (high)
        nn_text_append(text, "%s", low ? ", " : option->open_maximum ? " < " : " <= ");
    if (high)
        nn_text_append_number(text, option->maximum);
    if (low && high)
        nn_text_append(text, "%s", option->open_maximum ? ")" : "]");
}

static void write_bounds(const nn_option *option, nn_text *text)
{
    if (option->type == NN_TYPE_CHOICE) {
        for (size_t i = 0; option->choices[i] != NULL; i++)
            nn_text_append(text, "%s%s", i == 0 ? " " : ", ", option->choices[i]);
        return;
    }
    if (is_number(option))
        nn_option_write_bounds(option, text);
    if (option->type == NN_TYPE_REAL_OR_PART)
        nn_text_append(text, ", or a %s", option->room->kind);
}

/* instead: a table whose options take the place of those of the same names; NULL: none. */
static void write_table(const nn_option *option, const nn_option *instead, nn_text *text)
{
    for (; option != NULL && option->name != NULL; option++) {
        if (nn_option_find(instead, option->name) != NULL)
            continue;
        nn_text_append(text, "    %-20s %s", option->name, type_name(option));
        write_bounds(option, text);
        nn_text_append(text, "; ");
        write_default(option, text);
        nn_text_append(text, "; %s\n", option->help);
    }
}

void nn_part_help(const nn_room *room, const nn_part_type *type, nn_text *text)
{
    nn_text_append(text, "%s %s", room->kind, type->name);
    if (type->alias != NULL)
        nn_text_append(text, " (or %s)", type->alias);
    nn_text_append(text, ": %s\n", type->help);
    write_table(type->options, NULL, text);
    write_table(room->common, type->options, text);
    write_table(room->outer, type->options, text);
}
