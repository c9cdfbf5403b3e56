/* Times several ways of doing the same in turns, so that what disturbs a shared machine disturbs all;
 * the fastest turn counts. A round is five turns, or one where they are slow. */
#ifndef NN_BENCH_RACE_H
#define NN_BENCH_RACE_H

#include <stddef.h>

struct bench_runner {
    void (*run)(void *context); /* NULL: left out */
    void *context;
    size_t threads;      /* of libnn; 0: as they are */
    size_t blas_threads; /* of BLAS */
    size_t calls;        /* set by bench_race: calls of a turn */
    double seconds;      /* set by bench_race: one call in the fastest turn; NaN if left out */
};

double bench_seconds(void);

/* A turn of a runner takes about the seconds given, one call at least. */
void bench_race(struct bench_runner *runners, size_t count, size_t rounds, double seconds);

#endif
