/* Files read from front to end, plain or gzipped: which of the two is told by the content. */
#ifndef NN_DATA_INPUT_FILE_H
#define NN_DATA_INPUT_FILE_H

#include "nn.h"
#include <stddef.h>

typedef struct nn_input_file nn_input_file;

/* path is borrowed, for the messages, until the file is closed. On failure *input is NULL:
 * NN_ERR_IO, NN_ERR_NO_MEMORY. */
nn_status nn_input_file_open(nn_input_file **input, const char *path);

/* Reads size bytes of content to buffer; *got is less only at the end. Where a gzipped file ends,
 * its checksum has been verified. NN_ERR_IO; NN_ERR_FORMAT (gzip data cut, damaged or followed by
 * something else); NN_ERR_NO_MEMORY. After a failure the file can only be closed. */
nn_status nn_input_file_read(nn_input_file *input, void *buffer, size_t size, size_t *got);

void nn_input_file_close(nn_input_file *input); /* takes NULL */

#endif
