/*
 * Parts that a caller brings: an activation, a loss or a metric made of functions. A model knows its own
 * beside those of the rooms, and nobody else does; clones share them.
 *
 * Their functions may fail, while those of a vtable can't. So a failure is kept for the thread that met
 * it, the pool hands it to the thread that runs it (pool.c), and whoever began a pass over a model asks
 * for it before using what the pass computed. Until then no other function of a caller's is called.
 */
#ifndef NN_CORE_CUSTOM_PART_H
#define NN_CORE_CUSTOM_PART_H

#include "part.h"
#include "real.h"
#include <stdatomic.h>

/* The first member of a block that holds the part's type, its functions and its name. */
struct nn_custom_part {
    atomic_size_t models; /* that have it */
    const nn_room *room;
    const nn_part_type *type;
    void (*release)(void *user); /* NULL: nothing to do */
    void *user;
};

typedef struct nn_custom_parts {
    nn_custom_part **parts;
    size_t count;
} nn_custom_parts;

/* Copies a caller's struct of given->struct_size bytes to taken[size]; what: "activation".
 * Errors: NN_ERR_INVALID (NULL, too small), NN_ERR_VERSION (larger, and not zero beyond). */
nn_status nn_custom_take(void *taken, size_t size, const void *given, const char *what);

/* The block of a part and, behind its size bytes, a copy of the name. NULL: no memory. Once everything in it
 * is set, it is added to a model, or discarded, which calls no function of the caller's. */
void *nn_custom_part_allocate(size_t size, const char *name);
static inline const char *nn_custom_part_name(const void *block, size_t size)
{
    return (const char *)block + size;
}
void nn_custom_part_discard(nn_custom_part *part);

/* Adds a part. Errors: NN_ERR_INVALID (its name isn't an identifier, or is another's), NN_ERR_NO_MEMORY;
 * then it is still the caller's of this function. */
nn_status nn_custom_parts_add(nn_custom_parts *parts, nn_custom_part *part);
nn_status nn_custom_parts_copy(nn_custom_parts *copy, const nn_custom_parts *parts);
void nn_custom_parts_free(nn_custom_parts *parts);

/* NULL if there is none of that name; parts may be NULL. */
const nn_part_type *nn_custom_parts_find(const nn_custom_parts *parts, const nn_room *room,
                                         const char *name);

/* The part that an instance is of: what its self points to. */
static inline const nn_custom_part *nn_custom_part_of(const void *self)
{
    return *(const nn_custom_part *const *)self;
}

/* ---- failures ---- */

typedef struct nn_custom_failure {
    nn_status status;
    const nn_custom_part *part; /* NULL: there is none */
    const char *function;       /* "forward" */
} nn_custom_failure;

/* Notes what a function returned; the first failure stays. */
void nn_custom_note(const nn_custom_part *part, const char *function, nn_status status);

/* Whether this thread has met one that nobody has asked for. */
bool nn_custom_failed(void);

/* Gives its status, with a message, and forgets it; NN_OK if there is none. */
nn_status nn_custom_take_failure(void);

/* For the pool: takes it without a message; and gives it to this thread, unless that has one. */
nn_custom_failure nn_custom_move_failure(void);
void nn_custom_set_failure(nn_custom_failure failure);

/* ---- floats ---- */

/* Arrays as callers see them. In the library they are the very arrays; where nn_real is double, as in the
 * gradient tests, they are copies (NULL: no memory), which nn_floats_end takes back to values, unless those
 * are NULL. */
float *nn_floats_begin(size_t count, const nn_real *values);
void nn_floats_end(size_t count, float *floats, nn_real *values);

#endif
