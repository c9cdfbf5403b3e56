/* activation: an activation as a layer of its own. Source of each formula: its file in activations/. */
#include "activation_layer.h"
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

void nn_activation_layer_forward(const nn_activation *activation, const void *self,
                                 const nn_layer_call *call)
{
    const size_t values = call->rows * nn_shape_width(call->input);
    const size_t width = nn_last_dimension(call->input);
    if (call->skip_activation)
        memcpy(call->y, call->x, values * sizeof(nn_real));
    else
        activation->forward(self, values / width, width, call->x, call->y);
}

void nn_activation_layer_backward(const nn_activation *activation, const void *self,
                                  const nn_layer_call *call)
{
    const size_t values = call->rows * nn_shape_width(call->input);
    const size_t width = nn_last_dimension(call->input);
    if (call->dx == NULL)
        return;
    if (call->skip_activation)
        memcpy(call->dx, call->dy, values * sizeof(nn_real));
    else
        activation->backward(self, values / width, width, call->x, call->y, call->dy, call->dx);
}

static void forward(const void *self, const nn_layer_call *call)
{
    const nn_part *activation = &((const struct activation *)self)->activation;
    nn_activation_layer_forward(nn_activation_of(activation), activation->self, call);
}

static void backward(const void *self, const nn_layer_call *call)
{
    const nn_part *activation = &((const struct activation *)self)->activation;
    nn_activation_layer_backward(nn_activation_of(activation), activation->self, call);
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
