/* flatten: the values of a row as one dimension. Nothing is moved: rows are packed already. */
#include "layer.h"

struct flatten {
    nn_layer_common common;
};

static nn_status build(const void *self, nn_layer_build *build)
{
    (void)self;
    build->output = nn_shape_1d(nn_shape_width(&build->input));
    build->view = true;
    return NN_OK;
}

const nn_layer nn_layer_flatten = {
    .part =
        {
            .name = "flatten",
            .size = sizeof(struct flatten),
            .help = "a row's values as one dimension",
            .sample = "flatten",
        },
    .sample_shape = "(3,4)",
    .build = build,
};
