/* activation: an activation as a layer of its own. Source of each formula: its file in activations/. */
#include "activation.h"
#include "layer.h"
#include <string.h>

struct activation {
    nn_layer_common common;
    nn_part activation;
};

static const nn_option options[] = {
    NN_OPTION_PART_REQUIRED(struct activation, activation, &nn_activation_room, "the function"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct activation *layer = self;
    build->output = build->input;
    return nn_activation_output_width(&layer->activation, nn_last_dimension(&build->input),
                                      &build->output.dimensions[build->output.rank - 1]);
}

/* Softmax and its like work along the last dimension; some make another width of it. */
static void forward(const void *self, const nn_layer_call *call)
{
    const struct activation *layer = self;
    const size_t values = call->rows * nn_shape_width(call->input);
    const size_t width = nn_last_dimension(call->input);
    if (call->skip_activation)
        memcpy(call->y, call->x, values * sizeof(nn_real));
    else
        nn_activation_of(&layer->activation)
            ->forward(layer->activation.self, values / width, width, call->x, call->y);
}

static void backward(const void *self, const nn_layer_call *call)
{
    const struct activation *layer = self;
    const size_t values = call->rows * nn_shape_width(call->input);
    const size_t width = nn_last_dimension(call->input);
    if (call->dx == NULL)
        return;
    if (call->skip_activation)
        memcpy(call->dx, call->dy, values * sizeof(nn_real));
    else
        nn_activation_of(&layer->activation)
            ->backward(layer->activation.self, values / width, width, call->x, call->y, call->dy,
                       call->dx);
}

static const nn_part *last_activation(const void *self)
{
    return &((const struct activation *)self)->activation;
}

const nn_layer nn_layer_activation = {
    .part =
        {
            .name = "activation",
            .options = options,
            .size = sizeof(struct activation),
            .help = "an activation as a layer of its own",
            .sample = "activation activation=tanh",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
    .last_activation = last_activation,
};
