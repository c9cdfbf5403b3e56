/* How a product is cut into tiles: by a rule, or as measured on request. */
#ifndef NN_KERNELS_GEMM_PLAN_H
#define NN_KERNELS_GEMM_PLAN_H

#include <stdbool.h>
#include <stddef.h>

typedef enum nn_gemm_kind {
    NN_GEMM_NN, /* c[m][n] = a[m][k] b[k][n] */
    NN_GEMM_TN, /* c[m][n] = a[k][m]^T b[k][n] */
    NN_GEMM_NT  /* c[m][n] = a[m][k] b[n][k]^T */
} nn_gemm_kind;

typedef struct nn_gemm_shape {
    nn_gemm_kind kind;
    size_t m, n, k;
    /* There is scratch for transposed copies of a and c: NT may be computed as c^T = b a^T, whose
     * operands lie as NN's do. */
    bool can_transpose;
} nn_gemm_shape;

/* What is known of the BLAS in use. */
typedef struct nn_gemm_limits {
    size_t volume;       /* greatest m n k of a call */
    size_t nt_footprint; /* greatest n k of a call of kind NT; 0: any */
    size_t rows;         /* of a tile at least, where the product has as many */
    size_t columns;      /* of a tile, at most */
    size_t few_columns;  /* the same where that would make too few tiles to share */
    size_t slab;         /* the same in a product of fewer rows than a tile should have */
    size_t depth;        /* of a tile at least, where the product is as deep */
    /* of a call; beyond it, what it reads again and again falls out of a cache */
    size_t most_depth;
    /* Greatest n k of a call where m is 1 and the product is computed by gemv, which reads b in place;
     * 0: gemm doesn't copy it either. */
    size_t vector_footprint;
} nn_gemm_limits;

typedef struct nn_gemm_grid {
    bool transposed;      /* tiles are of c^T[n][m] = b[n][k] a^T[k][m] */
    bool pooled;          /* large enough to be worth the pool */
    bool vector;          /* m is 1: calls of gemv */
    size_t m, n, k;       /* of a call; the last ones may be smaller */
    size_t rows, columns; /* of tiles */
} nn_gemm_grid;

/* The grid of a product by the rule. A pure function of its arguments. */
nn_gemm_grid nn_gemm_plan(const nn_gemm_shape *shape, const nn_gemm_limits *limits);

/* The grid with calls of at most m x n x k; they are made smaller until they keep the limits. m, n and k
 * are of what is computed: of c^T if transposed. */
nn_gemm_grid nn_gemm_cut(const nn_gemm_shape *shape, const nn_gemm_limits *limits, bool transposed,
                         bool pooled, size_t m, size_t n, size_t k);

#endif
