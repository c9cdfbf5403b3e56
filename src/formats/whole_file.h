/* Whole files, replaced at once. */
#ifndef NN_FORMATS_WHOLE_FILE_H
#define NN_FORMATS_WHOLE_FILE_H

#include "nn.h"
#include <stddef.h>

/* Replaces or makes the file: the bytes are written to a file of another name in the same
 * directory, synced to the disk, and that is renamed. On failure an old file is as it was and no
 * other is left. The new file has the permissions of the old one. Of a link to a file, that file is
 * replaced and the link stays. A path that is something else than a file (a directory, a device) is
 * refused. Errors: NN_ERR_IO, NN_ERR_NO_MEMORY. */
nn_status nn_whole_file_write(const char *path, const unsigned char *bytes, size_t size);

#endif
