/* Who shares a machine in bench-neighbours, and how fast they are at once. All end the program with a message
 * on failure. */
#ifndef NN_BENCH_NEIGHBOURS_H
#define NN_BENCH_NEIGHBOURS_H

#include "naive_contestants.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

/* A thread that does the same again and again. */
struct worker {
    _Alignas(64) atomic_size_t done; /* training steps or products */
    void (*work)(struct worker *worker);
    pthread_t thread;
    struct bench bench;       /* of one that trains */
    size_t side;              /* of one that multiplies */
    float *a, *b, *c, *right; /* [side][side]; right: what c must be */
};

/* Trains 784-300-100-10 in batches of 32 by nn_fit, from the same weights in every turn. */
void neighbours_make_trainer(struct worker *worker, size_t seed);

/* Multiplies square matrices with cblas_sgemm, and checks the last product of a turn. */
void neighbours_make_multiplier(struct worker *worker, size_t side);

void neighbours_free_worker(struct worker *worker);

/* Workers whose speeds are added; none: another process that spins. */
struct party {
    const char *name;
    struct worker *workers;
    size_t count;
};

/* Steps or products a second of each of count parties, 1 or 2, all at work at once. Of a turn of this many
 * seconds as much again by half goes before, in which things settle. A worker that doesn't end ends the
 * program. */
void neighbours_run_turn(const struct party *const *parties, size_t count, double seconds,
                         double *speeds);

#endif
