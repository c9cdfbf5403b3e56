/* The room of activations: y = f(z) on rows x width, and its derivative. */
#ifndef NN_ACTIVATIONS_ACTIVATION_H
#define NN_ACTIVATIONS_ACTIVATION_H

#include "part.h"
#include "real.h"
#include "status.h"
#include "vectorize.h"

typedef struct nn_activation {
    nn_part_type part;
    bool identity;    /* y = z: callers may skip it */
    bool elementwise; /* each value by itself: callers may hand over parts of rows */
    /* the values of a row with each other: of one value alone it is the same for all */
    bool compares;
    bool needs_z; /* backward reads z; else z may be NULL there, and forward is run in place */
    /* The width of y where it isn't that of z; NULL: it is. With it, y is never z and dz never dy, so
     * that a layer which computes z in the place of y has to refuse it. Errors: NN_ERR_SHAPE. */
    nn_status (*output_width)(const void *self, size_t width, size_t *output);
    /* y[rows][width] = f(z[rows][width]); y may be z. */
    void (*forward)(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y);
    /* dz = the gradient by z, given dy by y; dz may be dy. */
    void (*backward)(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz);
} nn_activation;

extern const nn_room nn_activation_room;

/* The vtable of a part of this room. */
static inline const nn_activation *nn_activation_of(const nn_part *part)
{
    return (const nn_activation *)part->type;
}

/* The width of y for a width of z. Errors: NN_ERR_SHAPE. */
static inline nn_status nn_activation_output_width(const nn_part *part, size_t width,
                                                   size_t *output)
{
    if (nn_activation_of(part)->output_width != NULL)
        return nn_activation_of(part)->output_width(part->self, width, output);
    *output = width;
    return NN_OK;
}

#endif
