/* What a caller may read and change of the optimizer while it trains: the learning rate, and whether the
 * weights or their moving average are in the model. */
#include "access.h"
#include "status.h"
#include <float.h>

double nn_model_learning_rate(const nn_model *model)
{
    return model == NULL || !model->compiled
               ? 0
               : nn_optimizer_rate(&model->optimizer, model->iteration);
}

static nn_status set_learning_rate(nn_model *model, double rate)
{
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    nn_optimizer_options *options = model->optimizer.self;
    NN_REQUIRE(options->learning_rate.part.type == NULL, NN_ERR_STATE,
               "the learning rate is %s's: to set it, compile with a number as learning_rate",
               options->learning_rate.part.type->name);
    options->learning_rate.value = rate;
    return NN_OK;
}

nn_status nn_model_set_learning_rate(nn_model *model, double learning_rate)
{
    bool within;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(learning_rate >= 0 && learning_rate <= (double)FLT_MAX, NN_ERR_INVALID,
               "learning_rate is %g, expected a number from 0 to %g", learning_rate,
               (double)FLT_MAX);
    NN_TRY(nn_model_begin_change(model, &within));
    nn_status status = set_learning_rate(model, learning_rate);
    nn_model_end_change(model, within);
    return status;
}

static nn_status swap_ema_weights(nn_model *model)
{
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    NN_REQUIRE(nn_optimizer_options_of(&model->optimizer)->use_ema, NN_ERR_STATE,
               "there is no moving average: compile with use_ema=true");
    NN_REQUIRE(model->iteration > 0, NN_ERR_STATE,
               "there is no moving average before the first step");
    nn_real *weights = model->weights;
    nn_real *average =
        model->slots + nn_optimizer_average_slot(&model->optimizer) * model->trainable_size;
    for (size_t i = 0; i < model->trainable_size; i++) {
        const nn_real weight = weights[i];
        weights[i] = average[i];
        average[i] = weight;
    }
    return NN_OK;
}

nn_status nn_model_swap_ema_weights(nn_model *model)
{
    bool within;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_TRY(nn_model_begin_change(model, &within));
    nn_status status = swap_ema_weights(model);
    nn_model_end_change(model, within);
    return status;
}
