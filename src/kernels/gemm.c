#include "gemm.h"
#include "allocate.h"
#include "gemm_measure.h"
#include "pool.h"
#include "status.h"
#include "transpose.h"
#include <assert.h>
#include <cblas.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#ifdef NN_REAL_DOUBLE
#define NN_CBLAS_GEMM cblas_dgemm
#define NN_CBLAS_GEMV cblas_dgemv
#else
#define NN_CBLAS_GEMM cblas_sgemm
#define NN_CBLAS_GEMV cblas_sgemv
#endif

/* OpenBLAS alone has these functions. */
extern char *openblas_get_corename(void) __attribute__((weak));

/* OpenBLAS has buffers for a fixed number of callers at once, at least 2 for each of the 64 threads it is
 * built for, and ends the process when they are used up. More callers wait here; calls of its small
 * kernels, which need no buffer, don't. */
enum { MOST_CALLERS = 32 };

static struct {
    nn_gemm_limits limits;
    bool needs_buffers;
    sem_t callers;
} blas;

/* Two of our threads in calls that OpenBLAS would share among its own are tens of times slower than
 * one, so every call stays below what it computes on the thread that calls: m n k up to 262,144 in gemm,
 * n k below 9,216 in gemv. */
static void look_at_blas(void)
{
    static const char *const small_matrix_kernels[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    sem_init(&blas.callers, 0, MOST_CALLERS);
    blas.limits = (nn_gemm_limits){.volume = 262144,
                                   .rows = 48,
                                   .columns = 112,
                                   .few_columns = 112,
                                   .slab = 112,
                                   .depth = 48,
                                   .most_depth = SIZE_MAX,
                                   .vector_footprint = 9215};
    blas.needs_buffers = true;
    if (openblas_get_corename == NULL || sizeof(nn_real) != sizeof(float))
        return;
    const char *core = openblas_get_corename();
    for (size_t i = 0; i < sizeof(small_matrix_kernels) / sizeof(small_matrix_kernels[0]); i++)
        if (strcmp(core, small_matrix_kernels[i]) == 0) {
            blas.limits = (nn_gemm_limits){.volume = 1000000,
                                           .nt_footprint = 4096,
                                           .rows = 32,
                                           .columns = 64,
                                           .few_columns = 32,
                                           .slab = SIZE_MAX,
                                           .depth = 128,
                                           .most_depth = 160};
            blas.needs_buffers = false;
        }
}

static void know_blas(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, look_at_blas);
}

const nn_gemm_limits *nn_gemm_known_limits(void)
{
    know_blas();
    return &blas.limits;
}

/* ---- tiles ---- */

/* Distances of the rows as they lie in memory. */
struct strides {
    size_t a, b, c;
};

