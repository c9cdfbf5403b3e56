/* maximum, minimum: y = the largest or smallest of the inputs, value by value. The gradient goes to the input
 * that it was taken from; of several, to the first, as in TensorFlow. */
#include "merge.h"
#include <math.h>
#include <string.h>

/* Whether a takes the place of y: NaN does, and then stays. */
static inline bool replaces(nn_real a, nn_real y, bool largest)
{
    return (largest ? a > y : a < y) || (isnan(a) && !isnan(y));
}

static void choose(const nn_layer_call *call, bool largest)
{
    const size_t values = nn_merge_values(call);
    memcpy(call->y, call->inputs[0], values * sizeof(nn_real));
    for (size_t i = 1; i < call->input_count; i++) {
        const nn_real *x = call->inputs[i];
        for (size_t v = 0; v < values; v++)
            if (replaces(x[v], call->y[v], largest))
                call->y[v] = x[v];
    }
}

static void differentiate(const nn_layer_call *call, bool largest)
{
    const size_t values = nn_merge_values(call);
    for (size_t v = 0; v < values; v++) {
        size_t chosen = 0;
        for (size_t i = 1; i < call->input_count; i++)
            if (replaces(call->inputs[i][v], call->inputs[chosen][v], largest))
                chosen = i;
        for (size_t i = 0; i < call->input_count; i++)
            if (call->input_gradients[i] != NULL)
                call->input_gradients[i][v] = i == chosen ? call->dy[v] : 0;
    }
}

static void maximum_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    choose(call, true);
}

static void maximum_backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    differentiate(call, true);
}

static void minimum_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    choose(call, false);
}

static void minimum_backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    differentiate(call, false);
}

const nn_layer nn_layer_maximum = {
    .part =
        {
            .name = "maximum",
            .size = sizeof(struct merge),
            .help = "the largest of its inputs, value by value",
            .sample = "maximum",
        },
    .takes = NN_TAKES_SEVERAL,
    .sample_shape = "(3,4)",
    .build = nn_merge_build,
    .forward = maximum_forward,
    .backward = maximum_backward,
};

const nn_layer nn_layer_minimum = {
    .part =
        {
            .name = "minimum",
            .size = sizeof(struct merge),
            .help = "the smallest of its inputs, value by value",
            .sample = "minimum",
        },
    .takes = NN_TAKES_SEVERAL,
    .sample_shape = "(3,4)",
    .build = nn_merge_build,
    .forward = minimum_forward,
    .backward = minimum_backward,
};
