/* Random numbers that are the same on every machine. */
#ifndef NN_BENCH_RANDOM_H
#define NN_BENCH_RANDOM_H

#include <stdint.h>

uint64_t bench_random_bits(uint64_t *state);

/* Uniform in [-limit, limit). */
float bench_random_uniform(uint64_t *state, float limit);

#endif
