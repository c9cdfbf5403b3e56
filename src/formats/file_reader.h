/* A file read from its start on, no further than what has been read asks for. */
#ifndef NN_FORMATS_FILE_READER_H
#define NN_FORMATS_FILE_READER_H

#include "nn.h"
#include <stddef.h>

typedef struct nn_file_reader {
    int file;
    size_t left; /* bytes to the end; SIZE_MAX if that isn't known (a pipe) */
} nn_file_reader;

/* NN_ERR_IO. After NN_OK, close it. */
nn_status nn_file_reader_open(nn_file_reader *reader, const char *path);
void nn_file_reader_close(nn_file_reader *reader);

/* The next size bytes, or as many as there are. NN_ERR_IO. */
nn_status nn_file_reader_read(nn_file_reader *reader, void *bytes, size_t size, size_t *got);

/* The next size bytes in a new block, after which the file must end. A file whose length is known
 * is refused by that, before anything is asked for; one of unknown length takes at most a small
 * multiple of what it holds. NN_ERR_FORMAT, NN_ERR_IO, NN_ERR_NO_MEMORY; then *bytes is NULL. */
nn_status nn_file_reader_read_rest(nn_file_reader *reader, size_t size, unsigned char **bytes);

#endif
