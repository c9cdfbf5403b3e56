#include "gemm.h"
#include "allocate.h"
#include "status.h"
#include <assert.h>
#include <cblas.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>

#ifdef NN_REAL_DOUBLE
#define NN_CBLAS_GEMM cblas_dgemm
#else
#define NN_CBLAS_GEMM cblas_sgemm
#endif

/* OpenBLAS alone has this function. */
extern int openblas_get_num_threads(void) __attribute__((weak));

/* OpenBLAS has buffers for a fixed number of callers at once, and ends the process when they are used up;
 * its least number is 2 for each of MAX_THREADS, 64 in Debian's. More callers wait here. */
enum { MOST_CALLERS = 32 };

static sem_t callers;
static pthread_once_t callers_made = PTHREAD_ONCE_INIT;

static void make_callers(void)
{
    sem_init(&callers, 0, MOST_CALLERS);
}

/* Whether the address space has room for the buffers, 128 MB for each thread and for the caller. */
static bool has_room_for_buffers(void)
{
    if (openblas_get_num_threads == NULL)
        return true;
    const size_t buffer = (size_t)128 << 20;
    const size_t size = ((size_t)openblas_get_num_threads() + 1) * buffer;
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return false;
    munmap(room, size);
    return true;
}

static void gemm(CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b, size_t m, size_t n,
                 size_t k, const nn_real *a, size_t a_columns, const nn_real *b, size_t b_columns,
                 nn_real *c)
{
    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX);
    pthread_once(&callers_made, make_callers);
    while (sem_wait(&callers) != 0 && errno == EINTR)
        ;
    NN_CBLAS_GEMM(CblasRowMajor, transpose_a, transpose_b, (int)m, (int)n, (int)k, 1, a,
                  (int)a_columns, b, (int)b_columns, 0, c, (int)n);
    sem_post(&callers);
}

void nn_gemm_nn(size_t m, size_t n, size_t k, const nn_real *a, const nn_real *b, nn_real *c)
{
    gemm(CblasNoTrans, CblasNoTrans, m, n, k, a, k, b, n, c);
}

void nn_gemm_tn(size_t m, size_t n, size_t k, const nn_real *a, const nn_real *b, nn_real *c)
{
    gemm(CblasTrans, CblasNoTrans, m, n, k, a, m, b, n, c);
}

void nn_gemm_nt(size_t m, size_t n, size_t k, const nn_real *a, const nn_real *b, nn_real *c)
{
    gemm(CblasNoTrans, CblasTrans, m, n, k, a, k, b, k, c);
}

bool nn_gemm_prepare(void)
{
    enum { SIZE = 128 }; /* cubed, too much for the kernels that need no buffer */
    static atomic_bool prepared;
    if (atomic_load(&prepared))
        return true;
    nn_real *matrices = nn_allocate((size_t)3 * SIZE * SIZE, sizeof(*matrices));
    if (matrices == NULL)
        return false;
    const bool room = has_room_for_buffers();
    if (room) {
        nn_gemm_nn(SIZE, SIZE, SIZE, matrices, matrices + SIZE * SIZE, matrices + 2 * SIZE * SIZE);
        atomic_store(&prepared, true);
    } else {
        nn_fail(NN_ERR_NO_MEMORY, "out of memory: no room for the buffers of BLAS");
    }
    nn_release(matrices);
    return room;
}
