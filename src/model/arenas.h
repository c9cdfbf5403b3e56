/* What compile makes for an optimizer: runs in the layout of the trainable weights, and what a step over
 * them needs. */
#ifndef NN_MODEL_ARENAS_H
#define NN_MODEL_ARENAS_H

#include "model.h"

typedef struct nn_arenas {
    nn_real *gradients, *slots, *step_scratch;
    size_t slot_count;
    double scalars[NN_OPTIMIZER_MAX_SCALARS];
    nn_segment *segments;
    size_t segment_count;
    double *norms;
} nn_arenas;

/* For a model that is built. NN_ERR_NO_MEMORY; then there is nothing to free. */
nn_status nn_arenas_create(nn_arenas *arenas, const nn_model *model, const nn_part *optimizer);

/* Takes over new arenas in the place of old ones. */
void nn_model_set_arenas(nn_model *model, const nn_arenas *arenas);
void nn_model_free_arenas(nn_model *model);

#endif
