/* repeat_vector: y[n][width] = n times x[width]. */
#include "elementwise.h"
#include "layer.h"
#include "status.h"
#include <limits.h>
#include <string.h>

struct repeat_vector {
    nn_layer_common common;
    size_t n;
};

static const nn_option options[] = {
    NN_OPTION_SIZE_REQUIRED(struct repeat_vector, n, 1, INT_MAX, "how many times"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct repeat_vector *layer = self;
    NN_REQUIRE(build->input.rank == 1, NN_ERR_SHAPE,
               "rows have shape %s, expected vectors: put a flatten before",
               nn_shape_string(&build->input).text);
    build->output = (nn_shape){.rank = 2, .dimensions = {layer->n, build->input.dimensions[0]}};
    return NN_OK;
}

static void forward(const void *self, const nn_layer_call *call)
{
    const size_t n = ((const struct repeat_vector *)self)->n, width = nn_shape_width(call->input);
    for (size_t i = 0; i < call->rows * n; i++)
        memcpy(call->y + i * width, call->x + i / n * width, width * sizeof(*call->y));
}

/* dx = the sum of the n parts of dy */
static void backward(const void *self, const nn_layer_call *call)
{
    const size_t n = ((const struct repeat_vector *)self)->n, width = nn_shape_width(call->input);
    for (size_t i = 0; i < call->rows && call->dx != NULL; i++)
        nn_column_sums(n, width, width, 1, 0, call->dy + i * n * width, call->dx + i * width);
}

const nn_layer nn_layer_repeat_vector = {
    .part =
        {
            .name = "repeat_vector",
            .options = options,
            .size = sizeof(struct repeat_vector),
            .help = "a vector n times",
            .sample = "repeat_vector n=3",
        },
    .sample_shape = "(4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
