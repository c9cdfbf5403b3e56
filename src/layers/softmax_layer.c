/* softmax: the activation of that name as a layer, along the last axis. Formula and source: activations/softmax.c. */
#include "activation_layer.h"

extern const nn_activation nn_activation_softmax;

struct softmax {
    nn_layer_common common;
    int axis;
};

static const nn_option options[] = {
    NN_OPTION_INTEGER(struct softmax, axis, -1, -NN_MAX_RANK, NN_MAX_RANK,
                      "the axis whose values add up to 1; only the last one"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    build->output = build->input;
    return nn_layer_check_axis(&build->input, ((const struct softmax *)self)->axis);
}

static void forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_activation_layer_forward(&nn_activation_softmax, NULL, call);
}

static void backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_activation_layer_backward(&nn_activation_softmax, NULL, call);
}

/* The activation has no options, so that one stands for all. */
static const nn_part *last_activation(const void *self)
{
    static const nn_part activation = {
        .type = &nn_activation_softmax.part,
        .room = &nn_activation_room,
    };
    (void)self;
    return &activation;
}

const nn_layer nn_layer_softmax = {
    .part =
        {
            .name = "softmax",
            .options = options,
            .size = sizeof(struct softmax),
            .help = "exp(x) / sum(exp(x)) along the last axis, as a layer",
            .sample = "softmax",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
    .last_activation = last_activation,
};
