/*
 * The safetensors container: named tensors and a map of strings.
 * Source: https://github.com/huggingface/safetensors#format
 *
 *     8 bytes   length of the header, little-endian
 *     header    JSON, {"__metadata__": {"key": "text", ...},
 *               "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...},
 *               padded with blanks so that the data starts at a multiple of 64 bytes
 *     data      the tensors without gaps, row-major, little-endian
 *
 * Here every tensor is float32, and the header has at most 16 MiB (the format allows 100 MB): more
 * than 10,000 layers with their optimizer's state.
 */
#ifndef NN_FORMATS_SAFETENSORS_H
#define NN_FORMATS_SAFETENSORS_H

#include "json.h"
#include "real.h"
#include "shape.h"

/* A header being written. */
typedef struct nn_safetensors_header {
    nn_text text;
    size_t tensor_count, data_size; /* so far; the size in bytes */
} nn_safetensors_header;

enum { NN_SAFETENSORS_LENGTH_SIZE = 8, NN_SAFETENSORS_LONGEST_HEADER = 16 * 1024 * 1024 };

/* begin; then metadata keys; then tensors, in the order of their data; then end. Strings must be
 * UTF-8 (NN_ERR_INVALID). A failed text is told by end (NN_ERR_NO_MEMORY), as is a header that
 * couldn't be read again (NN_ERR_UNSUPPORTED). The text is the caller's to free. After end it begins
 * with the 8 bytes of length. */
void nn_safetensors_begin(nn_safetensors_header *header);
nn_status nn_safetensors_add_metadata(nn_safetensors_header *header, const char *key,
                                      const char *text);
nn_status nn_safetensors_add_tensor(nn_safetensors_header *header, const char *name,
                                    const nn_shape *shape);
nn_status nn_safetensors_end(nn_safetensors_header *header);

/* A file's header, and where its data is. */
typedef struct nn_safetensors {
    nn_json *header;
    struct nn_safetensors_tensor *tensors; /* by name */
    size_t tensor_count;
    size_t data_size;          /* as the tensors tell it */
    const unsigned char *data; /* borrowed; the reader's to set, before it looks at values */
} nn_safetensors;

/* The length of the header, from the file's first 8 bytes. NN_ERR_FORMAT if it is above the limit. */
nn_status nn_safetensors_read_length(const unsigned char *bytes, size_t *length);

/* Reads a header, whose text isn't needed afterwards: the tensors lie without gap or overlap from
 * the start of the data to data_size; no name is there twice. Takes at most 250 MB for the longest
 * header: length + 56 MB for the JSON, 96 bytes for each tensor, and sorting.
 * Errors: NN_ERR_FORMAT, NN_ERR_UNSUPPORTED (another type, a rank above NN_MAX_RANK),
 * NN_ERR_NO_MEMORY; then there is nothing to close. */
nn_status nn_safetensors_open(nn_safetensors *file, const unsigned char *text, size_t length);
void nn_safetensors_close(nn_safetensors *file);

/* NULL if there is none of that name. Valid until close. */
const char *nn_safetensors_metadata(const nn_safetensors *file, const char *key);

/* The bytes of a tensor, which must have that shape. NN_ERR_FORMAT. */
nn_status nn_safetensors_find(const nn_safetensors *file, const char *name, const nn_shape *shape,
                              const unsigned char **bytes);

/* Little-endian float32 to and from memory. */
void nn_safetensors_put_values(size_t count, const nn_real *values, unsigned char *bytes);
void nn_safetensors_get_values(size_t count, const unsigned char *bytes, nn_real *values);

#endif
