#include "norms.h"
#include "elementwise.h"
#include "pool.h"
#include "status.h"
#include "vectorize.h"
#include <math.h>

static const double epsilon = 1e-7; /* Keras's */

enum { BLOCK = 64, POOLED_VALUES = 65536 };

nn_status nn_norms_check_axis(const nn_shape *shape, int axis)
{
    const int rank = (int)shape->rank;
    NN_REQUIRE(axis >= -rank && axis < rank, NN_ERR_SHAPE,
               "axis is %d, but a weight of shape %s has axes %d ... %d", axis,
               nn_shape_string(shape).text, -rank, rank - 1);
    return NN_OK;
}

/* w as [outer][along][inner]: a norm for each outer and inner. A tile is a block of inner ones. */
struct norms {
    size_t along, inner, blocks;
    double (*desired)(const void *self, double norm);
    const void *self;
    nn_real *w;
};

static nn_real factor_of(const struct norms *norms, double squares)
{
    const double norm = sqrt(squares);
    return (nn_real)(norms->desired(norms->self, norm) / (epsilon + norm));
}

NN_VECTORIZE
static void add_squares(size_t rows, size_t columns, size_t stride, const nn_real *restrict w,
                        double *restrict squares)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            squares[j] += (double)w[i * stride + j] * (double)w[i * stride + j];
}

NN_VECTORIZE
static void scale_columns(size_t rows, size_t columns, size_t stride,
                          const nn_real *restrict factor, nn_real *restrict w)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            w[i * stride + j] *= factor[j];
}

static void rescale_block(void *context, size_t index)
{
    const struct norms *norms = context;
    const size_t outer = index / norms->blocks, first = index % norms->blocks * BLOCK;
    const size_t left = norms->inner - first, columns = left < BLOCK ? left : BLOCK;
    nn_real *w = norms->w + outer * norms->along * norms->inner + first;
    double squares[BLOCK] = {0};
    nn_real factor[BLOCK];
    if (norms->inner == 1)
        squares[0] = nn_sum_of_squares(norms->along, w);
    else
        add_squares(norms->along, columns, norms->inner, w, squares);
    for (size_t j = 0; j < columns; j++)
        factor[j] = factor_of(norms, squares[j]);
    if (norms->inner == 1)
        nn_scale_offset(norms->along, factor[0], 0, w, w);
    else
        scale_columns(norms->along, columns, norms->inner, factor, w);
}

void nn_norms_rescale(const nn_shape *shape, int axis,
                      double (*desired)(const void *self, double norm), const void *self,
                      nn_real *w)
{
    const size_t at = (size_t)(axis < 0 ? axis + (int)shape->rank : axis);
    struct norms norms = {
        .along = shape->dimensions[at], .inner = 1, .desired = desired, .self = self, .w = w};
    for (size_t i = at + 1; i < shape->rank; i++)
        norms.inner *= shape->dimensions[i];
    norms.blocks = (norms.inner - 1) / BLOCK + 1;
    const size_t values = nn_shape_width(shape);
    const size_t tiles = values / norms.along / norms.inner * norms.blocks;
    if (values >= POOLED_VALUES)
        nn_pool_run(tiles, rescale_block, &norms);
    else
        for (size_t i = 0; i < tiles; i++)
            rescale_block(&norms, i);
}
