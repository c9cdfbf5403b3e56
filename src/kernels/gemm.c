#include "gemm.h"
#include "allocate.h"
#include "gemm_plan.h"
#include "pool.h"
#include "status.h"
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
#else
#define NN_CBLAS_GEMM cblas_sgemm
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
 * one, so every call stays below what it computes on the thread that calls. */
static void look_at_blas(void)
{
    static const char *const small_matrix_kernels[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    sem_init(&blas.callers, 0, MOST_CALLERS);
    blas.limits = (nn_gemm_limits){.volume = 262144, .columns = 160, .depth = 48};
    blas.needs_buffers = true;
    if (openblas_get_corename == NULL || sizeof(nn_real) != sizeof(float))
        return;
    const char *core = openblas_get_corename();
    for (size_t i = 0; i < sizeof(small_matrix_kernels) / sizeof(small_matrix_kernels[0]); i++)
        if (strcmp(core, small_matrix_kernels[i]) == 0) {
            blas.limits = (nn_gemm_limits){
                .volume = 1000000, .nt_footprint = 4096, .columns = 96, .depth = 128};
            blas.needs_buffers = false;
        }
}

static void know_blas(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, look_at_blas);
}

/* ---- one call ---- */

struct run {
    const nn_gemm *gemm;
    nn_gemm_grid grid;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void multiply(const nn_gemm *gemm, const nn_tile *tile, size_t depth, size_t first_depth)
{
    const bool a_transposed = gemm->kind == NN_GEMM_TN, b_transposed = gemm->kind == NN_GEMM_NT;
    const size_t a_stride = a_transposed ? gemm->m : gemm->k;
    const size_t b_stride = b_transposed ? gemm->k : gemm->n;
    const nn_real *a = gemm->a + (a_transposed ? first_depth * a_stride + tile->row
                                               : tile->row * a_stride + first_depth);
    const nn_real *b = gemm->b + (b_transposed ? tile->column * b_stride + first_depth
                                               : first_depth * b_stride + tile->column);
    NN_CBLAS_GEMM(CblasRowMajor, a_transposed ? CblasTrans : CblasNoTrans,
                  b_transposed ? CblasTrans : CblasNoTrans, (int)tile->rows, (int)tile->columns,
                  (int)depth, gemm->alpha, a, (int)a_stride, b, (int)b_stride,
                  first_depth == 0 ? gemm->beta : 1, gemm->c + tile->row * gemm->n + tile->column,
                  (int)gemm->n);
}

/* Tiles count down the columns of the grid: a thread's share is a slab of columns. */
static void run_tile(void *context, size_t index)
{
    const struct run *run = context;
    const nn_gemm *gemm = run->gemm;
    const nn_gemm_grid *grid = &run->grid;
    nn_tile tile = {.row = index % grid->rows * grid->m, .column = index / grid->rows * grid->n};
    tile.rows = least(grid->m, gemm->m - tile.row);
    tile.columns = least(grid->n, gemm->n - tile.column);
    if (blas.needs_buffers)
        while (sem_wait(&blas.callers) != 0 && errno == EINTR)
            ;
    for (size_t at = 0; at < gemm->k; at += grid->k)
        multiply(gemm, &tile, least(grid->k, gemm->k - at), at);
    if (blas.needs_buffers)
        sem_post(&blas.callers);
    if (gemm->finish != NULL)
        gemm->finish(gemm->context, &tile);
}

void nn_gemm_run(const nn_gemm *gemm)
{
    assert(gemm->m <= INT_MAX && gemm->n <= INT_MAX && gemm->k <= INT_MAX && gemm->k > 0);
    know_blas();
    struct run run = {
        .gemm = gemm,
        .grid = nn_gemm_plan(gemm->kind, gemm->m, gemm->n, gemm->k, &blas.limits),
    };
    const size_t tiles = run.grid.rows * run.grid.columns;
    if (run.grid.pooled)
        nn_pool_run(tiles, run_tile, &run);
    else
        for (size_t tile = 0; tile < tiles; tile++)
            run_tile(&run, tile);
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
