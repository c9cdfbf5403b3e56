#include "elementwise.h"
#include "lanes.h"
#include "vectorize.h"
#include <string.h>

NN_VECTORIZE
void nn_add_bias(size_t rows, size_t width, const nn_real *restrict b, nn_real *restrict y)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < width; j++)
            y[i * width + j] += b[j];
}

NN_VECTORIZE
void nn_column_sums(size_t rows, size_t width, size_t stride, nn_real scale, nn_real keep,
                    const nn_real *restrict a, nn_real *restrict sum)
{
    enum { BLOCK = 64 }; /* columns whose sums stay in registers */
    for (size_t first = 0; first < width; first += BLOCK) {
        const size_t columns = width - first < BLOCK ? width - first : BLOCK;
        nn_real block[BLOCK] = {0};
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                block[j] += a[i * stride + first + j];
        for (size_t j = 0; j < columns; j++)
            sum[first + j] = scale * block[j] + (keep == 0 ? 0 : keep * sum[first + j]);
    }
}

NN_VECTORIZE
void nn_scale_offset(size_t count, nn_real scale, nn_real offset, const nn_real *x, nn_real *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * scale + offset;
}

NN_VECTORIZE
void nn_add_values(size_t count, const nn_real *a, const nn_real *b, nn_real *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = a[i] + b[i];
}

NN_VECTORIZE
void nn_subtract_values(size_t count, const nn_real *a, const nn_real *b, nn_real *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = a[i] - b[i];
}

NN_VECTORIZE
void nn_multiply_values(size_t count, const nn_real *a, const nn_real *b, nn_real *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = a[i] * b[i];
}

NN_VECTORIZE
void nn_from_uint8(size_t count, const uint8_t *restrict from, nn_real *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (nn_real)from[i];
}

NN_VECTORIZE
void nn_from_uint8_scaled(size_t count, nn_real scale, nn_real offset, const uint8_t *restrict from,
                          nn_real *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (nn_real)from[i] * scale + offset;
}

NN_VECTORIZE
void nn_from_int32(size_t count, const int32_t *restrict from, nn_real *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (nn_real)from[i];
}

void nn_from_float(size_t count, const float *restrict from, nn_real *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = from[i];
}

void nn_to_float(size_t count, const nn_real *restrict from, float *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (float)from[i];
}

NN_VECTORIZE
double nn_sum_of_magnitudes(size_t count, const nn_real *values)
{
    nn_lanes sum = NN_LANES_ZERO;
    NN_LANES_ADD(&sum, count, (double)nn_abs(values[i]));
    return nn_lanes_total(&sum);
}

/* In many sums side by side, which makes it vectorize, always in the same order. */
NN_VECTORIZE
double nn_sum_of_squares(size_t count, const nn_real *values)
{
    enum { SUMS = 32 };
    double sums[SUMS] = {0}, sum = 0;
    const size_t whole = count / SUMS * SUMS;
    for (size_t i = 0; i < whole; i += SUMS)
        for (size_t j = 0; j < SUMS; j++)
            sums[j] += (double)values[i + j] * (double)values[i + j];
    for (size_t j = 0; j < SUMS; j++)
        sum += sums[j];
    for (size_t i = whole; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    return sum;
}

/* A number that isn't finite has all exponent bits set. Looked at as integers, because the order of a
 * sum of floating-point numbers may not be changed, and so a loop over it doesn't vectorize. */
NN_VECTORIZE
bool nn_all_finite(size_t count, const nn_real *values)
{
#ifdef NN_REAL_DOUBLE
    typedef uint64_t word;
    const word exponent = 0x7ff0000000000000;
#else
    typedef uint32_t word;
    const word exponent = 0x7f800000;
#endif
    word found = 0;
    for (size_t i = 0; i < count; i++) {
        word bits;
        memcpy(&bits, &values[i], sizeof bits);
        found |= (bits & exponent) == exponent;
    }
    return found == 0;
}
