/* input_layer: an input of the model. A row of it is what the caller gives; nothing is computed. */
#include "layer.h"
#include "status.h"

struct input_layer {
    nn_layer_common common;
    nn_shape shape;
};

static const nn_option options[] = {
    NN_OPTION_SHAPE_REQUIRED(struct input_layer, shape, "shape of one row"),
    NN_OPTION_END,
};

static nn_status check(const void *self)
{
    const struct input_layer *layer = self;
    const nn_shape *input_shape = &layer->common.input_shape; /* says the same, if anything */
    NN_REQUIRE(layer->shape.rank > 0, NN_ERR_INVALID,
               "shape is none, expected the shape of one row, as in (28,28)");
    NN_REQUIRE(input_shape->rank == 0 || nn_shape_equal(input_shape, &layer->shape), NN_ERR_SHAPE,
               "input_shape is %s, but shape is %s", nn_shape_string(input_shape).text,
               nn_shape_string(&layer->shape).text);
    return NN_OK;
}

static nn_status build(const void *self, nn_layer_build *build)
{
    build->input = build->output = ((const struct input_layer *)self)->shape;
    build->view = true;
    return NN_OK;
}

const nn_layer nn_layer_input_layer = {
    .part =
        {
            .name = "input_layer",
            .alias = "input",
            .options = options,
            .size = sizeof(struct input_layer),
            .help = "an input of the model",
            .sample = "input_layer shape=(3,4)",
            .check = check,
        },
    .takes = NN_TAKES_NONE,
    .sample_shape = "(3,4)",
    .build = build,
};
