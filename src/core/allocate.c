#include "allocate.h"
#include "status.h"
#include "system.h"
#include <string.h>

bool nn_multiply(size_t a, size_t b, size_t *product)
{
    size_t result;
    if (__builtin_mul_overflow(a, b, &result))
        return false;
    *product = result;
    return true;
}

bool nn_add(size_t a, size_t b, size_t *sum)
{
    size_t result;
    if (__builtin_add_overflow(a, b, &result))
        return false;
    *sum = result;
    return true;
}

void *nn_allocate(size_t count, size_t size)
{
    size_t bytes;
    if (!nn_multiply(count, size, &bytes) || bytes > PTRDIFF_MAX) {
        nn_fail(NN_ERR_NO_MEMORY, "%zu elements of %zu bytes are more than memory can hold", count,
                size);
        return NULL;
    }
    if (bytes == 0)
        bytes = 1;
    void *memory = nn_system_calls.allocate(nn_system_calls.user, NN_ALIGNMENT, bytes);
    if (memory == NULL) {
        nn_fail(NN_ERR_NO_MEMORY, "out of memory: %zu bytes asked for", bytes);
        return NULL;
    }
    return memset(memory, 0, bytes);
}

void *nn_grow(void *old, size_t old_count, size_t new_count, size_t size)
{
    void *grown = nn_allocate(new_count, size);
    if (grown == NULL)
        return NULL;
    if (old_count > 0)
        memcpy(grown, old, old_count * size);
    nn_release(old);
    return grown;
}

char *nn_copy_bytes(const char *text, size_t length)
{
    char *copy = nn_allocate(length + 1, 1);
    if (copy != NULL && length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *nn_copy_string(const char *text)
{
    return nn_copy_bytes(text, strlen(text));
}

void nn_release(void *memory)
{
    if (memory != NULL)
        nn_system_calls.release(nn_system_calls.user, memory);
}
