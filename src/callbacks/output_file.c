#include "output_file.h"
#include "status.h"
#include "system.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

nn_status nn_output_file_open(nn_output_file *file, const char *path, bool append)
{
    const int flags = O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC);
    int descriptor = nn_system_calls.open(path, flags, 0666);
    NN_REQUIRE(descriptor >= 0, NN_ERR_IO, "can't write %s: %s", path, strerrordesc_np(errno));
    *file = (nn_output_file){.descriptor = descriptor, .path = path, .is_open = true};
    return NN_OK;
}

nn_status nn_output_file_write(nn_output_file *file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = nn_system_calls.write(file->descriptor, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        NN_REQUIRE(written > 0, NN_ERR_IO, "can't write %s: %s", file->path,
                   written < 0 ? strerrordesc_np(errno) : "nothing was written");
        text += written;
        length -= (size_t)written;
    }
    return NN_OK;
}

nn_status nn_output_file_close(nn_output_file *file)
{
    if (!file->is_open)
        return NN_OK;
    file->is_open = false;
    NN_REQUIRE(nn_system_calls.close(file->descriptor) == 0, NN_ERR_IO, "can't write %s: %s",
               file->path, strerrordesc_np(errno));
    return NN_OK;
}

bool nn_output_file_has_content(const char *path)
{
    struct stat found; /* asked of the system: reading might not be allowed, or wait for a writer */
    return stat(path, &found) == 0 && found.st_size > 0;
}
