/* multiply: y = a b ..., value by value. The gradient by an input is dy times the others' product. */
#include "elementwise.h"
#include "merge.h"

static void forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_merge_forward(call, nn_multiply_values);
}

/* Products anew rather than y / x: an input may be 0. */
static void differentiate(const nn_layer_call *call, size_t input)
{
    nn_real gradients[NN_MERGE_BLOCK], others[NN_MERGE_BLOCK];
    const size_t values = nn_merge_values(call), block = nn_merge_block(call);
    nn_merge_begin_gradient(call, input);
    for (size_t first = 0; first < values; first += block) {
        const size_t count = values - first < block ? values - first : block;
        nn_real *place = nn_merge_gradient_place(call, input, first, gradients);
        const nn_real *product = call->dy + first;
        for (size_t i = 0; i < call->input_count; i++) {
            if (i == input)
                continue;
            nn_multiply_values(count, product, nn_merge_read(call, i, first, count, others), place);
            product = place;
        }
        nn_merge_take_gradient(call, input, first, count, place);
    }
}

static void backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    for (size_t i = 0; i < call->input_count; i++)
        if (call->input_gradients[i] != NULL)
            differentiate(call, i);
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
