#ifndef NN_KERNELS_TRANSPOSE_H
#define NN_KERNELS_TRANSPOSE_H

#include "real.h"
#include <stddef.h>

/* b[columns][rows] = a[rows][columns]^T; the rows of a lie a_stride apart, those of b b_stride. */
void nn_transpose(size_t rows, size_t columns, const nn_real *a, size_t a_stride, nn_real *b,
                  size_t b_stride);

#endif
