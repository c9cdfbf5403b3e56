/* Probabilities between Keras's epsilon and 1 - epsilon, so that no logarithm of 0 is taken. */
#ifndef NN_LOSSES_CLIP_H
#define NN_LOSSES_CLIP_H

#include "loss.h"
#include <stdbool.h>

/* NaN stays. */
static inline double nn_loss_clip(nn_real p)
{
    const nn_real low = (nn_real)NN_LOSS_EPSILON, high = (nn_real)(1 - NN_LOSS_EPSILON);
    const nn_real raised = p < low ? low : p;
    return (double)(raised > high ? high : raised);
}

/* Where p is clipped the loss doesn't change with it. */
static inline bool nn_loss_is_clipped(nn_real p)
{
    return p < (nn_real)NN_LOSS_EPSILON || p > (nn_real)(1 - NN_LOSS_EPSILON);
}

#endif
