#include "reading.h"
#include "allocate.h"
#include "status.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* *memory has at least count * size bytes. */
static nn_status reserve(void **memory, size_t *has, size_t count, size_t size)
{
    size_t needed;
    NN_REQUIRE(nn_multiply(count, size, &needed), NN_ERR_NO_MEMORY,
               "a batch of %zu rows is more than memory can hold", count);
    if (*memory != NULL && *has >= needed)
        return NN_OK;
    void *made = nn_allocate(needed, 1);
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    nn_release(*memory);
    *memory = made;
    *has = needed;
    return NN_OK;
}

static nn_status reserve_rows(nn_reading *reading, size_t rows)
{
    if (reading->most_rows >= rows)
        return NN_OK;
    float *sample_weight = nn_allocate(rows, sizeof(*sample_weight));
    size_t *numbers = nn_allocate(rows, sizeof(*numbers));
    if (sample_weight == NULL || numbers == NULL) {
        nn_release(sample_weight);
        nn_release(numbers);
        return NN_ERR_NO_MEMORY;
    }
    nn_release(reading->sample_weight);
    nn_release(reading->rows);
    reading->sample_weight = sample_weight;
    reading->rows = numbers;
    reading->most_rows = rows;
    return NN_OK;
}

nn_status nn_reading_reserve(nn_reading *reading, const nn_source *source, size_t rows)
{
    const nn_row_reader *reader = source->reader;
    NN_TRY(reserve(&reading->x, &reading->x_size, rows,
                   reader->x_width * nn_dtype_size(reader->x_type)));
    NN_TRY(reserve(&reading->y, &reading->y_size, rows,
                   reader->y_width * nn_dtype_size(reader->y_type)));
    return reserve_rows(reading, rows);
}

void nn_reading_free(nn_reading *reading)
{
    nn_release(reading->x);
    nn_release(reading->y);
    nn_release(reading->sample_weight);
    nn_release(reading->rows);
}

/* The function may fail in a call to this library, which has left a message, or by itself, without one. */
static nn_status failed(nn_status status, const char *before, const char *function)
{
    if (strcmp(before, nn_error_message()) != 0)
        return nn_fail_in(status, "the reader's %s", function);
    return nn_fail(status, "the reader's %s failed with status %d (%s)", function, (int)status,
                   nn_status_string(status));
}

nn_status nn_reading_begin_pass(const nn_source *source)
{
    char before[1024];
    if (!nn_source_streams(source) || source->reader->restart == NULL)
        return NN_OK;
    snprintf(before, sizeof(before), "%s", nn_error_message());
    nn_status status = source->reader->restart(source->reader->user);
    return status == NN_OK || status == NN_STOPPED ? status : failed(status, before, "restart");
}

/* The column of a batch that was read to values. */
static nn_column column_of(const nn_column *column, const void *values)
{
    nn_column made = *column;
    made.values = values;
    made.first = 0;
    made.index = NULL;
    return made;
}

/* Columns that lie side by side in what was read: the parts of x, or of y, in their order. */
static void place_columns(nn_column *columns, size_t count, const void *values)
{
    const char *at = values;
    for (size_t i = 0; i < count; i++) {
        columns[i] = column_of(&columns[i], at);
        at += columns[i].width * nn_dtype_size(columns[i].type);
    }
}

static nn_status check_weights(const float *weights, size_t count)
{
    for (size_t i = 0; i < count; i++)
        NN_REQUIRE(isfinite(weights[i]) && weights[i] >= 0, NN_ERR_INVALID,
                   "column 'sample_weight': %g in row %zu of a batch isn't a finite weight >= 0",
                   (double)weights[i], i);
    return NN_OK;
}

static nn_status call_read(nn_reading *reading, const nn_source *source, const nn_rows *rows,
                           size_t *count)
{
    char before[1024];
    const nn_row_reader *reader = source->reader;
    for (size_t i = 0; i < rows->count && !reader->stream; i++)
        reading->rows[i] = nn_column_place(&source->inputs[0], nn_rows_at(rows, i));
    snprintf(before, sizeof(before), "%s", nn_error_message());
    *count = rows->count;
    nn_status status = reader->read(reader->user, reader->stream ? NULL : reading->rows, count,
                                    reading->x, reader->y_width > 0 ? reading->y : NULL,
                                    reader->sample_weight ? reading->sample_weight : NULL);
    if (status != NN_OK)
        return status == NN_STOPPED ? status : failed(status, before, "read");
    NN_REQUIRE(*count <= rows->count && (reader->stream || *count == rows->count), NN_ERR_INVALID,
               "the reader's read gave %zu rows, asked for were %zu", *count, rows->count);
    return NN_OK;
}

nn_status nn_reading_read(nn_reading *reading, const nn_source *source, const nn_rows *rows,
                          nn_source *batch, size_t *count)
{
    NN_TRY(call_read(reading, source, rows, count));
    *batch = *source;
    batch->reader = NULL;
    batch->rows = *count;
    place_columns(batch->inputs, batch->input_count, reading->x);
    place_columns(batch->targets, batch->target_count, reading->y);
    if (source->sample_weight == NULL)
        return NN_OK;
    reading->weight_column = column_of(source->sample_weight, reading->sample_weight);
    batch->sample_weight = &reading->weight_column;
    return check_weights(reading->sample_weight, *count);
}
