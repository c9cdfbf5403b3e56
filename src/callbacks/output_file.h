/* A text file that a callback writes as training goes on: every write reaches the system at once. */
#ifndef NN_CALLBACKS_OUTPUT_FILE_H
#define NN_CALLBACKS_OUTPUT_FILE_H

#include "nn.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct nn_output_file {
    int descriptor;
    const char *path; /* borrowed, for the messages */
    bool is_open;
} nn_output_file;

/* Makes the file, or empties it, or (append) goes on at its end. Errors: NN_ERR_IO. */
nn_status nn_output_file_open(nn_output_file *file, const char *path, bool append);
nn_status nn_output_file_write(nn_output_file *file, const char *text, size_t length);
nn_status nn_output_file_close(nn_output_file *file); /* may be closed or never opened */

/* Whether there is a file of that name with something in it. */
bool nn_output_file_has_content(const char *path);

#endif
