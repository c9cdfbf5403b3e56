/*
 * Matrix products: the only file that calls cblas. All matrices are row-major; counts fit in an int
 * (shapes and batches are checked before).
 *
 * A product is cut into tiles by a rule that looks at its shape and at the BLAS in use, never at the
 * number of threads, and the tiles run on the pool. So the result has the same bits on any number of
 * threads.
 */
#ifndef NN_KERNELS_GEMM_H
#define NN_KERNELS_GEMM_H

#include "real.h"
#include <stdbool.h>
#include <stddef.h>

/* Makes BLAS ready, once for the process; to be called before the first product. OpenBLAS waits for ever
 * where it gets no memory for its buffers, so it is asked for them here, where there is a way to fail:
 * false if memory is out. */
bool nn_gemm_prepare(void);

typedef enum nn_gemm_kind {
    NN_GEMM_NN, /* c[m][n] = a[m][k] b[k][n] */
    NN_GEMM_TN, /* c[m][n] = a[k][m]^T b[k][n] */
    NN_GEMM_NT  /* c[m][n] = a[m][k] b[n][k]^T */
} nn_gemm_kind;

/* A tile of c: rows x columns from (row, column) on. */
typedef struct nn_tile {
    size_t row, column, rows, columns;
} nn_tile;

/* c = alpha a b + beta c (with beta 0, c is only written). finish, if not NULL, is called once for each
 * tile as soon as it is computed, while it is in cache, from the thread that computed it. */
typedef struct nn_gemm {
    nn_gemm_kind kind;
    size_t m, n, k;
    nn_real alpha, beta;
    const nn_real *a, *b;
    nn_real *c;
    void (*finish)(const void *context, const nn_tile *tile);
    const void *context;
} nn_gemm;

void nn_gemm_run(const nn_gemm *gemm);

#endif
