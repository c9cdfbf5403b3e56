#include "system.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void *allocate(void *user, size_t alignment, size_t size)
{
    void *memory = NULL;
    (void)user;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static int open_file(const char *path, int flags, mode_t mode)
{
    return open(path, flags | O_CLOEXEC, mode);
}

#define SYSTEM_DEFAULT                                                                             \
    {                                                                                              \
        .allocate = allocate, .release = release, .open = open_file, .read = read, .write = write, \
        .fsync = fsync, .close = close, .rename = rename, .unlink = unlink, .mkdir = mkdir,        \
        .rmdir = rmdir                                                                             \
    }

nn_system nn_system_calls = SYSTEM_DEFAULT;
const nn_system nn_system_default = SYSTEM_DEFAULT;
