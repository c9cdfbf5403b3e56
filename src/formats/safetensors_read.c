/* Reading the container. Nothing in it is trusted. */
#include "allocate.h"
#include "safetensors.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

static const char metadata_key[] = "__metadata__";

typedef struct nn_safetensors_tensor {
    const char *name; /* the header's */
    nn_shape shape;
    size_t begin, end; /* in the data */
} tensor;

static nn_status get_size(const nn_json *json, const char *what, size_t *size)
{
    uint64_t number;
    NN_TRY(nn_json_read_uint64(json, what, &number));
    NN_REQUIRE(nn_json_is(json, NN_JSON_NUMBER) && number <= PTRDIFF_MAX, NN_ERR_FORMAT,
               "%s is too large", what);
    *size = (size_t)number;
    return NN_OK;
}

static nn_status read_shape(const nn_json *json, tensor *t)
{
    size_t bytes = sizeof(float);
    NN_REQUIRE(nn_json_is(json, NN_JSON_LIST), NN_ERR_FORMAT, "shape is missing");
    NN_REQUIRE(nn_json_count(json) <= NN_MAX_RANK, NN_ERR_UNSUPPORTED, "rank %zu is above %d",
               nn_json_count(json), NN_MAX_RANK);
    t->shape.rank = nn_json_count(json);
    size_t *dimension = t->shape.dimensions;
    for (const nn_json *item = nn_json_first(json); item != NULL; item = nn_json_next(json, item)) {
        NN_TRY(get_size(item, "a dimension", dimension));
        NN_REQUIRE(nn_multiply(bytes, *dimension++, &bytes), NN_ERR_FORMAT,
                   "shape has more values than memory can hold");
    }
    NN_REQUIRE(t->end - t->begin == bytes, NN_ERR_FORMAT,
               "shape %s takes %zu bytes, but data_offsets hold %zu",
               nn_shape_string(&t->shape).text, bytes, t->end - t->begin);
    return NN_OK;
}

static nn_status read_tensor(const nn_json *json, tensor *t)
{
    const char *dtype = nn_json_string(nn_json_get(json, "dtype"));
    const nn_json *offsets = nn_json_get(json, "data_offsets");
    NN_REQUIRE(nn_json_count(json) == 3 && dtype != NULL && nn_json_count(offsets) == 2,
               NN_ERR_FORMAT, "expected dtype, shape and two data_offsets");
    NN_REQUIRE(strcmp(dtype, "F32") == 0, NN_ERR_UNSUPPORTED, "dtype is %.20s, expected F32",
               dtype);
    NN_TRY(get_size(nn_json_first(offsets), "an offset", &t->begin));
    NN_TRY(get_size(nn_json_next(offsets, nn_json_first(offsets)), "an offset", &t->end));
    NN_REQUIRE(t->begin <= t->end, NN_ERR_FORMAT, "data_offsets [%zu, %zu] end before they begin",
               t->begin, t->end);
    t->name = json->key;
    return read_shape(nn_json_get(json, "shape"), t);
}

static int by_begin(const void *a, const void *b)
{
    const tensor *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const tensor *)a)->name, ((const tensor *)b)->name);
}

/* Finds the size of the data. Leaves the tensors sorted by name. */
static nn_status check_places(nn_safetensors *file)
{
    tensor *tensors = file->tensors;
    qsort(tensors, file->tensor_count, sizeof(*tensors), by_begin);
    for (size_t i = 0; i < file->tensor_count; i++) {
        NN_REQUIRE(tensors[i].begin == file->data_size, NN_ERR_FORMAT,
                   "tensors %s at byte %zu of the data",
                   tensors[i].begin < file->data_size ? "overlap" : "leave a gap", file->data_size);
        file->data_size = tensors[i].end;
    }
    qsort(tensors, file->tensor_count, sizeof(*tensors), by_name);
    return NN_OK;
}

static nn_status read_tensors(nn_safetensors *file)
{
    const nn_json *header = file->header;
    file->tensors = nn_allocate(nn_json_count(header), sizeof(*file->tensors));
    if (file->tensors == NULL)
        return NN_ERR_NO_MEMORY;
    for (const nn_json *item = nn_json_first(header); item != NULL;
         item = nn_json_next(header, item)) {
        if (strcmp(item->key, metadata_key) == 0)
            continue;
        nn_status status = read_tensor(item, &file->tensors[file->tensor_count]);
        if (status != NN_OK)
            return nn_fail_in(status, "tensor '%.80s'", item->key);
        file->tensor_count++;
    }
    return check_places(file);
}

static nn_status check_metadata(const nn_safetensors *file)
{
    const nn_json *metadata = nn_json_get(file->header, metadata_key);
    NN_REQUIRE(metadata == NULL || metadata->kind == NN_JSON_OBJECT, NN_ERR_FORMAT,
               "%s isn't an object of strings", metadata_key);
    for (const nn_json *item = nn_json_first(metadata); item != NULL;
         item = nn_json_next(metadata, item))
        NN_REQUIRE(item->kind == NN_JSON_STRING, NN_ERR_FORMAT, "%s: '%.80s' isn't a string",
                   metadata_key, item->key);
    return NN_OK;
}

static nn_status read_header(nn_safetensors *file, const unsigned char *text, size_t length)
{
    NN_TRY(nn_json_parse(&file->header, (const char *)text, length, "header"));
    NN_REQUIRE(nn_json_is(file->header, NN_JSON_OBJECT), NN_ERR_FORMAT,
               "the header isn't an object");
    NN_TRY(check_metadata(file));
    return read_tensors(file);
}

nn_status nn_safetensors_read_length(const unsigned char *bytes, size_t *length)
{
    uint64_t number = 0;
    for (size_t i = 0; i < NN_SAFETENSORS_LENGTH_SIZE; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    NN_REQUIRE(number <= NN_SAFETENSORS_LONGEST_HEADER, NN_ERR_FORMAT,
               "the header claims %llu bytes, it has at most %d", (unsigned long long)number,
               NN_SAFETENSORS_LONGEST_HEADER);
    *length = (size_t)number;
    return NN_OK;
}

nn_status nn_safetensors_open(nn_safetensors *file, const unsigned char *text, size_t length)
{
    *file = (nn_safetensors){.header = NULL};
    nn_status status = read_header(file, text, length);
    if (status != NN_OK)
        nn_safetensors_close(file);
    return status;
}

void nn_safetensors_close(nn_safetensors *file)
{
    nn_release(file->tensors);
    nn_release(file->header);
    *file = (nn_safetensors){.header = NULL};
}

const char *nn_safetensors_metadata(const nn_safetensors *file, const char *key)
{
    return nn_json_string(nn_json_get(nn_json_get(file->header, metadata_key), key));
}

nn_status nn_safetensors_find(const nn_safetensors *file, const char *name, const nn_shape *shape,
                              const unsigned char **bytes)
{
    const tensor wanted = {.name = name};
    const tensor *t = bsearch(&wanted, file->tensors, file->tensor_count, sizeof(wanted), by_name);
    NN_REQUIRE(t != NULL, NN_ERR_FORMAT, "tensor '%.80s' is missing", name);
    NN_REQUIRE(t->shape.rank == shape->rank && memcmp(t->shape.dimensions, shape->dimensions,
                                                      shape->rank * sizeof(size_t)) == 0,
               NN_ERR_FORMAT, "tensor '%.80s' has shape %s, but the layer's is %s", name,
               nn_shape_string(&t->shape).text, nn_shape_string(shape).text);
    *bytes = file->data + t->begin;
    return NN_OK;
}
