/* The processor's own limit: multiply-adds that wait neither for memory nor for each other. */
#ifndef NN_BENCH_FMA_PEAK_H
#define NN_BENCH_FMA_PEAK_H

#include <stddef.h>

/* Runs the loop; the sum is there so that nothing can be left out. */
float fma_peak_run(size_t iterations);

/* Floating-point operations of such a run. */
double fma_peak_flops(size_t iterations);

#endif
