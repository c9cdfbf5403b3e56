/* Specs from text. */
#include "allocate.h"
#include "spec.h"
#include "status.h"
#include "text.h"
#include <string.h>

enum { DEEPEST = 16 }; /* nested parentheses: more is a mistake, and the stack is the host's */

typedef struct cursor {
    const char *start, *at;
    int depth;
} cursor;

static nn_status fail_at(const cursor *c, const char *expected)
{
    if (*c->at == '\0')
        return nn_fail(NN_ERR_INVALID, "expected %s at the end of \"%.200s\"", expected, c->start);
    return nn_fail(NN_ERR_INVALID, "expected %s at character %zu, before \"%.40s\", in \"%.200s\"",
                   expected, (size_t)(c->at - c->start) + 1, c->at, c->start);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_character(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

static bool is_word_character(char c)
{
    return is_name_character(c) || c == '.' || c == '/' || c == '-';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(cursor *c)
{
    while (is_blank(*c->at))
        c->at++;
}

/* Blanks with at most one comma between arguments. */
static void skip_separator(cursor *c)
{
    skip_blanks(c);
    if (*c->at == ',')
        c->at++;
    skip_blanks(c);
}

static nn_status take_name(cursor *c, const char *expected, char **name)
{
    const char *start = c->at;
    *name = NULL;
    if (!is_letter(*start))
        return fail_at(c, expected);
    while (is_name_character(*c->at))
        c->at++;
    *name = nn_copy_bytes(start, (size_t)(c->at - start));
    return *name != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

/* The name of a part, or of one that belongs to something: "head/accuracy". */
static nn_status take_part_name(cursor *c, char **name)
{
    const char *start = c->at;
    NN_TRY(take_name(c, "a name", name));
    if (c->at[0] != '/' || !is_letter(c->at[1]))
        return NN_OK;
    do
        c->at++;
    while (is_name_character(*c->at));
    nn_release(*name);
    *name = nn_copy_bytes(start, (size_t)(c->at - start));
    return *name != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

static nn_status parse_value(cursor *c, nn_value *value);
static nn_status parse_arguments(cursor *c, nn_spec *spec, bool nested);

/* 'text', with '' for a quote */
static nn_status parse_string(cursor *c, nn_value *value)
{
    nn_text text = NN_TEXT_INIT;
    const char *quote = c->at;
    nn_text_append_bytes(&text, "", 0);
    for (c->at++; *c->at != '\0'; c->at++) {
        if (*c->at == '\'') {
            if (c->at[1] != '\'')
                break;
            c->at++;
        }
        nn_text_append_bytes(&text, c->at, 1);
    }
    if (*c->at != '\'') {
        nn_text_free(&text);
        c->at = quote;
        return fail_at(c, "a string with a closing quote");
    }
    c->at++;
    value->kind = NN_VALUE_STRING;
    if (!text.failed)
        value->text = nn_copy_bytes(text.data, text.length);
    nn_text_free(&text);
    return value->text != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

/* (value, value, ...); a comma may follow the last, as in Python's (784,) */
static nn_status parse_tuple(cursor *c, nn_value *value)
{
    value->kind = NN_VALUE_TUPLE;
    c->at++;
    skip_blanks(c);
    while (*c->at != ')') {
        nn_value *items = nn_grow(value->items, value->count, value->count + 1, sizeof(*items));
        if (items == NULL)
            return NN_ERR_NO_MEMORY;
        value->items = items;
        NN_TRY(parse_value(c, &items[value->count++]));
        skip_blanks(c);
        if (*c->at != ',' && *c->at != ')')
            return fail_at(c, "',' or ')'");
        skip_separator(c);
    }
    c->at++;
    return NN_OK;
}

static nn_status parse_number(cursor *c, nn_value *value, char *end)
{
    value->kind = NN_VALUE_NUMBER;
    value->text = nn_copy_bytes(c->at, (size_t)(end - c->at));
    c->at = end;
    return value->text != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

/* a bare word: true, false, none, a name, or name(key=value, ...) */
static nn_status parse_word(cursor *c, nn_value *value)
{
    const char *start = c->at;
    while (is_word_character(*c->at))
        c->at++;
    size_t length = (size_t)(c->at - start);
    if (length == 0)
        return fail_at(c, "a value");
    if (*c->at == '(') {
        c->at = start;
        value->kind = NN_VALUE_SPEC;
        value->spec = nn_allocate(1, sizeof(nn_spec));
        if (value->spec == NULL)
            return NN_ERR_NO_MEMORY;
        NN_TRY(take_name(c, "a name before '('", &value->spec->name));
        if (*c->at != '(')
            return fail_at(c, "'('");
        c->at++;
        return parse_arguments(c, value->spec, true);
    }
    if (length == 4 && memcmp(start, "none", 4) == 0) {
        value->kind = NN_VALUE_NONE;
        return NN_OK;
    }
    bool yes = length == 4 && memcmp(start, "true", 4) == 0;
    if (yes || (length == 5 && memcmp(start, "false", 5) == 0)) {
        value->kind = NN_VALUE_BOOL;
        value->boolean = yes;
        return NN_OK;
    }
    value->kind = NN_VALUE_NAME;
    value->text = nn_copy_bytes(start, length);
    return value->text != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

static nn_status parse_value(cursor *c, nn_value *value)
{
    if (c->depth >= DEEPEST)
        return fail_at(c, "fewer nested parentheses");
    c->depth++;
    nn_status status;
    char *end;
    value->number = nn_parse_number(c->at, &end);
    if (*c->at == '\'')
        status = parse_string(c, value);
    else if (*c->at == '(')
        status = parse_tuple(c, value);
    else if (end != c->at && !is_word_character(*end) && *end != '(' && !is_blank(*c->at))
        status = parse_number(c, value, end);
    else
        status = parse_word(c, value);
    c->depth--;
    return status;
}

static nn_status parse_argument(cursor *c, nn_spec *spec)
{
    nn_argument *arguments =
        nn_grow(spec->arguments, spec->count, spec->count + 1, sizeof(*arguments));
    if (arguments == NULL)
        return NN_ERR_NO_MEMORY;
    spec->arguments = arguments;
    nn_argument *argument = &arguments[spec->count++];
    NN_TRY(take_name(c, "the name of an option", &argument->key));
    skip_blanks(c);
    if (*c->at != '=')
        return fail_at(c, "'='");
    c->at++;
    skip_blanks(c);
    return parse_value(c, &argument->value);
}

/* Arguments up to ')' (nested), or up to ';' or the end. */
static nn_status parse_arguments(cursor *c, nn_spec *spec, bool nested)
{
    const char end = nested ? ')' : ';';
    skip_blanks(c);
    while (*c->at != '\0' && *c->at != end) {
        NN_TRY(parse_argument(c, spec));
        if (!is_blank(*c->at) && *c->at != ',' && *c->at != '\0' && *c->at != end)
            return fail_at(c, "a blank or ','");
        skip_separator(c);
    }
    if (!nested)
        return NN_OK;
    if (*c->at != ')')
        return fail_at(c, "')'");
    c->at++;
    return NN_OK;
}

/* One spec, in the form "name key=value" or "name(key=value)". */
static nn_status parse_spec(cursor *c, nn_spec **spec)
{
    nn_spec *made = nn_allocate(1, sizeof(*made));
    *spec = NULL;
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    nn_status status = take_part_name(c, &made->name);
    if (status == NN_OK && *c->at == '(') {
        c->at++;
        status = parse_arguments(c, made, true);
        skip_blanks(c);
        if (status == NN_OK && *c->at != '\0' && *c->at != ';')
            status = fail_at(c, "';' or the end");
    } else if (status == NN_OK) {
        if (*c->at != '\0' && *c->at != ';' && *c->at != ',' && !is_blank(*c->at))
            status = fail_at(c, "a blank");
        else
            skip_separator(c);
        if (status == NN_OK)
            status = parse_arguments(c, made, false);
    }
    if (status != NN_OK) {
        nn_spec_free(made);
        return status;
    }
    *spec = made;
    return NN_OK;
}

nn_status nn_spec_parse(nn_spec **spec, const char *text)
{
    cursor c = {text, text, 0};
    *spec = NULL;
    skip_blanks(&c);
    nn_spec *made;
    NN_TRY(parse_spec(&c, &made));
    if (*c.at != '\0') {
        nn_spec_free(made);
        return fail_at(&c, "one spec, then the end");
    }
    *spec = made;
    return NN_OK;
}

nn_status nn_spec_parse_list(nn_spec_list *list, const char *text)
{
    *list = (nn_spec_list){NULL, 0};
    if (text == NULL)
        return NN_OK;
    cursor c = {text, text, 0};
    nn_status status = NN_OK;
    for (;;) {
        while (is_blank(*c.at) || *c.at == ';')
            c.at++;
        if (*c.at == '\0')
            return NN_OK;
        nn_spec **specs = nn_grow(list->specs, list->count, list->count + 1, sizeof(*specs));
        if (specs == NULL) {
            status = NN_ERR_NO_MEMORY;
            break;
        }
        list->specs = specs;
        status = parse_spec(&c, &specs[list->count]);
        if (status != NN_OK)
            break;
        list->count++;
    }
    nn_spec_list_free(list);
    return status;
}
