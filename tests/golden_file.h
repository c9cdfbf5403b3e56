/* Files of golden values, read for a test: the case it runs on, and its numbers. */
#ifndef NN_TESTS_GOLDEN_FILE_H
#define NN_TESTS_GOLDEN_FILE_H

#include "nn.h"
#include "real.h"
#include "suite.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The case that use_case chose. It belongs to its file, which free_file frees. */
extern json_t *golden;

size_t count_cases(const char *name); /* 0 if the file can't be read */
void use_case(const char *name, int index);
void free_file(void);

/* A member that must be there. */
json_t *member(const json_t *object, const char *key);
const char *text(const json_t *object, const char *key);
size_t size(const json_t *object, const char *key);
double at(const json_t *array, size_t index);
double largest_of(const json_t *array, size_t first, size_t count); /* of the absolute values */

/* count zeroed elements, for free. */
void *reserve(size_t count, size_t each);
float *floats(const json_t *array);
nn_real *reals(const json_t *array);

/* A dataset's column, {"type": "uint8", "width": 3, "values": [...]}. */
typedef struct golden_column {
    void *values;
    nn_dtype type;
    size_t width;
} golden_column;

golden_column read_column(const char *key);

/* Gives a model the case's initial_weights, as many as it has. */
void set_initial_weights(nn_model *model);

/* The case's layers, compiled with its optimizer and loss, with its initial_weights. */
nn_model *golden_model(void);

/* How many cases of a file have a spec of that part under the key. */
size_t count_cases_of(const char *file, const char *key, const char *part);
bool is_spec_of(const char *spec, const char *part);

/* One run of test for each case of a file, under a name. A file without any ends the program as failed. */
void add_cases(Suite *suite, const char *name, const char *file, const TTest *test);

#endif
