/* Decompositions: the only file that calls LAPACKE. */
#ifndef NN_KERNELS_LAPACK_H
#define NN_KERNELS_LAPACK_H

#include "real.h"
#include <stdbool.h>
#include <stddef.h>

/* a[rows][columns], rows >= columns, becomes the Q of its QR decomposition; diagonal[columns] that of
 * R. tau[columns] is scratch. False, with the message set, if memory is out. */
bool nn_qr(size_t rows, size_t columns, nn_real *a, nn_real *diagonal, nn_real *tau);

/*
 * Least squares, in double: a[rows][columns] and right-hand sides b[rows][sides], both column by column, whose
 * columns lie stride apart. work[work] is scratch.
 */
typedef struct nn_least_squares {
    size_t columns, sides, stride; /* stride >= columns */
    double *a;                     /* [columns][stride] */
    double *b;                     /* [sides][stride] */
    double *tau, *singular;        /* [columns] each */
    double *work;
    size_t work_count;
} nn_least_squares;

/* Values of work that the two functions below need; SIZE_MAX if LAPACK can't count so many. */
size_t nn_least_squares_work(size_t columns, size_t sides, size_t stride);

/* Turns the first rows, at most stride, into at most columns others with the same solution, by QR
 * decomposition, and returns how many they are. */
size_t nn_least_squares_reduce(const nn_least_squares *problem, size_t rows);

/* The solution of least norm, to b[columns], from the first columns rows; singular values below tolerance
 * times the largest count as 0. False if LAPACK doesn't find the singular values. */
bool nn_least_squares_solve(const nn_least_squares *problem, double tolerance);

#endif
