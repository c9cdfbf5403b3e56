/* The table of initializers, and what several of them need. */
#include "initializer.h"

#define ROWS(ROW)                                                                                  \
    ROW(initializer, zeros)                                                                        \
    ROW(initializer, ones)                                                                         \
    ROW(initializer, constant)                                                                     \
    ROW(initializer, random_normal)                                                                \
    ROW(initializer, random_uniform)                                                               \
    ROW(initializer, glorot_uniform)                                                               \
    ROW(initializer, glorot_normal)                                                                \
    ROW(initializer, he_uniform)                                                                   \
    ROW(initializer, he_normal)                                                                    \
    ROW(initializer, orthogonal)                                                                   \
    ROW(initializer, truncated_normal)                                                             \
    ROW(initializer, variance_scaling)                                                             \
    ROW(initializer, lecun_uniform)                                                                \
    ROW(initializer, lecun_normal)                                                                 \
    ROW(initializer, identity)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_initializer_room = {
    .kind = "initializer",
    .module = "keras.initializers",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
};

const nn_part nn_initial_zeros = {
    .type = &nn_initializer_zeros.part,
    .room = &nn_initializer_room,
};
const nn_part nn_initial_ones = {
    .type = &nn_initializer_ones.part,
    .room = &nn_initializer_room,
};

nn_random nn_initializer_stream(const nn_seed *seed, const nn_random *random)
{
    return seed->given ? nn_random_stream(seed->value, NN_RANDOM_INITIALIZER, 0, 0) : *random;
}

void nn_initializer_fans(const nn_shape *shape, double *fan_in, double *fan_out)
{
    if (shape->rank < 2) {
        *fan_in = *fan_out = shape->rank == 0 ? 1 : (double)shape->dimensions[0];
        return;
    }
    double receptive_field = 1;
    for (size_t i = 0; i + 2 < shape->rank; i++)
        receptive_field *= (double)shape->dimensions[i];
    *fan_in = receptive_field * (double)shape->dimensions[shape->rank - 2];
    *fan_out = receptive_field * (double)shape->dimensions[shape->rank - 1];
}
