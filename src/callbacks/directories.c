#include "directories.h"
#include "status.h"
#include "system.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

nn_status nn_make_directories(const char *path)
{
    char directory[PATH_MAX];
    const size_t length = strlen(path);
    struct stat found;
    NN_REQUIRE(length < sizeof(directory), NN_ERR_INVALID, "%.40s...: longer than %zu bytes", path,
               sizeof(directory) - 1);
    memcpy(directory, path, length + 1);
    for (char *slash = directory; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
        *slash = '\0';
        if (stat(directory, &found) == 0 && S_ISDIR(found.st_mode))
            continue;
        NN_REQUIRE(nn_system_calls.mkdir(directory, 0777) == 0 || errno == EEXIST, NN_ERR_IO,
                   "directory %s can't be made: %s", directory, strerrordesc_np(errno));
    }
    return NN_OK;
}
