/* identity: gain on the diagonal, 0 elsewhere, so that a layer starts by handing its input on; a matrix
 * need not be square.  Source: Keras's Identity; Le et al. 2015. */
#include "initializer.h"
#include "status.h"
#include <math.h>

struct identity {
    double gain;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct identity, gain, 1.0, -INFINITY, INFINITY, "factor of the matrix"),
    NN_OPTION_END,
};

static nn_status fill(const void *self, const nn_shape *shape, nn_random *random, nn_real *values)
{
    const nn_real gain = (nn_real)((const struct identity *)self)->gain;
    (void)random;
    NN_REQUIRE(shape->rank == 2, NN_ERR_SHAPE, "identity needs a weight of two dimensions, not %s",
               nn_shape_string(shape).text);
    const size_t rows = shape->dimensions[0], columns = shape->dimensions[1];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            values[i * columns + j] = i == j ? gain : 0;
    return NN_OK;
}

const nn_initializer nn_initializer_identity = {
    .part = {.name = "identity",
             .options = options,
             .size = sizeof(struct identity),
             .help = "gain on the diagonal of a matrix, 0 elsewhere; Le et al. 2015",
             .sample = "identity gain=0.5"},
    .fill = fill,
};
