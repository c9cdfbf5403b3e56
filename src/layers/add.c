/* add: y = a + b + ...; subtract: y = a - b; average: y = (a + b + ...) / n, value by value. The gradient by
 * each input is dy times its factor: 1; 1 and -1; 1 / n. */
#include "elementwise.h"
#include "merge.h"
#include <string.h>

/* y = the inputs' sum, in their order */
static void sum(const nn_layer_call *call)
{
    const size_t values = nn_merge_values(call);
    nn_add_values(values, call->inputs[0], call->inputs[1], call->y);
    for (size_t i = 2; i < call->input_count; i++)
        nn_add_values(values, call->y, call->inputs[i], call->y);
}

static void add_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    sum(call);
}

static void add_backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    for (size_t i = 0; i < call->input_count; i++)
        if (call->input_gradients[i] != NULL)
            memcpy(call->input_gradients[i], call->dy, nn_merge_values(call) * sizeof(nn_real));
}

static void subtract_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_subtract_values(nn_merge_values(call), call->inputs[0], call->inputs[1], call->y);
}

static void subtract_backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    const size_t values = nn_merge_values(call);
    if (call->input_gradients[0] != NULL)
        memcpy(call->input_gradients[0], call->dy, values * sizeof(nn_real));
    if (call->input_gradients[1] != NULL)
        nn_scale_offset(values, -1, 0, call->dy, call->input_gradients[1]);
}

static void average_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    sum(call);
    nn_scale_offset(nn_merge_values(call), 1 / (nn_real)call->input_count, 0, call->y, call->y);
}

static void average_backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    for (size_t i = 0; i < call->input_count; i++)
        if (call->input_gradients[i] != NULL)
            nn_scale_offset(nn_merge_values(call), 1 / (nn_real)call->input_count, 0, call->dy,
                            call->input_gradients[i]);
}

const nn_layer nn_layer_add = {
    .part =
        {
            .name = "add",
            .size = sizeof(struct merge),
            .help = "the sum of its inputs",
            .sample = "add",
        },
    .takes = NN_TAKES_SEVERAL,
    .sample_shape = "(3,4)",
    .build = nn_merge_build,
    .forward = add_forward,
    .backward = add_backward,
};

const nn_layer nn_layer_subtract = {
    .part =
        {
            .name = "subtract",
            .size = sizeof(struct merge),
            .help = "its first input minus its second",
            .sample = "subtract",
        },
    .takes = NN_TAKES_TWO,
    .sample_shape = "(3,4)",
    .build = nn_merge_build,
    .forward = subtract_forward,
    .backward = subtract_backward,
};

const nn_layer nn_layer_average = {
    .part =
        {
            .name = "average",
            .size = sizeof(struct merge),
            .help = "the mean of its inputs",
            .sample = "average",
        },
    .takes = NN_TAKES_SEVERAL,
    .sample_shape = "(3,4)",
    .build = nn_merge_build,
    .forward = average_forward,
    .backward = average_backward,
};
