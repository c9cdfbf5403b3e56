/* Specs in text, "dense units=300 activation=relu", as trees of names, keys and values. The grammar is
 * in nn.h. What the names mean is not known here: part.h checks a spec against a table of options. */
#ifndef NN_CORE_SPEC_H
#define NN_CORE_SPEC_H

#include "nn.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct nn_spec nn_spec;

typedef enum nn_value_kind {
    NN_VALUE_NONE,
    NN_VALUE_BOOL,
    NN_VALUE_NUMBER, /* number, and text as it was written */
    NN_VALUE_NAME,   /* text: a bare word */
    NN_VALUE_STRING, /* text, without its quotes */
    NN_VALUE_TUPLE,  /* items[count] */
    NN_VALUE_SPEC    /* spec: name(key=value, ...) */
} nn_value_kind;

typedef struct nn_value {
    nn_value_kind kind;
    bool boolean;
    double number;
    char *text;
    struct nn_value *items;
    size_t count;
    nn_spec *spec;
} nn_value;

typedef struct nn_argument {
    char *key;
    nn_value value;
} nn_argument;

struct nn_spec {
    char *name; /* "dense"; of a metric of one output, "head/accuracy" */
    nn_argument *arguments;
    size_t count;
};

typedef struct nn_spec_list {
    nn_spec **specs;
    size_t count;
} nn_spec_list;

/* Parses one spec; anything behind it is an error. NN_ERR_INVALID with the position (from 1) and the
 * text around it; NN_ERR_NO_MEMORY. On failure *spec is NULL. */
nn_status nn_spec_parse(nn_spec **spec, const char *text);

/* Parses specs separated by ';'; empty ones are skipped, so NULL and "" give an empty list. */
nn_status nn_spec_parse_list(nn_spec_list *list, const char *text);

/* A spec made by hand (from JSON): a name without arguments; an argument added, whose key is copied
 * and whose value is moved into the spec (on failure it is still the caller's). */
nn_status nn_spec_create(nn_spec **spec, const char *name);
nn_status nn_spec_add(nn_spec *spec, const char *key, nn_value *value);

void nn_value_free(nn_value *value); /* what it owns, not the struct itself */
void nn_spec_free(nn_spec *spec);
void nn_spec_list_free(nn_spec_list *list);

#endif
