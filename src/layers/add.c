/* add: y = a + b + ...; subtract: y = a - b; average: y = (a + b + ...) / n, value by value. The gradient by
 * each input is dy times its factor: 1; 1 and -1; 1 / n. */
#include "elementwise.h"
#include "merge.h"

static void add_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_merge_forward(call, nn_add_values);
}

static void add_backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    for (size_t i = 0; i < call->input_count; i++)
        nn_merge_pass_gradient(call, i, 1);
}

static void subtract_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_merge_forward(call, nn_subtract_values);
}

static void subtract_backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_merge_pass_gradient(call, 0, 1);
    nn_merge_pass_gradient(call, 1, -1);
}

static void average_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_merge_forward(call, nn_add_values);
    nn_scale_offset(nn_merge_values(call), 1 / (nn_real)call->input_count, 0, call->y, call->y);
}

static void average_backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    for (size_t i = 0; i < call->input_count; i++)
        nn_merge_pass_gradient(call, i, 1 / (nn_real)call->input_count);
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
