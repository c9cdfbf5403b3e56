/* Help from the tables of options. */
#include "part.h"
#include <math.h>

static const char *type_name(const nn_option *option)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
        return "whole number";
    case NN_TYPE_INTEGER:
        return "integer";
    case NN_TYPE_REAL:
        return "number";
    case NN_TYPE_OPTIONAL_REAL:
        return "number or none";
    case NN_TYPE_BOOL:
        return "true or false";
    case NN_TYPE_SHAPE:
        return "shape";
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
    case NN_TYPE_SIZE:
    case NN_TYPE_INTEGER:
    case NN_TYPE_REAL:
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
    if (option->type == NN_TYPE_SIZE || option->type == NN_TYPE_INTEGER ||
        option->type == NN_TYPE_REAL || option->type == NN_TYPE_OPTIONAL_REAL)
        nn_option_write_bounds(option, text);
}

static void write_table(const nn_option *option, nn_text *text)
{
    for (; option != NULL && option->name != NULL; option++) {
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
    write_table(type->options, text);
    write_table(room->common, text);
}
