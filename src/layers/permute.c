/* permute: the axes of a row in another order: axis i of y is axis dims[i] of x. */
#include "layer.h"
#include "pool.h"
#include "status.h"

struct permute {
    nn_layer_common common;
    nn_integers dims;
};

static const nn_option options[] = {
    NN_OPTION_INTEGERS_REQUIRED(struct permute, dims, "the input's axes in order, from 1"),
    NN_OPTION_END,
};

static nn_status check(const void *self)
{
    const nn_integers *dims = &((const struct permute *)self)->dims;
    for (int axis = 1; (size_t)axis <= dims->count; axis++) {
        size_t found = 0;
        for (size_t i = 0; i < dims->count; i++)
            found += dims->values[i] == axis;
        NN_REQUIRE(found == 1, NN_ERR_INVALID, "dims has %zu of %d, expected each of 1 to %zu once",
                   found, axis, dims->count);
    }
    return NN_OK;
}

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct permute *layer = self;
    NN_REQUIRE(layer->dims.count == build->input.rank, NN_ERR_SHAPE,
               "dims names %zu axes, but rows have shape %s", layer->dims.count,
               nn_shape_string(&build->input).text);
    build->output.rank = build->input.rank;
    for (size_t i = 0; i < layer->dims.count; i++)
        build->output.dimensions[i] = build->input.dimensions[layer->dims.values[i] - 1];
    return NN_OK;
}

/* Goes through a row of y in order and tells where each value is in x. */
static void move_row(const struct permute *layer, const nn_layer_call *call, const nn_real *from,
                     nn_real *to, bool back)
{
    const nn_shape *output = call->output;
    size_t strides[NN_MAX_RANK], steps[NN_MAX_RANK], index[NN_MAX_RANK] = {0}, at = 0;
    for (size_t d = call->input->rank, stride = 1; d-- > 0; stride *= call->input->dimensions[d])
        strides[d] = stride;
    for (size_t d = 0; d < output->rank; d++)
        steps[d] = strides[layer->dims.values[d] - 1];
    for (size_t i = 0; i < nn_shape_width(output); i++) {
        if (back)
            to[at] = from[i];
        else
            to[i] = from[at];
        for (size_t d = output->rank; d-- > 0;) {
            at += steps[d];
            if (++index[d] < output->dimensions[d])
                break;
            at -= index[d] * steps[d];
            index[d] = 0;
        }
    }
}

/* Rows by tiles; back: from dy to dx. */
struct pass {
    const struct permute *layer;
    const nn_layer_call *call;
    const nn_real *from;
    nn_real *to;
    bool back;
    size_t width, tile_rows;
};

static void move_tile(void *context, size_t tile)
{
    const struct pass *pass = context;
    const size_t first = tile * pass->tile_rows, left = pass->call->rows - first;
    for (size_t i = first; i < first + (left < pass->tile_rows ? left : pass->tile_rows); i++)
        move_row(pass->layer, pass->call, pass->from + i * pass->width, pass->to + i * pass->width,
                 pass->back);
}

static void run(const void *self, const nn_layer_call *call, const nn_real *from, nn_real *to,
                bool back)
{
    enum { TILE_VALUES = 8192 };
    struct pass pass = {
        .layer = self,
        .call = call,
        .from = from,
        .to = to,
        .back = back,
        .width = nn_shape_width(call->input),
    };
    pass.tile_rows = pass.width < TILE_VALUES ? TILE_VALUES / pass.width : 1;
    nn_pool_run((call->rows - 1) / pass.tile_rows + 1, move_tile, &pass);
}

static void forward(const void *self, const nn_layer_call *call)
{
    run(self, call, call->x, call->y, false);
}

static void backward(const void *self, const nn_layer_call *call)
{
    if (call->dx != NULL)
        run(self, call, call->dy, call->dx, true);
}

const nn_layer nn_layer_permute = {
    .part =
        {
            .name = "permute",
            .options = options,
            .size = sizeof(struct permute),
            .help = "the axes of a row in another order",
            .sample = "permute dims=(2,1)",
            .check = check,
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
