/* Datasets: references, making one from arrays, what is in it. */
#include "dataset.h"
#include "allocate.h"
#include "elementwise.h"
#include "names.h"
#include "status.h"
#include "text.h"
#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- references ---- */

nn_dataset *nn_dataset_create(size_t rows)
{
    nn_dataset *data = nn_allocate(1, sizeof *data);
    if (data == NULL)
        return NULL;
    atomic_init(&data->references, 1);
    data->rows = rows;
    return data;
}

nn_dataset *nn_dataset_retain(const nn_dataset *data)
{
    nn_dataset *retained = (nn_dataset *)data; /* every dataset comes from nn_dataset_create */
    atomic_fetch_add(&retained->references, 1);
    return retained;
}

void nn_dataset_free(nn_dataset *data)
{
    if (data == NULL || atomic_fetch_sub(&data->references, 1) > 1)
        return;
    for (size_t i = 0; i < data->column_count; i++) {
        nn_release(data->columns[i].owned);
        nn_release(data->columns[i].owned_name);
        nn_release(data->columns[i].owned_index);
    }
    if (data->owned_reader != NULL && data->owned_reader->release != NULL)
        data->owned_reader->release(data->owned_reader->user);
    nn_release(data->owned_reader);
    nn_release(data->class_names);
    nn_dataset_free(data->whole);
    nn_release(data);
}

/* ---- making one ---- */

void nn_dataset_append(nn_dataset *data, const char *name, nn_dtype type, const nn_shape *shape,
                       const void *values, void *owned)
{
    assert(data->column_count < NN_MAX_COLUMNS);
    data->columns[data->column_count++] = (nn_column){
        .name = name,
        .type = type,
        .shape = *shape,
        .width = nn_shape_width(shape),
        .stride = nn_shape_width(shape),
        .values = values,
        .owned = owned,
    };
}

/* What can be checked of an array that the caller lends, and its shape. */
static nn_status check_array(const char *name, size_t rows, const void *values, nn_dtype type,
                             size_t width, nn_shape *shape)
{
    size_t size = nn_dtype_size(type), count, bytes;
    NN_REQUIRE(values != NULL, NN_ERR_INVALID, "column '%s': values are NULL", name);
    NN_REQUIRE(size > 0, NN_ERR_INVALID, "column '%s': unknown type %d", name, (int)type);
    NN_REQUIRE(width > 0, NN_ERR_INVALID, "column '%s': width is 0", name);
    NN_REQUIRE(nn_multiply(rows, width, &count) && nn_multiply(count, size, &bytes) &&
                   bytes <= PTRDIFF_MAX,
               NN_ERR_INVALID, "column '%s': %zu rows of %zu values are more than memory can hold",
               name, rows, width);
    *shape = nn_shape_1d(width);
    return nn_shape_check(shape, name);
}

nn_status nn_dataset_from_arrays(nn_dataset **data, size_t rows, const void *x, nn_dtype x_type,
                                 size_t x_width, const void *y, nn_dtype y_type, size_t y_width)
{
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    *data = NULL;
    NN_REQUIRE(rows > 0, NN_ERR_INVALID, "rows is 0");
    const bool has_x = x != NULL || x_width > 0, has_y = y != NULL || y_width > 0;
    nn_shape x_shape, y_shape;
    if (has_x)
        NN_TRY(check_array("x", rows, x, x_type, x_width, &x_shape));
    if (has_y)
        NN_TRY(check_array("y", rows, y, y_type, y_width, &y_shape));

    nn_dataset *made = nn_dataset_create(rows);
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    if (has_x)
        nn_dataset_append(made, "x", x_type, &x_shape, x, NULL);
    if (has_y)
        nn_dataset_append(made, "y", y_type, &y_shape, y, NULL);
    *data = made;
    return NN_OK;
}

static nn_status check_sample_weight(const nn_dataset *data, const char *name, const void *values,
                                     nn_dtype type, size_t width)
{
    NN_REQUIRE(type == NN_FLOAT32 && width == 1, NN_ERR_INVALID,
               "column '%s' must be float32 of width 1", name);
    const float *weights = values;
    for (size_t i = 0; i < data->rows; i++)
        NN_REQUIRE(isfinite(weights[i]) && weights[i] >= 0, NN_ERR_INVALID,
                   "column '%s': %g in row %zu isn't a finite weight >= 0", name,
                   (double)weights[i], i);
    return NN_OK;
}

