#include "path_template.h"
#include "status.h"
#include "text.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 80, LONGEST_NUMBER = 512, MOST_DIGITS = 64 };

typedef struct format {
    char fill, align; /* align '\0': to the right */
    char sign;        /* '+', ' ', or '-': only of negative numbers */
    size_t width;
    int precision; /* -1: none given */
    char type;     /* '\0': none given */
} format;

typedef struct output {
    char *at, *end; /* end is past the last byte, which is kept for the zero */
} output;

static bool put(output *to, char c)
{
    if (to->at + 1 >= to->end)
        return false;
    *to->at++ = c;
    return true;
}

/* ---- the form of a field ---- */

static const char *read_number(const char *text, size_t *number)
{
    for (*number = 0; *text >= '0' && *text <= '9'; text++)
        if (*number <= MOST_DIGITS)
            *number = 10 * *number + (size_t)(*text - '0');
    return text;
}

static bool is_alignment(char c)
{
    return c != '\0' && strchr("<>=^", c) != NULL;
}

/* What stands between ':' and '}'. NULL if it isn't understood. */
static const char *read_format(const char *text, format *f)
{
    size_t precision;
    if (text[0] != '\0' && text[0] != '}' && is_alignment(text[1])) {
        f->fill = *text++;
        f->align = *text++;
    } else if (is_alignment(*text)) {
        f->align = *text++;
    }
    if (*text == '+' || *text == '-' || *text == ' ')
        f->sign = *text++;
    if (*text == '0') { /* zeros between sign and digits, unless told otherwise */
        f->fill = f->align == '\0' ? '0' : f->fill;
        f->align = f->align == '\0' ? '=' : f->align;
        text++;
    }
    text = read_number(text, &f->width);
    if (*text == '.') {
        const char *digits = text + 1;
        text = read_number(digits, &precision);
        if (text == digits || precision > MOST_DIGITS)
            return NULL;
        f->precision = (int)precision;
    }
    if (*text != '\0' && strchr("dfFeEgG%", *text) != NULL)
        f->type = *text++;
    return *text == '}' && f->width <= MOST_DIGITS ? text : NULL;
}

/* ---- numbers ---- */

static void print(char *buffer, const char *pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    nn_format(buffer, LONGEST_NUMBER, pattern, arguments);
    va_end(arguments);
}

/* As Python's repr: the shortest that reads back, with a point or an exponent. */
static void print_shortest(char *buffer, double magnitude)
{
    int digits = 1;
    for (; digits < 17; digits++) {
        print(buffer, "%.*e", digits - 1, magnitude);
        if (nn_parse_number(buffer, NULL) == magnitude)
            break;
    }
    print(buffer, "%.*e", digits - 1, magnitude);
    const char *exponent_text = strchr(buffer, 'e');
    if (exponent_text == NULL) /* inf, nan */
        return;
    const int exponent = atoi(exponent_text + 1);
    if (exponent >= -4 && exponent < 16)
        print(buffer, "%.*f", digits - 1 > exponent ? digits - 1 - exponent : 1, magnitude);
}

static void print_magnitude(char *buffer, const format *f, bool whole, double magnitude)
{
    const int precision = f->precision >= 0 ? f->precision : 6;
    switch (f->type) {
    case 'f':
    case 'F':
        print(buffer, "%.*f", precision, magnitude);
        break;
    case 'e':
        print(buffer, "%.*e", precision, magnitude);
        break;
    case 'E':
        print(buffer, "%.*E", precision, magnitude);
        break;
    case 'g':
        print(buffer, "%.*g", precision, magnitude);
        break;
    case 'G':
        print(buffer, "%.*G", precision, magnitude);
        break;
    case '%':
        print(buffer, "%.*f%%", precision, 100 * magnitude);
        break;
    default:
        if (whole)
            print(buffer, "%.0f", magnitude); /* exact below 2^53 */
        else
            print_shortest(buffer, magnitude);
    }
}

static bool put_many(output *to, char c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!put(to, c))
            return false;
    return true;
}

