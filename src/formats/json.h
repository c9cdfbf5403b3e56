/* JSON (RFC 8259), written to a growing string and read to a tree. A library would do but for three
 * things that model files ask for: whatever allocation fails, reading ends in an error (jansson
 * 2.14 goes on with a part of the string it was at, and aborts); whole numbers have 64 bits; and
 * the process's locale plays no part. */
#ifndef NN_FORMATS_JSON_H
#define NN_FORMATS_JSON_H

#include "nn.h"
#include "text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "string" with what JSON wants escaped. NN_ERR_INVALID unless it is UTF-8: JSON is nothing
 * else. */
nn_status nn_json_write_string(nn_text *text, const char *string);

/* The shortest decimal that reads back as the same double, with a point or an exponent. The number
 * must be finite: JSON has no other. */
void nn_json_write_real(nn_text *text, double number);

/* A whole number; above 2^63 - 1, where readers begin to lose digits or fail, as a string. */
void nn_json_write_uint64(nn_text *text, uint64_t number);

typedef enum nn_json_kind {
    NN_JSON_NULL,
    NN_JSON_FALSE,
    NN_JSON_TRUE,
    NN_JSON_NUMBER,
    NN_JSON_STRING,
    NN_JSON_LIST,
    NN_JSON_OBJECT
} nn_json_kind;

/* A value. The values within a list or an object follow it, in their order. */
typedef struct nn_json {
    nn_json_kind kind;
    bool whole;       /* NUMBER: without point and exponent */
    const char *key;  /* in an object; else NULL */
    const char *text; /* STRING: unescaped, without zeros inside; NUMBER: as written */
    size_t length;    /* of text */
    size_t count;     /* LIST, OBJECT: values directly within */
    size_t span;      /* 1 and all values within, at any depth */
    double number;
} nn_json;

/* NN_ERR_UNSUPPORTED if text, which is valid JSON, has more values than nn_json_parse takes: a million
 * (the tensors of a header take 6 to 14 each). */
nn_status nn_json_check_count(const char *text, size_t length, const char *what);

/* Parses one value, of at most 64 levels and a million values; a key given twice is an error. Takes
 * one block of memory, of length and 56 bytes for each value, so of at most length + 56 MB; while it
 * works, 8 bytes more for each key of an object. It is given back by nn_release(*json). what names
 * the text in messages.
 * NN_ERR_FORMAT, NN_ERR_NO_MEMORY; then *json is NULL. */
nn_status nn_json_parse(nn_json **json, const char *text, size_t length, const char *what);

/* All of these take NULL, which is like a value of no kind. */
bool nn_json_is(const nn_json *json, nn_json_kind kind);
const nn_json *nn_json_get(const nn_json *object, const char *key); /* NULL if there is none */
const char *nn_json_string(const nn_json *json);                    /* NULL unless it is one */
size_t nn_json_count(const nn_json *json);                          /* 0 unless list or object */

/* for (item = nn_json_first(list); item != NULL; item = nn_json_next(list, item)) */
const nn_json *nn_json_first(const nn_json *parent);
const nn_json *nn_json_next(const nn_json *parent, const nn_json *item);

/* What nn_json_write_uint64 wrote. what names it in the message. NN_ERR_FORMAT. */
nn_status nn_json_read_uint64(const nn_json *json, const char *what, uint64_t *number);

#endif
