#include "gemm.h"
#include <assert.h>
#include <cblas.h>
#include <limits.h>

#ifdef NN_REAL_DOUBLE
#define NN_CBLAS_GEMM cblas_dgemm
#else
#define NN_CBLAS_GEMM cblas_sgemm
#endif

static void gemm(CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b, size_t m, size_t n,
                 size_t k, const nn_real *a, size_t a_columns, const nn_real *b, size_t b_columns,
                 nn_real *c)
{
    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX);
    NN_CBLAS_GEMM(CblasRowMajor, transpose_a, transpose_b, (int)m, (int)n, (int)k, 1, a,
                  (int)a_columns, b, (int)b_columns, 0, c, (int)n);
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
