/*
 * The rule, from measurements of OpenBLAS 0.3.21. Its kernels for AVX-512 compute small products (m n k
 * up to 10^6, and for NT n k up to 4096) without packing, locks or threads, and faster than larger ones:
 * tiles of 48 to 112 columns, at least 32 rows and a depth of 100 to 400 all come within 5 % of the best.
 * The other kernels stay single-threaded up to m n k = 262,144 and lose least on wide, flat tiles.
 */
#include "gemm_plan.h"

enum { POOLED_VOLUME = 400000 }; /* about 8 us on one core; waking a thread costs 1 to 2 */

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
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

nn_gemm_grid nn_gemm_plan(nn_gemm_kind kind, size_t m, size_t n, size_t k,
                          const nn_gemm_limits *limits)
{
    nn_gemm_grid grid = {.m = m, .n = n, .k = k, .rows = 1, .columns = 1};
    const size_t volume = m * n * k; /* can't overflow where arrays of these sizes exist */
    const bool nt = kind == NN_GEMM_NT && limits->nt_footprint > 0;
    grid.pooled = volume >= POOLED_VOLUME;
    if (volume <= limits->volume && !grid.pooled && (!nt || n * k <= limits->nt_footprint))
        return grid;
    const size_t least_depth = k < limits->depth ? k : limits->depth;
    grid.n = piece(n, nt ? limits->nt_footprint / least_depth : limits->columns, 16);
    grid.m = piece(m, limits->volume / (grid.n * least_depth), 8);
    size_t depth = limits->volume / (grid.m * grid.n);
    if (nt && depth > limits->nt_footprint / grid.n)
        depth = limits->nt_footprint / grid.n;
    grid.k = piece(k, depth, 8);
    grid.rows = divide_up(m, grid.m);
    grid.columns = divide_up(n, grid.n);
    return grid;
}
