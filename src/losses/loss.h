/* The room of losses: one number a row, and its gradient. */
#ifndef NN_LOSSES_LOSS_H
#define NN_LOSSES_LOSS_H

#include "activation.h"
#include "part.h"
#include "target.h"

typedef struct nn_loss {
    nn_part_type part;
    nn_target_kind target; /* what it compares with */
    bool squares;          /* it is the mean of (y_j - t_j)^2: least squares minimize it */
    /* loss[rows] from the output y[rows][width]. */
    void (*forward)(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss);
    /* dy[rows][width] = weight[row] * the gradient of the row's loss by y. dy may not be y. */
    void (*backward)(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy);
    /* The activation that it swallows where that ends the model, so that no logarithm of 0 is taken;
     * NULL: none, and the next two are NULL. */
    const nn_activation *fuses_with;
    /* y = activation(z) and loss[rows] from z; y may be z. */
    void (*fused_forward)(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y,
                          const nn_target *target, double *loss);
    /* dz[rows][width] = weight[row] * the gradient of the row's loss by z. */
    void (*fused_backward)(const void *self, size_t rows, size_t width, const nn_real *y,
                           const nn_target *target, const nn_real *weight, nn_real *dz);
    /* Whether it can work on outputs of this width; NULL: any. Errors: NN_ERR_SHAPE with reason and
     * remedy. */
    nn_status (*check_width)(const void *self, size_t width);
} nn_loss;

extern const nn_room nn_loss_room;

static inline const nn_loss *nn_loss_of(const nn_part *part)
{
    return (const nn_loss *)part->type;
}

/* Keras's epsilon: probabilities are clipped to [epsilon, 1 - epsilon] before a logarithm. */
#define NN_LOSS_EPSILON 1e-7

#endif
