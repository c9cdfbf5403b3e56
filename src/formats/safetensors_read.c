/* Reading the container. Nothing in it is trusted. */
#include "allocate.h"
#include "safetensors.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

enum { LENGTH_SIZE = 8, LONGEST_HEADER = 100000000 /* the format's own limit */ };

static const char metadata_key[] = "__metadata__";

typedef struct tensor {
    nn_shape shape;
    size_t begin, end; /* in the data */
} tensor;

static nn_status get_size(const json_t *json, const char *what, size_t *size)
{
    uint64_t number;
    NN_TRY(nn_json_read_uint64(json, what, &number));
    NN_REQUIRE(json_is_integer(json) && number <= PTRDIFF_MAX, NN_ERR_FORMAT, "%s is too large",
               what);
    *size = (size_t)number;
    return NN_OK;
}

static nn_status read_shape(const json_t *json, tensor *t)
{
    size_t bytes = sizeof(float);
    NN_REQUIRE(json_is_array(json), NN_ERR_FORMAT, "shape is missing");
    NN_REQUIRE(json_array_size(json) <= NN_MAX_RANK, NN_ERR_UNSUPPORTED, "rank %zu is above %d",
               json_array_size(json), NN_MAX_RANK);
    t->shape.rank = json_array_size(json);
    for (size_t i = 0; i < t->shape.rank; i++) {
        NN_TRY(get_size(json_array_get(json, i), "a dimension", &t->shape.dimensions[i]));
        NN_REQUIRE(nn_multiply(bytes, t->shape.dimensions[i], &bytes), NN_ERR_FORMAT,
                   "shape has more values than memory can hold");
    }
    NN_REQUIRE(t->end - t->begin == bytes, NN_ERR_FORMAT,
               "shape %s takes %zu bytes, but data_offsets hold %zu",
               nn_shape_string(&t->shape).text, bytes, t->end - t->begin);
    return NN_OK;
}

static nn_status read_tensor(const nn_safetensors *file, const json_t *json, tensor *t)
{
    const char *dtype = json_string_value(json_object_get(json, "dtype"));
    const json_t *offsets = json_object_get(json, "data_offsets");
    NN_REQUIRE(json_object_size(json) == 3 && dtype != NULL && json_array_size(offsets) == 2,
               NN_ERR_FORMAT, "expected dtype, shape and two data_offsets");
    NN_REQUIRE(strcmp(dtype, "F32") == 0, NN_ERR_UNSUPPORTED, "dtype is %.20s, expected F32",
               dtype);
    NN_TRY(get_size(json_array_get(offsets, 0), "an offset", &t->begin));
    NN_TRY(get_size(json_array_get(offsets, 1), "an offset", &t->end));
    NN_REQUIRE(t->begin <= t->end && t->end <= file->data_size, NN_ERR_FORMAT,
               "data_offsets [%zu, %zu] aren't within the %zu bytes of data", t->begin, t->end,
               file->data_size);
    return read_shape(json_object_get(json, "shape"), t);
}

static int by_begin(const void *a, const void *b)
{
    const tensor *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static nn_status check_places(const nn_safetensors *file, tensor *tensors)
{
    size_t at = 0;
    qsort(tensors, file->tensor_count, sizeof(*tensors), by_begin);
    for (size_t i = 0; i < file->tensor_count; i++) {
        NN_REQUIRE(tensors[i].begin == at, NN_ERR_FORMAT, "tensors %s at byte %zu of the data",
                   tensors[i].begin < at ? "overlap" : "leave a gap", at);
        at = tensors[i].end;
    }
    NN_REQUIRE(at == file->data_size, NN_ERR_FORMAT,
               "the tensors end at byte %zu of the data, the file at %zu", at, file->data_size);
    return NN_OK;
}

static nn_status read_tensors(nn_safetensors *file, tensor *tensors)
{
    const char *name;
    json_t *json;
    json_object_foreach(file->header, name, json)
    {
        if (strcmp(name, metadata_key) == 0)
            continue;
        nn_status status = read_tensor(file, json, &tensors[file->tensor_count]);
        if (status != NN_OK)
            return nn_fail_in(status, "tensor '%.80s'", name);
        file->tensor_count++;
    }
    return check_places(file, tensors);
}

static nn_status check_metadata(const nn_safetensors *file)
{
    const char *key;
    json_t *value;
    const json_t *metadata = json_object_get(file->header, metadata_key);
    NN_REQUIRE(metadata == NULL || json_is_object(metadata), NN_ERR_FORMAT,
               "%s isn't an object of strings", metadata_key);
    json_object_foreach((json_t *)metadata, key, value) NN_REQUIRE(
        json_is_string(value), NN_ERR_FORMAT, "%s: '%.80s' isn't a string", metadata_key, key);
    return NN_OK;
}

static nn_status read_header(nn_safetensors *file, const unsigned char *bytes, size_t length)
{
    NN_TRY(nn_json_parse(&file->header, (const char *)bytes + LENGTH_SIZE, length, "header"));
    NN_REQUIRE(json_is_object(file->header), NN_ERR_FORMAT, "the header isn't an object");
    NN_TRY(check_metadata(file));
    tensor *tensors = nn_allocate(json_object_size(file->header), sizeof(*tensors));
    if (tensors == NULL)
        return NN_ERR_NO_MEMORY;
    nn_status status = read_tensors(file, tensors);
    nn_release(tensors);
    return status;
}

nn_status nn_safetensors_open(nn_safetensors *file, const unsigned char *bytes, size_t size)
{
    *file = (nn_safetensors){.header = NULL};
    NN_REQUIRE(size >= LENGTH_SIZE, NN_ERR_FORMAT, "%zu bytes are too few for a safetensors file",
               size);
    uint64_t length = 0;
    for (size_t i = 0; i < LENGTH_SIZE; i++)
        length |= (uint64_t)bytes[i] << (8 * i);
    NN_REQUIRE(length <= size - LENGTH_SIZE && length <= LONGEST_HEADER, NN_ERR_FORMAT,
               "the header claims %llu bytes of a file of %zu", (unsigned long long)length, size);
    file->data = bytes + LENGTH_SIZE + length;
    file->data_size = size - LENGTH_SIZE - (size_t)length;
    nn_status status = read_header(file, bytes, (size_t)length);
    if (status != NN_OK)
        nn_safetensors_close(file);
    return status;
}

void nn_safetensors_close(nn_safetensors *file)
{
    json_decref(file->header);
    *file = (nn_safetensors){.header = NULL};
}

const char *nn_safetensors_metadata(const nn_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->header, metadata_key), key));
}

nn_status nn_safetensors_find(const nn_safetensors *file, const char *name, const nn_shape *shape,
                              const unsigned char **bytes)
{
    tensor t;
    const json_t *json =
        strcmp(name, metadata_key) == 0 ? NULL : json_object_get(file->header, name);
    NN_REQUIRE(json != NULL, NN_ERR_FORMAT, "tensor '%.80s' is missing", name);
    NN_TRY(read_tensor(file, json, &t));
    NN_REQUIRE(t.shape.rank == shape->rank &&
                   memcmp(t.shape.dimensions, shape->dimensions, shape->rank * sizeof(size_t)) == 0,
               NN_ERR_FORMAT, "tensor '%.80s' has shape %s, but the layer's is %s", name,
               nn_shape_string(&t.shape).text, nn_shape_string(shape).text);
    *bytes = file->data + t.begin;
    return NN_OK;
}
