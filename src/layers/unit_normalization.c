/*
 * unit_normalization: y = x / |x| along the last dimension, |x| the Euclidean norm, taken as at least
 * 1e-12; so zeros stay zeros.  dx = (dy - y (y . dy)) / |x|, and as in Keras 1e12 dy where the norm is
 * below that.
 */
#include "lanes.h"
#include "layer.h"
#include "pool.h"
#include "vectorize.h"
#include <math.h>

struct unit_normalization {
    nn_layer_common common;
    int axis;
};

static const nn_option options[] = {
    NN_OPTION_INTEGER(struct unit_normalization, axis, -1, -NN_MAX_RANK, NN_MAX_RANK,
                      "the axis to normalize along; only the last one"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    build->output = build->input;
    build->kept = nn_positions(&build->input); /* 1 / |x|; negative where |x| is taken as 1e-12 */
    return nn_layer_check_axis(&build->input, ((const struct unit_normalization *)self)->axis);
}

NN_VECTORIZE
static void forward_rows(size_t rows, size_t width, const nn_real *x, nn_real *y, nn_real *kept)
{
    for (size_t i = 0; i < rows; i++) {
        nn_lanes squares = NN_LANES_ZERO;
        nn_lanes_add_squares(&squares, width, x + i * width, 0);
        const double inverse = 1 / sqrt(nn_lanes_total(&squares));
        const nn_real factor = (nn_real)(inverse > 1e12 ? 1e12 : inverse); /* NaN stays */
        for (size_t j = 0; j < width; j++)
            y[i * width + j] = x[i * width + j] * factor;
        if (kept != NULL)
            kept[i] = inverse > 1e12 ? -factor : factor;
    }
}

NN_VECTORIZE
static void backward_rows(size_t rows, size_t width, const nn_real *y, const nn_real *kept,
                          const nn_real *dy, nn_real *dx)
{
    for (size_t i = 0; i < rows; i++) {
        nn_lanes products = NN_LANES_ZERO;
        nn_lanes_add_products(&products, width, dy + i * width, y + i * width, 0);
        const nn_real along = kept[i] < 0 ? 0 : (nn_real)nn_lanes_total(&products);
        const nn_real factor = nn_abs(kept[i]);
        for (size_t j = 0; j < width; j++)
            dx[i * width + j] = (dy[i * width + j] - y[i * width + j] * along) * factor;
    }
}

struct rows {
    const nn_layer_call *call;
    size_t rows, width, tile_rows;
    bool backward;
};

static void run_tile(void *context, size_t tile)
{
    const struct rows *rows = context;
    const nn_layer_call *call = rows->call;
    const size_t first = tile * rows->tile_rows, at = first * rows->width;
    const size_t left = rows->rows - first;
    const size_t count = left < rows->tile_rows ? left : rows->tile_rows;
    nn_real *kept = call->kept != NULL ? call->kept + first : NULL;
    if (rows->backward)
        backward_rows(count, rows->width, call->y + at, kept, call->dy + at, call->dx + at);
    else
        forward_rows(count, rows->width, call->x + at, call->y + at, kept);
}

static void run(const nn_layer_call *call, bool backward)
{
    enum { TILE_VALUES = 16384 };
    struct rows rows = {
        .call = call,
        .rows = call->rows * nn_positions(call->input),
        .width = nn_last_dimension(call->input),
        .backward = backward,
    };
    rows.tile_rows = rows.width < TILE_VALUES ? TILE_VALUES / rows.width : 1;
    nn_pool_run((rows.rows - 1) / rows.tile_rows + 1, run_tile, &rows);
}

static void forward(const void *self, const nn_layer_call *call)
{
    (void)self;
    run(call, false);
}

static void backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    if (call->dx != NULL)
        run(call, true);
}

const nn_layer nn_layer_unit_normalization = {
    .part =
        {
            .name = "unit_normalization",
            .options = options,
            .size = sizeof(struct unit_normalization),
            .help = "length 1 along the last axis",
            .sample = "unit_normalization",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
