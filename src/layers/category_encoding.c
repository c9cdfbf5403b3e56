/*
 * category_encoding: whole numbers 0 ... num_tokens - 1 as vectors of num_tokens values.
 *
 *     one_hot    each number becomes a vector with a 1 at its place (a last dimension of 1 goes)
 *     multi_hot  the numbers along the last dimension together: 1 at the place of each that occurs
 *     count      the same, but how many times it occurs
 *
 * Fractions are cut off. Numbers that are out of range are refused where x comes from a dataset; in
 * nn_predict, or behind other layers, they make their vector NaN. dx = 0.
 */
#include "layer.h"
#include "status.h"
#include <limits.h>
#include <math.h>
#include <string.h>

enum { MOST_TOKENS = 16777216 }; /* as far as a float counts */

struct category_encoding {
    nn_layer_common common;
    size_t num_tokens;
    const char *output_mode;
};

static const char *const modes[] = {"multi_hot", "one_hot", "count", NULL};

static const nn_option options[] = {
    NN_OPTION_SIZE_REQUIRED(struct category_encoding, num_tokens, 1, MOST_TOKENS,
                            "how many numbers there are"),
    NN_OPTION_CHOICE(struct category_encoding, output_mode, modes, "multi_hot",
                     "a vector for each number, or for all of the last dimension"),
    NN_OPTION_END,
};

static bool is_mode(const struct category_encoding *layer, const char *mode)
{
    return strcmp(layer->output_mode, mode) == 0;
}

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct category_encoding *layer = self;
    build->output = build->input;
    build->tokens = layer->num_tokens;
    if (is_mode(layer, "one_hot") && nn_last_dimension(&build->input) != 1) {
        NN_REQUIRE(build->input.rank < NN_MAX_RANK, NN_ERR_SHAPE,
                   "rows have shape %s, and one_hot adds a dimension; at most %d are possible",
                   nn_shape_string(&build->input).text, NN_MAX_RANK);
        build->output.rank++;
    }
    build->output.dimensions[build->output.rank - 1] = layer->num_tokens;
    return NN_OK;
}

static void encode(const struct category_encoding *layer, size_t count, const nn_real *x,
                   nn_real *y)
{
    const bool counts = is_mode(layer, "count");
    memset(y, 0, layer->num_tokens * sizeof(*y));
    for (size_t i = 0; i < count; i++)
        if (!(x[i] >= 0 && x[i] < (nn_real)layer->num_tokens)) {
            for (size_t j = 0; j < layer->num_tokens; j++)
                y[j] = (nn_real)NAN;
            return;
        } else if (counts) {
            y[(size_t)x[i]]++;
        } else {
            y[(size_t)x[i]] = 1;
        }
}

static void forward(const void *self, const nn_layer_call *call)
{
    const struct category_encoding *layer = self;
    const size_t together = is_mode(layer, "one_hot") ? 1 : nn_last_dimension(call->input);
    const size_t vectors = call->rows * nn_shape_width(call->input) / together;
    for (size_t i = 0; i < vectors; i++)
        encode(layer, together, call->x + i * together, call->y + i * layer->num_tokens);
}

static void backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    if (call->dx != NULL)
        memset(call->dx, 0, call->rows * nn_shape_width(call->input) * sizeof(*call->dx));
}

const nn_layer nn_layer_category_encoding = {
    .part =
        {
            .name = "category_encoding",
            .options = options,
            .size = sizeof(struct category_encoding),
            .help = "whole numbers as vectors of zeros and ones, or counts",
            .sample = "category_encoding num_tokens=5 output_mode=count",
        },
    .sample_shape = "(4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
