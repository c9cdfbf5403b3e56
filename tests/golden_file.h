/* Files of golden values, read for a test: the case it runs on, and its numbers. */
#ifndef NN_TESTS_GOLDEN_FILE_H
#define NN_TESTS_GOLDEN_FILE_H

#include "nn.h"
#include "real.h"
#include <jansson.h>
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

#endif
