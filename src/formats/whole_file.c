#include "whole_file.h"
#include "allocate.h"
#include "status.h"
#include "system.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 65536, TEMPORARY_NAMES = 100 };

typedef struct reader {
    const char *path;
    int file;
    unsigned char *bytes;
    size_t size, capacity;
} reader;

/* Reads on until there are wanted bytes, or the file ends. */
static nn_status read_up_to(reader *r, size_t wanted)
{
    while (r->size < wanted) {
        if (r->size == r->capacity) {
            size_t capacity = FIRST_CAPACITY;
            if (r->capacity > 0 && !nn_multiply(r->capacity, 2, &capacity))
                capacity = wanted;
            unsigned char *grown = nn_grow(r->bytes, r->size, capacity, 1);
            if (grown == NULL)
                return NN_ERR_NO_MEMORY;
            r->bytes = grown;
            r->capacity = capacity;
        }
        ssize_t got = nn_system_calls.read(r->file, r->bytes + r->size, r->capacity - r->size);
        if (got < 0 && errno == EINTR)
            continue;
        NN_REQUIRE(got >= 0, NN_ERR_IO, "%s: can't be read: %s", r->path, strerror(errno));
        if (got == 0)
            break;
        r->size += (size_t)got;
    }
    return NN_OK;
}

static int open_file(const char *path, int flags, mode_t mode)
{
    int file;
    do
        file = nn_system_calls.open(path, flags | O_CLOEXEC, mode);
    while (file < 0 && errno == EINTR);
    return file;
}

static nn_status read_all(reader *r, size_t start, nn_start_check check)
{
    NN_TRY(read_up_to(r, start));
    nn_status status = check(r->bytes, r->size < start ? r->size : start);
    if (status != NN_OK)
        return nn_fail_in(status, "%s", r->path);
    return read_up_to(r, SIZE_MAX);
}

nn_status nn_whole_file_read(const char *path, size_t start, nn_start_check check,
                             unsigned char **bytes, size_t *size)
{
    *bytes = NULL;
    reader r = {.path = path, .file = open_file(path, O_RDONLY, 0)};
    NN_REQUIRE(r.file >= 0, NN_ERR_IO, "%s: can't be opened: %s", path, strerror(errno));
    nn_status status = read_all(&r, start, check);
    nn_system_calls.close(r.file); /* what was read is read */
    if (status != NN_OK) {
        nn_release(r.bytes);
        return status;
    }
    *bytes = r.bytes;
    *size = r.size;
    return NN_OK;
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
    return nn_fail(NN_ERR_IO, "%s: can't be written: %s", path, strerror(errno));
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

static nn_status replace(const char *path, const unsigned char *bytes, size_t size, mode_t mode,
                         nn_text *name)
{
    int file = -1;
    NN_TRY(open_temporary(path, mode, name, &file));
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
        return nn_fail(NN_ERR_IO, "%s: can't be written: %s", path, strerror(error));
    }
    sync_directory(name, path);
    return NN_OK;
}

nn_status nn_whole_file_write(const char *path, const unsigned char *bytes, size_t size)
{
    struct stat old;
    mode_t mode = 0666;
    if (stat(path, &old) == 0) {
        NN_REQUIRE(S_ISREG(old.st_mode), NN_ERR_IO, "%s: can't be written: it isn't a file", path);
        NN_REQUIRE(access(path, W_OK) == 0, NN_ERR_IO, "%s: can't be written: %s", path,
                   strerror(errno)); /* renaming alone would replace it all the same */
        mode = old.st_mode & 0777;   /* who couldn't read the old file can't read the new one */
    }
    nn_text name = NN_TEXT_INIT;
    nn_status status = replace(path, bytes, size, mode, &name);
    nn_text_free(&name);
    return status;
}
