/* Memory: checked sizes, zeroed, 64-byte aligned, through the system table. */
#ifndef NN_CORE_ALLOCATE_H
#define NN_CORE_ALLOCATE_H

#include <stdbool.h>
#include <stddef.h>

#define NN_ALIGNMENT 64

/* *product = a * b, *sum = a + b; false on overflow, then they are left alone. */
bool nn_multiply(size_t a, size_t b, size_t *product);
bool nn_add(size_t a, size_t b, size_t *sum);

/* count * size zeroed bytes, at least 1. NULL with this thread's message set (NN_ERR_NO_MEMORY is the
 * status to return) when memory is out or the size overflows. */
void *nn_allocate(size_t count, size_t size) __attribute__((warn_unused_result));

/* Moves old_count elements to a new block of new_count >= old_count and releases the old one. On
 * failure NULL, and the old block is untouched. */
void *nn_grow(void *old, size_t old_count, size_t new_count, size_t size)
    __attribute__((warn_unused_result));

/* A copy of text (length bytes of it); NULL as nn_allocate. */
char *nn_copy_string(const char *text) __attribute__((warn_unused_result));
char *nn_copy_bytes(const char *text, size_t length) __attribute__((warn_unused_result));

void nn_release(void *memory); /* takes NULL */

#endif
