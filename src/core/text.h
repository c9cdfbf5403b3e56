/* A growing string, formatted as in the C locale whatever the process's locale is. */
#ifndef NN_CORE_TEXT_H
#define NN_CORE_TEXT_H

#include "nn.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct nn_text {
    char *data; /* NULL or zero-ended */
    size_t length, capacity;
    bool failed; /* memory ran out: what was appended since is lost */
} nn_text;

#define NN_TEXT_INIT                                                                               \
    {                                                                                              \
        NULL, 0, 0, false                                                                          \
    }

void nn_text_append(nn_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void nn_text_append_bytes(nn_text *text, const char *bytes, size_t length);
/* The shortest decimal that reads back as the same double; inf and nan as such. */
void nn_text_append_number(nn_text *text, double number);
void nn_text_free(nn_text *text);

/* The text functions of nn.h: writes what fits to buffer, the whole length to *length (may be NULL).
 * NN_ERR_NO_MEMORY if the text failed. */
nn_status nn_text_copy_out(const nn_text *text, char *buffer, size_t size, size_t *length);

/* vsnprintf and strtod as in the C locale. */
int nn_format(char *buffer, size_t size, const char *format, va_list arguments);
double nn_parse_number(const char *text, char **end);

/* Bytes of the UTF-8 character at text, which a zero ends; 0 if there is none (RFC 3629). */
size_t nn_utf8_length(const char *text);
/* True if text is UTF-8 without control characters, as names are that people read. */
bool nn_is_printable(const char *text);

/* Number of edits (insert, delete, change, swap neighbours) between two words, upper and lower
 * case being the same, for "did you mean". */
size_t nn_edit_distance(const char *a, const char *b);

/* The candidate nearest to a word, if one is near enough to have been meant. */
typedef struct nn_nearest {
    const char *word;
    const char *candidate; /* NULL: none yet; borrowed */
    size_t distance;
} nn_nearest;

nn_nearest nn_nearest_to(const char *word);
void nn_nearest_consider(nn_nearest *nearest, const char *candidate);

#endif
