#include "bench_fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_fail(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

void *bench_demand_memory(void *memory)
{
    if (!memory)
        bench_fail("out of memory");
    return memory;
}

float *bench_floats(size_t count)
{
    const size_t size = (count * sizeof(float) + 63) / 64 * 64;
    float *values = bench_demand_memory(aligned_alloc(64, size));
    memset(values, 0, size);
    return values;
}

void bench_demand(nn_status status, const char *call)
{
    if (status != NN_OK)
        bench_fail("%s: %s (%s)", call, nn_error_message(), nn_status_string(status));
}
