/* LAPACK counts columns first: our a[rows][columns] is its A^T, and A = Q R is A^T = R^T Q^T. So the
 * LQ decomposition is asked for, nothing is transposed, and its Q is ours as it lies in memory. The
 * _work functions are called with our own workspace, because the others, when memory is out, print. */
#include "lapack.h"
#include "allocate.h"
#include <assert.h>
#include <lapacke.h>
#include <limits.h>
#include <stdint.h>

#ifdef NN_REAL_DOUBLE
#define NN_GELQF LAPACKE_dgelqf_work
#define NN_ORGLQ LAPACKE_dorglq_work
#else
#define NN_GELQF LAPACKE_sgelqf_work
#define NN_ORGLQ LAPACKE_sorglq_work
#endif

bool nn_qr(size_t rows, size_t columns, nn_real *a, nn_real *diagonal, nn_real *tau)
{
    assert(rows >= columns && columns > 0 && rows <= INT_MAX);
    const lapack_int n = (lapack_int)rows, m = (lapack_int)columns;

    nn_real wanted_lq = 0, wanted_q = 0; /* the workspace sizes, as LAPACK tells them */
    NN_GELQF(LAPACK_COL_MAJOR, m, n, a, m, tau, &wanted_lq, -1);
    NN_ORGLQ(LAPACK_COL_MAJOR, m, n, m, a, m, tau, &wanted_q, -1);
    const size_t size = (size_t)(wanted_lq > wanted_q ? wanted_lq : wanted_q);
    assert(size >= columns && size <= INT_MAX);
    nn_real *work = nn_allocate(size, sizeof *work);
    if (work == NULL)
        return false;

    lapack_int info = NN_GELQF(LAPACK_COL_MAJOR, m, n, a, m, tau, work, (lapack_int)size);
    assert(info == 0);
    for (size_t j = 0; j < columns; j++)
        diagonal[j] = a[j * columns + j];
    info = NN_ORGLQ(LAPACK_COL_MAJOR, m, n, m, a, m, tau, work, (lapack_int)size);
    assert(info == 0);
    (void)info;
    nn_release(work);
    return true;
}

/* ---- least squares ---- */

/* What divides and conquers among the singular values needs of integers, in doubles. */
static size_t integers(double wanted)
{
    return ((size_t)wanted * sizeof(lapack_int) + sizeof(double) - 1) / sizeof(double);
}

size_t nn_least_squares_work(size_t columns, size_t sides, size_t stride)
{
    if (columns > INT_MAX || sides > INT_MAX || stride > INT_MAX)
        return SIZE_MAX;
    const lapack_int n = (lapack_int)columns, k = (lapack_int)sides, m = (lapack_int)stride;
    double none = 0, wanted[3] = {0};
    lapack_int rank, whole = 0;
    LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, m, n, &none, m, &none, &wanted[0], -1);
    LAPACKE_dormqr_work(LAPACK_COL_MAJOR, 'L', 'T', m, k, n, &none, m, &none, &none, m, &wanted[1],
                        -1);
    LAPACKE_dgelsd_work(LAPACK_COL_MAJOR, n, n, k, &none, m, &none, m, &none, 0, &rank, &wanted[2],
                        -1, &whole);
    double most = 0;
    for (size_t i = 0; i < 3; i++)
        most = wanted[i] > most ? wanted[i] : most;
    return most >= 1 && most < INT_MAX && whole >= 0 ? (size_t)most + integers(whole) : SIZE_MAX;
}

size_t nn_least_squares_reduce(const nn_least_squares *problem, size_t rows)
{
    assert(rows <= problem->stride);
    if (rows <= problem->columns)
        return rows;
    const lapack_int m = (lapack_int)rows, n = (lapack_int)problem->columns;
    const lapack_int stride = (lapack_int)problem->stride, size = (lapack_int)problem->work_count;
    lapack_int info = LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, m, n, problem->a, stride, problem->tau,
                                          problem->work, size);
    assert(info == 0);
    info = LAPACKE_dormqr_work(LAPACK_COL_MAJOR, 'L', 'T', m, (lapack_int)problem->sides, n,
                               problem->a, stride, problem->tau, problem->b, stride, problem->work,
                               size);
    assert(info == 0);
    (void)info;
    for (size_t j = 0; j < problem->columns; j++) /* below R lie the reflections */
        for (size_t i = j + 1; i < problem->columns; i++)
            problem->a[j * problem->stride + i] = 0;
    return problem->columns;
}

bool nn_least_squares_solve(const nn_least_squares *problem, double tolerance)
{
    const lapack_int n = (lapack_int)problem->columns, stride = (lapack_int)problem->stride;
    const lapack_int sides = (lapack_int)problem->sides;
    double wanted = 0;
    lapack_int rank, whole = 0;
    LAPACKE_dgelsd_work(LAPACK_COL_MAJOR, n, n, sides, problem->a, stride, problem->b, stride,
                        problem->singular, tolerance, &rank, &wanted, -1, &whole);
    const size_t size = problem->work_count - integers(whole);
    assert(size >= (size_t)wanted);
    return LAPACKE_dgelsd_work(LAPACK_COL_MAJOR, n, n, sides, problem->a, stride, problem->b,
                               stride, problem->singular, tolerance, &rank, problem->work,
                               (lapack_int)size, (lapack_int *)(void *)(problem->work + size)) == 0;
}
