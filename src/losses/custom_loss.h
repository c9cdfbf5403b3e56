/* A loss of a caller's own, by two functions. */
#ifndef NN_LOSSES_CUSTOM_LOSS_H
#define NN_LOSSES_CUSTOM_LOSS_H

#include "custom_part.h"
#include "target.h"

/* *part is to be added to a model or discarded. Errors: NN_ERR_INVALID, NN_ERR_VERSION, NN_ERR_NO_MEMORY. */
nn_status nn_custom_loss_create(nn_custom_part **part, const nn_custom_loss *given);

/* Targets as callers see them, and the end of that: see nn_floats_begin. */
static inline const void *nn_custom_targets_begin(const nn_target *target, size_t rows,
                                                  size_t width)
{
    return target->kind == NN_TARGET_LABELS
               ? (const void *)target->labels
               : (const void *)nn_floats_begin(rows * width, target->values);
}

static inline void nn_custom_targets_end(const nn_target *target, size_t rows, size_t width,
                                         const void *targets)
{
    if (target->kind != NN_TARGET_LABELS)
        nn_floats_end(rows * width, (float *)(uintptr_t)targets, NULL);
}

#endif
