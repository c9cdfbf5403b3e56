#include "random.h"
#include <math.h>
#include <Random123/philox.h>

nn_random nn_random_stream(uint64_t seed, nn_random_purpose purpose, size_t index, uint64_t step)
{
    /* The counter has 128 bits: purpose and index, the step, the position within the stream. */
    return (nn_random){
        .seed = seed,
        .purpose = (uint32_t)purpose,
        .index = (uint32_t)index,
        .step = step,
    };
}

uint32_t nn_random_bits(nn_random *random)
{
    if (random->left == 0) {
        philox4x32_ctr_t counter = {{random->position++, (uint32_t)random->step,
                                     (uint32_t)(random->step >> 32),
                                     random->purpose << 24 | (random->index & 0xffffff)}};
        philox4x32_key_t key = {{(uint32_t)random->seed, (uint32_t)(random->seed >> 32)}};
        philox4x32_ctr_t block = philox4x32(counter, key);
        for (int i = 0; i < 4; i++)
            random->block[i] = block.v[i];
        random->left = 4;
    }
    return random->block[4 - random->left--];
}

double nn_random_uniform(nn_random *random)
{
    return nn_random_bits(random) * 0x1p-32;
}

/* Box and Muller 1958. The second of each pair is left unused: a stream then holds no state but its
 * position. */
double nn_random_normal(nn_random *random)
{
    const double two_pi = 6.283185307179586476925286766559;
    double radius = sqrt(-2.0 * log((nn_random_bits(random) + 1.0) * 0x1p-32)); /* (0, 1] */
    return radius * cos(two_pi * nn_random_uniform(random));
}

#ifdef NN_REAL_DOUBLE
#define NN_LOG log
#define NN_SQRT sqrt
#define NN_SIN sin
#define NN_COS cos
#else
#define NN_LOG logf
#define NN_SQRT sqrtf
#define NN_SIN sinf
#define NN_COS cosf
#endif

void nn_random_normals(nn_random *random, size_t count, nn_real *values)
{
    const double two_pi = 6.283185307179586476925286766559;
    for (size_t i = 0; i < count; i += 2) {
        const nn_real uniform = (nn_real)((nn_random_bits(random) + 1.0) * 0x1p-32); /* (0, 1] */
        const nn_real angle = (nn_real)(two_pi * nn_random_uniform(random));
        const nn_real radius = NN_SQRT(-2 * NN_LOG(uniform));
        values[i] = radius * NN_COS(angle);
        if (i + 1 < count)
            values[i + 1] = radius * NN_SIN(angle);
    }
}

/* Lemire 2019, "Fast Random Integer Generation in an Interval". */
static uint32_t below_32(nn_random *random, uint32_t bound)
{
    uint64_t product = (uint64_t)nn_random_bits(random) * bound;
    if ((uint32_t)product < bound) {
        uint32_t threshold = -bound % bound;
        while ((uint32_t)product < threshold)
            product = (uint64_t)nn_random_bits(random) * bound;
    }
    return (uint32_t)(product >> 32);
}

size_t nn_random_below(nn_random *random, size_t bound)
{
    if (bound <= UINT32_MAX)
        return below_32(random, (uint32_t)bound);
    uint64_t limit =
        UINT64_MAX - UINT64_MAX % bound; /* a multiple of bound: no value is favoured */
    uint64_t value;
    do {
        value = (uint64_t)nn_random_bits(random) << 32;
        value |= nn_random_bits(random);
    } while (value >= limit);
    return value % bound;
}

void nn_random_permutation(nn_random *random, size_t count, size_t *order)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t j = nn_random_below(random, i);
        size_t swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}
