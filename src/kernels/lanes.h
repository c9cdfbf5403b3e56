/* Sums over values that lie in a row, to be inlined into functions that are NN_VECTORIZE: value i goes to
 * lane i mod NN_LANES and the lanes are added up at the end, so that the loops vectorize and the order of
 * the sum is always the same. In double, so that what is summed may be long or far from 0. */
#ifndef NN_KERNELS_LANES_H
#define NN_KERNELS_LANES_H

#include "exponential.h"
#include "real.h"
#include <stddef.h>

enum { NN_LANES = 16 };

typedef struct nn_lanes {
    double sum[NN_LANES];
} nn_lanes;

#define NN_LANES_ZERO                                                                              \
    {                                                                                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* Adds what term says of each index i. */
#define NN_LANES_ADD(lanes, count, term)                                                           \
    do {                                                                                           \
        const size_t whole_ = (count) / NN_LANES * NN_LANES;                                       \
        for (size_t at_ = 0; at_ < whole_; at_ += NN_LANES)                                        \
            for (size_t lane_ = 0; lane_ < NN_LANES; lane_++) {                                    \
                const size_t i = at_ + lane_;                                                      \
                (lanes)->sum[lane_] += (term);                                                     \
            }                                                                                      \
        for (size_t i = whole_; i < (count); i++)                                                  \
            (lanes)->sum[i - whole_] += (term);                                                    \
    } while (0)

NN_INLINE void nn_lanes_add(nn_lanes *lanes, size_t count, const nn_real *x)
{
    NN_LANES_ADD(lanes, count, (double)x[i]);
}

/* (x - from)^2 */
NN_INLINE void nn_lanes_add_squares(nn_lanes *lanes, size_t count, const nn_real *x, double from)
{
    NN_LANES_ADD(lanes, count, ((double)x[i] - from) * ((double)x[i] - from));
}

/* a (x - from) */
NN_INLINE void nn_lanes_add_products(nn_lanes *lanes, size_t count, const nn_real *a,
                                     const nn_real *x, double from)
{
    NN_LANES_ADD(lanes, count, (double)a[i] * ((double)x[i] - from));
}

/* a b (x - from) */
NN_INLINE void nn_lanes_add_triples(nn_lanes *lanes, size_t count, const nn_real *a,
                                    const nn_real *b, const nn_real *x, double from)
{
    NN_LANES_ADD(lanes, count, (double)a[i] * (double)b[i] * ((double)x[i] - from));
}

NN_INLINE double nn_lanes_total(const nn_lanes *lanes)
{
    double total = 0;
    for (size_t lane = 0; lane < NN_LANES; lane++)
        total += lanes->sum[lane];
    return total;
}

#endif
