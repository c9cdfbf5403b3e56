/* Datasets whose rows a function of the caller's reads. */
#include "allocate.h"
#include "dataset.h"
#include "status.h"
#include <stdint.h>
#include <string.h>

static nn_status take_reader(nn_row_reader *taken, const nn_row_reader *given)
{
    NN_REQUIRE(given->struct_size >= sizeof(*taken) && given->struct_size <= 4096, NN_ERR_INVALID,
               "reader: struct_size is %zu, expected sizeof(nn_row_reader) = %zu",
               given->struct_size, sizeof(*taken));
    const unsigned char *bytes = (const unsigned char *)given;
    for (size_t i = sizeof(*taken); i < given->struct_size; i++)
        NN_REQUIRE(bytes[i] == 0, NN_ERR_VERSION,
                   "reader: the caller's struct has %zu bytes, this version knows %zu, and what is "
                   "beyond isn't zero",
                   given->struct_size, sizeof(*taken));
    *taken = *given;
    NN_REQUIRE(taken->read != NULL, NN_ERR_INVALID, "reader: read is NULL");
    NN_REQUIRE(taken->rows > 0 || taken->stream, NN_ERR_INVALID,
               "reader: rows is 0, which only a stream's may be");
    NN_REQUIRE(taken->restart == NULL || taken->stream, NN_ERR_INVALID,
               "reader: restart is for streams");
    return NN_OK;
}

static nn_status check_column(const char *name, nn_dtype type, size_t width, nn_shape *shape)
{
    NN_REQUIRE(nn_dtype_size(type) > 0, NN_ERR_INVALID, "reader: column '%s': unknown type %d",
               name, (int)type);
    NN_REQUIRE(width > 0, NN_ERR_INVALID, "reader: column '%s': width is 0", name);
    *shape = nn_shape_1d(width);
    return nn_shape_check(shape, name);
}

nn_status nn_dataset_from_function(nn_dataset **data, const nn_row_reader *reader)
{
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    *data = NULL;
    NN_REQUIRE(reader != NULL, NN_ERR_INVALID, "reader is NULL");
    nn_row_reader taken;
    nn_shape x, y = {.rank = 0};
    const nn_shape one = nn_shape_1d(1);
    NN_TRY(take_reader(&taken, reader));
    NN_TRY(check_column("x", taken.x_type, taken.x_width, &x));
    if (taken.y_width > 0)
        NN_TRY(check_column("y", taken.y_type, taken.y_width, &y));
    nn_dataset *made = nn_dataset_create(taken.rows);
    nn_row_reader *kept = nn_allocate(1, sizeof(*kept));
    if (made == NULL || kept == NULL) {
        nn_release(made);
        nn_release(kept);
        return NN_ERR_NO_MEMORY;
    }
    *kept = taken;
    made->reader = made->owned_reader = kept;
    nn_dataset_append(made, "x", taken.x_type, &x, NULL, NULL);
    if (taken.y_width > 0)
        nn_dataset_append(made, "y", taken.y_type, &y, NULL, NULL);
    if (taken.sample_weight)
        nn_dataset_append(made, "sample_weight", NN_FLOAT32, &one, NULL, NULL);
    *data = made;
    return NN_OK;
}

nn_status nn_dataset_check_views(const nn_dataset *data)
{
    NN_REQUIRE(data->reader == NULL || !data->reader->stream, NN_ERR_UNSUPPORTED,
               "a stream has no views: its rows can only be had one after the other");
    return NN_OK;
}
