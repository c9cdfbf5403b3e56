/* From a column's own type to nn_real or to labels, as batches need them. */
#include "dataset.h"
#include "elementwise.h"
#include "pool.h"
#include "status.h"

size_t nn_dtype_size(nn_dtype type)
{
    switch (type) {
    case NN_FLOAT32:
        return sizeof(float);
    case NN_UINT8:
        return sizeof(uint8_t);
    case NN_INT32:
        return sizeof(int32_t);
    }
    return 0;
}

/* count values from the start-th value of the column on */
static void convert(const nn_column *column, size_t start, size_t count, nn_real *values)
{
    switch (column->type) {
    case NN_FLOAT32:
        nn_from_float(count, (const float *)column->values + start, values);
        break;
    case NN_UINT8:
        nn_from_uint8(count, (const uint8_t *)column->values + start, values);
        break;
    case NN_INT32:
        nn_from_int32(count, (const int32_t *)column->values + start, values);
        break;
    }
}

void nn_column_gather(const nn_column *column, const nn_rows *rows, nn_real *values)
{
    const size_t width = column->width;
    if (rows->order == NULL && column->index == NULL && column->stride == width) {
        convert(column, rows->first * width, rows->count * width, values);
        return;
    }
    for (size_t i = 0; i < rows->count; i++)
        convert(column, nn_column_start(column, nn_rows_at(rows, i)), width, values + i * width);
}

struct gathering {
    const nn_column *column;
    const nn_rows *rows;
    size_t tile_rows;
    nn_real scale, offset;
    nn_real *values;
};

static void gather_tile(void *context, size_t tile)
{
    const struct gathering *g = context;
    const nn_column *column = g->column;
    const size_t width = column->width, begin = tile * g->tile_rows;
    const size_t left = g->rows->count - begin;
    const size_t end = begin + (left < g->tile_rows ? left : g->tile_rows);
    for (size_t i = begin; i < end; i++) {
        const size_t start = nn_column_start(column, nn_rows_at(g->rows, i));
        nn_real *row = g->values + i * width;
        if (column->type == NN_UINT8) {
            nn_from_uint8_scaled(width, g->scale, g->offset,
                                 (const uint8_t *)column->values + start, row);
        } else {
            convert(column, start, width, row);
            if (g->scale != 1 || g->offset != 0)
                nn_scale_offset(width, g->scale, g->offset, row, row);
        }
    }
}

void nn_column_gather_scaled(const nn_column *column, const nn_rows *rows, nn_real scale,
                             nn_real offset, nn_real *values)
{
    enum { TILE_VALUES = 12544 }; /* about 1 us */
    const size_t width = column->width;
    struct gathering gathering = {
        .column = column,
        .rows = rows,
        .tile_rows = width < TILE_VALUES ? TILE_VALUES / width : 1,
        .scale = scale,
        .offset = offset,
        .values = values,
    };
    nn_pool_run((rows->count - 1) / gathering.tile_rows + 1, gather_tile, &gathering);
}

/* A label of a row; type is NN_UINT8 or NN_INT32. */
static int32_t label_at(const nn_column *column, size_t row, size_t at)
{
    const size_t index = nn_column_start(column, row) + at;
    return column->type == NN_UINT8 ? ((const uint8_t *)column->values)[index]
                                    : ((const int32_t *)column->values)[index];
}

static nn_status check_type(const nn_column *column)
{
    NN_REQUIRE(column->type == NN_UINT8 || column->type == NN_INT32, NN_ERR_INVALID,
               "column '%s': class labels must be int32 or uint8", column->name);
    return NN_OK;
}

static nn_status check_label(const nn_column *column, size_t row, int32_t label, size_t classes,
                             nn_optional_integer other)
{
    if (other.given && label == other.value)
        return NN_OK;
    NN_REQUIRE(label >= 0 && (size_t)label < classes, NN_ERR_INVALID,
               "column '%s': label %d in row %zu isn't one of %zu classes, which count from 0",
               column->name, label, row, classes);
    return NN_OK;
}

nn_status nn_column_gather_labels(const nn_column *column, const nn_rows *rows, size_t classes,
                                  nn_optional_integer other, int32_t *labels)
{
    NN_TRY(check_type(column));
    const size_t width = column->width;
    for (size_t i = 0; i < rows->count; i++) {
        const size_t row = nn_rows_at(rows, i);
        for (size_t j = 0; j < width; j++) {
            int32_t label = label_at(column, row, j);
            NN_TRY(check_label(column, row, label, classes, other));
            labels[i * width + j] = label;
        }
    }
    return NN_OK;
}

nn_status nn_column_check_labels(const nn_column *column, size_t rows, size_t classes,
                                 nn_optional_integer other)
{
    NN_TRY(check_type(column));
    const size_t width = column->width;
    for (size_t row = 0; row < rows; row++)
        for (size_t j = 0; j < width; j++)
            NN_TRY(check_label(column, row, label_at(column, row, j), classes, other));
    return NN_OK;
}
