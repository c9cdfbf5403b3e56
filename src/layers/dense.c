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
#include "pool.h"
#include "status.h"
#include <limits.h>

struct dense {
    nn_layer_common common;
    size_t units;
    nn_part activation;
    bool use_bias;
    nn_part kernel_initializer, bias_initializer;
    nn_part kernel_regularizer, bias_regularizer;
    nn_part kernel_constraint, bias_constraint;
};

static const nn_option options[] = {
    NN_OPTION_SIZE_REQUIRED(struct dense, units, 1, INT_MAX, "width of the output"),
    NN_OPTION_PART(struct dense, activation, &nn_activation_room, "linear", "applied to x W + b"),
    NN_OPTION_BOOL(struct dense, use_bias, true, "whether there is a b"),
    NN_OPTION_PART(struct dense, kernel_initializer, &nn_initializer_room, "glorot_uniform",
                   "first values of W"),
    NN_OPTION_PART(struct dense, bias_initializer, &nn_initializer_room, "zeros",
                   "first values of b"),
    NN_OPTION_PART(struct dense, kernel_regularizer, &nn_regularizer_room, NULL, "penalty on W"),
    NN_OPTION_PART(struct dense, bias_regularizer, &nn_regularizer_room, NULL, "penalty on b"),
    NN_OPTION_PART(struct dense, kernel_constraint, &nn_constraint_room, NULL,
                   "what W is made to be after each step"),
    NN_OPTION_PART(struct dense, bias_constraint, &nn_constraint_room, NULL,
                   "what b is made to be after each step"),
    NN_OPTION_END,
};

/* z and y share a place, and so do their gradients. */
static nn_status check_activation(const nn_part *activation)
{
    NN_REQUIRE(
        activation->type == NULL || nn_activation_of(activation)->output_width == NULL,
        NN_ERR_SHAPE,
        "activation %s changes the width, expected one that keeps it: put it into a layer of "
        "its own behind this one ('activation activation=%s')",
        activation->type->name, activation->type->name);
    return NN_OK;
}

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct dense *layer = self;
    NN_TRY(check_activation(&layer->activation));
    const size_t inputs = nn_last_dimension(&build->input);
    build->output = build->input;
    build->output.dimensions[build->output.rank - 1] = layer->units;
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "kernel",
        .shape = {.rank = 2, .dimensions = {inputs, layer->units}},
        .initializer = &layer->kernel_initializer,
        .regularizer = &layer->kernel_regularizer,
        .constraint = &layer->kernel_constraint,
        .trainable = true,
    };
    if (layer->use_bias)
        build->parameters[build->parameter_count++] = (nn_layer_parameter){
            .name = "bias",
            .shape = nn_shape_1d(layer->units),
            .initializer = &layer->bias_initializer,
            .regularizer = &layer->bias_regularizer,
            .constraint = &layer->bias_constraint,
            .trainable = true,
        };
    build->scratch = nn_shape_width(&build->input) / inputs * nn_gemm_scratch(inputs, layer->units);
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

/* What a tile of z becomes while it is in cache. */
struct finish {
    const struct dense *layer;
    const nn_activation *activation; /* NULL: none, or one that needs whole rows */
    const nn_real *bias;             /* NULL: none */
    nn_real *z, *y;                  /* [rows][units]; may be the same */
};

static void finish_tile(const void *context, const nn_tile *tile)
{
    const struct finish *finish = context;
    for (size_t i = 0; i < tile->rows; i++) {
        const size_t at = (tile->row + i) * finish->layer->units + tile->column;
        if (finish->bias != NULL)
            nn_add_bias(1, tile->columns, finish->bias + tile->column, finish->z + at);
        if (finish->activation != NULL)
            finish->activation->forward(finish->layer->activation.self, 1, tile->columns,
                                        finish->z + at, finish->y + at);
    }
}

