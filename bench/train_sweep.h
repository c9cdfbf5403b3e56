/* How the cost of training grows with rows, width, depth and threads. */
#ifndef NN_BENCH_TRAIN_SWEEP_H
#define NN_BENCH_TRAIN_SWEEP_H

#include <stddef.h>

/* Writes NAME.dat and, if gnuplot is installed, NAME.svg, and prints the figures as it goes. rate: the
 * best sgemm rate of one core, for the floor. */
void train_sweep(const char *name, size_t threads, double rate, size_t rounds);

#endif
