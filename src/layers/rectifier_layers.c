/* relu, leaky_relu, elu: the activations of those names as layers, which have their options as the layer's own;
 * leaky_relu has another default, as in Keras. Formulas and sources: activations/. */
#include "activation_layer.h"
#include "rectifiers.h"
#include <math.h>

static nn_status build(const void *self, nn_layer_build *build)
{
    (void)self;
    build->output = build->input;
    return NN_OK;
}

/* ---- relu ---- */

struct relu {
    nn_layer_common common;
    struct nn_relu function;
};

static const nn_option relu_options[] = {
    {
        .name = "max_value",
        .type = NN_TYPE_OPTIONAL_REAL,
        .offset = offsetof(struct relu, function.max_value),
        .maximum = INFINITY,
        .help = "the largest output",
    },
    {
        .name = "negative_slope",
        .type = NN_TYPE_REAL,
        .offset = offsetof(struct relu, function.negative_slope),
        .maximum = INFINITY,
        .help = "slope for values below the threshold",
    },
    {
        .name = "threshold",
        .type = NN_TYPE_REAL,
        .offset = offsetof(struct relu, function.threshold),
        .maximum = INFINITY,
        .help = "values up to here are damped or set to zero",
    },
    NN_OPTION_END,
};

static void relu_forward(const void *self, const nn_layer_call *call)
{
    nn_activation_layer_forward(&nn_activation_relu, &((const struct relu *)self)->function, call);
}

static void relu_backward(const void *self, const nn_layer_call *call)
{
    nn_activation_layer_backward(&nn_activation_relu, &((const struct relu *)self)->function, call);
}

const nn_layer nn_layer_relu = {
    .part =
        {
            .name = "relu",
            .class_name = "ReLU",
            .options = relu_options,
            .size = sizeof(struct relu),
            .help = "max(x, 0), and its variants, as a layer",
            .sample = "relu max_value=2 negative_slope=0.1 threshold=0.2",
        },
    .sample_shape = "(3,4)",
    .default_name = "re_lu",
    .build = build,
    .forward = relu_forward,
    .backward = relu_backward,
};

/* ---- leaky_relu ---- */

struct leaky_relu {
    nn_layer_common common;
    struct nn_leaky_relu function;
};

static const nn_option leaky_relu_options[] = {
    {
        .name = "negative_slope",
        .type = NN_TYPE_REAL,
        .offset = offsetof(struct leaky_relu, function.negative_slope),
        .default_number = 0.3,
        .maximum = INFINITY,
        .help = "slope for negative values",
    },
    NN_OPTION_END,
};

static void leaky_relu_forward(const void *self, const nn_layer_call *call)
{
    nn_activation_layer_forward(&nn_activation_leaky_relu,
                                &((const struct leaky_relu *)self)->function, call);
}

static void leaky_relu_backward(const void *self, const nn_layer_call *call)
{
    nn_activation_layer_backward(&nn_activation_leaky_relu,
                                 &((const struct leaky_relu *)self)->function, call);
}

const nn_layer nn_layer_leaky_relu = {
    .part =
        {
            .name = "leaky_relu",
            .class_name = "LeakyReLU",
            .options = leaky_relu_options,
            .size = sizeof(struct leaky_relu),
            .help = "x where x > 0, else negative_slope * x, as a layer",
            .sample = "leaky_relu negative_slope=0.1",
        },
    .sample_shape = "(3,4)",
    .default_name = "leaky_re_lu",
    .build = build,
    .forward = leaky_relu_forward,
    .backward = leaky_relu_backward,
};

/* ---- elu ---- */

struct elu {
    nn_layer_common common;
    struct nn_elu function;
};

static const nn_option elu_options[] = {
    {
        .name = "alpha",
        .type = NN_TYPE_REAL,
        .offset = offsetof(struct elu, function.alpha),
        .default_number = 1,
        .maximum = INFINITY,
        .help = "minus the limit for negative values",
    },
    NN_OPTION_END,
};

static void elu_forward(const void *self, const nn_layer_call *call)
{
    nn_activation_layer_forward(&nn_activation_elu, &((const struct elu *)self)->function, call);
}

static void elu_backward(const void *self, const nn_layer_call *call)
{
    nn_activation_layer_backward(&nn_activation_elu, &((const struct elu *)self)->function, call);
}

const nn_layer nn_layer_elu = {
    .part =
        {
            .name = "elu",
            .class_name = "ELU",
            .options = elu_options,
            .size = sizeof(struct elu),
            .help = "x where x > 0, else alpha * (exp(x) - 1), as a layer",
            .sample = "elu alpha=0.7",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = elu_forward,
    .backward = elu_backward,
};