nn_status nn_dataset_add_column(nn_dataset *data, const char *name, const void *values,
                                nn_dtype type, size_t width)
{
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    NN_REQUIRE(name != NULL, NN_ERR_INVALID, "name is NULL");
    NN_REQUIRE(name[0] != '\0' && nn_is_printable(name), NN_ERR_INVALID,
               "the name of a column is empty, or isn't UTF-8 without control characters");
    NN_REQUIRE(nn_dataset_column(data, name) == NULL, NN_ERR_INVALID,
               "the dataset already has a column '%.80s'", name);
    NN_REQUIRE(
        data->reader == NULL, NN_ERR_UNSUPPORTED,
        "column '%.80s' can't be added: the rows are read by a function, which may fill x, y "
        "and sample_weight",
        name);
    NN_REQUIRE(data->column_count < NN_MAX_COLUMNS, NN_ERR_INVALID,
               "column '%.80s': a dataset has at most %d columns", name, NN_MAX_COLUMNS);
    NN_REQUIRE(atomic_load(&data->references) == 1, NN_ERR_STATE,
               "column '%.80s' can't be added: the dataset is in use or has slices", name);
    nn_shape shape;
    NN_TRY(check_array(name, data->rows, values, type, width, &shape));
    if (strcmp(name, "sample_weight") == 0)
        NN_TRY(check_sample_weight(data, name, values, type, width));
    char *copy = nn_copy_string(name);
    if (copy == NULL)
        return NN_ERR_NO_MEMORY;
    nn_dataset_append(data, copy, type, &shape, values, NULL);
    data->columns[data->column_count - 1].owned_name = copy;
    return NN_OK;
}

/* ---- what is in it ---- */

const nn_column *nn_dataset_column(const nn_dataset *data, const char *name)
{
    if (data == NULL || name == NULL)
        return NULL;
    for (size_t i = 0; i < data->column_count; i++)
        if (strcmp(data->columns[i].name, name) == 0)
            return &data->columns[i];
    return NULL;
}

size_t nn_dataset_rows(const nn_dataset *data)
{
    return data != NULL ? data->rows : 0;
}

size_t nn_dataset_width(const nn_dataset *data, const char *column)
{
    const nn_column *found = nn_dataset_column(data, column);
    return found != NULL ? found->width : 0;
}

size_t nn_dataset_shape(const nn_dataset *data, const char *column, size_t *dimensions,
                        size_t count)
{
    const nn_column *found = nn_dataset_column(data, column);
    if (found == NULL)
        return 0;
    for (size_t i = 0; dimensions != NULL && i < count && i < found->shape.rank; i++)
        dimensions[i] = found->shape.dimensions[i];
    return found->shape.rank;
}

/* count values from the start-th of the column on, by way of nn_real, a piece at a time. They are one flat
 * run, so a piece is gathered as rows of width 1. */
static void copy_values(const nn_column *column, size_t start, size_t count, float *values)
{
    nn_real piece[256];
    const size_t pieces = sizeof piece / sizeof piece[0];
    nn_column flat = *column;
    flat.width = flat.stride = 1;
    flat.index = NULL;
    for (size_t done = 0; done < count;) {
        const size_t part = count - done < pieces ? count - done : pieces;
        nn_column_gather(&flat, &(nn_rows){.first = start + done, .count = part}, piece);
        nn_to_float(part, piece, values + done);
        done += part;
    }
}

nn_status nn_dataset_get_values(const nn_dataset *data, const char *column, size_t first,
                                size_t count, float *values)
{
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    NN_REQUIRE(column != NULL, NN_ERR_INVALID, "column is NULL");
    NN_REQUIRE(values != NULL, NN_ERR_INVALID, "values is NULL");
    const nn_column *found = nn_dataset_column(data, column);
    NN_REQUIRE(found != NULL, NN_ERR_INVALID, "the dataset has no column '%s'", column);
    NN_REQUIRE(data->reader == NULL, NN_ERR_UNSUPPORTED,
               "the rows are read by a function: call that");
    NN_REQUIRE(first <= data->rows && count <= data->rows - first, NN_ERR_INVALID,
               "%zu rows from row %zu on: the dataset has %zu rows", count, first, data->rows);

    const size_t width = found->width;
    const bool flat = found->index == NULL && found->stride == width;
    if (flat)
        copy_values(found, first * width, count * width, values);
    for (size_t i = 0; !flat && i < count; i++)
        copy_values(found, nn_column_start(found, first + i), width, values + i * width);
    return NN_OK;
}

/* ---- class names ---- */

nn_status nn_dataset_set_class_names(nn_dataset *data, const char *const *names, size_t count)
{
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    char **copy;
    NN_TRY(nn_names_copy(&copy, names, count));
    nn_release(data->class_names); /* only now: names may be its own */
    data->class_names = copy;
    data->class_count = count;
    return NN_OK;
}

size_t nn_dataset_class_count(const nn_dataset *data)
{
    return data != NULL ? data->class_count : 0;
}

const char *nn_dataset_class_name(const nn_dataset *data, size_t index)
{
    return data != NULL && index < data->class_count ? data->class_names[index] : NULL;
}
