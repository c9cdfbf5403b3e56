/*
 * dot: y = sum_j a_j b_j of two inputs of rank 1, so y has one value a row. With normalize, a and b are
 * divided by their lengths first: y is the cosine of the angle between them.
 * Backward: da = dy b, db = dy a; with normalize, of u = a / |a| and v = b / |b|, with y = u v,
 * da = dy (v - y u) / |a|, db = dy (u - y v) / |b|. Source: Keras, which divides by at least epsilon = 1e-7.
 */
#include "layer.h"
#include "status.h"
#include <math.h>

struct dot {
    nn_layer_common common;
    int axes;
    bool normalize;
};

#define EPSILON 1e-7

static const nn_option options[] = {
    NN_OPTION_INTEGER_REQUIRED(struct dot, axes, -1, 1, "what is summed over: 1 or -1, the row"),
    NN_OPTION_BOOL(struct dot, normalize, false, "whether rows are divided by their lengths"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    const nn_shape *shapes = build->input_shapes;
    NN_REQUIRE(((const struct dot *)self)->axes != 0, NN_ERR_INVALID,
               "axes is 0, the batch, expected 1 or -1");
    NN_REQUIRE(shapes[0].rank == 1 && nn_shape_equal(&shapes[0], &shapes[1]), NN_ERR_SHAPE,
               "the inputs have shapes %s and %s, expected the same of one dimension",
               nn_shape_string(&shapes[0]).text, nn_shape_string(&shapes[1]).text);
    build->output = nn_shape_1d(1);
    build->kept = 2; /* 1 / |a|, 1 / |b| */
    return NN_OK;
}

static double product(size_t width, const nn_real *a, const nn_real *b)
{
    double sum = 0;
    for (size_t i = 0; i < width; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* 1 / |x|, at most 1 / epsilon; NaN stays NaN. */
static double inverse_length(size_t width, const nn_real *x)
{
    const double length = sqrt(product(width, x, x));
    return length < EPSILON ? 1 / EPSILON : 1 / length;
}

static void forward(const void *self, const nn_layer_call *call)
{
    const bool normalize = ((const struct dot *)self)->normalize;
    const size_t width = nn_shape_width(call->input);
    for (size_t row = 0; row < call->rows; row++) {
        const nn_real *a = call->inputs[0] + row * width, *b = call->inputs[1] + row * width;
        const double scale_a = normalize ? inverse_length(width, a) : 1;
        const double scale_b = normalize ? inverse_length(width, b) : 1;
        call->y[row] = (nn_real)(product(width, a, b) * scale_a * scale_b);
        if (call->kept != NULL) {
            call->kept[2 * row] = (nn_real)scale_a;
            call->kept[2 * row + 1] = (nn_real)scale_b;
        }
    }
}

/* dx = dy (scale_other scale x_other - own x), where own is what the length's change takes away */
static void differentiate(size_t width, double other_factor, const nn_real *other,
                          double own_factor, const nn_real *own, nn_real *dx)
{
    for (size_t i = 0; i < width && dx != NULL; i++)
        dx[i] = (nn_real)(other_factor * (double)other[i] - own_factor * (double)own[i]);
}

static void backward(const void *self, const nn_layer_call *call)
{
    const bool normalize = ((const struct dot *)self)->normalize;
    const size_t width = nn_shape_width(call->input);
    for (size_t row = 0; row < call->rows; row++) {
        const size_t at = row * width;
        const nn_real *a = call->inputs[0] + at, *b = call->inputs[1] + at;
        const double scale_a = (double)call->kept[2 * row],
                     scale_b = (double)call->kept[2 * row + 1];
        const double dy = (double)call->dy[row], y = (double)call->y[row];
        /* a row below epsilon is divided by a constant */
        const double curve_a = normalize && scale_a < 1 / EPSILON ? y * scale_a * scale_a : 0;
        const double curve_b = normalize && scale_b < 1 / EPSILON ? y * scale_b * scale_b : 0;
        nn_real *const *dx = call->input_gradients;
        differentiate(width, dy * scale_a * scale_b, b, dy * curve_a, a,
                      dx[0] != NULL ? dx[0] + at : NULL);
        differentiate(width, dy * scale_a * scale_b, a, dy * curve_b, b,
                      dx[1] != NULL ? dx[1] + at : NULL);
    }
}

const nn_layer nn_layer_dot = {
    .part =
        {
            .name = "dot",
            .options = options,
            .size = sizeof(struct dot),
            .help = "the product of two rows, or the cosine between them",
            .sample = "dot axes=1 normalize=true",
        },
    .takes = NN_TAKES_TWO,
    .sample_shape = "(5,)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
