/* Times training steps of one net: what bench-train's table and its sweep have in common. */
#ifndef NN_BENCH_TRAIN_TIME_H
#define NN_BENCH_TRAIN_TIME_H

#include "naive_contestants.h"

struct train_way {
    int contestant; /* BENCH_... */
    size_t threads; /* of libnn or, for a contestant that isn't the library's, of BLAS */
    double seconds; /* set by train_time: one step; NaN if it would take too long */
};

/* options' widths, batch, rounds and seed count; steps too, unless it is 0: then a turn has as many steps
 * as fit in turn_seconds and in memory, and more of a large net. check: the library's losses must be the plain loops'. */
void train_time(const struct bench_options *options, double turn_seconds, bool check,
                struct train_way *ways, size_t count);

/* Floating-point operations of the products of a step. */
double train_step_flops(const struct bench_options *options);

#endif
