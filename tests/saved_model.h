/* Models and their files, for the tests of these. What fails here fails the test. */
#ifndef NN_TESTS_SAVED_MODEL_H
#define NN_TESTS_SAVED_MODEL_H

#include "model.h"
#include <stddef.h>

enum { CHECKSUM_AT = 37, CHECKSUM_DIGITS = 8 };

typedef struct file {
    unsigned char *bytes; /* malloc's, of this very size: reading past the end is an error */
    size_t size;
} file;

/* A list of layers under seed 7. */
nn_model *new_model(const char *layers);

/* dense and dense_1, compiled, with class names. */
nn_model *small_model(void);
file small_file(void);

/* To and from memory. */
file save(const nn_model *model);
nn_model *load(file f);

/* Parts of a file, to be read and forged. */
void put_length(file f, size_t length);
size_t header_length(file f);
void put_checksum(file f);

/* The file with the first from in its header replaced by to, and a checksum that matches. */
file edited(file f, const char *from, const char *to);

/* Loading gives that status, no model, and leaves no block. */
void expect_refused(file f, nn_status expected, const char *what);

enum { ROWS = 5 };

/* Predicts ROWS rows: *y, which the caller frees, has *count values. */
void predict(const nn_model *model, float **y, size_t *count);
void check_same_predictions(const nn_model *a, const nn_model *b, const char *what);

/* b has been loaded from a's file: a loaded layer has the name that the model gave it as an option;
 * else the specs are the same, and so are the layers that each reads. Takes that name, and the names of
 * inputs, off b. */
void check_same_part(const nn_part *a, const nn_part *b);
void check_same_layers(const nn_model *a, const nn_model *b);

#endif
