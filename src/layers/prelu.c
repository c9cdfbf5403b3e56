/*
 * prelu: y = x for x > 0, alpha x otherwise, with an alpha of its own for each value of a row, but one for
 * all along the shared axes. dx = dy, 0 at 0 and alpha dy below; dalpha = the sum of dy x over the x < 0
 * of all rows and shared axes. Source: He et al. 2015.
 */
#include "initializer.h"
#include "layer.h"
#include "pool.h"
#include "status.h"
#include "vectorize.h"
#include <string.h>

struct prelu {
    nn_layer_common common;
    nn_part alpha_initializer, alpha_regularizer, alpha_constraint;
    nn_integers shared_axes;
};

static const nn_option options[] = {
    NN_OPTION_PART(struct prelu, alpha_initializer, &nn_initializer_room, "zeros",
                   "first values of alpha"),
    NN_OPTION_PART(struct prelu, alpha_regularizer, &nn_regularizer_room, NULL, "penalty on alpha"),
    NN_OPTION_PART(struct prelu, alpha_constraint, &nn_constraint_room, NULL,
                   "what alpha is made to be after each step"),
    NN_OPTION_INTEGERS(struct prelu, shared_axes,
                       "axes along which alpha is the same, counted from 1"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct prelu *layer = self;
    nn_shape shape = build->input;
    for (size_t i = 0; i < layer->shared_axes.count; i++) {
        const int axis = layer->shared_axes.values[i];
        NN_REQUIRE(axis >= 1 && (size_t)axis <= shape.rank, NN_ERR_SHAPE,
                   "shared axis %d, expected 1 to %zu: the input has shape %s", axis, shape.rank,
                   nn_shape_string(&build->input).text);
        shape.dimensions[axis - 1] = 1;
    }
    build->output = build->input;
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "alpha",
        .shape = shape,
        .initializer = &layer->alpha_initializer,
        .regularizer = &layer->alpha_regularizer,
        .constraint = &layer->alpha_constraint,
        .trainable = true,
    };
    build->batch_kept = nn_shape_width(&shape); /* the sums of backward */
    return NN_OK;
}

/* Where the alphas of a row lie: runs along the last dimension, one after the other or all the same. */
struct places {
    size_t width, runs; /* values of a run, runs of a row */
    size_t step; /* from an alpha to the next within a run: 1, or 0 if the last axis is shared */
    size_t alphas;
    const nn_shape *input;
    size_t strides[NN_MAX_RANK]; /* of alpha; 0 where an axis is shared */
};

static struct places find_places(const struct prelu *layer, const nn_shape *input)
{
    struct places places = {.input = input, .alphas = 1};
    for (size_t d = input->rank; d-- > 0;) {
        bool shared = input->dimensions[d] == 1;
        for (size_t i = 0; i < layer->shared_axes.count; i++)
            shared = shared || (size_t)layer->shared_axes.values[i] == d + 1;
        places.strides[d] = shared ? 0 : places.alphas;
        if (!shared)
            places.alphas *= input->dimensions[d];
    }
    places.width = nn_last_dimension(input);
    places.runs = nn_positions(input);
    places.step = places.strides[input->rank - 1];
    return places;
}

/* The first alpha of a run. */
static size_t alpha_of(const struct places *places, size_t run)
{
    size_t at = 0;
    for (size_t d = places->input->rank - 1; d-- > 0;) {
        at += run % places->input->dimensions[d] * places->strides[d];
        run /= places->input->dimensions[d];
    }
    return at;
}

NN_VECTORIZE
static void forward_run(size_t width, size_t step, const nn_real *alpha, const nn_real *restrict x,
                        nn_real *restrict y)
{
    if (step == 0)
        for (size_t j = 0; j < width; j++)
            y[j] = x[j] > 0 ? x[j] : alpha[0] * x[j];
    else
        for (size_t j = 0; j < width; j++)
            y[j] = x[j] > 0 ? x[j] : alpha[j] * x[j];
}

NN_VECTORIZE
static void backward_run(size_t width, size_t step, const nn_real *alpha, const nn_real *restrict x,
                         const nn_real *restrict dy, nn_real *restrict dx)
{
    for (size_t j = 0; j < width; j++) {
        const nn_real slope = x[j] < 0 ? alpha[step * j] : x[j]; /* 0 at 0, NaN at NaN */
        dx[j] = x[j] > 0 ? dy[j] : slope * dy[j];
    }
}

NN_VECTORIZE
static void add_run(size_t width, size_t step, const nn_real *restrict x,
                    const nn_real *restrict dy, nn_real *restrict sum)
{
    if (step == 0)
        for (size_t j = 0; j < width; j++)
            sum[0] += x[j] > 0 ? 0 : dy[j] * x[j];
    else
        for (size_t j = 0; j < width; j++)
            sum[j] += x[j] > 0 ? 0 : dy[j] * x[j];
}

/* y, or dx, of a tile of rows */
struct pass {
    const nn_layer_call *call;
    struct places places;
    size_t tile_rows;
    bool backward;
};

static void run_tile(void *context, size_t tile)
{
    const struct pass *pass = context;
    const nn_layer_call *call = pass->call;
    const struct places *places = &pass->places;
    const size_t first = tile * pass->tile_rows, left = call->rows - first;
    const size_t end = first + (left < pass->tile_rows ? left : pass->tile_rows);
    for (size_t i = first * places->runs; i < end * places->runs; i++) {
        const nn_real *alpha = call->parameters[0] + alpha_of(places, i % places->runs);
        const size_t at = i * places->width;
        if (pass->backward)
            backward_run(places->width, places->step, alpha, call->x + at, call->dy + at,
                         call->dx + at);
        else
            forward_run(places->width, places->step, alpha, call->x + at, call->y + at);
    }
}

static void run(const void *self, const nn_layer_call *call, bool backward)
{
    enum { TILE_VALUES = 32768 };
    const size_t values = nn_shape_width(call->input);
    struct pass pass = {
        .call = call,
        .places = find_places(self, call->input),
        .tile_rows = values < TILE_VALUES ? TILE_VALUES / values : 1,
        .backward = backward,
    };
    nn_pool_run((call->rows - 1) / pass.tile_rows + 1, run_tile, &pass);
}

static void forward(const void *self, const nn_layer_call *call)
{
    run(self, call, false);
}

static void backward(const void *self, const nn_layer_call *call)
{
    if (call->dx != NULL)
        run(self, call, true);
    if (call->gradients == NULL)
        return;
    const struct places places = find_places(self, call->input);
    nn_real *sum = call->batch_kept, *gradient = call->gradients[0];
    memset(sum, 0, places.alphas * sizeof(*sum));
    for (size_t i = 0; i < call->rows * places.runs; i++)
        add_run(places.width, places.step, call->x + i * places.width, call->dy + i * places.width,
                sum + alpha_of(&places, i % places.runs));
    for (size_t j = 0; j < places.alphas; j++)
        gradient[j] = call->gradient_scale * sum[j] +
                      (call->gradient_keep == 0 ? 0 : call->gradient_keep * gradient[j]);
}

const nn_layer nn_layer_prelu = {
    .part =
        {
            .name = "prelu",
            .class_name = "PReLU",
            .options = options,
            .size = sizeof(struct prelu),
            .help = "x or alpha x, with alpha learned; He et al. 2015",
            .sample = "prelu alpha_initializer=constant(value=0.25) shared_axes=(1)",
        },
    .sample_shape = "(3,4)",
    .default_name = "p_re_lu",
    .build = build,
    .forward = forward,
    .backward = backward,
};
