/*
 * normalization: y = (x - mean) / sqrt(variance) for each channel of the last dimension, or back again
 * with invert, y = mean + x sqrt(variance); the root is taken as at least 1e-7. mean and variance are
 * learned from data by nn_model_adapt, before training, or given as options.
 */
#include "initializer.h"
#include "layer.h"
#include "status.h"
#include "vectorize.h"
#include <math.h>

struct normalization {
    nn_layer_common common;
    int axis;
    nn_reals mean, variance;
    bool invert;
};

static const nn_option options[] = {
    NN_OPTION_INTEGER(struct normalization, axis, -1, -NN_MAX_RANK, NN_MAX_RANK,
                      "the channels' axis; only the last one"),
    NN_OPTION_REALS(struct normalization, mean,
                    "of each channel, or one for all; none: learned by nn_model_adapt"),
    NN_OPTION_REALS(struct normalization, variance, "the same; with mean"),
    NN_OPTION_BOOL(struct normalization, invert, false, "back from normalized values"),
    NN_OPTION_END,
};

static bool is_given(const struct normalization *layer)
{
    return layer->mean.count > 0;
}

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct normalization *layer = self;
    const size_t channels = nn_last_dimension(&build->input);
    NN_TRY(nn_layer_check_axis(&build->input, layer->axis));
    NN_REQUIRE((layer->mean.count > 0) == (layer->variance.count > 0), NN_ERR_INVALID,
               "mean and variance must be given both, or neither");
    NN_REQUIRE(layer->mean.count == layer->variance.count, NN_ERR_SHAPE,
               "mean has %zu values, variance %zu", layer->mean.count, layer->variance.count);
    NN_REQUIRE(layer->mean.count <= 1 || layer->mean.count == channels, NN_ERR_SHAPE,
               "mean and variance have %zu values, expected 1 or %zu: rows have shape %s",
               layer->mean.count, channels, nn_shape_string(&build->input).text);
    for (size_t i = 0; i < layer->variance.count; i++)
        NN_REQUIRE(layer->variance.values[i] >= 0, NN_ERR_INVALID,
                   "variance %zu is %g, expected a number >= 0", i, layer->variance.values[i]);
    build->output = build->input;
    if (is_given(layer))
        return NN_OK;
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "mean",
        .shape = nn_shape_1d(channels),
        .initializer = &nn_initial_zeros,
    };
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "variance",
        .shape = nn_shape_1d(channels),
        .initializer = &nn_initial_ones,
    };
    return NN_OK;
}

enum { SLAB = 64 };

/* Statistics of channels first ... first + count - 1. */
static void find_statistics(const struct normalization *layer, const nn_layer_call *call,
                            size_t first, size_t count, nn_real *mean, nn_real *deviation)
{
    for (size_t j = 0; j < count; j++) {
        const size_t given = layer->mean.count > 1 ? first + j : 0;
        mean[j] =
            is_given(layer) ? (nn_real)layer->mean.values[given] : call->parameters[0][first + j];
        const nn_real variance = is_given(layer) ? (nn_real)layer->variance.values[given]
                                                 : call->parameters[1][first + j];
        const nn_real root = (nn_real)sqrt((double)variance);
        deviation[j] = root < (nn_real)1e-7 ? (nn_real)1e-7 : root; /* NaN stays */
    }
}

NN_VECTORIZE
static void divide(size_t rows, size_t columns, size_t stride, const nn_real *restrict x,
                   const nn_real *restrict mean, const nn_real *restrict deviation,
                   nn_real *restrict y)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            y[i * stride + j] = (x[i * stride + j] - mean[j]) / deviation[j];
}

NN_VECTORIZE
static void multiply(size_t rows, size_t columns, size_t stride, const nn_real *restrict x,
                     const nn_real *restrict mean, const nn_real *restrict deviation,
                     nn_real *restrict y)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            y[i * stride + j] = mean[j] + x[i * stride + j] * deviation[j];
}

