#include "file_reader.h"
#include "allocate.h"
#include "status.h"
#include "system.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

enum { FIRST_CAPACITY = 65536 };

nn_status nn_file_reader_open(nn_file_reader *reader, const char *path)
{
    struct stat info;
    *reader = (nn_file_reader){.left = SIZE_MAX};
    do
        reader->file = nn_system_calls.open(path, O_RDONLY | O_CLOEXEC, 0);
    while (reader->file < 0 && errno == EINTR);
    NN_REQUIRE(reader->file >= 0, NN_ERR_IO, "can't be opened: %s", strerrordesc_np(errno));
    if (fstat(reader->file, &info) == 0 && S_ISREG(info.st_mode))
        reader->left = (size_t)info.st_size;
    return NN_OK;
}

void nn_file_reader_close(nn_file_reader *reader)
{
    nn_system_calls.close(reader->file); /* what was read is read */
}

nn_status nn_file_reader_read(nn_file_reader *reader, void *bytes, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t part =
            nn_system_calls.read(reader->file, (unsigned char *)bytes + *got, size - *got);
        if (part < 0 && errno == EINTR)
            continue;
        NN_REQUIRE(part >= 0, NN_ERR_IO, "can't be read: %s", strerrordesc_np(errno));
        if (part == 0)
            break;
        *got += (size_t)part;
    }
    if (reader->left != SIZE_MAX)
        reader->left -= *got < reader->left ? *got : reader->left;
    return NN_OK;
}

static nn_status check_rest(size_t expected, size_t found)
{
    NN_REQUIRE(found == expected, NN_ERR_FORMAT,
               "%zu bytes follow the header, which tells of %zu: the file is cut or changed", found,
               expected);
    return NN_OK;
}

/* Into *bytes, which grows with what the file turns out to hold. */
static nn_status read_growing(nn_file_reader *reader, size_t size, unsigned char **bytes)
{
    size_t have = 0, capacity = reader->left == SIZE_MAX ? FIRST_CAPACITY : size, got;
    do {
        if (capacity > size)
            capacity = size;
        unsigned char *grown = nn_grow(*bytes, have, capacity, 1);
        if (grown == NULL)
            return NN_ERR_NO_MEMORY;
        *bytes = grown;
        NN_TRY(nn_file_reader_read(reader, grown + have, capacity - have, &got));
        have += got;
        if (have < capacity)
            return check_rest(size, have);
        capacity = capacity < SIZE_MAX / 2 ? 2 * capacity : SIZE_MAX;
    } while (have < size);
    return NN_OK;
}

nn_status nn_file_reader_read_rest(nn_file_reader *reader, size_t size, unsigned char **bytes)
{
    char beyond;
    size_t more;
    *bytes = NULL;
    if (reader->left != SIZE_MAX)
        NN_TRY(check_rest(size, reader->left));
    nn_status status = read_growing(reader, size, bytes);
    if (status == NN_OK)
        status = nn_file_reader_read(reader, &beyond, 1, &more);
    if (status == NN_OK && more > 0)
        status = nn_fail(NN_ERR_FORMAT, "something follows the last tensor");
    if (status != NN_OK) {
        nn_release(*bytes);
        *bytes = NULL;
    }
    return status;
}
