/* The room of losses: one number a row, its gradient, and how a batch's rows become one loss. */
#ifndef NN_LOSSES_LOSS_H
#define NN_LOSSES_LOSS_H

#include "activation.h"
#include "custom_part.h"
#include "part.h"
#include "target.h"

/* What every loss has, at the start of its struct. */
typedef struct nn_loss_options {
    const nn_custom_part *custom; /* of a caller's own loss: see nn_custom_part_of */
    const char *reduction;
} nn_loss_options;

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
    /* A class that may be a label though the output has none such, and whose rows don't count: forward and
     * backward give 0 for them, whatever y is. NULL: there is none. */
    nn_optional_integer (*ignored_class)(const void *self);
    /* Whether there is one loss of the whole batch, and each row's is that. NULL: there isn't. */
    bool (*of_batch)(const void *self);
} nn_loss;

extern const nn_room nn_loss_room;

static inline const nn_loss *nn_loss_of(const nn_part *part)
{
    return (const nn_loss *)part->type;
}

/* A batch's loss is sum_i weight_i loss_i / divisor over the rows that count, or 0 where the divisor is 0;
 * this is its divisor, from how many they are and the sum of their weights. weighted: rather than all 1. */
double nn_loss_divisor(const nn_part *loss, size_t counted, bool weighted, double weights);

/* The label whose rows don't count. */
nn_optional_integer nn_loss_ignored_class(const nn_part *loss);

/* Whether the row of a batch counts. */
bool nn_loss_counts(const nn_part *loss, const nn_target *target, size_t row);

/* Whether the loss of all rows is the mean of the batches' losses, weighted by their rows, however rows are
 * cut into batches: a reduction to the mean over rows that all count. */
bool nn_loss_is_mean(const nn_part *loss);

/* Keras's epsilon: probabilities are clipped to [epsilon, 1 - epsilon] before a logarithm. */
#define NN_LOSS_EPSILON 1e-7

#endif
