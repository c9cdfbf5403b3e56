/* rms_normalization: y = scale x / sqrt(mean(x^2) + epsilon) along the last dimension.
 * Source: Zhang and Sennrich 2019. */
#include "initializer.h"
#include "layer.h"
#include "normalize.h"
#include <math.h>

struct rms_normalization {
    nn_layer_common common;
    int axis;
    double epsilon;
};

static const nn_option options[] = {
    NN_OPTION_INTEGER(struct rms_normalization, axis, -1, -NN_MAX_RANK, NN_MAX_RANK,
                      "the axis to normalize along; only the last one"),
    NN_OPTION_REAL(struct rms_normalization, epsilon, 1e-6, 0.0, HUGE_VAL,
                   "added to the mean square"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct rms_normalization *layer = self;
    nn_status status = nn_layer_check_axis(&build->input, layer->axis);
    if (status != NN_OK)
        return status;
    build->output = build->input;
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "scale",
        .shape = nn_shape_1d(nn_last_dimension(&build->input)),
        .initializer = &nn_initial_ones,
        .trainable = true,
    };
    build->kept = nn_positions(&build->input) * nn_normalize_kept(1);
    return NN_OK;
}

static nn_normalize describe(const struct rms_normalization *layer, const nn_layer_call *call)
{
    return (nn_normalize){
        .blocks = call->rows * nn_positions(call->input),
        .positions = 1,
        .width = nn_last_dimension(call->input),
        .groups = 1,
        .epsilon = layer->epsilon,
        .gamma = call->parameters[0],
    };
}

static void forward(const void *self, const nn_layer_call *call)
{
    const nn_normalize n = describe(self, call);
    nn_normalize_forward(&n, call->x, call->y, call->kept);
}

static void backward(const void *self, const nn_layer_call *call)
{
    const nn_normalize n = describe(self, call);
    nn_normalize_backward(&n, call->x, call->kept, call->dy, call->dx);
    if (call->gradients == NULL)
        return;
    nn_normalize_gradients(&n, call->x, call->kept, call->dy, call->gradient_scale,
                           call->gradient_keep, call->gradients[0], NULL);
}

const nn_layer nn_layer_rms_normalization = {
    .part =
        {
            .name = "rms_normalization",
            .class_name = "RMSNormalization",
            .options = options,
            .size = sizeof(struct rms_normalization),
            .help = "mean square 1 along the last axis, then scale; Zhang and Sennrich 2019",
            .sample = "rms_normalization epsilon=0.01",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
