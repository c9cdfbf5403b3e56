/* Benchmarks end with a message where anything fails. */
#ifndef NN_BENCH_FAIL_H
#define NN_BENCH_FAIL_H

#include <nn.h>
#include <stddef.h>

/* Ends the program with the message, after the program's name. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program unless memory is given; returns it. */
void *bench_demand_memory(void *memory);

/* count zeros at a multiple of 64 bytes, as the library's own buffers are; to be freed with free. */
float *bench_floats(size_t count);

/* Ends the program with the library's message unless the call went well. */
void bench_demand(nn_status status, const char *call);

#endif
