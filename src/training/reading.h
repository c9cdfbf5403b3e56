/* Rows that a function of the caller's reads, a batch at a time. */
#ifndef NN_TRAINING_READING_H
#define NN_TRAINING_READING_H

#include "source.h"

typedef struct nn_reading {
    void *x, *y;
    float *sample_weight;
    size_t *rows;
    size_t x_size, y_size, most_rows; /* bytes that x and y have, rows that the others have */
    nn_column weight_column;          /* the batch's, in the source's type */
} nn_reading;

/* Room for batches of at most so many rows. Errors: NN_ERR_NO_MEMORY; then what was there before is. */
nn_status nn_reading_reserve(nn_reading *reading, const nn_source *source, size_t rows);
void nn_reading_free(nn_reading *reading);

/* A pass over the source begins: a stream goes back to its first row. */
nn_status nn_reading_begin_pass(const nn_source *source);

/* Reads these rows, or as many of a stream, and makes batch the source of the rows 0 ... *count - 1. */
nn_status nn_reading_read(nn_reading *reading, const nn_source *source, const nn_rows *rows,
                          nn_source *batch, size_t *count);

#endif
