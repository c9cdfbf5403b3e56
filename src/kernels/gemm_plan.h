/* How a product is cut into tiles. */
#ifndef NN_KERNELS_GEMM_PLAN_H
#define NN_KERNELS_GEMM_PLAN_H

#include "gemm.h"
#include <stdbool.h>

/* What the rule knows of the BLAS in use. */
typedef struct nn_gemm_limits {
    size_t volume;       /* greatest m n k of a call */
    size_t nt_footprint; /* greatest n k of a call of kind NT; 0: any */
    size_t columns;      /* of a tile, at most */
    size_t depth;        /* of a tile at least, where the product is as deep */
} nn_gemm_limits;

typedef struct nn_gemm_grid {
    size_t m, n, k;       /* of a tile; the last ones may be smaller */
    size_t rows, columns; /* of tiles */
    bool pooled;          /* large enough to be worth the pool */
} nn_gemm_grid;

/* The grid of a product. A pure function of its arguments. */
nn_gemm_grid nn_gemm_plan(nn_gemm_kind kind, size_t m, size_t n, size_t k,
                          const nn_gemm_limits *limits);

#endif
