#include "input_file.h"
#include "allocate.h"
#include "status.h"
#include "system.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

enum {
    BUFFER_SIZE = 65536,
    GZIP_WINDOW = 15 + 16 /* the largest window; gzip headers only */
};

struct nn_input_file {
    const char *path;
    int file;
    bool at_end;     /* the file has no bytes left beyond the buffer's */
    bool gzip;       /* the stream is initialized, and the content is what it inflates */
    bool in_member;  /* between the first and the last byte of a gzip member */
    z_stream stream; /* next_in and avail_in are the bytes of buffer not used yet, gzipped or not */
    unsigned char buffer[BUFFER_SIZE];
};

/* Reads on, behind the bytes not used yet. */
static nn_status fill(nn_input_file *input)
{
    z_stream *stream = &input->stream;
    memmove(input->buffer, stream->next_in, stream->avail_in);
    stream->next_in = input->buffer;
    ssize_t got;
    do
        got = nn_system_calls.read(input->file, input->buffer + stream->avail_in,
                                   BUFFER_SIZE - stream->avail_in);
    while (got < 0 && errno == EINTR);
    NN_REQUIRE(got >= 0, NN_ERR_IO, "%s: can't be read: %s", input->path, strerrordesc_np(errno));
    input->at_end = got == 0;
    stream->avail_in += (uInt)got;
    return NN_OK;
}

/* *gzip: what is next begins as a gzip member does (RFC 1952). Afterwards the buffer is empty only
 * at the file's end. */
static nn_status look_for_gzip(nn_input_file *input, bool *gzip)
{
    z_stream *stream = &input->stream;
    while (stream->avail_in < 2 && !input->at_end)
        NN_TRY(fill(input));
    *gzip = stream->avail_in >= 2 && stream->next_in[0] == 0x1f && stream->next_in[1] == 0x8b;
    return NN_OK;
}

static void *inflate_allocate(void *user, unsigned count, unsigned size)
{
    (void)user;
    return nn_allocate(count, size);
}

static void inflate_release(void *user, void *memory)
{
    (void)user;
    nn_release(memory);
}

static nn_status begin(nn_input_file *input)
{
    do
        input->file = nn_system_calls.open(input->path, O_RDONLY | O_CLOEXEC, 0);
    while (input->file < 0 && errno == EINTR);
    NN_REQUIRE(input->file >= 0, NN_ERR_IO, "%s: can't be opened: %s", input->path,
               strerrordesc_np(errno));

    bool gzip;
    input->stream.next_in = input->buffer;
    NN_TRY(look_for_gzip(input, &gzip));
    if (!gzip)
        return NN_OK;
    input->stream.zalloc = inflate_allocate;
    input->stream.zfree = inflate_release;
    int result = inflateInit2(&input->stream, GZIP_WINDOW);
    if (result == Z_MEM_ERROR)
        return NN_ERR_NO_MEMORY; /* said by nn_allocate */
    NN_REQUIRE(result == Z_OK, NN_ERR_UNSUPPORTED, "%s: zlib %s can't inflate (%d)", input->path,
               zlibVersion(), result);
    input->gzip = true;
    input->in_member = true;
    return NN_OK;
}

nn_status nn_input_file_open(nn_input_file **input, const char *path)
{
    *input = NULL;
    nn_input_file *opened = nn_allocate(1, sizeof *opened);
    if (opened == NULL)
        return NN_ERR_NO_MEMORY;
    opened->path = path;
    nn_status status = begin(opened);
    if (status != NN_OK) {
        nn_input_file_close(opened);
        return status;
    }
    *input = opened;
    return NN_OK;
}

static nn_status read_plain(nn_input_file *input, unsigned char *to, size_t size, size_t *got)
{
    z_stream *stream = &input->stream;
    size_t done = 0;
    while (done < size) {
        if (stream->avail_in == 0 && !input->at_end)
            NN_TRY(fill(input));
        if (stream->avail_in == 0 && input->at_end)
            break;
        size_t part = size - done < stream->avail_in ? size - done : stream->avail_in;
        memcpy(to + done, stream->next_in, part);
        stream->next_in += part;
        stream->avail_in -= (uInt)part;
        done += part;
    }
    *got = done;
    return NN_OK;
}

/* After a member comes another one (gzip files may be joined), or the end. */
static nn_status next_member(nn_input_file *input)
{
    NN_TRY(look_for_gzip(input, &input->in_member));
    NN_REQUIRE(input->in_member || input->stream.avail_in == 0, NN_ERR_FORMAT,
               "%s: something follows the gzip data", input->path);
    if (input->in_member)
        inflateReset(&input->stream);
    return NN_OK;
}

static nn_status read_gzip(nn_input_file *input, unsigned char *to, size_t size, size_t *got)
{
    z_stream *stream = &input->stream;
    size_t done = 0;
    while (done < size && input->in_member) {
        if (stream->avail_in == 0 && !input->at_end)
            NN_TRY(fill(input));
        NN_REQUIRE(stream->avail_in > 0 || !input->at_end, NN_ERR_FORMAT,
                   "%s: the gzip data is cut off", input->path);
        stream->next_out = to + done;
        stream->avail_out = size - done < INT_MAX ? (uInt)(size - done) : INT_MAX;
        uInt asked = stream->avail_out;
        int result = inflate(stream, Z_NO_FLUSH);
        done += asked - stream->avail_out;
        if (result == Z_MEM_ERROR)
            return NN_ERR_NO_MEMORY; /* said by nn_allocate */
        if (result == Z_STREAM_END)
            NN_TRY(next_member(input));
        else
            NN_REQUIRE(result == Z_OK || result == Z_BUF_ERROR, NN_ERR_FORMAT,
                       "%s: the gzip data is damaged: %s", input->path,
                       stream->msg != NULL ? stream->msg : zError(result));
    }
    *got = done;
    return NN_OK;
}

nn_status nn_input_file_read(nn_input_file *input, void *buffer, size_t size, size_t *got)
{
    *got = 0;
    return (input->gzip ? read_gzip : read_plain)(input, buffer, size, got);
}

void nn_input_file_close(nn_input_file *input)
{
    if (input == NULL)
        return;
    if (input->gzip)
        inflateEnd(&input->stream);
    if (input->file >= 0)
        nn_system_calls.close(input->file);
    nn_release(input);
}
