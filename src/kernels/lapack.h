/* Decompositions: the only file that calls LAPACKE. */
#ifndef NN_KERNELS_LAPACK_H
#define NN_KERNELS_LAPACK_H

#include "real.h"
#include <stdbool.h>
#include <stddef.h>

/* a[rows][columns], rows >= columns, becomes the Q of its QR decomposition; diagonal[columns] that of
 * R. tau[columns] is scratch. False, with the message set, if memory is out. */
bool nn_qr(size_t rows, size_t columns, nn_real *a, nn_real *diagonal, nn_real *tau);

#endif
