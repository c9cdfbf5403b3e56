/*
 * Matrix products: the only file that calls cblas. All matrices are row-major; counts fit in an int
 * (shapes and batches are checked before).
 *
 * A product is cut into tiles by a rule that looks at its shape and at the BLAS in use, or as measured
 * before, but never by the number of threads, and the tiles run on the pool. So the result has the same
 * bits on any number of threads.
 */
#ifndef NN_KERNELS_GEMM_H
#define NN_KERNELS_GEMM_H

#include "gemm_plan.h"
#include "real.h"
#include <stdbool.h>
#include <stddef.h>

/* Makes BLAS ready, once for the process; to be called before the first product. OpenBLAS waits for ever
 * where it gets no memory for its buffers, so it is asked for them here, where there is a way to fail:
 * false if memory is out. */
bool nn_gemm_prepare(void);

/* A tile of c: rows x columns from (row, column) on. */
typedef struct nn_tile {
    size_t row, column, rows, columns;
} nn_tile;

/* Grids that were measured; see gemm_measure.h. */
typedef struct nn_gemm_grids nn_gemm_grids;

/* c = alpha a b + beta c (with beta 0, c is only written). finish, if not NULL, is called once for each
 * tile as soon as it is computed, while it is in cache, from the thread that computed it. */
typedef struct nn_gemm {
    nn_gemm_kind kind;
    size_t m, n, k;
    nn_real alpha, beta;
    const nn_real *a, *b;
    nn_real *c;
    /* NT with beta 0: m nn_gemm_scratch(n, k) values that make it faster, or NULL */
    nn_real *scratch;
    void (*finish)(const void *context, const nn_tile *tile);
    const void *context;
    nn_gemm_grids *grids; /* NULL: the rule */
} nn_gemm;

void nn_gemm_run(const nn_gemm *gemm);

/* How many values of scratch for each of an NT's m rows. */
size_t nn_gemm_scratch(size_t n, size_t k);

/* The same on a grid of the caller's choice, and what such a choice needs. nn_gemm_run_on is for after
 * nn_gemm_prepare. */
void nn_gemm_run_on(const nn_gemm *gemm, const nn_gemm_grid *grid);
const nn_gemm_limits *nn_gemm_known_limits(void);

#endif
