#include "arenas.h"
#include "allocate.h"
#include <string.h>

static void release(nn_arenas *arenas)
{
    nn_release(arenas->gradients);
    nn_release(arenas->slots);
    nn_release(arenas->step_scratch);
    nn_release(arenas->segments);
    nn_release(arenas->norms);
}

/* The trainable weights, which lie in the flat run in the order of the model's table. */
static void find_segments(nn_arenas *arenas, const nn_model *model)
{
    for (size_t i = 0; i < model->parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[i];
        if (parameter->trainable)
            arenas->segments[arenas->segment_count++] = (nn_segment){
                .name = parameter->name,
                .shape = &parameter->shape,
                .offset = parameter->offset,
                .width = parameter->width,
            };
    }
}

static void begin(nn_arenas *arenas, const nn_model *model, const nn_part *part)
{
    const nn_optimizer *optimizer = nn_optimizer_of(part);
    for (size_t i = 0; i < nn_optimizer_average_slot(part); i++) {
        const double start =
            optimizer->slot_start == NULL ? 0 : optimizer->slot_start(part->self, i);
        nn_real *slot = arenas->slots + i * model->trainable_size;
        for (size_t j = 0; j < model->trainable_size; j++)
            slot[j] = (nn_real)start;
    }
    for (size_t i = 0; i < nn_optimizer_scalar_count(part); i++)
        arenas->scalars[i] = optimizer->scalar_starts[i];
}

nn_status nn_arenas_create(nn_arenas *arenas, const nn_model *model, const nn_part *part)
{
    const nn_optimizer *optimizer = nn_optimizer_of(part);
    const size_t size = model->trainable_size;
    size_t slot_values;
    *arenas = (nn_arenas){.slot_count = nn_optimizer_slot_count(part)};
    if (!nn_multiply(arenas->slot_count, size, &slot_values))
        slot_values = SIZE_MAX; /* which nn_allocate refuses */
    arenas->gradients = nn_allocate(size, sizeof(*arenas->gradients));
    arenas->slots = nn_allocate(slot_values, sizeof(*arenas->slots));
    arenas->segments = nn_allocate(model->parameter_count, sizeof(*arenas->segments));
    arenas->norms = nn_allocate(model->parameter_count, sizeof(*arenas->norms));
    bool made = arenas->gradients != NULL && arenas->slots != NULL && arenas->segments != NULL &&
                arenas->norms != NULL;
    if (made) {
        find_segments(arenas, model);
        const size_t scratch =
            optimizer->scratch == NULL
                ? 0
                : optimizer->scratch(part->self, arenas->segments, arenas->segment_count);
        arenas->step_scratch = nn_allocate(scratch, sizeof(*arenas->step_scratch));
        made = arenas->step_scratch != NULL;
    }
    if (!made) {
        release(arenas);
        return NN_ERR_NO_MEMORY;
    }
    begin(arenas, model, part);
    return NN_OK;
}

static nn_arenas arenas_of(const nn_model *model)
{
    return (nn_arenas){
        .gradients = model->gradients,
        .slots = model->slots,
        .step_scratch = model->step_scratch,
        .segments = model->segments,
        .norms = model->norms,
    };
}

void nn_model_set_arenas(nn_model *model, const nn_arenas *arenas)
{
    nn_model_free_arenas(model);
    model->gradients = arenas->gradients;
    model->slots = arenas->slots;
    model->slot_count = arenas->slot_count;
    memcpy(model->scalars, arenas->scalars, sizeof(model->scalars));
    model->segments = arenas->segments;
    model->segment_count = arenas->segment_count;
    model->norms = arenas->norms;
    model->step_scratch = arenas->step_scratch;
}

void nn_model_free_arenas(nn_model *model)
{
    nn_arenas arenas = arenas_of(model);
    release(&arenas);
}
