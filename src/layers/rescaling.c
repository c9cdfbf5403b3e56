/* rescaling: y = scale x + offset. */
#include "elementwise.h"
#include "layer.h"
#include <math.h>

struct rescaling {
    nn_layer_common common;
    double scale, offset;
};

static const nn_option options[] = {
    NN_OPTION_REAL_REQUIRED(struct rescaling, scale, -HUGE_VAL, HUGE_VAL, "factor of each value"),
    NN_OPTION_REAL(struct rescaling, offset, 0.0, -HUGE_VAL, HUGE_VAL, "added to each product"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct rescaling *layer = self;
    build->output = build->input;
    build->affine = true;
    build->scale = layer->scale;
    build->offset = layer->offset;
    return NN_OK;
}

static void forward(const void *self, const nn_layer_call *call)
{
    const struct rescaling *layer = self;
    nn_scale_offset(call->rows * nn_shape_width(call->input), (nn_real)layer->scale,
                    (nn_real)layer->offset, call->x, call->y);
}

/* dx = scale dy */
static void backward(const void *self, const nn_layer_call *call)
{
    const struct rescaling *layer = self;
    if (call->dx != NULL)
        nn_scale_offset(call->rows * nn_shape_width(call->input), (nn_real)layer->scale, 0,
                        call->dy, call->dx);
}

const nn_layer nn_layer_rescaling = {
    .part =
        {
            .name = "rescaling",
            .options = options,
            .size = sizeof(struct rescaling),
            .help = "each value times scale, plus offset",
            .sample = "rescaling scale=0.5 offset=-1",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
