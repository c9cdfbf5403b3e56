/* Decompositions: the only file that calls LAPACKE. */
#ifndef NN_KERNELS_LAPACK_H
#define NN_KERNELS_LAPACK_H

#include "nn.h"
#include "real.h"
#include <stdbool.h>
#include <stddef.h>

/* a[rows][columns], rows >= columns, becomes the Q of its QR decomposition; diagonal[columns] that of
 * R. tau[columns] is scratch. False, with the message set, if memory is out. */
bool nn_qr(size_t rows, size_t columns, nn_real *a, nn_real *diagonal, nn_real *tau);

/* The symmetric a[n][n] becomes its eigenvectors, of length 1, a row each; values[n] are the eigenvalues
 * in ascending order. a must be finite. Errors: NN_ERR_NO_MEMORY (also if n is too large for LAPACK to
 * count its workspace), NN_ERR_UNSUPPORTED (LAPACK didn't find them). */
nn_status nn_symmetric_eigen(size_t n, double *a, double *values);

#endif
