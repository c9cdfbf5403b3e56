/*
 * The rule, from measurements of OpenBLAS 0.3.21. Its kernels for AVX-512 compute small products (m n k
 * up to 10^6, and for NT n k up to 4096) without packing, locks or threads, and faster than larger ones:
 * tiles of 32 rows or more by 64 columns, four vectors, in depths of about 100 to 160 come within 5 % of
 * the best on all processors seen, and others don't. The other kernels
 * copy both operands and stay single-threaded up to m n k = 262,144, within which tiles of 48 x 112 are
 * the fastest, by up to 15 %. NT is slower than NN with all of them, by far more than it takes to
 * transpose the batch's side of it. One row is for gemv where gemm would copy the matrix: 4 times faster.
 */
#include "gemm_plan.h"
#include <stdint.h>

enum {
    POOLED_VOLUME = 400000, /* about 8 us on one core; waking a thread costs 1 to 2 */
    POOLED_MATRIX = 120000, /* n k of a product of so few rows that reading b takes as long */
    TILES = 32,             /* of a pooled product, so that threads end together ... */
    TILE_VOLUME = 200000,   /* ... but none smaller than this, about 3.5 us */
    FEW = 8,                /* tiles: with fewer, two threads may end far apart */
    SLABS = 4,              /* of a product of fewer rows than a tile should have */
    VECTOR_COLUMNS = 256, /* of a call of gemv, which then finds room for its copies on the stack */
    TRANSPOSED_ROWS = 4   /* least m of an NT that is turned */
};

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The size of equal pieces of at most `most`, a multiple of step where that is possible. */
static size_t piece(size_t whole, size_t most, size_t step)
{
    if (whole <= most)
        return whole;
    if (most < step)
        return most > 0 ? most : 1;
    const size_t size = divide_up(divide_up(whole, divide_up(whole, most)), step) * step;
    return size <= most ? size : most / step * step;
}

nn_gemm_grid nn_gemm_cut(const nn_gemm_shape *shape, const nn_gemm_limits *limits, bool transposed,
                         bool pooled, size_t m, size_t n, size_t k)
{
    const size_t rows = transposed ? shape->n : shape->m;
    const size_t columns = transposed ? shape->m : shape->n;
    const bool nt = shape->kind == NN_GEMM_NT && !transposed && limits->nt_footprint > 0;
    const size_t least_depth = least(least(shape->k, k), limits->depth);
    nn_gemm_grid grid = {.transposed = transposed, .pooled = pooled};
    n = least(n, limits->volume / (least_depth * least(rows, 8)));
    grid.n = piece(columns, nt ? least(n, limits->nt_footprint / least_depth) : n, 16);
    grid.m = piece(rows, least(m, limits->volume / (least_depth * grid.n)), 8);
    const size_t depth = least(k, limits->volume / (grid.m * grid.n));
    grid.k = piece(shape->k, nt ? least(depth, limits->nt_footprint / grid.n) : depth, 8);
    grid.rows = divide_up(rows, grid.m);
    grid.columns = divide_up(columns, grid.n);
    return grid;
}

/* The most frequent case of small networks, found without a division. */
static bool is_one_call(const nn_gemm_shape *shape, const nn_gemm_limits *limits, bool transposed)
{
    const bool nt = shape->kind == NN_GEMM_NT && !transposed && limits->nt_footprint > 0;
    return shape->m * shape->n * shape->k <= limits->volume &&
           (!nt || shape->n * shape->k <= limits->nt_footprint);
}

/* Columns of a tile where b is read once: in pieces as long as can be while there are a few of them. */
static size_t slab_columns(size_t n, size_t most)
{
    return least(divide_up(divide_up(n, SLABS), 16) * 16, most);
}

static nn_gemm_grid plan_vector(const nn_gemm_shape *shape, const nn_gemm_limits *limits,
                                bool pooled)
{
    size_t columns = least(shape->n, VECTOR_COLUMNS);
    if (pooled)
        columns = least(columns, slab_columns(shape->n, limits->slab));
    nn_gemm_grid grid =
        nn_gemm_cut(shape, limits, false, pooled, 1, columns, limits->vector_footprint / columns);
    grid.vector = true;
    return grid;
}

static nn_gemm_grid plan_pooled(const nn_gemm_shape *shape, const nn_gemm_limits *limits,
                                bool transposed, size_t volume)
{
    const size_t m = transposed ? shape->n : shape->m, n = transposed ? shape->m : shape->n;
    const bool few_rows = shape->m < limits->rows && shape->kind == NN_GEMM_NN;
    size_t columns = least(n, limits->columns);
    const size_t tile = largest(volume / TILES, TILE_VOLUME);
    const size_t rows = largest(tile / (columns * shape->k), limits->rows);
    if (few_rows && n > limits->columns)
        columns = slab_columns(n, limits->slab);
    else if (divide_up(m, rows) * divide_up(n, columns) < FEW)
        columns = least(columns, limits->few_columns);
    return nn_gemm_cut(shape, limits, transposed, true, rows, columns, limits->most_depth);
}

nn_gemm_grid nn_gemm_plan(const nn_gemm_shape *shape, const nn_gemm_limits *limits)
{
    const size_t volume = shape->m * shape->n * shape->k; /* arrays of these sizes exist */
    const bool transposed =
        shape->kind == NN_GEMM_NT && shape->can_transpose && shape->m >= TRANSPOSED_ROWS;
    const bool pooled = volume >= POOLED_VOLUME || shape->n * shape->k >= POOLED_MATRIX;
    if (shape->m == 1 && shape->kind == NN_GEMM_NN && limits->vector_footprint > 0)
        return plan_vector(shape, limits, pooled);
    if (!pooled && is_one_call(shape, limits, transposed))
        return (nn_gemm_grid){.transposed = transposed,
                              .m = transposed ? shape->n : shape->m,
                              .n = transposed ? shape->m : shape->n,
                              .k = shape->k,
                              .rows = 1,
                              .columns = 1};
    if (!pooled)
        return nn_gemm_cut(shape, limits, transposed, false, SIZE_MAX, SIZE_MAX, SIZE_MAX);
    return plan_pooled(shape, limits, transposed, volume);
}
