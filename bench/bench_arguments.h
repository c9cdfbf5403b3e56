/* What the benchmarks' argument parsers share. All end the program with argp's message where a text
 * isn't what it should be. */
#ifndef NN_BENCH_ARGUMENTS_H
#define NN_BENCH_ARGUMENTS_H

#include <argp.h>
#include <stddef.h>

/* A number from least to 1,000,000. */
size_t bench_read_number(struct argp_state *state, const char *text, size_t least);

/* Positive numbers with commas between them: least ... most of them. Returns how many. */
size_t bench_read_list(struct argp_state *state, const char *text, size_t least, size_t most,
                       size_t *values);

#endif
