/*
 * group_normalization: the channels of the last dimension are cut into groups; in each, over all positions
 * of a row, y = gamma (x - mean) / sqrt(variance + epsilon) + beta. One group is layer normalization over
 * the whole row, a group a channel instance normalization. Source: Wu and He 2018.
 */
#include "initializer.h"
#include "layer.h"
#include "normalize.h"
#include "status.h"
#include <limits.h>
#include <math.h>

struct group_normalization {
    nn_layer_common common;
    int groups, axis;
    double epsilon;
    bool center, scale;
    nn_part beta_initializer, gamma_initializer;
    nn_part beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint;
};

static const nn_option options[] = {
    NN_OPTION_INTEGER(struct group_normalization, groups, 32, -1, INT_MAX,
                      "groups of channels; -1: each channel is one"),
    NN_OPTION_INTEGER(struct group_normalization, axis, -1, -NN_MAX_RANK, NN_MAX_RANK,
                      "the channels' axis; only the last one"),
    NN_OPTION_REAL(struct group_normalization, epsilon, 1e-3, 0.0, HUGE_VAL,
                   "added to the variance"),
    NN_OPTION_BOOL(struct group_normalization, center, true, "whether there is a beta"),
    NN_OPTION_BOOL(struct group_normalization, scale, true, "whether there is a gamma"),
    NN_OPTION_PART(struct group_normalization, beta_initializer, &nn_initializer_room, "zeros",
                   "first values of beta"),
    NN_OPTION_PART(struct group_normalization, gamma_initializer, &nn_initializer_room, "ones",
                   "first values of gamma"),
    NN_OPTION_PART(struct group_normalization, beta_regularizer, &nn_regularizer_room, NULL,
                   "penalty on beta"),
    NN_OPTION_PART(struct group_normalization, gamma_regularizer, &nn_regularizer_room, NULL,
                   "penalty on gamma"),
    NN_OPTION_PART(struct group_normalization, beta_constraint, &nn_constraint_room, NULL,
                   "what beta is made to be after each step"),
    NN_OPTION_PART(struct group_normalization, gamma_constraint, &nn_constraint_room, NULL,
                   "what gamma is made to be after each step"),
    NN_OPTION_END,
};

static size_t count_groups(const struct group_normalization *layer, const nn_shape *input)
{
    return layer->groups == -1 ? nn_last_dimension(input) : (size_t)layer->groups;
}

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct group_normalization *layer = self;
    NN_TRY(nn_layer_check_axis(&build->input, layer->axis));
    const size_t channels = nn_last_dimension(&build->input);
    NN_REQUIRE(layer->groups != 0, NN_ERR_INVALID, "groups is 0, expected -1 or at least 1");
    const size_t groups = count_groups(layer, &build->input);
    NN_REQUIRE(groups <= channels && channels % groups == 0, NN_ERR_SHAPE,
               "%zu channels can't be cut into %zu equal groups: set groups to a divisor of %zu",
               channels, groups, channels);
    build->output = build->input;
    if (layer->scale)
        build->parameters[build->parameter_count++] = (nn_layer_parameter){
            .name = "gamma",
            .shape = nn_shape_1d(channels),
            .initializer = &layer->gamma_initializer,
            .regularizer = &layer->gamma_regularizer,
            .constraint = &layer->gamma_constraint,
            .trainable = true,
        };
    if (layer->center)
        build->parameters[build->parameter_count++] = (nn_layer_parameter){
            .name = "beta",
            .shape = nn_shape_1d(channels),
            .initializer = &layer->beta_initializer,
            .regularizer = &layer->beta_regularizer,
            .constraint = &layer->beta_constraint,
            .trainable = true,
        };
    build->kept = nn_normalize_kept(groups);
    return NN_OK;
}

static nn_normalize describe(const struct group_normalization *layer, const nn_layer_call *call)
{
    return (nn_normalize){
        .blocks = call->rows,
        .positions = nn_positions(call->input),
        .width = nn_last_dimension(call->input),
        .groups = count_groups(layer, call->input),
        .epsilon = layer->epsilon,
        .subtract_mean = true,
        .about_mean = true,
        .gamma = layer->scale ? call->parameters[0] : NULL,
        .beta = layer->center ? call->parameters[layer->scale] : NULL,
    };
}

static void forward(const void *self, const nn_layer_call *call)
{
    const nn_normalize n = describe(self, call);
    nn_normalize_forward(&n, call->x, call->y, call->kept);
}

static void backward(const void *self, const nn_layer_call *call)
{
    const struct group_normalization *layer = self;
    const nn_normalize n = describe(layer, call);
    nn_normalize_backward(&n, call->x, call->kept, call->dy, call->dx);
    if (call->gradients == NULL)
        return;
    nn_normalize_gradients(&n, call->x, call->kept, call->dy, call->gradient_scale,
                           call->gradient_keep, layer->scale ? call->gradients[0] : NULL,
                           layer->center ? call->gradients[layer->scale] : NULL);
}

const nn_layer nn_layer_group_normalization = {
    .part =
        {
            .name = "group_normalization",
            .options = options,
            .size = sizeof(struct group_normalization),
            .help = "mean 0 and variance 1 within groups of channels, then gamma and beta; Wu and "
                    "He 2018",
            .sample = "group_normalization groups=2 epsilon=0.01",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
