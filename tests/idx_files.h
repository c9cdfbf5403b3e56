/* IDX files of the tests' own, plain and gzipped, in a directory that lasts for a test. */
#ifndef NN_TESTS_IDX_FILES_H
#define NN_TESTS_IDX_FILES_H

#include "suite.h"

/* A fixture; its end checks that nothing leaks. */
extern char directory[];
extern char images_path[64], labels_path[64];
void make_directory(void);
void remove_directory(void);

/* Blocks and open files are as many as at the fixture's beginning. */
void nothing_leaks(void);

typedef struct bytes {
    uint8_t data[4096];
    size_t size;
} bytes;

void append(bytes *to, const void *data, size_t size);

bytes idx_header(unsigned type, size_t rank, const uint32_t *dimensions);

/* A whole IDX file, whose i-th value is (7 i + 3) modulo 256, or modulo 10 if it has rank 1. */
uint8_t value_at(size_t rank, size_t i);
bytes idx_file(size_t rank, const uint32_t *dimensions);
bytes images_3x2x2(void);

bytes gzipped(const void *data, size_t size);
bytes gzip_of(bytes plain);

void write_file(const char *path, const void *data, size_t size);

/* Loads the bytes as images without labels; must fail as expected, with the file's name. */
void images_fail(const bytes *file, nn_status expected);

/* Loads images, and labels unless they are NULL. */
nn_dataset *load_idx(const bytes *images, const bytes *labels);
void has_idx_values(const nn_dataset *data, const char *column, size_t rank);

#endif
