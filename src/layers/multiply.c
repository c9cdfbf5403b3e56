/* multiply: y = a b ..., value by value. The gradient by an input is dy times the others' product. */
#include "elementwise.h"
#include "merge.h"
#include <string.h>

static void forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    const size_t values = nn_merge_values(call);
    nn_multiply_values(values, call->inputs[0], call->inputs[1], call->y);
    for (size_t i = 2; i < call->input_count; i++)
        nn_multiply_values(values, call->y, call->inputs[i], call->y);
}

/* Products anew rather than y / x: an input may be 0. */
static void backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    const size_t values = nn_merge_values(call);
    for (size_t i = 0; i < call->input_count; i++) {
        nn_real *dx = call->input_gradients[i];
        const nn_real *product = call->dy;
        for (size_t j = 0; j < call->input_count && dx != NULL; j++) {
            if (j == i)
                continue;
            nn_multiply_values(values, product, call->inputs[j], dx);
            product = dx;
        }
    }
}

const nn_layer nn_layer_multiply = {
    .part =
        {
            .name = "multiply",
            .size = sizeof(struct merge),
            .help = "the product of its inputs, value by value",
            .sample = "multiply",
        },
    .takes = NN_TAKES_SEVERAL,
    .sample_shape = "(3,4)",
    .build = nn_merge_build,
    .forward = forward,
    .backward = backward,
};
