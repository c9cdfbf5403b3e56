/*
 * embedding: each value of x, a whole number below input_dim, becomes its row of the embeddings, which
 * have shape input_dim x output_dim. dE[k] = the sum of dy where x is k; dx = 0. Fractions are cut off.
 *
 * Numbers that are out of range are refused where x comes from a dataset; in nn_predict, or behind other
 * layers, they give NaN.
 */
#include "initializer.h"
#include "layer.h"
#include "pool.h"
#include "status.h"
#include <limits.h>
#include <math.h>
#include <string.h>

enum { MOST_TOKENS = 16777216 }; /* as far as a float counts */

struct embedding {
    nn_layer_common common;
    size_t input_dim, output_dim;
    nn_part embeddings_initializer, embeddings_regularizer, embeddings_constraint;
};

static const nn_option options[] = {
    NN_OPTION_SIZE_REQUIRED(struct embedding, input_dim, 1, MOST_TOKENS,
                            "how many numbers there are, 0 to input_dim - 1"),
    NN_OPTION_SIZE_REQUIRED(struct embedding, output_dim, 1, INT_MAX, "width of an embedding"),
    NN_OPTION_PART(struct embedding, embeddings_initializer, &nn_initializer_room, "random_uniform",
                   "first values of the embeddings"),
    NN_OPTION_PART(struct embedding, embeddings_regularizer, &nn_regularizer_room, NULL,
                   "penalty on embeddings"),
    NN_OPTION_PART(struct embedding, embeddings_constraint, &nn_constraint_room, NULL,
                   "what embeddings are made to be after each step"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct embedding *layer = self;
    NN_REQUIRE(build->input.rank < NN_MAX_RANK, NN_ERR_SHAPE,
               "rows have shape %s, and an embedding adds a dimension; at most %d are possible",
               nn_shape_string(&build->input).text, NN_MAX_RANK);
    build->output = build->input;
    build->output.dimensions[build->output.rank++] = layer->output_dim;
    build->tokens = layer->input_dim;
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "embeddings",
        .shape = {.rank = 2, .dimensions = {layer->input_dim, layer->output_dim}},
        .initializer = &layer->embeddings_initializer,
        .regularizer = &layer->embeddings_regularizer,
        .constraint = &layer->embeddings_constraint,
        .trainable = true,
    };
    return NN_OK;
}

/* The number that x says, tokens if it is out of range or NaN. */
static size_t token_of(nn_real x, size_t tokens)
{
    return x >= 0 && x < (nn_real)tokens ? (size_t)x : tokens;
}

/* Rows of the embeddings to y, by tiles. */
struct lookup {
    const struct embedding *layer;
    const nn_layer_call *call;
    size_t count, tile; /* numbers: all, and of a tile */
};

static void look_up(void *context, size_t tile)
{
    const struct lookup *lookup = context;
    const nn_layer_call *call = lookup->call;
    const size_t width = lookup->layer->output_dim, first = tile * lookup->tile;
    const size_t left = lookup->count - first;
    for (size_t i = first; i < first + (left < lookup->tile ? left : lookup->tile); i++) {
        const size_t token = token_of(call->x[i], lookup->layer->input_dim);
        if (token < lookup->layer->input_dim)
            memcpy(call->y + i * width, call->parameters[0] + token * width,
                   width * sizeof(*call->y));
        else
            for (size_t j = 0; j < width; j++)
                call->y[i * width + j] = (nn_real)NAN;
    }
}

static void forward(const void *self, const nn_layer_call *call)
{
    enum { TILE_VALUES = 32768 };
    const struct embedding *layer = self;
    struct lookup lookup = {
        .layer = layer,
        .call = call,
        .count = call->rows * nn_shape_width(call->input),
        .tile = layer->output_dim < TILE_VALUES ? TILE_VALUES / layer->output_dim : 1,
    };
    nn_pool_run((lookup.count - 1) / lookup.tile + 1, look_up, &lookup);
}

/* Only rows that occur change, except for gradient_keep: in the numbers' order, on one thread. */
static void backward(const void *self, const nn_layer_call *call)
{
    const struct embedding *layer = self;
    const size_t width = layer->output_dim, count = call->rows * nn_shape_width(call->input);
    if (call->dx != NULL)
        memset(call->dx, 0, count * sizeof(*call->dx));
    if (call->gradients == NULL)
        return;
    nn_real *gradient = call->gradients[0];
    if (call->gradient_keep == 0)
        memset(gradient, 0, layer->input_dim * width * sizeof(*gradient));
    else if (call->gradient_keep != 1)
        for (size_t i = 0; i < layer->input_dim * width; i++)
            gradient[i] *= call->gradient_keep;
    for (size_t i = 0; i < count; i++) {
        const size_t token = token_of(call->x[i], layer->input_dim);
        if (token == layer->input_dim)
            continue; /* y was NaN, and so is the loss */
        for (size_t j = 0; j < width; j++)
            gradient[token * width + j] += call->gradient_scale * call->dy[i * width + j];
    }
}

const nn_layer nn_layer_embedding = {
    .part =
        {
            .name = "embedding",
            .options = options,
            .size = sizeof(struct embedding),
            .help = "a vector for each whole number",
            .sample = "embedding input_dim=7 output_dim=3",
        },
    .sample_shape = "(4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
