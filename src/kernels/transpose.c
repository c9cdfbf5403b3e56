/*
 * Squares of SIDE x SIDE values are transposed in vector registers, in three rounds that swap values 1,
 * 2 and 4 apart between rows as far apart. Squares go along b's rows, which are written whole lines at
 * a time.
 */
#include "transpose.h"
#include "vectorize.h"
#include <string.h>

enum { SIDE = 8 };

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector) /* gcc from 12 on, clang */
#define HAS_SHUFFLE
#endif
#endif

#ifdef HAS_SHUFFLE

typedef nn_real side __attribute__((vector_size(SIDE * sizeof(nn_real))));

static inline __attribute__((always_inline)) void
transpose_square(const nn_real *a, size_t a_stride, nn_real *b, size_t b_stride)
{
    side row[SIDE], swapped[SIDE];
    for (size_t i = 0; i < SIDE; i++)
        memcpy(&row[i], a + i * a_stride, sizeof(side));
    for (size_t i = 0; i < SIDE; i += 2) {
        swapped[i] = __builtin_shufflevector(row[i], row[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        swapped[i + 1] = __builtin_shufflevector(row[i], row[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (size_t i = 0; i < SIDE; i++)
        if ((i & 2) == 0) {
            row[i] = __builtin_shufflevector(swapped[i], swapped[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            row[i + 2] =
                __builtin_shufflevector(swapped[i], swapped[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (size_t i = 0; i < SIDE / 2; i++) {
        swapped[i] = __builtin_shufflevector(row[i], row[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        swapped[i + 4] = __builtin_shufflevector(row[i], row[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    for (size_t i = 0; i < SIDE; i++)
        memcpy(b + i * b_stride, &swapped[i], sizeof(side));
}

#else

static inline void transpose_square(const nn_real *a, size_t a_stride, nn_real *b, size_t b_stride)
{
    for (size_t i = 0; i < SIDE; i++)
        for (size_t j = 0; j < SIDE; j++)
            b[i * b_stride + j] = a[j * a_stride + i];
}

#endif

NN_VECTORIZE
void nn_transpose(size_t rows, size_t columns, const nn_real *restrict a, size_t a_stride,
                  nn_real *restrict b, size_t b_stride)
{
    const size_t whole_rows = rows / SIDE * SIDE, whole_columns = columns / SIDE * SIDE;
    for (size_t j = 0; j < whole_columns; j += SIDE)
        for (size_t i = 0; i < whole_rows; i += SIDE)
            transpose_square(a + i * a_stride + j, a_stride, b + j * b_stride + i, b_stride);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = i < whole_rows ? whole_columns : 0; j < columns; j++)
            b[j * b_stride + i] = a[i * a_stride + j];
}
