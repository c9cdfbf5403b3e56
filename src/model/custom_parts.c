/* Registering a caller's own parts with a model. */
#include "access.h"
#include "custom_activation.h"
#include "custom_loss.h"
#include "custom_metric.h"
#include "model.h"
#include "status.h"

/* Takes the part over, or discards it. Activations are for layers, which a built model takes no more of; a
 * model is compiled at any time, and so may have new losses and metrics. */
static nn_status add(nn_model *model, nn_custom_part *part)
{
    nn_status status = nn_model_begin_write(model);
    if (status == NN_OK) {
        if (part->room == &nn_activation_room && atomic_load(&model->built))
            status = nn_fail(NN_ERR_STATE,
                             "activation %.80s: the model is already built (compiled, loaded or "
                             "used): register activations before",
                             part->type->name);
        else
            status = nn_custom_parts_add(&model->custom, part);
        nn_model_end_write(model);
    }
    if (status != NN_OK)
        nn_custom_part_discard(part);
    return status;
}

nn_status nn_model_register_activation(nn_model *model, const nn_custom_activation *activation)
{
    nn_custom_part *part;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_TRY(nn_custom_activation_create(&part, activation));
    return add(model, part);
}

nn_status nn_model_register_loss(nn_model *model, const nn_custom_loss *loss)
{
    nn_custom_part *part;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_TRY(nn_custom_loss_create(&part, loss));
    return add(model, part);
}

nn_status nn_model_register_metric(nn_model *model, const nn_custom_metric *metric)
{
    nn_custom_part *part;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_TRY(nn_custom_metric_create(&part, metric));
    return add(model, part);
}
