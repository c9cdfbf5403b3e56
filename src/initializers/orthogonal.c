/* orthogonal: a random matrix with orthonormal columns (or rows, if those are fewer), times gain: the Q
 * of a normal matrix's QR decomposition, its signs made those that a positive diagonal of R gives, so
 * that it is uniform.  Source: Saxe et al. 2014; Keras's Orthogonal. */
#include "allocate.h"
#include "initializer.h"
#include "lapack.h"
#include "status.h"
#include <math.h>

struct orthogonal {
    double gain;
    nn_seed seed;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct orthogonal, gain, 1.0, -INFINITY, INFINITY, "factor of the matrix"),
    NN_OPTION_SEED(struct orthogonal, seed, "a seed of its own; none: the model's"),
    NN_OPTION_END,
};

/* The last dimension makes the columns, all others together the rows. */
static nn_status fill(const void *self, const nn_shape *shape, nn_random *random, nn_real *values)
{
    const struct orthogonal *orthogonal = self;
    NN_REQUIRE(shape->rank >= 2, NN_ERR_SHAPE,
               "orthogonal needs a weight of at least two dimensions, not %s",
               nn_shape_string(shape).text);
    const size_t columns = shape->dimensions[shape->rank - 1];
    const size_t rows = nn_shape_width(shape) / columns;
    const size_t tall = rows > columns ? rows : columns;
    const size_t narrow = rows > columns ? columns : rows;

    size_t count;
    if (!nn_add(tall, 2, &count) || !nn_multiply(count, narrow, &count))
        count = SIZE_MAX;
    nn_real *q = nn_allocate(count, sizeof *q); /* [tall][narrow], then diagonal and tau */
    if (q == NULL)
        return NN_ERR_NO_MEMORY;
    nn_real *diagonal = q + tall * narrow;

    nn_random stream = nn_initializer_stream(&orthogonal->seed, random);
    for (size_t i = 0; i < tall * narrow; i++)
        q[i] = (nn_real)nn_random_normal(&stream);
    if (!nn_qr(tall, narrow, q, diagonal, diagonal + narrow)) {
        nn_release(q);
        return NN_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < tall; i++)
        for (size_t j = 0; j < narrow; j++) {
            const double sign = (diagonal[j] > 0) - (diagonal[j] < 0);
            const nn_real value = (nn_real)(orthogonal->gain * sign * (double)q[i * narrow + j]);
            if (rows < columns)
                values[j * tall + i] = value;
            else
                values[i * narrow + j] = value;
        }
    nn_release(q);
    return NN_OK;
}

const nn_initializer nn_initializer_orthogonal = {
    .part = {.name = "orthogonal",
             .options = options,
             .size = sizeof(struct orthogonal),
             .help = "a random matrix with orthonormal rows or columns; Saxe et al. 2014",
             .sample = "orthogonal gain=1.5 seed=1"},
    .fill = fill,
};
