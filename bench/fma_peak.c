/* Built for the processor at hand (see meson.build), with multiplication and addition made one. */
#include "fma_peak.h"

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#define CHAINS 16
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#define CHAINS 12
#else
#define VECTOR_BYTES 16
#define CHAINS 12
#endif

typedef float vector __attribute__((vector_size(VECTOR_BYTES)));

#define LANES (VECTOR_BYTES / sizeof(float))

float fma_peak_run(size_t iterations)
{
    vector chains[CHAINS], factor, term, sum = {0};
    for (size_t i = 0; i < LANES; i++) {
        factor[i] = 0.9f;
        term[i] = 0.1f;
    }
    __asm__("" : "+m"(factor), "+m"(term)); /* not known to the compiler */
    const vector f = factor, t = term;
    for (size_t c = 0; c < CHAINS; c++)
        chains[c] = f * (float)c;
    for (size_t i = 0; i < iterations; i++) {
#pragma GCC unroll 16
        for (size_t c = 0; c < CHAINS; c++)
            chains[c] = chains[c] * f + t;
    }
    for (size_t c = 0; c < CHAINS; c++)
        sum += chains[c];
    float total = 0.0f;
    for (size_t i = 0; i < LANES; i++)
        total += sum[i];
    return total;
}

double fma_peak_flops(size_t iterations)
{
    return 2.0 * (double)(iterations * CHAINS * LANES);
}
