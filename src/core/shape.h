/* The shape of one row: dimensions without the batch. */
#ifndef NN_CORE_SHAPE_H
#define NN_CORE_SHAPE_H

#include "nn.h"
#include <stdbool.h>
#include <stddef.h>

#define NN_MAX_RANK 8

typedef struct nn_shape {
    size_t rank; /* 0: not given */
    size_t dimensions[NN_MAX_RANK];
} nn_shape;

/* Values of a row: the product of the dimensions (1 for rank 0). Only for checked shapes. */
size_t nn_shape_width(const nn_shape *shape);

/* NN_ERR_INVALID unless the rank is 1 ... NN_MAX_RANK, every dimension > 0, and the width fits in an
 * int, which is what BLAS counts in. what names it in the message. */
nn_status nn_shape_check(const nn_shape *shape, const char *what);

nn_shape nn_shape_1d(size_t width);

bool nn_shape_equal(const nn_shape *a, const nn_shape *b);

typedef struct nn_shape_text {
    char text[8 + 24 * NN_MAX_RANK];
} nn_shape_text;

/* "(28, 28)"; one dimension as Python writes it, "(784,)". */
nn_shape_text nn_shape_string(const nn_shape *shape);

#endif
