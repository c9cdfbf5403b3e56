#include "json_text.h"
#include "status.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at s, 0 if there is none: neither overlong forms nor surrogates nor
 * anything past U+10FFFF (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
    size_t length = s[0] < 0x80                    ? 1
                    : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
                    : (s[0] & 0xf0) == 0xe0        ? 3
                    : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                   : 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

nn_status nn_json_write_string(nn_text *text, const char *string)
{
    const unsigned char *s = (const unsigned char *)string;
    nn_text_append_bytes(text, "\"", 1);
    while (*s != '\0') {
        size_t length = utf8_length(s);
        NN_REQUIRE(length > 0, NN_ERR_INVALID, "'%.80s' isn't UTF-8, as names in files have to be",
                   string);
        if (*s == '"' || *s == '\\')
            nn_text_append_bytes(text, "\\", 1);
        if (*s < 0x20)
            nn_text_append(text, "\\u%04x", (unsigned)*s);
        else
            nn_text_append_bytes(text, (const char *)s, length);
        s += length;
    }
    nn_text_append_bytes(text, "\"", 1);
    return NN_OK;
}

void nn_json_write_real(nn_text *text, double number)
{
    if (!isfinite(number)) {
        nn_text_append(text, "\"%s\"", isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
        return;
    }
    size_t start = text->length;
    nn_text_append_number(text, number);
    if (!text->failed && strpbrk(text->data + start, ".e") == NULL)
        nn_text_append_bytes(text, ".0", 2);
}

void nn_json_write_uint64(nn_text *text, uint64_t number)
{
    const char *quote = number > INT64_MAX ? "\"" : "";
    nn_text_append(text, "%s%llu%s", quote, (unsigned long long)number, quote);
}

nn_status nn_json_read_uint64(const json_t *json, const char *what, uint64_t *number)
{
    if (json_is_integer(json) && json_integer_value(json) >= 0) {
        *number = (uint64_t)json_integer_value(json);
        return NN_OK;
    }
    const char *text = json_string_value(json);
    NN_REQUIRE(text != NULL && text[0] >= '0' && text[0] <= '9', NN_ERR_FORMAT,
               "%s isn't a whole number below 2^64", what);
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    NN_REQUIRE(*end == '\0' && errno == 0, NN_ERR_FORMAT,
               "%s is '%.40s', expected a whole number below 2^64", what, text);
    *number = value;
    return NN_OK;
}

nn_status nn_json_parse(json_t **json, const char *text, size_t length, const char *what)
{
    json_error_t error = {.line = 0};
    *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (*json != NULL)
        return NN_OK;
    /* Where malloc fails deep inside, jansson gives up without a word. */
    NN_REQUIRE(error.text[0] != '\0' && json_error_code(&error) != json_error_out_of_memory,
               NN_ERR_NO_MEMORY, "out of memory while reading the %s", what);
    return nn_fail(NN_ERR_FORMAT, "the %s isn't valid JSON: line %d, column %d: %s", what,
                   error.line, error.column, error.text);
}
