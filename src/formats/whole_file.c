#include "whole_file.h"
#include "allocate.h"
#include "status.h"
#include "system.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEMPORARY_NAMES = 100 };

static int open_file(const char *path, int flags, mode_t mode)
{
    int file;
    do
        file = nn_system_calls.open(path, flags | O_CLOEXEC, mode);
    while (file < 0 && errno == EINTR);
    return file;
}

/* The directory part of a path, with its slash; "" if there is none. */
static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* A name in the same directory that is nobody else's: opened with O_EXCL, or the next is tried. */
static nn_status open_temporary(const char *path, mode_t mode, nn_text *name, int *file)
{
    for (int attempt = 0; attempt < TEMPORARY_NAMES; attempt++) {
        name->length = 0;
        nn_text_append_bytes(name, path, directory_length(path));
        nn_text_append(name, ".libnn-%ld-%d.tmp", (long)getpid(), attempt);
        NN_REQUIRE(!name->failed, NN_ERR_NO_MEMORY, "out of memory: the name of a file");
        *file = open_file(name->data, O_WRONLY | O_CREAT | O_EXCL, mode);
        if (*file >= 0)
            return NN_OK;
        if (errno != EEXIST)
            break;
    }
    return nn_fail(NN_ERR_IO, "%s: can't be written: %s", path, strerrordesc_np(errno));
}

static bool write_all(int file, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = nn_system_calls.write(file, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return nn_system_calls.fsync(file) == 0;
}

/* Makes the new name survive a loss of power. The new file is whole and in place by now: where a
 * directory can't be synced, that is no reason to call the write a failure. */
static void sync_directory(nn_text *name, const char *path)
{
    name->length = 0;
    nn_text_append_bytes(name, path, directory_length(path));
    if (name->length == 0)
        nn_text_append_bytes(name, ".", 1);
    int directory = name->failed ? -1 : open_file(name->data, O_RDONLY | O_DIRECTORY, 0);
    if (directory < 0)
        return;
    nn_system_calls.fsync(directory);
    nn_system_calls.close(directory);
}

/* Gives a new file the permissions of the old one, which the umask has narrowed so far: who couldn't
 * read the old file can't read the new one. Where they can't be set, they stay narrow. */
static void keep_permissions(int file, const struct stat *old)
{
    struct stat new;
    mode_t mode = old->st_mode & 0777;
    if (fstat(file, &new) != 0)
        return;
    if (new.st_gid != old->st_gid && fchown(file, (uid_t)-1, old->st_gid) != 0)
        mode &= ~(mode_t)0070; /* the group is another one */
    (void)!fchmod(file, mode);
}

/* old: what is at path; NULL if there is nothing. */
static nn_status replace(const char *path, const unsigned char *bytes, size_t size,
                         const struct stat *old, nn_text *name)
{
    int file = -1;
    NN_TRY(open_temporary(path, old == NULL ? 0666 : 0600, name, &file));
    if (old != NULL)
        keep_permissions(file, old);
    bool written = write_all(file, bytes, size);
    int error = errno;
    if (nn_system_calls.close(file) != 0 && written) {
        written = false;
        error = errno;
    }
    if (written && nn_system_calls.rename(name->data, path) != 0) {
        written = false;
        error = errno;
    }
    if (!written) {
        nn_system_calls.unlink(name->data);
        return nn_fail(NN_ERR_IO, "%s: can't be written: %s", path, strerrordesc_np(error));
    }
    sync_directory(name, path);
    return NN_OK;
}

nn_status nn_whole_file_write(const char *path, const unsigned char *bytes, size_t size)
{
    char resolved[PATH_MAX]; /* the file itself, where path is a link to it */
    struct stat old;
    const bool exists = stat(path, &old) == 0;
    if (exists) {
        NN_REQUIRE(S_ISREG(old.st_mode), NN_ERR_IO, "%s: can't be written: it isn't a file", path);
        /* renaming alone would replace a file that nobody may write */
        NN_REQUIRE(access(path, W_OK) == 0 && realpath(path, resolved) != NULL, NN_ERR_IO,
                   "%s: can't be written: %s", path, strerrordesc_np(errno));
    }
    nn_text name = NN_TEXT_INIT;
    nn_status status = replace(exists ? resolved : path, bytes, size, exists ? &old : NULL, &name);
    nn_text_free(&name);
    return status;
}
