/* A copy of what training changes, to go back to after a step that led to infinity. */
#ifndef NN_TRAINING_SNAPSHOT_H
#define NN_TRAINING_SNAPSHOT_H

#include "model.h"

typedef struct nn_snapshot {
    nn_real *weights, *slots;
    double scalars[NN_OPTIMIZER_MAX_SCALARS];
    uint64_t iteration;
} nn_snapshot;

nn_status nn_snapshot_create(nn_snapshot *snapshot,
                             const nn_model *model); /* and takes the first */
void nn_snapshot_take(nn_snapshot *snapshot, const nn_model *model);
void nn_snapshot_restore(const nn_snapshot *snapshot, nn_model *model);
void nn_snapshot_free(nn_snapshot *snapshot);

#endif
