/* Loading a model: the container. A file is data: it is checked from the container inwards, and its own data
 * is only read once the header has told how long the file is. */
#include "allocate.h"
#include "file_reader.h"
#include "model_file.h"
#include "safetensors.h"
#include "status.h"
#include <string.h>

/* header[header_size] begins with the 8 bytes of its length, and the file's data follows it. */
static nn_status check_checksum(const unsigned char *header, size_t header_size,
                                const unsigned char *data, size_t data_size)
{
    char digits[NN_CHECKSUM_DIGITS + 1];
    nn_model_file_checksum(header, header_size, data, data_size, digits);
    NN_REQUIRE(
        memcmp(header + NN_MODEL_FILE_START - NN_CHECKSUM_DIGITS, digits, NN_CHECKSUM_DIGITS) == 0,
        NN_ERR_FORMAT, "the checksum doesn't match: the file is cut or changed");
    return NN_OK;
}

/* The bytes of the header with those of its length, from the first NN_MODEL_FILE_START bytes of a
 * file, or as many as there are. */
static nn_status read_header_size(const unsigned char *bytes, size_t size, size_t *header_size)
{
    NN_TRY(nn_model_file_check_start(bytes, size));
    NN_TRY(nn_safetensors_read_length(bytes, header_size));
    *header_size += NN_SAFETENSORS_LENGTH_SIZE;
    NN_REQUIRE(*header_size >= NN_MODEL_FILE_START, NN_ERR_FORMAT, "the header claims %zu bytes",
               *header_size - NN_SAFETENSORS_LENGTH_SIZE);
    return NN_OK;
}

static nn_status open_header(nn_safetensors *file, const unsigned char *header, size_t header_size)
{
    return nn_safetensors_open(file, header + NN_SAFETENSORS_LENGTH_SIZE,
                               header_size - NN_SAFETENSORS_LENGTH_SIZE);
}

nn_status nn_model_load_from_memory_with_parts(nn_model **model, const void *bytes, size_t size,
                                               const nn_model *parts)
{
    const unsigned char *header = bytes;
    size_t header_size;
    nn_safetensors file;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    *model = NULL;
    NN_REQUIRE(bytes != NULL, NN_ERR_INVALID, "bytes is NULL");
    NN_TRY(read_header_size(header, size, &header_size));
    NN_REQUIRE(header_size <= size, NN_ERR_FORMAT, "the header claims %zu bytes of a file of %zu",
               header_size, size);
    const unsigned char *data = header + header_size;
    const size_t data_size = size - header_size;
    NN_TRY(check_checksum(header, header_size, data, data_size));
    NN_TRY(open_header(&file, header, header_size));
    file.data = data;
    nn_status status = NN_OK;
    if (file.data_size != data_size)
        status = nn_fail(NN_ERR_FORMAT, "the tensors end at byte %zu of the data, the file at %zu",
                         file.data_size, data_size);
    if (status == NN_OK)
        status = nn_model_read(model, NULL, parts, &file);
    nn_safetensors_close(&file);
    return status;
}

nn_status nn_model_load_from_memory(nn_model **model, const void *bytes, size_t size)
{
    return nn_model_load_from_memory_with_parts(model, bytes, size, NULL);
}

/* The header in a new block, which is bounded whatever the file claims. On failure *header may be
 * one, too. */
static nn_status read_header(nn_file_reader *reader, unsigned char **header, size_t *header_size)
{
    unsigned char start[NN_MODEL_FILE_START];
    size_t got, more = 0;
    *header = NULL;
    NN_TRY(nn_file_reader_read(reader, start, sizeof(start), &got));
    NN_TRY(read_header_size(start, got, header_size));
    got = *header_size - sizeof(start);
    if (got <= reader->left) {
        *header = nn_allocate(*header_size, 1);
        if (*header == NULL)
            return NN_ERR_NO_MEMORY;
        memcpy(*header, start, sizeof(start));
        NN_TRY(nn_file_reader_read(reader, *header + sizeof(start), got, &more));
    }
    NN_REQUIRE(more == got, NN_ERR_FORMAT, "the file ends within the %zu bytes of its header",
               *header_size);
    return NN_OK;
}

static nn_status load_with_data(nn_model **model, nn_model_training *training,
                                const nn_model *parts, nn_file_reader *reader, nn_safetensors *file,
                                const unsigned char *header, size_t header_size)
{
    unsigned char *data;
    NN_TRY(nn_file_reader_read_rest(reader, file->data_size, &data));
    nn_status status = check_checksum(header, header_size, data, file->data_size);
    file->data = data;
    if (status == NN_OK)
        status = nn_model_read(model, training, parts, file);
    nn_release(data);
    return status;
}

static nn_status load(nn_model **model, nn_model_training *training, const nn_model *parts,
                      nn_file_reader *reader)
{
    unsigned char *header;
    size_t header_size;
    nn_safetensors file;
    nn_status status = read_header(reader, &header, &header_size);
    if (status == NN_OK)
        status = open_header(&file, header, header_size);
    if (status == NN_OK) {
        status = load_with_data(model, training, parts, reader, &file, header, header_size);
        nn_safetensors_close(&file);
    }
    nn_release(header);
    return status;
}

nn_status nn_model_load_training(nn_model **model, nn_model_training *training,
                                 const nn_model *parts, const char *path)
{
    nn_file_reader reader;
    *model = NULL;
    nn_status status = nn_file_reader_open(&reader, path);
    if (status == NN_OK) {
        status = load(model, training, parts, &reader);
        nn_file_reader_close(&reader);
    }
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", path);
}

nn_status nn_model_load_with_parts(nn_model **model, const char *path, const nn_model *parts)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    *model = NULL;
    NN_REQUIRE(path != NULL, NN_ERR_INVALID, "path is NULL");
    return nn_model_load_training(model, NULL, parts, path);
}

nn_status nn_model_load(nn_model **model, const char *path)
{
    return nn_model_load_with_parts(model, path, NULL);
}
