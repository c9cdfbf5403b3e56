#include "bench_random.h"

/* SplitMix64 (Steele, Lea and Flood 2014). */
uint64_t bench_random_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

float bench_random_uniform(uint64_t *state, float limit)
{
    const float unit = (float)(bench_random_bits(state) >> 40) / 16777216.0f;
    return limit * (2.0f * unit - 1.0f);
}