static bool put_number(output *to, const format *f, bool whole, double number)
{
    char digits[LONGEST_NUMBER];
    const bool negative = signbit(number) && !isnan(number);
    print_magnitude(digits, f, whole, fabs(number));
    const char sign = negative ? '-' : f->sign == '-' ? '\0' : f->sign;
    const size_t length = strlen(digits) + (sign != '\0');
    const size_t padding = f->width > length ? f->width - length : 0;
    const size_t before = f->align == '<' ? 0 : f->align == '^' ? padding / 2 : padding;
    const bool within = f->align == '=';
    bool fits = within || put_many(to, f->fill, before);
    if (sign != '\0')
        fits = fits && put(to, sign);
    fits = fits && (!within || put_many(to, f->fill, before));
    for (const char *c = digits; *c != '\0'; c++)
        fits = fits && put(to, *c);
    return fits && put_many(to, f->fill, padding - before);
}

/* ---- fields ---- */

static nn_status unknown(const char *name, const nn_path_fields *fields)
{
    nn_text known = NN_TEXT_INIT;
    for (size_t i = 0; i < fields->count; i++)
        nn_text_append(&known, ", %s", fields->names[i]);
    nn_fail(NN_ERR_INVALID, "{%s} isn't known there; known: epoch%s%s", name,
            fields->batch > 0 ? ", batch" : "",
            known.failed        ? ", ?"
            : known.length == 0 ? ""
                                : known.data);
    nn_text_free(&known);
    return NN_ERR_INVALID;
}

static nn_status find_field(const char *name, const nn_path_fields *fields, bool *whole,
                            double *number)
{
    *whole = true;
    if (strcmp(name, "epoch") == 0) {
        *number = (double)fields->epoch;
        return NN_OK;
    }
    if (strcmp(name, "batch") == 0 && fields->batch > 0) {
        *number = (double)fields->batch;
        return NN_OK;
    }
    *whole = false;
    *number = 0;
    if (fields->any)
        return NN_OK;
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(name, fields->names[i]) == 0) {
            *number = fields->values != NULL ? fields->values[i] : 0;
            return NN_OK;
        }
    return unknown(name, fields);
}

/* *text is behind the brace, and then behind the one that closes the field. */
static nn_status fill_field(const char **text, const nn_path_fields *fields, output *to, bool *fits)
{
    char name[LONGEST_NAME + 1];
    format f = {.fill = ' ', .sign = '-', .precision = -1};
    const size_t length = strcspn(*text, ":}!.[{");
    const char *at = *text + length;
    NN_REQUIRE(length > 0 && length <= LONGEST_NAME, NN_ERR_INVALID,
               "a field has no name, or a long one, in '{%.40s': expected {epoch} or the like",
               *text);
    memcpy(name, *text, length);
    name[length] = '\0';
    if (*at == ':')
        at = read_format(at + 1, &f);
    NN_REQUIRE(at != NULL && *at == '}', NN_ERR_INVALID,
               "field '{%.40s' isn't understood: expected a form such as {epoch:02d} or "
               "{val_loss:.2f}",
               *text);
    bool whole;
    double number;
    NN_TRY(find_field(name, fields, &whole, &number));
    NN_REQUIRE(whole || f.type != 'd', NN_ERR_INVALID,
               "{%s} is no whole number: expected a form such as {%s:.2f}", name, name);
    NN_REQUIRE(f.precision < 0 || (f.type != '\0' && f.type != 'd'), NN_ERR_INVALID,
               "{%s}: a precision needs a type, as in {%s:.2f}", name, name);
    *fits = put_number(to, &f, whole, number);
    *text = at + 1;
    return NN_OK;
}

nn_status nn_path_template_fill(const char *path_template, const nn_path_fields *fields, char *path,
                                size_t size)
{
    output to = {.at = path, .end = path + size};
    bool fits = true;
    for (const char *c = path_template; *c != '\0' && fits;) {
        if ((*c == '{' || *c == '}') && c[1] == *c) {
            fits = put(&to, *c);
            c += 2;
        } else if (*c == '{') {
            c++;
            NN_TRY(fill_field(&c, fields, &to, &fits));
        } else {
            NN_REQUIRE(*c != '}', NN_ERR_INVALID, "'}' without '{' (a brace itself is written }})");
            fits = put(&to, *c++);
        }
    }
    NN_REQUIRE(fits, NN_ERR_INVALID, "longer than %zu bytes", size - 1);
    *to.at = '\0';
    return NN_OK;
}
