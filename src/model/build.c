/* Weights: their places in the flat run, and their first values. */
#include "allocate.h"
#include "gemm.h"
#include "initializer.h"
#include "model.h"
#include "status.h"
#include <string.h>

/* The next multiple of the alignment, in values; false if that overflows. */
static bool align_up(size_t values, size_t *aligned)
{
    const size_t step = NN_ALIGNMENT / sizeof(nn_real);
    size_t sum;
    if (!nn_add(values, step - 1, &sum))
        return false;
    *aligned = sum / step * step;
    return true;
}

/* Trainable parameters first, then the others, each in the order of the layers. */
static nn_status lay_out(nn_model *model)
{
    size_t at = 0;
    for (int trainable = 1; trainable >= 0; trainable--) {
        for (size_t i = 0; i < model->parameter_count; i++) {
            nn_parameter *parameter = &model->parameters[i];
            if (parameter->trainable != (trainable == 1))
                continue;
            parameter->offset = at;
            NN_REQUIRE(nn_add(at, parameter->width, &at) && align_up(at, &at), NN_ERR_NO_MEMORY,
                       "the weights are more than memory can hold");
        }
        if (trainable == 1)
            model->trainable_size = at;
    }
    model->weights_size = at;
    return NN_OK;
}

static nn_status initialize(const nn_model *model, nn_real *weights)
{
    for (size_t i = 0; i < model->parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[i];
        const nn_initializer *initializer = nn_initializer_of(parameter->initializer);
        nn_random random = nn_random_stream(model->seed, NN_RANDOM_INITIALIZER, i, 0);
        nn_status status = initializer->fill(parameter->initializer->self, &parameter->shape,
                                             &random, weights + parameter->offset);
        if (status != NN_OK)
            return nn_fail_in(status, "%s", parameter->name);
    }
    return NN_OK;
}

static nn_status build(nn_model *model, bool fill)
{
    NN_REQUIRE(model->node_count > 0, NN_ERR_STATE, "the model has no layers");
    NN_TRY(nn_model_check_readers(model));
    NN_TRY(lay_out(model));
    if (!nn_gemm_prepare())
        return NN_ERR_NO_MEMORY;
    nn_real *weights = nn_allocate(model->weights_size, sizeof(*weights));
    if (weights == NULL)
        return NN_ERR_NO_MEMORY;
    nn_status status = fill ? initialize(model, weights) : NN_OK;
    if (status != NN_OK) {
        nn_release(weights);
        return status;
    }
    model->weights = weights;
    return NN_OK;
}

static nn_status build_once(const nn_model *model, bool fill)
{
    /* Weights that are made on first use are no change that a caller of a const function can see. */
    nn_model *made = (nn_model *)(uintptr_t)model;
    if (atomic_load_explicit(&made->built, memory_order_acquire))
        return NN_OK;
    pthread_mutex_lock(&made->build_lock);
    nn_status status = NN_OK;
    if (!atomic_load(&made->built)) {
        status = build(made, fill);
        if (status == NN_OK)
            atomic_store_explicit(&made->built, true, memory_order_release);
    }
    pthread_mutex_unlock(&made->build_lock);
    return status;
}

nn_status nn_model_build(const nn_model *model)
{
    return build_once(model, true);
}

nn_status nn_model_build_zeros(nn_model *model)
{
    return build_once(model, false);
}

/* Every parameter takes as much room as before, so that the run has the same size. */
nn_status nn_model_lay_out_again(nn_model *model, const bool *trainable)
{
    const bool built = atomic_load(&model->built);
    size_t *before = NULL;
    nn_real *weights = NULL;
    if (built) {
        before = nn_allocate(model->parameter_count, sizeof(*before));
        weights = nn_allocate(model->weights_size, sizeof(*weights));
        if (before == NULL || weights == NULL) {
            nn_release(before);
            nn_release(weights);
            return NN_ERR_NO_MEMORY;
        }
    }
    for (size_t i = 0; i < model->parameter_count; i++) {
        model->parameters[i].trainable = trainable[i];
        if (built)
            before[i] = model->parameters[i].offset;
    }
    nn_model_uncompile(model);
    if (!built)
        return NN_OK;
    lay_out(model);
    for (size_t i = 0; i < model->parameter_count; i++)
        memcpy(weights + model->parameters[i].offset, model->weights + before[i],
               model->parameters[i].width * sizeof(*weights));
    nn_release(before);
    nn_release(model->weights);
    model->weights = weights;
    return NN_OK;
}

void nn_model_unbuild(nn_model *model)
{
    nn_release(model->weights);
    model->weights = NULL;
    atomic_store(&model->built, false);
}