/* derivative: of from = dy, in place of x: no mean */
static void run(const void *self, const nn_layer_call *call, bool derivative, const nn_real *from,
                nn_real *to)
{
    const struct normalization *layer = self;
    const size_t rows = call->rows * nn_positions(call->input);
    const size_t width = nn_last_dimension(call->input);
    for (size_t first = 0; first < width; first += SLAB) {
        const size_t count = width - first < SLAB ? width - first : SLAB;
        nn_real mean[SLAB], deviation[SLAB];
        find_statistics(layer, call, first, count, mean, deviation);
        for (size_t j = 0; j < count && derivative; j++)
            mean[j] = 0;
        (layer->invert ? multiply : divide)(rows, count, width, from + first, mean, deviation,
                                            to + first);
    }
}

static void forward(const void *self, const nn_layer_call *call)
{
    run(self, call, false, call->x, call->y);
}

static void backward(const void *self, const nn_layer_call *call)
{
    if (call->dx != NULL)
        run(self, call, true, call->dy, call->dx);
}

/* ---- learning mean and variance ---- */

/* State: how many values a channel has had, their means, the sums of squares about these. */
static size_t adapt_state(const void *self, const nn_layer_build *build)
{
    return is_given(self) ? 0 : 1 + 2 * nn_last_dimension(&build->input);
}

/* The batch's mean and squares are joined with those of what was before: Chan, Golub and LeVeque 1979. */
NN_VECTORIZE
static void adapt_columns(size_t rows, size_t columns, size_t stride, const nn_real *x,
                          double before, double *mean, double *squares)
{
    double sum[SLAB] = {0}, batch_squares[SLAB] = {0};
    const double now = (double)rows;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            sum[j] += (double)x[i * stride + j];
    for (size_t j = 0; j < columns; j++)
        sum[j] /= now;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const double distance = (double)x[i * stride + j] - sum[j];
            batch_squares[j] += distance * distance;
        }
    for (size_t j = 0; j < columns; j++) {
        const double apart = sum[j] - mean[j];
        mean[j] += apart * (now / (before + now));
        squares[j] += batch_squares[j] + apart * apart * (before * now / (before + now));
    }
}

static void adapt(const void *self, const nn_layer_sample *sample)
{
    (void)self;
    const size_t rows = sample->rows * nn_positions(sample->input);
    const size_t width = nn_last_dimension(sample->input);
    double *mean = sample->state + 1, *squares = mean + width;
    for (size_t first = 0; first < width; first += SLAB)
        adapt_columns(rows, width - first < SLAB ? width - first : SLAB, width, sample->x + first,
                      sample->state[0], mean + first, squares + first);
    sample->state[0] += (double)rows;
}

static nn_status adapt_end(const void *self, const nn_layer_build *build, const double *state,
                           nn_real *const *parameters)
{
    (void)self;
    const size_t width = nn_last_dimension(&build->input);
    const double *mean = state + 1, *squares = mean + width;
    for (size_t j = 0; j < width; j++)
        NN_REQUIRE(isfinite((nn_real)mean[j]) && isfinite((nn_real)(squares[j] / state[0])),
                   NN_ERR_NONFINITE,
                   "channel %zu has mean %g and variance %g: look for values in the data that "
                   "aren't finite, or are too large",
                   j, mean[j], squares[j] / state[0]);
    for (size_t j = 0; j < width; j++) {
        parameters[0][j] = (nn_real)mean[j];
        parameters[1][j] = (nn_real)(squares[j] / state[0]);
    }
    return NN_OK;
}

const nn_layer nn_layer_normalization = {
    .part =
        {
            .name = "normalization",
            .options = options,
            .size = sizeof(struct normalization),
            .help = "mean 0 and variance 1 by statistics of data, from nn_model_adapt",
            .sample = "normalization mean=(1,-2,0.5,0) variance=(4,0.25,1,9)",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
    .adapt_state = adapt_state,
    .adapt = adapt,
    .adapt_end = adapt_end,
};
