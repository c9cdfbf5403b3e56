/* IDX, the format of MNIST: two zero bytes, the element type, the rank, the dimensions as 32-bit
 * big-endian numbers, the values row-major.  Source: LeCun, Cortes, Burges, "The MNIST database" */
#include "allocate.h"
#include "dataset.h"
#include "input_file.h"
#include "status.h"
#include <limits.h>
#include <stdint.h>

enum { IDX_UINT8 = 0x08, FIRST_BLOCK = 65536 };

typedef struct idx_array {
    nn_shape shape; /* of the whole; dimensions[0] are the rows */
    size_t size;    /* bytes */
    uint8_t *values;
} idx_array;

/* The name of an IDX element type, NULL if there is no such type. */
static const char *type_name(unsigned type)
{
    static const char *const names[] = {
        [0x08] = "unsigned byte",  [0x09] = "signed byte", [0x0b] = "16-bit integer",
        [0x0c] = "32-bit integer", [0x0d] = "float",       [0x0e] = "double",
    };
    return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

static nn_status read_header(nn_input_file *file, const char *path, size_t max_rank,
                             idx_array *array)
{
    uint8_t magic[4];
    size_t got;
    NN_TRY(nn_input_file_read(file, magic, sizeof magic, &got));
    NN_REQUIRE(got > 0, NN_ERR_FORMAT, "%s: is empty", path);
    NN_REQUIRE(got == sizeof magic, NN_ERR_FORMAT,
               "%s: ends after %zu bytes, within the IDX header", path, got);
    NN_REQUIRE(magic[0] == 0 && magic[1] == 0 && type_name(magic[2]) != NULL, NN_ERR_FORMAT,
               "%s: isn't an IDX file: begins %02x %02x %02x %02x", path, magic[0], magic[1],
               magic[2], magic[3]);
    NN_REQUIRE(magic[2] == IDX_UINT8, NN_ERR_UNSUPPORTED,
               "%s: the element type is %s (0x%02x); only unsigned byte (0x08) is supported", path,
               type_name(magic[2]), magic[2]);
    size_t rank = magic[3];
    NN_REQUIRE(rank <= NN_MAX_RANK, NN_ERR_UNSUPPORTED,
               "%s: has rank %zu, and at most %d is supported", path, rank, NN_MAX_RANK);
    NN_REQUIRE(rank >= 1 && rank <= max_rank, NN_ERR_FORMAT, "%s: has rank %zu, expected 1%s", path,
               rank, max_rank > 1 ? " ... 8" : "");

    array->size = 1;
    for (size_t i = 0; i < rank; i++) {
        uint8_t b[4];
        NN_TRY(nn_input_file_read(file, b, sizeof b, &got));
        NN_REQUIRE(got == sizeof b, NN_ERR_FORMAT,
                   "%s: ends after %zu bytes, within the IDX header", path,
                   sizeof magic + i * sizeof b + got);
        size_t dimension = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
        NN_REQUIRE(dimension > 0, NN_ERR_FORMAT, "%s: dimension %zu is 0", path, i);
        array->shape.dimensions[i] = dimension;
        array->shape.rank = i + 1;
        NN_REQUIRE(nn_multiply(array->size, dimension, &array->size), NN_ERR_FORMAT,
                   "%s: dimensions %s are more than a file can hold", path,
                   nn_shape_string(&array->shape).text);
    }
    return NN_OK;
}

/* The memory grows with the data, whatever the header claims: never more than twice what came. */
static nn_status read_values(nn_input_file *file, const char *path, idx_array *array)
{
    size_t capacity = array->size < FIRST_BLOCK ? array->size : FIRST_BLOCK;
    array->values = nn_allocate(capacity, 1);
    if (array->values == NULL)
        return NN_ERR_NO_MEMORY;
    size_t filled = 0, got;
    for (;;) {
        NN_TRY(nn_input_file_read(file, array->values + filled, capacity - filled, &got));
        filled += got;
        NN_REQUIRE(filled == capacity, NN_ERR_FORMAT,
                   "%s: ends after %zu values; its header says %s, that is %zu", path, filled,
                   nn_shape_string(&array->shape).text, array->size);
        if (filled == array->size)
            break;
        capacity = capacity > array->size / 2 ? array->size : 2 * capacity;
        uint8_t *grown = nn_grow(array->values, filled, capacity, 1);
        if (grown == NULL)
            return NN_ERR_NO_MEMORY;
        array->values = grown;
    }
    uint8_t more;
    NN_TRY(nn_input_file_read(file, &more, 1, &got)); /* verifies gzip's checksum as well */
    NN_REQUIRE(got == 0, NN_ERR_FORMAT, "%s: bytes follow the %zu values that its header says",
               path, array->size);
    return NN_OK;
}

/* Reads a whole file; array->values are the caller's to release, on failure too. */
static nn_status read_idx(const char *path, size_t max_rank, idx_array *array)
{
    nn_input_file *file;
    NN_TRY(nn_input_file_open(&file, path));
    nn_status status = read_header(file, path, max_rank, array);
    if (status == NN_OK)
        status = read_values(file, path, array);
    nn_input_file_close(file);
    return status;
}

/* The shape of a row: the dimensions after the first; 1 value if there are none. */
static nn_status row_shape(const idx_array *array, const char *path, nn_shape *shape)
{
    size_t width = array->size / array->shape.dimensions[0];
    NN_REQUIRE(width <= INT_MAX, NN_ERR_UNSUPPORTED, "%s: a row has %zu values, the most is %d",
               path, width, INT_MAX);
    *shape = nn_shape_1d(1);
    if (array->shape.rank > 1) {
        shape->rank = array->shape.rank - 1;
        for (size_t i = 0; i < shape->rank; i++)
            shape->dimensions[i] = array->shape.dimensions[i + 1];
    }
    return NN_OK;
}

static nn_status load(nn_dataset *data, const char *images, const char *labels, idx_array *x,
                      idx_array *y)
{
    NN_TRY(read_idx(images, NN_MAX_RANK, x));
    nn_shape shape;
    NN_TRY(row_shape(x, images, &shape));
    data->rows = x->shape.dimensions[0];
    nn_dataset_append(data, "x", NN_UINT8, &shape, x->values, x->values);
    x->values = NULL;
    if (labels == NULL)
        return NN_OK;

    NN_TRY(read_idx(labels, 1, y));
    NN_REQUIRE(y->size == data->rows, NN_ERR_SHAPE, "%s has %zu rows, but %s has %zu", images,
               data->rows, labels, y->size);
    shape = nn_shape_1d(1);
    nn_dataset_append(data, "y", NN_UINT8, &shape, y->values, y->values);
    y->values = NULL;
    return NN_OK;
}

nn_status nn_dataset_load_idx(nn_dataset **data, const char *images, const char *labels)
{
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    *data = NULL;
    NN_REQUIRE(images != NULL, NN_ERR_INVALID, "images is NULL");
    nn_dataset *loaded = nn_dataset_create(0);
    if (loaded == NULL)
        return NN_ERR_NO_MEMORY;
    idx_array x = {.values = NULL}, y = {.values = NULL};
    nn_status status = load(loaded, images, labels, &x, &y);
    nn_release(x.values);
    nn_release(y.values);
    if (status != NN_OK) {
        nn_dataset_free(loaded);
        return status;
    }
    *data = loaded;
    return NN_OK;
}
