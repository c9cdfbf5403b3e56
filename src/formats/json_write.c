#include "json.h"
#include "status.h"
#include <assert.h>
#include <math.h>
#include <string.h>

nn_status nn_json_write_string(nn_text *text, const char *string)
{
    nn_text_append_bytes(text, "\"", 1);
    for (const char *s = string; *s != '\0';) {
        size_t length = nn_utf8_length(s);
        NN_REQUIRE(length > 0, NN_ERR_INVALID, "'%.80s' isn't UTF-8, as names in files have to be",
                   string);
        if (*s == '"' || *s == '\\')
            nn_text_append_bytes(text, "\\", 1);
        if ((unsigned char)*s < 0x20)
            nn_text_append(text, "\\u%04x", (unsigned)*s);
        else
            nn_text_append_bytes(text, s, length);
        s += length;
    }
    nn_text_append_bytes(text, "\"", 1);
    return NN_OK;
}

void nn_json_write_real(nn_text *text, double number)
{
    assert(isfinite(number));
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
