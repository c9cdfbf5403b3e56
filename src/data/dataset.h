/* Datasets: tables of named columns with counted references, and how batches are gathered. */
#ifndef NN_DATA_DATASET_H
#define NN_DATA_DATASET_H

#include "nn.h"
#include "part.h"
#include "real.h"
#include "shape.h"
#include <stdatomic.h>
#include <stdbool.h>

#define NN_MAX_COLUMNS 40 /* x, y, sample_weight, and those of a model's inputs and outputs */

typedef struct nn_column {
    const char *name; /* "x", "y", "sample_weight", or that of an input or output of a model */
    nn_dtype type;
    nn_shape shape; /* of one row */
    size_t width;
    size_t stride; /* values from one row to the next: width, or more in a part of a column */
    /* row 0 of this dataset's rows, or what index counts from; NULL: a reader's */
    const void *values;
    size_t first;        /* the place of row 0 among a reader's rows */
    const size_t *index; /* the place of each row; NULL: one after the other */
    void *owned;         /* the blocks to release, NULL if borrowed or another dataset's */
    char *owned_name;
    size_t *owned_index;
} nn_column;

struct nn_dataset {
    atomic_size_t references;
    nn_dataset *whole; /* whose memory a view shares (a counted reference), never itself a slice;
                          NULL: this stands alone */
    size_t rows;
    nn_column columns[NN_MAX_COLUMNS];
    size_t column_count;
    char **class_names; /* one block: the pointers, then the texts; a slice has its own */
    size_t class_count;
    const nn_row_reader *reader; /* which reads the rows; NULL: they are in memory */
    nn_row_reader *owned_reader; /* the block to release, NULL if another dataset's */
};

/* A dataset with one reference and no columns, which its maker appends. NULL as nn_allocate. */
nn_dataset *nn_dataset_create(size_t rows);

/* Adds a column, up to NN_MAX_COLUMNS. name must outlive the dataset. owned is values if they come
 * from nn_allocate and are now the dataset's to release, NULL if they are borrowed. */
void nn_dataset_append(nn_dataset *data, const char *name, nn_dtype type, const nn_shape *shape,
                       const void *values, void *owned);

/* NN_ERR_UNSUPPORTED for a stream, which has no views. */
nn_status nn_dataset_check_views(const nn_dataset *data);

/* A view of count rows of the whole: row i is the whole's row rows[i], which is one. The numbers are
 * copied. Errors: NN_ERR_NO_MEMORY; then *part is NULL. */
nn_status nn_dataset_view(nn_dataset **part, const nn_dataset *whole, const size_t *rows,
                          size_t count);

/* Bytes of one value; 0 for an unknown type. */
size_t nn_dtype_size(nn_dtype type);

/* Another reference to data; nn_dataset_free gives one back. */
nn_dataset *nn_dataset_retain(const nn_dataset *data);

/* The column of that name, NULL if there is none. */
const nn_column *nn_dataset_column(const nn_dataset *data, const char *name);

/* The part of a column's rows that starts at their first-th value and has that shape. */
nn_column nn_column_part(const nn_column *column, size_t first, const nn_shape *shape);

/* Which rows of a column: order[first ... first + count - 1], or these numbers themselves if order is
 * NULL. All are in range. */
typedef struct nn_rows {
    const size_t *order;
    size_t first, count;
} nn_rows;

static inline size_t nn_rows_at(const nn_rows *rows, size_t index)
{
    return rows->order != NULL ? rows->order[rows->first + index] : rows->first + index;
}

/* Where a row of a column is in its values, or its number for a reader. */
static inline size_t nn_column_place(const nn_column *column, size_t row)
{
    return column->index != NULL ? column->index[row] : column->first + row;
}

/* Where its values begin. */
static inline size_t nn_column_start(const nn_column *column, size_t row)
{
    return nn_column_place(column, row) * column->stride;
}

/* Gathers rows of a column as nn_real to values[count][width]. */
void nn_column_gather(const nn_column *column, const nn_rows *rows, nn_real *values);

/* values = scale column + offset, by the pool where there is much of it. */
void nn_column_gather_scaled(const nn_column *column, const nn_rows *rows, nn_real scale,
                             nn_real offset, nn_real *values);

/* The same for class labels: to labels[count * width]. NN_ERR_INVALID if the column is neither
 * NN_UINT8 nor NN_INT32, or, with row and value in the message, if a label is neither in
 * 0 ... classes - 1 nor other; what is in labels then isn't to be used. */
nn_status nn_column_gather_labels(const nn_column *column, const nn_rows *rows, size_t classes,
                                  nn_optional_integer other, int32_t *labels);

/* Checks the labels of the first rows as nn_column_gather_labels does, without copying them. */
nn_status nn_column_check_labels(const nn_column *column, size_t rows, size_t classes,
                                 nn_optional_integer other);

#endif
