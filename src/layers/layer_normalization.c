/*
 * layer_normalization: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance
 * those along the last dimension. Source: Ba, Kiros and Hinton 2016.
 *
 * rms_scaling, which Keras keeps for old models, leaves the mean in (but not out of the variance) and
 * beta out: y = gamma x / sqrt(variance + epsilon). For the root mean square there is rms_normalization.
 */
#include "initializer.h"
#include "layer.h"
#include "normalize.h"
#include <math.h>

struct layer_normalization {
    nn_layer_common common;
    int axis;
    double epsilon;
    bool center, scale, rms_scaling;
    nn_part beta_initializer, gamma_initializer;
    nn_part beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint;
};

static const nn_option options[] = {
    NN_OPTION_INTEGER(struct layer_normalization, axis, -1, -NN_MAX_RANK, NN_MAX_RANK,
                      "the axis to normalize along; only the last one"),
    NN_OPTION_REAL(struct layer_normalization, epsilon, 1e-3, 0.0, HUGE_VAL,
                   "added to the variance"),
    NN_OPTION_BOOL(struct layer_normalization, center, true, "whether there is a beta"),
    NN_OPTION_BOOL(struct layer_normalization, scale, true, "whether there is a gamma"),
    NN_OPTION_BOOL(struct layer_normalization, rms_scaling, false,
                   "x by its standard deviation, the mean left in; deprecated in Keras"),
    NN_OPTION_PART(struct layer_normalization, beta_initializer, &nn_initializer_room, "zeros",
                   "first values of beta"),
    NN_OPTION_PART(struct layer_normalization, gamma_initializer, &nn_initializer_room, "ones",
                   "first values of gamma"),
    NN_OPTION_PART(struct layer_normalization, beta_regularizer, &nn_regularizer_room, NULL,
                   "penalty on beta"),
    NN_OPTION_PART(struct layer_normalization, gamma_regularizer, &nn_regularizer_room, NULL,
                   "penalty on gamma"),
    NN_OPTION_PART(struct layer_normalization, beta_constraint, &nn_constraint_room, NULL,
                   "what beta is made to be after each step"),
    NN_OPTION_PART(struct layer_normalization, gamma_constraint, &nn_constraint_room, NULL,
                   "what gamma is made to be after each step"),
    NN_OPTION_END,
};

static bool has_gamma(const struct layer_normalization *layer)
{
    return layer->scale || layer->rms_scaling;
}

static bool has_beta(const struct layer_normalization *layer)
{
    return layer->center && !layer->rms_scaling;
}

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct layer_normalization *layer = self;
    nn_status status = nn_layer_check_axis(&build->input, layer->axis);
    if (status != NN_OK)
        return status;
    const nn_shape shape = nn_shape_1d(nn_last_dimension(&build->input));
    build->output = build->input;
    if (has_gamma(layer))
        build->parameters[build->parameter_count++] = (nn_layer_parameter){
            .name = "gamma",
            .shape = shape,
            .initializer = &layer->gamma_initializer,
            .regularizer = &layer->gamma_regularizer,
            .constraint = &layer->gamma_constraint,
            .trainable = true,
        };
    if (has_beta(layer))
        build->parameters[build->parameter_count++] = (nn_layer_parameter){
            .name = "beta",
            .shape = shape,
            .initializer = &layer->beta_initializer,
            .regularizer = &layer->beta_regularizer,
            .constraint = &layer->beta_constraint,
            .trainable = true,
        };
    build->kept = nn_positions(&build->input) * nn_normalize_kept(1);
    return NN_OK;
}

/* Each position of each row by itself. */
static nn_normalize describe(const struct layer_normalization *layer, const nn_layer_call *call)
{
    return (nn_normalize){
        .blocks = call->rows * nn_positions(call->input),
        .positions = 1,
        .width = nn_last_dimension(call->input),
        .groups = 1,
        .epsilon = layer->epsilon,
        .subtract_mean = !layer->rms_scaling,
        .about_mean = true,
        .gamma = has_gamma(layer) ? call->parameters[0] : NULL,
        .beta = has_beta(layer) ? call->parameters[has_gamma(layer)] : NULL,
    };
}

static void forward(const void *self, const nn_layer_call *call)
{
    const nn_normalize n = describe(self, call);
    nn_normalize_forward(&n, call->x, call->y, call->kept);
}

static void backward(const void *self, const nn_layer_call *call)
{
    const struct layer_normalization *layer = self;
    const nn_normalize n = describe(layer, call);
    nn_normalize_backward(&n, call->x, call->kept, call->dy, call->dx);
    if (call->gradients == NULL)
        return;
    nn_normalize_gradients(&n, call->x, call->kept, call->dy, call->gradient_scale,
                           call->gradient_keep, has_gamma(layer) ? call->gradients[0] : NULL,
                           has_beta(layer) ? call->gradients[has_gamma(layer)] : NULL);
}

const nn_layer nn_layer_layer_normalization = {
    .part =
        {
            .name = "layer_normalization",
            .options = options,
            .size = sizeof(struct layer_normalization),
            .help = "mean 0 and variance 1 along the last axis, then gamma and beta; Ba et al. "
                    "2016",
            .sample = "layer_normalization epsilon=0.01",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