struct run {
    const nn_gemm *gemm;
    const nn_gemm_grid *grid;
    const struct strides *strides;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void multiply(const struct run *run, const nn_tile *tile, size_t depth, size_t first_depth)
{
    const nn_gemm *gemm = run->gemm;
    const struct strides *strides = run->strides;
    const bool a_transposed = gemm->kind == NN_GEMM_TN, b_transposed = gemm->kind == NN_GEMM_NT;
    const nn_real *a = gemm->a + (a_transposed ? first_depth * strides->a + tile->row
                                               : tile->row * strides->a + first_depth);
    const nn_real *b = gemm->b + (b_transposed ? tile->column * strides->b + first_depth
                                               : first_depth * strides->b + tile->column);
    NN_CBLAS_GEMM(CblasRowMajor, a_transposed ? CblasTrans : CblasNoTrans,
                  b_transposed ? CblasTrans : CblasNoTrans, (int)tile->rows, (int)tile->columns,
                  (int)depth, gemm->alpha, a, (int)strides->a, b, (int)strides->b,
                  first_depth == 0 ? gemm->beta : 1,
                  gemm->c + tile->row * strides->c + tile->column, (int)strides->c);
}

/* A tile of one row: c = alpha b^T a + beta c. */
static void multiply_vector(const struct run *run, const nn_tile *tile, size_t depth,
                            size_t first_depth)
{
    const nn_gemm *gemm = run->gemm;
    nn_real *c = gemm->c + tile->column;
    const bool clear = first_depth == 0 && gemm->beta == 0; /* whatever is there, also NaN */
    if (clear)
        memset(c, 0, tile->columns * sizeof(*c));
    NN_CBLAS_GEMV(CblasRowMajor, CblasTrans, (int)depth, (int)tile->columns, gemm->alpha,
                  gemm->b + first_depth * run->strides->b + tile->column, (int)run->strides->b,
                  gemm->a + first_depth, 1, first_depth > 0 || clear ? 1 : gemm->beta, c, 1);
}

/* Tiles count down the columns of the grid: a thread's share is a slab of columns. */
static void run_tile(void *context, size_t index)
{
    const struct run *run = context;
    const nn_gemm *gemm = run->gemm;
    const nn_gemm_grid *grid = run->grid;
    nn_tile tile = {.row = index % grid->rows * grid->m, .column = index / grid->rows * grid->n};
    tile.rows = least(grid->m, gemm->m - tile.row);
    tile.columns = least(grid->n, gemm->n - tile.column);
    if (blas.needs_buffers)
        while (sem_wait(&blas.callers) != 0 && errno == EINTR)
            ;
    for (size_t at = 0; at < gemm->k; at += grid->k)
        (grid->vector ? multiply_vector : multiply)(run, &tile, least(grid->k, gemm->k - at), at);
    if (blas.needs_buffers)
        sem_post(&blas.callers);
    if (gemm->finish != NULL)
        gemm->finish(gemm->context, &tile);
}

static void run_tiles(const nn_gemm *gemm, const nn_gemm_grid *grid, const struct strides *strides)
{
    struct run run = {.gemm = gemm, .grid = grid, .strides = strides};
    const size_t tiles = grid->rows * grid->columns;
    if (grid->pooled)
        nn_pool_run(tiles, run_tile, &run);
    else
        for (size_t tile = 0; tile < tiles; tile++)
            run_tile(&run, tile);
}

/* ---- NT by transposed copies ---- */

enum { SLAB = 64 }; /* columns of a that are transposed at a time */

/* Distance of the rows of the copies. A multiple of a KB would put them all on a few sets of a cache, so
 * such rows get a line more. */
static size_t copy_stride(const nn_gemm *gemm)
{
    return gemm->m % 256 == 0 ? gemm->m + 16 : gemm->m;
}

size_t nn_gemm_scratch(size_t n, size_t k)
{
    return (n + k) + (n + k + 15) / 16;
}

static void transpose_slab(void *context, size_t index)
{
    const nn_gemm *gemm = context;
    const size_t first = index * SLAB, stride = copy_stride(gemm);
    nn_transpose(gemm->m, least(SLAB, gemm->k - first), gemm->a + first, gemm->k,
                 gemm->scratch + first * stride, stride);
}

/* A tile of c^T into its place in c. */
static void transpose_back(const void *context, const nn_tile *tile)
{
    const nn_gemm *gemm = context;
    const size_t stride = copy_stride(gemm);
    const nn_real *turned = gemm->scratch + gemm->k * stride;
    nn_transpose(tile->rows, tile->columns, turned + tile->row * stride + tile->column, stride,
                 gemm->c + tile->column * gemm->n + tile->row, gemm->n);
    if (gemm->finish != NULL)
        gemm->finish(gemm->context, &(nn_tile){.row = tile->column,
                                               .column = tile->row,
                                               .rows = tile->columns,
                                               .columns = tile->rows});
}

static void run_transposed(const nn_gemm *gemm, const nn_gemm_grid *grid)
{
    enum { POOLED_VALUES = 65536 };
    nn_gemm copy = *gemm; /* the pool's context isn't const */
    const size_t slabs = (gemm->k + SLAB - 1) / SLAB, stride = copy_stride(gemm);
    if (grid->pooled && gemm->m * gemm->k >= POOLED_VALUES)
        nn_pool_run(slabs, transpose_slab, &copy);
    else
        for (size_t slab = 0; slab < slabs; slab++)
            transpose_slab(&copy, slab);
    run_tiles(
        &(nn_gemm){
            .kind = NN_GEMM_NN,
            .m = gemm->n,
            .n = gemm->m,
            .k = gemm->k,
            .alpha = gemm->alpha,
            .a = gemm->b,
            .b = gemm->scratch,
            .c = gemm->scratch + gemm->k * stride,
            .finish = transpose_back,
            .context = gemm,
        },
        grid, &(struct strides){gemm->k, stride, stride});
}

/* ---- running ---- */

static nn_gemm_shape shape_of(const nn_gemm *gemm)
{
    return (nn_gemm_shape){.kind = gemm->kind,
                           .m = gemm->m,
                           .n = gemm->n,
                           .k = gemm->k,
                           .can_transpose = gemm->scratch != NULL && gemm->beta == 0};
}

void nn_gemm_run_on(const nn_gemm *gemm, const nn_gemm_grid *grid)
{
    assert(gemm->m <= INT_MAX && gemm->n <= INT_MAX && gemm->k <= INT_MAX && gemm->k > 0);
    if (grid->transposed)
        run_transposed(gemm, grid);
    else
        run_tiles(gemm, grid,
                  &(struct strides){
                      .a = gemm->kind == NN_GEMM_TN ? gemm->m : gemm->k,
                      .b = gemm->kind == NN_GEMM_NT ? gemm->k : gemm->n,
                      .c = gemm->n,
                  });
}

void nn_gemm_run(const nn_gemm *gemm)
{
    know_blas();
    const nn_gemm_shape shape = shape_of(gemm);
    const nn_gemm_grid grid = gemm->grids != NULL ? nn_gemm_grids_find(gemm->grids, &shape)
                                                  : nn_gemm_plan(&shape, &blas.limits);
    nn_gemm_run_on(gemm, &grid);
}

/* ---- making ready ---- */

/* Whether the address space has room for OpenBLAS's buffers, 128 MB for each thread that calls it. */
static bool has_room_for_buffers(void)
{
    const size_t size = (nn_pool_threads() + 1) * ((size_t)128 << 20);
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return false;
    munmap(room, size);
    return true;
}

static void use_buffer(void *matrices, size_t tile)
{
    enum { SIZE = 32 };
    const nn_real *a = matrices;
    nn_real c[SIZE * SIZE];
    (void)tile;
    NN_CBLAS_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIZE, SIZE, SIZE, 1, a, SIZE, a, SIZE,
                  0, c, SIZE);
}

bool nn_gemm_prepare(void)
{
    static atomic_bool prepared;
    know_blas();
    if (atomic_load(&prepared))
        return true;
    if (blas.needs_buffers && openblas_get_corename != NULL) {
        nn_real *matrices = nn_allocate((size_t)32 * 32, sizeof(*matrices));
        if (matrices == NULL)
            return false;
        const bool room = has_room_for_buffers();
        if (room)
            nn_pool_run(nn_pool_threads(), use_buffer, matrices);
        nn_release(matrices);
        if (!room) {
            nn_fail(NN_ERR_NO_MEMORY, "out of memory: no room for the buffers of BLAS");
            return false;
        }
    }
    atomic_store(&prepared, true);
    return true;
}
