/* What outputs are compared with, for losses and metrics. */
#ifndef NN_CORE_TARGET_H
#define NN_CORE_TARGET_H

#include "real.h"
#include <stdint.h>

typedef enum nn_target_kind {
    NN_TARGET_VALUES = 1, /* rows x width values */
    NN_TARGET_LABELS = 2  /* one class a row, 0 ... width - 1 (checked before) */
} nn_target_kind;

typedef struct nn_target {
    nn_target_kind kind;
    const nn_real *values; /* [rows][width], NULL for labels */
    const int32_t *labels; /* [rows], NULL for values */
} nn_target;

#endif
