#include "status.h"
#include "allocate.h"
#include "system.h"
#include "text.h"
#include <string.h>

/* Long messages are cut: a thread's message needs no allocation, for that may be what failed. */
static _Thread_local char message[1024];

/* Takes off what a cut has left of a UTF-8 character. */
static void trim(char *text)
{
    size_t length = strlen(text), tail = 0;
    if (length + 1 < sizeof(message))
        return;
    while (tail < 4 && tail < length && ((unsigned char)text[length - tail - 1] & 0xc0) == 0x80)
        tail++;
    if (tail < length && nn_utf8_length(text + length - tail - 1) != tail + 1)
        text[length - tail - 1] = '\0';
}

nn_status nn_fail(nn_status status, const char *format, ...)
{
    char text[sizeof(message)]; /* an argument may point into message */
    va_list arguments;
    va_start(arguments, format);
    nn_format(text, sizeof(text), format, arguments);
    va_end(arguments);
    trim(text);
    memcpy(message, text, strlen(text) + 1);
    return status;
}

nn_status nn_fail_in(nn_status status, const char *format, ...)
{
    char text[sizeof(message)];
    va_list arguments;
    va_start(arguments, format);
    nn_format(text, sizeof(text), format, arguments);
    va_end(arguments);
    return nn_fail(status, "%s: %s", text, message);
}

const char *nn_error_message(void)
{
    return message;
}

const char *nn_status_string(nn_status status)
{
    switch (status) {
    case NN_OK:
        return "success";
    case NN_STOPPED:
        return "stopped";
    case NN_ERR_INVALID:
        return "invalid argument";
    case NN_ERR_NO_MEMORY:
        return "out of memory";
    case NN_ERR_IO:
        return "input or output failed";
    case NN_ERR_FORMAT:
        return "bad format";
    case NN_ERR_UNSUPPORTED:
        return "unsupported";
    case NN_ERR_SHAPE:
        return "shape mismatch";
    case NN_ERR_STATE:
        return "wrong state";
    case NN_ERR_NONFINITE:
        return "not finite";
    case NN_ERR_VERSION:
        return "unsupported version";
    }
    return "unknown status";
}

#define TEXT_OF(x) #x
#define VERSION_TEXT(a, b, c) TEXT_OF(a) "." TEXT_OF(b) "." TEXT_OF(c)

const char *nn_version(void)
{
    return VERSION_TEXT(NN_VERSION_MAJOR, NN_VERSION_MINOR, NN_VERSION_PATCH);
}

nn_status nn_set_allocator(const nn_allocator *allocator)
{
    if (allocator == NULL) {
        nn_system_calls.allocate = nn_system_default.allocate;
        nn_system_calls.release = nn_system_default.release;
        nn_system_calls.user = nn_system_default.user;
        return NN_OK;
    }
    NN_REQUIRE(allocator->struct_size == sizeof(nn_allocator), NN_ERR_INVALID,
               "allocator: struct_size is %zu, expected %zu", allocator->struct_size,
               sizeof(nn_allocator));
    NN_REQUIRE(allocator->allocate != NULL && allocator->release != NULL, NN_ERR_INVALID,
               "allocator: allocate or release is NULL");
    nn_system_calls.allocate = allocator->allocate;
    nn_system_calls.release = allocator->release;
    nn_system_calls.user = allocator->user;
    return NN_OK;
}
