/* The room of regularizers: a penalty on the size of a weight, or of a layer's output, that is added to
 * the loss. */
#ifndef NN_REGULARIZERS_REGULARIZER_H
#define NN_REGULARIZERS_REGULARIZER_H

#include "part.h"
#include "real.h"

/* x is seen as rows x width: width is its last dimension, rows are all others together. */
typedef struct nn_regularizer {
    nn_part_type part;
    bool matrices; /* for x of two dimensions alone */
    /* *values = how many values of scratch the two below need; false if that overflows. NULL: none. */
    bool (*scratch)(const void *self, size_t rows, size_t width, size_t *values);
    /* The penalty, in double. A NaN in x makes it NaN. */
    double (*penalty)(const void *self, size_t rows, size_t width, const nn_real *x,
                      nn_real *scratch);
    /* gradient[rows][width] += scale d penalty / dx */
    void (*add_gradient)(const void *self, size_t rows, size_t width, const nn_real *x,
                         nn_real *scratch, nn_real scale, nn_real *gradient);
} nn_regularizer;

extern const nn_room nn_regularizer_room;

static inline const nn_regularizer *nn_regularizer_of(const nn_part *part)
{
    return (const nn_regularizer *)part->type;
}

/* As the vtable's, for a part that is there. */
bool nn_regularizer_scratch(const nn_part *regularizer, size_t rows, size_t width, size_t *values);

/* NN_ERR_SHAPE unless x may have so many dimensions; what names x in the message. A part that is none
 * takes any. */
nn_status nn_regularizer_check_rank(const nn_part *regularizer, size_t rank, const char *what);

#endif
