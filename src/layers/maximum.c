/* maximum, minimum: y = the largest or smallest of the inputs, value by value; a NaN among them is that. The
 * gradient goes to the input that it was taken from; of several, to the first, as in TensorFlow. */
#include "merge.h"
#include "vectorize.h"
#include <math.h>

NN_VECTORIZE
static void take_largest(size_t count, const nn_real *a, const nn_real *b, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real larger = b[i] > a[i] ? b[i] : a[i];
        y[i] = isnan(b[i]) ? b[i] : larger; /* a NaN of a stays, for nothing is larger */
    }
}

NN_VECTORIZE
static void take_smallest(size_t count, const nn_real *a, const nn_real *b, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real smaller = b[i] < a[i] ? b[i] : a[i];
        y[i] = isnan(b[i]) ? b[i] : smaller;
    }
}

/* dx = dy where y was taken from x; what is taken is gone from dy, so that no later input takes it too. */
NN_VECTORIZE
static void take_gradient(size_t count, const nn_real *x, const nn_real *y, nn_real *dy,
                          nn_real *dx)
{
    for (size_t i = 0; i < count; i++) {
        const bool taken = x[i] == y[i] || (isnan(x[i]) && isnan(y[i]));
        dx[i] = taken ? dy[i] : 0;
        dy[i] = taken ? 0 : dy[i];
    }
}

static void backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_real inputs[NN_MERGE_BLOCK], gradients[NN_MERGE_BLOCK];
    const size_t values = nn_merge_values(call);
    for (size_t i = 0; i < call->input_count; i++) {
        const bool wanted = call->input_gradients[i] != NULL;
        if (wanted)
            nn_merge_begin_gradient(call, i);
        for (size_t first = 0; first < values; first += NN_MERGE_BLOCK) {
            const size_t left = values - first;
            const size_t count = left < NN_MERGE_BLOCK ? left : NN_MERGE_BLOCK;
            nn_real *place =
                wanted ? nn_merge_gradient_place(call, i, first, gradients) : gradients;
            take_gradient(count, nn_merge_read(call, i, first, count, inputs), call->y + first,
                          call->dy + first, place);
            if (wanted)
                nn_merge_take_gradient(call, i, first, count, place);
        }
    }
}

static void maximum_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_merge_forward(call, take_largest);
}

static void minimum_forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    nn_merge_forward(call, take_smallest);
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
    .backward = backward,
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
    .backward = backward,
};
