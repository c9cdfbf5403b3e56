/* What activations of whole rows have in common. */
#ifndef NN_ACTIVATIONS_ROW_H
#define NN_ACTIVATIONS_ROW_H

#include "real.h"
#include <stddef.h>

/* The largest value of a row, which is taken off so that nothing overflows; a NaN in it may be overlooked. */
static inline nn_real nn_row_maximum(size_t width, const nn_real *row)
{
    nn_real maximum = row[0];
    for (size_t j = 1; j < width; j++)
        maximum = row[j] > maximum ? row[j] : maximum;
    return maximum;
}

#endif
