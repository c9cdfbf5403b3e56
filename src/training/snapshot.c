#include "snapshot.h"
#include "allocate.h"
#include <string.h>

static size_t weights_size(const nn_model *model)
{
    return model->weights_size * sizeof(nn_real);
}

static size_t slots_size(const nn_model *model)
{
    return model->slot_count * model->trainable_size * sizeof(nn_real);
}

nn_status nn_snapshot_create(nn_snapshot *snapshot, const nn_model *model)
{
    *snapshot = (nn_snapshot){
        .weights = nn_allocate(weights_size(model), 1),
        .slots = nn_allocate(slots_size(model), 1),
    };
    if (snapshot->weights == NULL || snapshot->slots == NULL) {
        nn_snapshot_free(snapshot);
        return NN_ERR_NO_MEMORY;
    }
    nn_snapshot_take(snapshot, model);
    return NN_OK;
}

void nn_snapshot_take(nn_snapshot *snapshot, const nn_model *model)
{
    memcpy(snapshot->weights, model->weights, weights_size(model));
    memcpy(snapshot->slots, model->slots, slots_size(model));
    memcpy(snapshot->scalars, model->scalars, sizeof(snapshot->scalars));
    snapshot->iteration = model->iteration;
}

void nn_snapshot_restore(const nn_snapshot *snapshot, nn_model *model)
{
    memcpy(model->weights, snapshot->weights, weights_size(model));
    memcpy(model->slots, snapshot->slots, slots_size(model));
    memcpy(model->scalars, snapshot->scalars, sizeof(model->scalars));
    model->iteration = snapshot->iteration;
}

void nn_snapshot_free(nn_snapshot *snapshot)
{
    nn_release(snapshot->weights);
    nn_release(snapshot->slots);
    *snapshot = (nn_snapshot){.weights = NULL};
}
