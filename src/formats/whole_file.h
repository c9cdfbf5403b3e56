/* Whole files: read at once, or replaced at once. */
#ifndef NN_FORMATS_WHOLE_FILE_H
#define NN_FORMATS_WHOLE_FILE_H

#include "nn.h"
#include <stddef.h>

/* Whether a file that starts with these bytes is worth reading on; size is what was asked for, or
 * the whole file's if that is shorter. */
typedef nn_status (*nn_start_check)(const unsigned char *bytes, size_t size);

/* Reads a file to a new block of its size (at most a small multiple while reading), after check has
 * seen its first start bytes: a file of another kind, however large, is refused by these.
 * Errors: NN_ERR_IO, NN_ERR_NO_MEMORY, or check's; then *bytes is NULL. */
nn_status nn_whole_file_read(const char *path, size_t start, nn_start_check check,
                             unsigned char **bytes, size_t *size);

/* Replaces or makes the file: the bytes are written to a file of another name in the same
 * directory, synced to the disk, and that is renamed. On failure an old file is as it was and no
 * other is left. A path that is something else than a file (a directory, a device) is refused.
 * Errors: NN_ERR_IO, NN_ERR_NO_MEMORY. */
nn_status nn_whole_file_write(const char *path, const unsigned char *bytes, size_t size);

#endif
