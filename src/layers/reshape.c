/* reshape: the values of a row in another shape. Nothing is moved: rows are packed already. */
#include "layer.h"
#include "status.h"

struct reshape {
    nn_layer_common common;
    nn_integers target_shape;
};

static const nn_option options[] = {
    NN_OPTION_INTEGERS_REQUIRED(struct reshape, target_shape,
                                "the shape of a row; -1 once: what is left"),
    NN_OPTION_END,
};

static nn_status refuse(const struct reshape *layer, const nn_shape *input)
{
    const nn_integers *target = &layer->target_shape;
    nn_text text = NN_TEXT_INIT;
    for (size_t i = 0; i < target->count; i++)
        nn_text_append(&text, "%s%d", i == 0 ? "" : ", ", target->values[i]);
    nn_fail(NN_ERR_SHAPE, "rows of shape %s = %zu values can't be seen as (%s)",
            nn_shape_string(input).text, nn_shape_width(input), text.failed ? "?" : text.data);
    nn_text_free(&text);
    return NN_ERR_SHAPE;
}

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct reshape *layer = self;
    const size_t width = nn_shape_width(&build->input);
    size_t known = 1, unknown = NN_MAX_RANK;
    build->output.rank = layer->target_shape.count;
    for (size_t i = 0; i < layer->target_shape.count; i++) {
        const int dimension = layer->target_shape.values[i];
        if (dimension == -1 && unknown == NN_MAX_RANK) {
            unknown = i;
            continue;
        }
        if (dimension < 1 || (size_t)dimension > width / known)
            return refuse(layer, &build->input);
        known *= (size_t)dimension;
        build->output.dimensions[i] = (size_t)dimension;
    }
    if (unknown < NN_MAX_RANK)
        build->output.dimensions[unknown] = width / known;
    if (nn_shape_width(&build->output) != width)
        return refuse(layer, &build->input);
    build->view = true;
    return NN_OK;
}

const nn_layer nn_layer_reshape = {
    .part =
        {
            .name = "reshape",
            .options = options,
            .size = sizeof(struct reshape),
            .help = "a row's values in another shape",
            .sample = "reshape target_shape=(2,-1)",
        },
    .sample_shape = "(3,4)",
    .build = build,
};
