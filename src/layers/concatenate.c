/* concatenate: the inputs one after the other along an axis; all other dimensions are the same. */
#include "layer.h"
#include "status.h"
#include <string.h>

struct concatenate {
    nn_layer_common common;
    int axis;
};

static const nn_option options[] = {
    NN_OPTION_INTEGER(struct concatenate, axis, -1, -NN_MAX_RANK, NN_MAX_RANK,
                      "1: the first dimension of a row; -1: the last"),
    NN_OPTION_END,
};

/* Keras counts the batch as axis 0. False unless it is an axis of rows of that rank. */
static bool find_dimension(int axis, size_t rank, size_t *dimension)
{
    const int counted = axis < 0 ? axis + (int)rank : axis - 1;
    *dimension = (size_t)counted;
    return counted >= 0 && counted < (int)rank;
}

static bool fits(const nn_shape *shape, const nn_shape *first, size_t dimension)
{
    nn_shape same = *shape;
    same.dimensions[dimension] = first->dimensions[dimension];
    return nn_shape_equal(&same, first);
}

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct concatenate *layer = self;
    const size_t rank = build->input.rank;
    size_t dimension;
    NN_REQUIRE(find_dimension(layer->axis, rank, &dimension), NN_ERR_SHAPE,
               "axis is %d, expected 1 to %zu or -1 to -%zu for inputs of shape %s", layer->axis,
               rank, rank, nn_shape_string(&build->input).text);
    build->output = build->input;
    for (size_t i = 1; i < build->input_count; i++) {
        const nn_shape *shape = &build->input_shapes[i];
        NN_REQUIRE(fits(shape, &build->input, dimension), NN_ERR_SHAPE,
                   "the inputs have shapes %s and %s, expected the same but along axis %d",
                   nn_shape_string(&build->input).text, nn_shape_string(shape).text, layer->axis);
        build->output.dimensions[dimension] += shape->dimensions[dimension];
    }
    return NN_OK;
}

/* Values that an input, or the output, holds next to each other before another's follow. */
static size_t piece(const nn_shape *shape, size_t dimension)
{
    size_t values = 1;
    for (size_t i = dimension; i < shape->rank; i++)
        values *= shape->dimensions[i];
    return values;
}

/* The output's pieces, and those of them that come from one input. */
struct pieces {
    size_t count, stride;
    size_t place, width; /* in each piece */
};

static struct pieces first_pieces(const struct concatenate *layer, const nn_layer_call *call,
                                  size_t *dimension)
{
    find_dimension(layer->axis, call->output->rank, dimension);
    const size_t stride = piece(call->output, *dimension);
    return (struct pieces){.count = call->rows * (nn_shape_width(call->output) / stride),
                           .stride = stride};
}

static void forward(const void *self, const nn_layer_call *call)
{
    size_t dimension;
    struct pieces pieces = first_pieces(self, call, &dimension);
    for (size_t i = 0; i < call->input_count; i++) {
        const nn_real *x = call->inputs[i];
        pieces.width = piece(&call->input_shapes[i], dimension);
        for (size_t p = 0; p < pieces.count; p++)
            memcpy(call->y + p * pieces.stride + pieces.place, x + p * pieces.width,
                   pieces.width * sizeof(nn_real));
        pieces.place += pieces.width;
    }
}

static void backward(const void *self, const nn_layer_call *call)
{
    size_t dimension;
    struct pieces pieces = first_pieces(self, call, &dimension);
    for (size_t i = 0; i < call->input_count; i++) {
        nn_real *dx = call->input_gradients[i];
        pieces.width = piece(&call->input_shapes[i], dimension);
        for (size_t p = 0; p < pieces.count && dx != NULL; p++)
            memcpy(dx + p * pieces.width, call->dy + p * pieces.stride + pieces.place,
                   pieces.width * sizeof(nn_real));
        pieces.place += pieces.width;
    }
}

const nn_layer nn_layer_concatenate = {
    .part =
        {
            .name = "concatenate",
            .options = options,
            .size = sizeof(struct concatenate),
            .help = "its inputs one after the other",
            .sample = "concatenate axis=1",
        },
    .takes = NN_TAKES_SEVERAL,
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
