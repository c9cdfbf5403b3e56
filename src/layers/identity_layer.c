/* identity: y = x; a name for a place in a graph. */
#include "layer.h"

struct identity {
    nn_layer_common common;
};

static nn_status build(const void *self, nn_layer_build *build)
{
    (void)self;
    build->output = build->input;
    build->view = true;
    return NN_OK;
}

const nn_layer nn_layer_identity = {
    .part =
        {
            .name = "identity",
            .size = sizeof(struct identity),
            .help = "its input as it is",
            .sample = "identity",
        },
    .sample_shape = "(3,4)",
    .build = build,
};
