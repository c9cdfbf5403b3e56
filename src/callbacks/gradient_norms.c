/* gradient_norms: how large each layer's gradients are, as columns of the history: "dense/gradient_norm" is
 * the mean over an epoch's batches of ||g||, with all weights of the layer in g, before any clipping. Keras
 * has no such callback. */
#include "callback.h"
#include <string.h>

static bool has_gradients(const nn_model *model, size_t node)
{
    const nn_layer_build *build = &model->nodes[node].build;
    for (size_t i = 0; i < build->parameter_count; i++)
        if (build->parameters[i].trainable)
            return true;
    return false;
}

static nn_status columns(const void *self, const nn_model *model,
                         nn_status (*add)(void *user, const char *name), void *user)
{
    nn_text name = NN_TEXT_INIT;
    nn_status status = NN_OK;
    (void)self;
    for (size_t i = 0; i < model->node_count && status == NN_OK; i++) {
        if (!has_gradients(model, i))
            continue;
        name.length = 0;
        nn_text_append(&name, "%s/gradient_norm", model->nodes[i].name);
        status = name.failed ? NN_ERR_NO_MEMORY : add(user, name.data);
    }
    nn_text_free(&name);
    return status;
}

struct gradient_norms_state {
    size_t first; /* the column of the first layer's */
};

/* The columns lie side by side, and the first of them ends as all of them do. */
static size_t find_first(const nn_training *training)
{
    static const char ending[] = "/gradient_norm";
    size_t column = 0;
    for (; column < training->column_count; column++) {
        const char *name = training->columns[column];
        const size_t length = strlen(name);
        if (length >= sizeof(ending) && strcmp(name + length - (sizeof(ending) - 1), ending) == 0)
            break;
    }
    return column;
}

static void measure(const void *self, void *state_memory, const nn_training *training,
                    double *values)
{
    const struct gradient_norms_state *state = state_memory;
    size_t column = state->first;
    (void)self;
    for (size_t i = 0; i < training->model->node_count; i++)
        if (has_gradients(training->model, i))
            values[column++] = training->gradient_norm(training->fit, i);
}

static nn_status on_event(const void *self, void *state_memory, const nn_training *training,
                          const nn_event *event)
{
    struct gradient_norms_state *state = state_memory;
    (void)self;
    if (event->kind == NN_EVENT_TRAIN_BEGIN)
        state->first = find_first(training);
    return NN_OK;
}

const nn_callback nn_callback_gradient_norms = {
    .part =
        {
            .name = "gradient_norms",
            .help = "adds the mean norm of each layer's gradients to the history",
            .sample = "gradient_norms",
        },
    .state_size = sizeof(struct gradient_norms_state),
    .wants_gradients = true,
    .columns = columns,
    .measure = measure,
    .on_event = on_event,
};
