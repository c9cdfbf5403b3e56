#include "text.h"
#include "allocate.h"
#include "status.h"
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* glibc hands out its built-in C locale here: nothing is allocated, nothing has to be freed. */
static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

int nn_format(char *buffer, size_t size, const char *format, va_list arguments)
{
    locale_t c = c_locale();
    locale_t before = c != (locale_t)0 ? uselocale(c) : (locale_t)0; /* this thread's only */
    int length = vsnprintf(buffer, size, format, arguments);
    if (c != (locale_t)0) {
        uselocale(before);
        freelocale(c);
    }
    return length;
}

double nn_parse_number(const char *text, char **end)
{
    locale_t c = c_locale();
    double number = c != (locale_t)0 ? strtod_l(text, end, c) : strtod(text, end);
    if (c != (locale_t)0)
        freelocale(c);
    return number;
}

static bool reserve(nn_text *text, size_t more)
{
    size_t needed;
    if (text->failed || !nn_add(text->length + 1, more, &needed)) {
        text->failed = true;
        return false;
    }
    if (needed <= text->capacity)
        return true;
    size_t capacity = needed < 128 ? 256 : 2 * needed;
    char *grown = nn_grow(text->data, text->length, capacity, 1);
    if (grown == NULL) {
        text->failed = true;
        return false;
    }
    text->data = grown;
    text->capacity = capacity;
    return true;
}

void nn_text_append_bytes(nn_text *text, const char *bytes, size_t length)
{
    if (!reserve(text, length))
        return;
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void nn_text_append(nn_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = nn_format(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve(text, (size_t)length)) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    nn_format(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

static void format_number(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    nn_format(buffer, size, format, arguments);
    va_end(arguments);
}

void nn_text_append_number(nn_text *text, double number)
{
    char buffer[64];
    for (int digits = 6; digits <= 17; digits++) {
        format_number(buffer, sizeof(buffer), "%.*g", digits, number);
        if (isnan(number) || nn_parse_number(buffer, NULL) == number)
            break;
    }
    nn_text_append_bytes(text, buffer, strlen(buffer));
}

void nn_text_free(nn_text *text)
{
    nn_release(text->data);
    *text = (nn_text)NN_TEXT_INIT;
}

nn_status nn_text_copy_out(const nn_text *text, char *buffer, size_t size, size_t *length)
{
    NN_REQUIRE(!text->failed, NN_ERR_NO_MEMORY, "out of memory while writing a text");
    NN_REQUIRE(buffer != NULL || size == 0, NN_ERR_INVALID, "buffer is NULL but size is %zu", size);
    if (size > 0) {
        size_t copied = text->length < size ? text->length : size - 1;
        if (copied > 0)
            memcpy(buffer, text->data, copied);
        buffer[copied] = '\0';
    }
    if (length != NULL)
        *length = text->length;
    return NN_OK;
}

/* Neither overlong forms nor surrogates nor anything past U+10FFFF. */
size_t nn_utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t length = 0;
    if (s[0] > 0 && s[0] < 0x80)
        length = 1;
    else if (s[0] >= 0xc2 && s[0] <= 0xdf)
        length = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef)
        length = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        length = 4;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

bool nn_is_printable(const char *text)
{
    while (*text != '\0') {
        const size_t length = nn_utf8_length(text);
        if (length == 0 || (unsigned char)*text < ' ' || *text == '\x7f')
            return false;
        text += length;
    }
    return true;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool same(char a, char b)
{
    return lower(a) == lower(b);
}

size_t nn_edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t rows = strnlen(a, LONGEST), columns = strnlen(b, LONGEST);
    size_t distance[3][LONGEST + 1]; /* this row, the one before, and the one before that */
    size_t *two_before = distance[0], *before = distance[1], *row = distance[2];
    for (size_t j = 0; j <= columns; j++)
        before[j] = two_before[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t best = before[j - 1] + !same(a[i - 1], b[j - 1]);
            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) &&
                two_before[j - 2] + 1 < best)
                best = two_before[j - 2] + 1;
            row[j] = best;
        }
        size_t *spare = two_before;
        two_before = before;
        before = row;
        row = spare;
    }
    return before[columns];
}

nn_nearest nn_nearest_to(const char *word)
{
    return (nn_nearest){.word = word, .distance = 4}; /* farther than 3 edits is another word */
}

void nn_nearest_consider(nn_nearest *nearest, const char *candidate)
{
    const size_t distance = nn_edit_distance(nearest->word, candidate);
    const size_t length =
        strlen(candidate); /* a letter of it at least stays; of one letter, it is in word */
    const bool near = distance < (length > 1 ? length : strlen(nearest->word));
    if (distance < nearest->distance && near) {
        nearest->distance = distance;
        nearest->candidate = candidate;
    }
}
