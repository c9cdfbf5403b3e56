/* Matrix products: the only file that calls cblas. All matrices are row-major and packed. Counts fit
 * in an int (shapes and batches are checked before). */
#ifndef NN_KERNELS_GEMM_H
#define NN_KERNELS_GEMM_H

#include "real.h"
#include <stdbool.h>
#include <stddef.h>

/* Makes BLAS ready, once for the process; to be called before the first product. OpenBLAS waits for ever
 * where it gets no memory for its buffers, so it is asked for them here, where there is a way to fail:
 * false if memory is out. */
bool nn_gemm_prepare(void);

/* c[m][n] = a[m][k] b[k][n] */
void nn_gemm_nn(size_t m, size_t n, size_t k, const nn_real *a, const nn_real *b, nn_real *c);
/* c[m][n] = a[k][m]^T b[k][n] */
void nn_gemm_tn(size_t m, size_t n, size_t k, const nn_real *a, const nn_real *b, nn_real *c);
/* c[m][n] = a[m][k] b[n][k]^T */
void nn_gemm_nt(size_t m, size_t n, size_t k, const nn_real *a, const nn_real *b, nn_real *c);

#endif
