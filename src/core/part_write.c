/* Parts back to specs. */
#include "part.h"
#include <string.h>

static bool part_is_default(const nn_option *option, const nn_part *part)
{
    if (part->type == NULL || option->default_text == NULL)
        return part->type == NULL && option->default_text == NULL;
    nn_text text = NN_TEXT_INIT;
    nn_part_write(part, true, &text);
    bool equal = !text.failed && strcmp(text.data, option->default_text) == 0;
    nn_text_free(&text);
    return equal;
}

bool nn_option_is_default(const nn_option *option, const void *value)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
        return *(const size_t *)value == (size_t)option->default_number;
    case NN_TYPE_INTEGER:
        return *(const int *)value == (int)option->default_number;
    case NN_TYPE_INTEGERS:
        return ((const nn_integers *)value)->count == 0;
    case NN_TYPE_OPTIONAL_SIZE:
        return !((const nn_optional_size *)value)->given;
    case NN_TYPE_OPTIONAL_INTEGER:
        return !((const nn_optional_integer *)value)->given;
    case NN_TYPE_REAL:
        return *(const double *)value == option->default_number;
    case NN_TYPE_OPTIONAL_REAL: {
        const nn_optional_real *real = value;
        return real->given == option->default_given &&
               (!real->given || real->value == option->default_number);
    }
    case NN_TYPE_REALS:
        return ((const nn_reals *)value)->count == 0;
    case NN_TYPE_REAL_OR_PART: {
        const nn_real_or_part *either = value;
        return either->part.type == NULL && either->value == option->default_number;
    }
    case NN_TYPE_BOOL:
        return *(const bool *)value == (option->default_number != 0);
    case NN_TYPE_SHAPE:
        return ((const nn_shape *)value)->rank == 0;
    case NN_TYPE_NAMES:
        return ((const nn_name_list *)value)->count == 0;
    case NN_TYPE_SEED:
        return !((const nn_seed *)value)->given;
    case NN_TYPE_CHOICE:
    case NN_TYPE_STRING: {
        const char *text = *(const char *const *)value;
        if (text == NULL || option->default_text == NULL)
            return text == option->default_text;
        return strcmp(text, option->default_text) == 0;
    }
    case NN_TYPE_PART:
        return part_is_default(option, value);
    }
    return false;
}

static void write_string(const char *string, nn_text *text)
{
    nn_text_append(text, "'");
    for (const char *c = string; *c != '\0'; c++)
        nn_text_append(text, *c == '\'' ? "''" : "%c", *c);
    nn_text_append(text, "'");
}

static void write_shape(const nn_shape *shape, nn_text *text)
{
    nn_text_append(text, "(");
    for (size_t i = 0; i < shape->rank; i++)
        nn_text_append(text, "%s%zu", i == 0 ? "" : ",", shape->dimensions[i]);
    nn_text_append(text, ")");
}

static void write_integers(const nn_integers *integers, nn_text *text)
{
    nn_text_append(text, "(");
    for (size_t i = 0; i < integers->count; i++)
        nn_text_append(text, "%s%d", i == 0 ? "" : ",", integers->values[i]);
    nn_text_append(text, ")");
}

static void write_names(const nn_name_list *list, nn_text *text)
{
    for (size_t i = 0; i < list->count; i++) {
        nn_text_append(text, i == 0 ? "(" : ",");
        write_string(list->names[i], text);
    }
    nn_text_append(text, ")");
}

static void write_reals(const nn_reals *reals, nn_text *text)
{
    nn_text_append(text, "(");
    for (size_t i = 0; i < reals->count; i++) {
        nn_text_append(text, "%s", i == 0 ? "" : ",");
        nn_text_append_number(text, reals->values[i]);
    }
    nn_text_append(text, ")");
}

static void write_part(const nn_part *part, nn_text *text)
{
    if (part->type == NULL)
        nn_text_append(text, "none");
    else
        nn_part_write(part, true, text);
}

static void write_value(const nn_option *option, const void *value, nn_text *text)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
        nn_text_append(text, "%zu", *(const size_t *)value);
        break;
    case NN_TYPE_INTEGER:
        nn_text_append(text, "%d", *(const int *)value);
        break;
    case NN_TYPE_INTEGERS: /* none is the default, and defaults aren't written */
        write_integers(value, text);
        break;
    case NN_TYPE_OPTIONAL_SIZE: /* so here */
        nn_text_append(text, "%zu", ((const nn_optional_size *)value)->value);
        break;
    case NN_TYPE_OPTIONAL_INTEGER: /* and here */
        nn_text_append(text, "%d", ((const nn_optional_integer *)value)->value);
        break;
    case NN_TYPE_REAL:
        nn_text_append_number(text, *(const double *)value);
        break;
    case NN_TYPE_OPTIONAL_REAL: {
        const nn_optional_real *real = value;
        if (real->given)
            nn_text_append_number(text, real->value);
        else
            nn_text_append(text, "none");
        break;
    }
    case NN_TYPE_REALS:
        write_reals(value, text);
        break;
    case NN_TYPE_REAL_OR_PART: {
        const nn_real_or_part *either = value;
        if (either->part.type == NULL)
            nn_text_append_number(text, either->value);
        else
            nn_part_write(&either->part, true, text);
        break;
    }
    case NN_TYPE_BOOL:
        nn_text_append(text, *(const bool *)value ? "true" : "false");
        break;
    case NN_TYPE_SHAPE:
        write_shape(value, text);
        break;
    case NN_TYPE_NAMES: /* none is the default, as above */
        write_names(value, text);
        break;
    case NN_TYPE_SEED:
        nn_text_append(text, "%llu", (unsigned long long)((const nn_seed *)value)->value);
        break;
    case NN_TYPE_CHOICE:
        nn_text_append(text, "%s", *(const char *const *)value);
        break;
    case NN_TYPE_STRING:
        if (*(char *const *)value == NULL)
            nn_text_append(text, "none");
        else
            write_string(*(char *const *)value, text);
        break;
    case NN_TYPE_PART:
        write_part(value, text);
        break;
    }
}

struct writer {
    nn_text *text;
    bool nested;
    size_t written;
};

static nn_status write_option(void *user, const nn_option *option, const void *value)
{
    struct writer *writer = user;
    if (!option->required && nn_option_is_default(option, value))
        return NN_OK;
    const char *separator = !writer->nested ? " " : writer->written == 0 ? "(" : ", ";
    nn_text_append(writer->text, "%s%s=", separator, option->name);
    write_value(option, value, writer->text);
    writer->written++;
    return NN_OK;
}

void nn_part_write(const nn_part *part, bool nested, nn_text *text)
{
    struct writer writer = {.text = text, .nested = nested};
    nn_text_append(text, "%s", part->type->name);
    nn_part_visit(part, write_option, &writer);
    if (nested && writer.written > 0)
        nn_text_append(text, ")");
}
