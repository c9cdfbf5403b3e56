/* Reading JSON: one block of memory holds the values, then a copy of the text, in which strings are
 * unescaped where they stand. */
#include "allocate.h"
#include "json.h"
#include "status.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEEPEST = 64,         /* the stack is the host's */
    MOST_VALUES = 1000000 /* and so is the memory: two bytes of a file can be a value */
};

typedef struct parser {
    char *start, *at; /* ended by a zero, which no JSON has inside */
    nn_json *values;
    size_t count;
    const char *what;
    int depth;
} parser;

static nn_status parse_value(parser *p, const char *key);

static nn_status fail_at(const parser *p, const char *expected)
{
    return nn_fail(NN_ERR_FORMAT, "the %s isn't valid JSON: expected %s at byte %zu", p->what,
                   expected, (size_t)(p->at - p->start));
}

static void skip_blanks(parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
        p->at++;
}

static bool skip(parser *p, char c)
{
    if (*p->at != c)
        return false;
    p->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hexadecimal(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* uXXXX; false if it isn't that. */
static bool take_unit(parser *p, unsigned *unit)
{
    if (!skip(p, 'u'))
        return false;
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hexadecimal(*p->at);
        if (digit < 0)
            return false;
        *unit = *unit * 16 + (unsigned)digit;
        p->at++;
    }
    return true;
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(unsigned char)(first[more] | (code >> (6 * more)));
    while (more-- > 0)
        *to++ = (char)(unsigned char)(0x80 | ((code >> (6 * more)) & 0x3f));
    return to;
}

/* What follows a backslash; it is never shorter than what it stands for. */
static nn_status parse_escape(parser *p, char **to)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter = *p->at == '\0' ? NULL : strchr(letters, *p->at);
    if (letter != NULL) {
        p->at++;
        *(*to)++ = meanings[letter - letters];
        return NN_OK;
    }
    unsigned code, low;
    if (!take_unit(p, &code) || code == 0 || (code >= 0xdc00 && code <= 0xdfff))
        return fail_at(p, "an escape");
    if (code >= 0xd800 && code <= 0xdbff) {
        if (!skip(p, '\\') || !take_unit(p, &low) || low < 0xdc00 || low > 0xdfff)
            return fail_at(p, "the second half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    *to = put_utf8(*to, code);
    return NN_OK;
}

static nn_status parse_string(parser *p, const char **text, size_t *length)
{
    char *to = ++p->at;
    *text = to;
    while (*p->at != '"') {
        size_t bytes = nn_utf8_length(p->at);
        if (bytes == 0 || (unsigned char)*p->at < 0x20)
            return fail_at(p, "a character of a string, in UTF-8,");
        if (skip(p, '\\')) {
            NN_TRY(parse_escape(p, &to));
            continue;
        }
        memmove(to, p->at, bytes);
        to += bytes;
        p->at += bytes;
    }
    p->at++;
    *to = '\0';
    *length = (size_t)(to - *text);
    return NN_OK;
}

static bool take_digits(parser *p)
{
    if (!is_digit(*p->at))
        return false;
    while (is_digit(*p->at))
        p->at++;
    return true;
}

static nn_status parse_number(parser *p, nn_json *value)
{
    value->kind = NN_JSON_NUMBER;
    value->text = p->at;
    value->whole = true;
    skip(p, '-');
    if (!skip(p, '0') && !take_digits(p))
        return fail_at(p, "a value");
    if (skip(p, '.')) {
        value->whole = false;
        if (!take_digits(p))
            return fail_at(p, "a digit");
    }
    if (*p->at == 'e' || *p->at == 'E') {
        value->whole = false;
        p->at++;
        if (!skip(p, '+'))
            skip(p, '-');
        if (!take_digits(p))
            return fail_at(p, "a digit");
    }
    value->length = (size_t)(p->at - value->text);
    value->number = nn_parse_number(value->text, NULL); /* stops where JSON's number does */
    return isfinite(value->number) ? NN_OK : fail_at(p, "a number in the range of double");
}

static nn_status parse_word(parser *p, nn_json *value, const char *word, nn_json_kind kind)
{
    if (strncmp(p->at, word, strlen(word)) != 0)
        return fail_at(p, "a value");
    p->at += strlen(word);
    value->kind = kind;
    return NN_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static nn_status check_keys(const parser *p, const nn_json *object)
{
    if (object->count < 2)
        return NN_OK;
    const char **keys = nn_allocate(object->count, sizeof(*keys));
    if (keys == NULL)
        return NN_ERR_NO_MEMORY;
    size_t count = 0;
    nn_status status = NN_OK;
    for (const nn_json *item = nn_json_first(object); item != NULL;
         item = nn_json_next(object, item))
        keys[count++] = item->key;
    qsort(keys, count, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < count && status == NN_OK; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            status = nn_fail(NN_ERR_FORMAT, "the %s isn't valid JSON: duplicate key '%.80s'",
                             p->what, keys[i]);
    nn_release(keys);
    return status;
}

static nn_status parse_key(parser *p, const char **key)
{
    size_t length;
    skip_blanks(p);
    if (*p->at != '"')
        return fail_at(p, "a key");
    NN_TRY(parse_string(p, key, &length));
    skip_blanks(p);
    return skip(p, ':') ? NN_OK : fail_at(p, "':'");
}

/* A list or an object, from its opening bracket on. */
static nn_status parse_container(parser *p, nn_json *value, nn_json_kind kind)
{
    const char close = kind == NN_JSON_LIST ? ']' : '}';
    value->kind = kind;
    p->at++;
    skip_blanks(p);
    bool empty = skip(p, close);
    for (bool more = !empty; more; more = skip(p, ',')) {
        const char *key = NULL;
        if (kind == NN_JSON_OBJECT)
            NN_TRY(parse_key(p, &key));
        NN_TRY(parse_value(p, key));
        value->count++;
        skip_blanks(p);
    }
    if (!empty && !skip(p, close))
        return fail_at(p, kind == NN_JSON_LIST ? "',' or ']'" : "',' or '}'");
    value->span = (size_t)(p->values + p->count - value);
    return kind == NN_JSON_OBJECT ? check_keys(p, value) : NN_OK;
}

static nn_status parse_value(parser *p, const char *key)
{
    nn_json *value = &p->values[p->count++];
    nn_status status;
    value->key = key;
    value->span = 1;
    skip_blanks(p);
    if (p->depth >= DEEPEST)
        return fail_at(p, "fewer levels");
    p->depth++;
    switch (*p->at) {
    case '{':
        status = parse_container(p, value, NN_JSON_OBJECT);
        break;
    case '[':
        status = parse_container(p, value, NN_JSON_LIST);
        break;
    case '"':
        value->kind = NN_JSON_STRING;
        status = parse_string(p, &value->text, &value->length);
        break;
    case 'n':
        status = parse_word(p, value, "null", NN_JSON_NULL);
        break;
    case 't':
        status = parse_word(p, value, "true", NN_JSON_TRUE);
        break;
    case 'f':
        status = parse_word(p, value, "false", NN_JSON_FALSE);
        break;
    default:
        status = parse_number(p, value);
    }
    p->depth--;
    return status;
}

/* No text has more values than this: each but the first follows a comma or an opening bracket that
 * stands in no string. */
static size_t count_values(const char *text, size_t length)
{
    size_t count = 1;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            in_string = !in_string;
        else if (in_string)
            i += text[i] == '\\'; /* what is escaped may be a quote */
        else
            count += text[i] == ',' || text[i] == '[' || text[i] == '{';
    }
    return count;
}

nn_status nn_json_check_count(const char *text, size_t length, const char *what)
{
    NN_REQUIRE(count_values(text, length) <= MOST_VALUES, NN_ERR_UNSUPPORTED,
               "the %s has more than %d values", what, MOST_VALUES);
    return NN_OK;
}

nn_status nn_json_parse(nn_json **json, const char *text, size_t length, const char *what)
{
    const size_t count = count_values(text, length);
    size_t size;
    *json = NULL;
    NN_REQUIRE(count <= MOST_VALUES, NN_ERR_FORMAT, "the %s has more than %d values", what,
               MOST_VALUES);
    NN_REQUIRE(nn_multiply(count, sizeof(nn_json), &size) && nn_add(size, length, &size) &&
                   nn_add(size, 1, &size),
               NN_ERR_NO_MEMORY, "the %s is more than memory can hold", what);
    nn_json *values = nn_allocate(size, 1);
    if (values == NULL)
        return NN_ERR_NO_MEMORY;
    char *copy = (char *)(values + count);
    memcpy(copy, text, length);
    parser p = {.start = copy, .at = copy, .values = values, .what = what};
    nn_status status = parse_value(&p, NULL);
    skip_blanks(&p);
    if (status == NN_OK && p.at != copy + length)
        status = fail_at(&p, "the end");
    if (status != NN_OK) {
        nn_release(values);
        return status;
    }
    *json = values;
    return NN_OK;
}
