/*
 * activity_regularization: y = x, and (l1 sum |x| + l2 sum x^2) / rows is added to the batch's loss, in
 * training and evaluation; so dx = dy + (l1 sign(x) + 2 l2 x) / rows.
 */
#include "lanes.h"
#include "layer.h"
#include "vectorize.h"
#include <math.h>
#include <string.h>

struct activity_regularization {
    nn_layer_common common;
    double l1, l2;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct activity_regularization, l1, 0.0, 0.0, HUGE_VAL,
                   "factor of the sum of the absolute values"),
    NN_OPTION_REAL(struct activity_regularization, l2, 0.0, 0.0, HUGE_VAL,
                   "factor of the sum of the squares"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    (void)self;
    build->output = build->input;
    build->training_only = true; /* what comes back isn't dy alone */
    return NN_OK;
}

static size_t values_of(const nn_layer_call *call)
{
    return call->rows * nn_shape_width(call->input);
}

static void forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    memcpy(call->y, call->x, values_of(call) * sizeof(*call->y));
}

NN_VECTORIZE
static double sum_penalties(size_t count, double l1, double l2, const nn_real *x)
{
    nn_lanes sum = NN_LANES_ZERO;
    NN_LANES_ADD(&sum, count, l1 * (double)nn_abs(x[i]) + l2 * (double)x[i] * (double)x[i]);
    return nn_lanes_total(&sum);
}

static double loss(const void *self, const nn_layer_call *call)
{
    const struct activity_regularization *layer = self;
    return sum_penalties(values_of(call), layer->l1, layer->l2, call->x) / (double)call->rows;
}

NN_VECTORIZE
static void add_penalties(size_t count, nn_real l1, nn_real l2, const nn_real *restrict x,
                          const nn_real *restrict dy, nn_real *restrict dx)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real sign = (nn_real)(x[i] > 0) - (nn_real)(x[i] < 0);
        dx[i] = dy[i] + l1 * sign + 2 * l2 * x[i];
    }
}

static void backward(const void *self, const nn_layer_call *call)
{
    const struct activity_regularization *layer = self;
    const double factor = (double)call->loss_scale / (double)call->rows;
    if (call->dx != NULL)
        add_penalties(values_of(call), (nn_real)(layer->l1 * factor), (nn_real)(layer->l2 * factor),
                      call->x, call->dy, call->dx);
}

const nn_layer nn_layer_activity_regularization = {
    .part =
        {
            .name = "activity_regularization",
            .options = options,
            .size = sizeof(struct activity_regularization),
            .help = "adds a penalty on the values that pass to the loss",
            .sample = "activity_regularization l1=0.1 l2=0.2",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
    .loss = loss,
};