static void forward(const void *self, const nn_layer_call *call)
{
    const struct dense *layer = self;
    const size_t rows = product_rows(call), inputs = nn_last_dimension(call->input);
    const nn_activation *activation = activation_of(layer, call);
    const bool in_tiles = activation != NULL && activation->elementwise;
    const bool keep_z = activation != NULL && activation->needs_z && call->kept != NULL;
    const struct finish finish = {
        .layer = layer,
        .activation = in_tiles ? activation : NULL,
        .bias = layer->use_bias ? call->parameters[1] : NULL,
        .z = keep_z ? call->kept : call->y,
        .y = call->y,
    };
    nn_gemm_run(&(nn_gemm){
        .kind = NN_GEMM_NN,
        .m = rows,
        .n = layer->units,
        .k = inputs,
        .alpha = 1,
        .a = call->x,
        .b = call->parameters[0],
        .c = finish.z,
        .finish = in_tiles || layer->use_bias ? finish_tile : NULL,
        .context = &finish,
        .grids = call->grids,
    });
    if (activation != NULL && !in_tiles)
        activation->forward(layer->activation.self, rows, layer->units, finish.z, call->y);
}

/* dz, and db from it, by slabs of columns where the batch is large. */
struct slabs {
    const struct dense *layer;
    const nn_layer_call *call;
    const nn_activation *activation;
    size_t rows;
};

enum { SLAB = 64, POOLED_VALUES = 65536 };

static void differentiate_slab(void *context, size_t index)
{
    const struct slabs *slabs = context;
    const nn_layer_call *call = slabs->call;
    const size_t units = slabs->layer->units, first = index * SLAB;
    const size_t columns = units - first < SLAB ? units - first : SLAB;
    if (slabs->activation != NULL)
        for (size_t i = 0; i < slabs->rows; i++) {
            const size_t at = i * units + first;
            slabs->activation->backward(slabs->layer->activation.self, 1, columns,
                                        call->kept != NULL ? call->kept + at : NULL, call->y + at,
                                        call->dy + at, call->dy + at);
        }
    if (slabs->layer->use_bias && call->gradients != NULL)
        nn_column_sums(slabs->rows, columns, units, call->gradient_scale, call->gradient_keep,
                       call->dy + first, call->gradients[1] + first);
}

static void differentiate(const struct dense *layer, const nn_layer_call *call, size_t rows)
{
    const nn_activation *activation = activation_of(layer, call);
    const bool in_slabs =
        rows * layer->units >= POOLED_VALUES && (activation == NULL || activation->elementwise);
    struct slabs slabs = {.layer = layer, .call = call, .activation = activation, .rows = rows};
    if (in_slabs) {
        nn_pool_run((layer->units + SLAB - 1) / SLAB, differentiate_slab, &slabs);
        return;
    }
    if (activation != NULL)
        activation->backward(layer->activation.self, rows, layer->units, call->kept, call->y,
                             call->dy, call->dy);
    if (layer->use_bias && call->gradients != NULL)
        nn_column_sums(rows, layer->units, layer->units, call->gradient_scale, call->gradient_keep,
                       call->dy, call->gradients[1]);
}

static void backward(const void *self, const nn_layer_call *call)
{
    const struct dense *layer = self;
    const size_t rows = product_rows(call), inputs = nn_last_dimension(call->input);
    differentiate(layer, call, rows); /* dy is dz from here on */
    if (call->dx != NULL)
        nn_gemm_run(&(nn_gemm){
            .kind = NN_GEMM_NT,
            .m = rows,
            .n = inputs,
            .k = layer->units,
            .alpha = 1,
            .a = call->dy,
            .b = call->parameters[0],
            .c = call->dx,
            .scratch = call->scratch,
            .grids = call->grids,
        });
    if (call->gradients != NULL)
        nn_gemm_run(&(nn_gemm){
            .kind = NN_GEMM_TN,
            .m = inputs,
            .n = layer->units,
            .k = rows,
            .alpha = call->gradient_scale,
            .beta = call->gradient_keep,
            .a = call->x,
            .b = call->dy,
            .c = call->gradients[0],
            .grids = call->grids,
        });
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
    .linear = true,
};
