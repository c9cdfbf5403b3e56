/* What outputs are compared with, for losses and metrics. */
#ifndef NN_CORE_TARGET_H
#define NN_CORE_TARGET_H

#include "real.h"
#include <stddef.h>
#include <stdint.h>

typedef enum nn_target_kind {
    NN_TARGET_VALUES = 1, /* rows x width values */
    NN_TARGET_LABELS =
        2 /* one class a row, 0 ... width - 1 (checked before), or what the loss ignores,
                             which may be the number of no output */
} nn_target_kind;

typedef struct nn_target {
    nn_target_kind kind;
    const nn_real *values; /* [rows][width], NULL for labels */
    const int32_t *labels; /* [rows], NULL for values */
} nn_target;

/* What output j of a row should be; a label stands for a one-hot row. */
static inline nn_real nn_target_value(const nn_target *target, size_t row, size_t width, size_t j)
{
    if (target->kind == NN_TARGET_LABELS)
        return (size_t)target->labels[row] == j ? 1 : 0;
    return target->values[row * width + j];
}

/* Where the first of the largest values is. */
static inline size_t nn_largest(size_t width, const nn_real *row)
{
    size_t best = 0;
    for (size_t j = 1; j < width; j++)
        if (row[j] > row[best])
            best = j;
    return best;
}

/* The class of a row: its label, or where its largest value is. */
static inline size_t nn_target_class(const nn_target *target, size_t row, size_t width)
{
    return target->kind == NN_TARGET_LABELS ? (size_t)target->labels[row]
                                            : nn_largest(width, target->values + row * width);
}

#endif
