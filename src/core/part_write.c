/* Parts back to specs. */
#include "part.h"
#include <string.h>

static bool shape_equal(const nn_shape *a, const nn_shape *b)
{
    return a->rank == b->rank &&
           memcmp(a->dimensions, b->dimensions, a->rank * sizeof(a->dimensions[0])) == 0;
}

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
    case NN_TYPE_REAL:
        return *(const double *)value == option->default_number;
    case NN_TYPE_OPTIONAL_REAL:
        return !((const nn_optional_real *)value)->given;
    case NN_TYPE_BOOL:
        return *(const bool *)value == (option->default_number != 0);
    case NN_TYPE_SHAPE:
        return shape_equal(value, &(nn_shape){.rank = 0});
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

static void write_value(const nn_option *option, const void *value, nn_text *text)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
        nn_text_append(text, "%zu", *(const size_t *)value);
        break;
    case NN_TYPE_INTEGER:
        nn_text_append(text, "%d", *(const int *)value);
        break;
    case NN_TYPE_REAL:
        nn_text_append_number(text, *(const double *)value);
        break;
    case NN_TYPE_OPTIONAL_REAL: /* none is the default, and defaults aren't written */
        nn_text_append_number(text, ((const nn_optional_real *)value)->value);
        break;
    case NN_TYPE_BOOL:
        nn_text_append(text, *(const bool *)value ? "true" : "false");
        break;
    case NN_TYPE_SHAPE:
        write_shape(value, text);
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
    case NN_TYPE_PART: {
        const nn_part *part = value;
        if (part->type == NULL)
            nn_text_append(text, "none");
        else
            nn_part_write(part, true, text);
        break;
    }
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
