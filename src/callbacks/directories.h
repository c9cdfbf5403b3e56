/* Directories for the files that callbacks write. */
#ifndef NN_CALLBACKS_DIRECTORIES_H
#define NN_CALLBACKS_DIRECTORIES_H

#include "nn.h"

/* Makes the directories in which a file of that path lies, where they aren't there.
 * Errors: NN_ERR_IO, NN_ERR_INVALID (too long). */
nn_status nn_make_directories(const char *path);

#endif
