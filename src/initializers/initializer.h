/* The room of initializers: first values of a weight. */
#ifndef NN_INITIALIZERS_INITIALIZER_H
#define NN_INITIALIZERS_INITIALIZER_H

#include "part.h"
#include "random.h"
#include "real.h"

typedef struct nn_initializer {
    nn_part_type part;
    /* values[width of shape], row-major. random is the weight's own stream (an initializer with a
     * seed of its own makes its stream from that by nn_initializer_stream).
     * Errors: NN_ERR_NO_MEMORY, NN_ERR_SHAPE. */
    nn_status (*fill)(const void *self, const nn_shape *shape, nn_random *random, nn_real *values);
} nn_initializer;

extern const nn_room nn_initializer_room;

/* For weights whose first values aren't an option. */
extern const nn_part nn_initial_zeros, nn_initial_ones;

static inline const nn_initializer *nn_initializer_of(const nn_part *part)
{
    return (const nn_initializer *)part->type;
}

/* The stream to draw from: random, or one of the initializer's own if its seed is given. */
nn_random nn_initializer_stream(const nn_seed *seed, const nn_random *random);

/* Inputs and outputs of a weight, as Keras counts them: a matrix has rows and columns; a vector both
 * of its length; more dimensions multiply a receptive field to each. */
void nn_initializer_fans(const nn_shape *shape, double *fan_in, double *fan_out);

#endif
