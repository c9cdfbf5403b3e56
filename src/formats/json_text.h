/* JSON in text: written to a growing string, for numbers need their shortest form and 64 bits, and
 * read by jansson. Its memory is jansson's own (malloc), all other memory is nn_allocate's. */
#ifndef NN_FORMATS_JSON_TEXT_H
#define NN_FORMATS_JSON_TEXT_H

#include "nn.h"
#include "text.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* "string" with what JSON wants escaped. NN_ERR_INVALID unless it is UTF-8: JSON is nothing
 * else. */
nn_status nn_json_write_string(nn_text *text, const char *string);

/* The shortest decimal that reads back as the same double, with a point or an exponent; what isn't
 * finite, for which JSON has no number, as a string ("inf", "-inf", "nan"). */
void nn_json_write_real(nn_text *text, double number);

/* A whole number; above 2^63 - 1, where readers begin to lose digits or fail, as a string. */
void nn_json_write_uint64(nn_text *text, uint64_t number);

/* The same back. what names it in the message. NN_ERR_FORMAT. */
nn_status nn_json_read_uint64(const json_t *json, const char *what, uint64_t *number);

/* Parses an object or a list; a key given twice is an error. The caller drops *json by json_decref.
 * NN_ERR_FORMAT, NN_ERR_NO_MEMORY; then *json is NULL. */
nn_status nn_json_parse(json_t **json, const char *text, size_t length, const char *what);

#endif
