/* Counter-based random numbers: Philox 4x32-10 (Salmon et al. 2011), by Random123. A stream is named
 * by the model's seed, a purpose and two indices, so the same numbers come out whatever the order in
 * which, and the thread on which, they are drawn. */
#ifndef NN_CORE_RANDOM_H
#define NN_CORE_RANDOM_H

#include "real.h"
#include <stddef.h>
#include <stdint.h>

typedef enum nn_random_purpose {
    NN_RANDOM_INITIALIZER = 1, /* index: parameter */
    NN_RANDOM_SHUFFLE = 2,     /* index: epoch */
    NN_RANDOM_LAYER = 3,       /* index: layer, step */
    NN_RANDOM_SPLIT = 4        /* index: 0 */
} nn_random_purpose;

typedef struct nn_random {
    uint64_t seed;
    uint32_t purpose, index; /* index: parameter or layer; 0 for shuffling; 24 bits of it count */
    uint64_t step;           /* epoch or step; 0 for initializers */
    uint32_t position;       /* blocks drawn so far */
    uint32_t block[4];       /* the current block */
    unsigned left;           /* numbers left in it */
} nn_random;

nn_random nn_random_stream(uint64_t seed, nn_random_purpose purpose, size_t index, uint64_t step);

uint32_t nn_random_bits(nn_random *random);
double nn_random_uniform(nn_random *random); /* [0, 1), 32 bits */
double nn_random_normal(nn_random *random);  /* mean 0, variance 1 (Box-Muller) */
/* count of these, from as many numbers, one more if count is odd; faster, and in nn_real's precision */
void nn_random_normals(nn_random *random, size_t count, nn_real *values);
size_t nn_random_below(nn_random *random, size_t bound); /* 0 ... bound - 1, unbiased */

/* order[count] = a permutation of 0 ... count - 1 (Fisher-Yates). */
void nn_random_permutation(nn_random *random, size_t count, size_t *order);

#endif
