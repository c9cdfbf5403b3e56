/* Element-wise kernels and reductions that more than one part needs. Pure functions over buffers: no
 * allocation, no errors. NaN propagates through all of them. */
#ifndef NN_KERNELS_ELEMENTWISE_H
#define NN_KERNELS_ELEMENTWISE_H

#include "real.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* y[rows][width] += b[width] */
void nn_add_bias(size_t rows, size_t width, const nn_real *b, nn_real *y);
/* sum[width] = scale s + keep sum, with s the sums of the columns of a[rows][width], whose rows lie
 * stride apart, taken in the rows' order; with keep 0, sum is only written */
void nn_column_sums(size_t rows, size_t width, size_t stride, nn_real scale, nn_real keep,
                    const nn_real *a, nn_real *sum);
/* y = x * scale + offset; y may be x */
void nn_scale_offset(size_t count, nn_real scale, nn_real offset, const nn_real *x, nn_real *y);
/* y = a + b, y = a - b, y = a * b; y may be a or b */
void nn_add_values(size_t count, const nn_real *a, const nn_real *b, nn_real *y);
void nn_subtract_values(size_t count, const nn_real *a, const nn_real *b, nn_real *y);
void nn_multiply_values(size_t count, const nn_real *a, const nn_real *b, nn_real *y);

/* values to nn_real */
void nn_from_uint8(size_t count, const uint8_t *from, nn_real *to);
/* to = from * scale + offset */
void nn_from_uint8_scaled(size_t count, nn_real scale, nn_real offset, const uint8_t *from,
                          nn_real *to);
void nn_from_int32(size_t count, const int32_t *from, nn_real *to);
void nn_from_float(size_t count, const float *from, nn_real *to);
void nn_to_float(size_t count, const nn_real *from, float *to);

/* The sums of the values' magnitudes and of their squares, in double, in an order that count alone
 * decides. */
double nn_sum_of_magnitudes(size_t count, const nn_real *values);
double nn_sum_of_squares(size_t count, const nn_real *values);

/* True if every value is finite. */
bool nn_all_finite(size_t count, const nn_real *values);

#endif
