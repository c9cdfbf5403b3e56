/* What the constraints of norms share. The norm is the root of the sum of squares along one axis: of a
 * dense layer's kernel, axis 0 has the weights into each unit, axis 1 those out of each input. */
#ifndef NN_CONSTRAINTS_NORMS_H
#define NN_CONSTRAINTS_NORMS_H

#include "part.h"
#include "real.h"

#define NN_OPTION_AXIS(owner)                                                                      \
    NN_OPTION_INTEGER(owner, axis, 0, -NN_MAX_RANK, NN_MAX_RANK - 1,                               \
                      "along which norms are taken; below 0: from the last one")

/* NN_ERR_SHAPE if the shape has no such axis. */
nn_status nn_norms_check_axis(const nn_shape *shape, int axis);

/* w *= desired(norm) / (norm + epsilon), for each norm along the axis, with Keras's epsilon. Many norms
 * are shared among threads, each of them whole. */
void nn_norms_rescale(const nn_shape *shape, int axis,
                      double (*desired)(const void *self, double norm), const void *self,
                      nn_real *w);

#endif
