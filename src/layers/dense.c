/*
 * dense: y = activation(x W + b) along the last dimension. W is inputs x units, b units.
 * Backward, with dz the gradient by z = x W + b: dW = x^T dz, db = the sum of dz over the rows,
 * dx = dz W^T. Source: Rumelhart, Hinton and Williams 1986.
 */
#include "activation.h"
#include "elementwise.h"
#include "gemm.h"
#include "initializer.h"
#include "layer.h"
#include <limits.h>

struct dense {
    nn_layer_common common;
    size_t units;
    nn_part activation;
    bool use_bias;
    nn_part kernel_initializer, bias_initializer;
};

static const nn_option options[] = {
    NN_OPTION_SIZE_REQUIRED(struct dense, units, 1, INT_MAX, "width of the output"),
    NN_OPTION_PART(struct dense, activation, &nn_activation_room, "linear", "applied to x W + b"),
    NN_OPTION_BOOL(struct dense, use_bias, true, "whether there is a b"),
    NN_OPTION_PART(struct dense, kernel_initializer, &nn_initializer_room, "glorot_uniform",
                   "first values of W"),
    NN_OPTION_PART(struct dense, bias_initializer, &nn_initializer_room, "zeros",
                   "first values of b"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct dense *layer = self;
    const size_t inputs = nn_last_dimension(&build->input);
    build->output = build->input;
    build->output.dimensions[build->output.rank - 1] = layer->units;
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "kernel",
        .shape = {.rank = 2, .dimensions = {inputs, layer->units}},
        .initializer = &layer->kernel_initializer,
        .trainable = true,
    };
    if (layer->use_bias)
        build->parameters[build->parameter_count++] = (nn_layer_parameter){
            .name = "bias",
            .shape = nn_shape_1d(layer->units),
            .initializer = &layer->bias_initializer,
            .trainable = true,
        };
    if (layer->activation.type != NULL && nn_activation_of(&layer->activation)->needs_z)
        build->kept = nn_shape_width(&build->output); /* z */
    return NN_OK;
}

/* The rows that the product sees: a row of rank 2 or more holds several. */
static size_t product_rows(const nn_layer_call *call)
{
    return call->rows * (nn_shape_width(call->input) / nn_last_dimension(call->input));
}

static const nn_activation *activation_of(const struct dense *layer, const nn_layer_call *call)
{
    const nn_activation *activation = nn_activation_of(&layer->activation);
    return activation == NULL || activation->identity || call->skip_activation ? NULL : activation;
}

static void forward(const void *self, const nn_layer_call *call)
{
    const struct dense *layer = self;
    const size_t rows = product_rows(call), inputs = nn_last_dimension(call->input);
    const nn_activation *activation = activation_of(layer, call);
    const bool keep_z = activation != NULL && activation->needs_z && call->kept != NULL;
    nn_real *z = keep_z ? call->kept : call->y;
    nn_gemm_nn(rows, layer->units, inputs, call->x, call->parameters[0], z);
    if (layer->use_bias)
        nn_add_bias(rows, layer->units, call->parameters[1], z);
    if (activation != NULL)
        activation->forward(layer->activation.self, rows, layer->units, z, call->y);
}

static void backward(const void *self, const nn_layer_call *call)
{
    const struct dense *layer = self;
    const size_t rows = product_rows(call), inputs = nn_last_dimension(call->input);
    const nn_activation *activation = activation_of(layer, call);
    nn_real *dz = call->dy;
    if (activation != NULL)
        activation->backward(layer->activation.self, rows, layer->units, call->kept, call->y,
                             call->dy, dz);
    nn_gemm_tn(inputs, layer->units, rows, call->x, dz, call->gradients[0]);
    if (layer->use_bias)
        nn_column_sums(rows, layer->units, dz, call->gradients[1]);
    if (call->dx != NULL)
        nn_gemm_nt(rows, inputs, layer->units, dz, call->parameters[0], call->dx);
}

static const nn_part *last_activation(const void *self)
{
    return &((const struct dense *)self)->activation;
}

const nn_layer nn_layer_dense = {
    .part =
        {
            .name = "dense",
            .options = options,
            .size = sizeof(struct dense),
            .help = "activation(x W + b): every input to every unit",
            .sample = "dense units=5 activation=tanh",
        },
    .sample_shape = "(4,)",
    .build = build,
    .forward = forward,
    .backward = backward,
    .last_activation = last_activation,
};
