/* Gradients of every part and of whole models against central finite differences, in double: the very
 * sources that ship, compiled with NN_REAL_DOUBLE. Parts come from the rooms' tables, so that a new one
 * is tested by itself; further settings stand beside. Numbers are drawn from a seed, which failures
 * name and the environment variable NN_TEST_SEED sets. */
#include "activation.h"
#include "allocate.h"
#include "layer.h"
#include "loss.h"
#include "status.h"
#include "suite.h"
#include "trainer.h"
#include "walk.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define OK(call)                                                                                   \
    do {                                                                                           \
        nn_status status_ = (call);                                                                \
        ck_assert_msg(status_ == NN_OK, "%s: %d, %s (NN_TEST_SEED=%llu)", #call, (int)status_,     \
                      nn_error_message(), seed());                                                 \
    } while (0)

static unsigned long long seed(void)
{
    const char *given = getenv("NN_TEST_SEED");
    return given != NULL ? strtoull(given, NULL, 10) : 20240607;
}

static nn_random stream(size_t index)
{
    return nn_random_stream(seed(), NN_RANDOM_LAYER, index, 0);
}

static double between(nn_random *random, double low, double high)
{
    return low + (high - low) * nn_random_uniform(random);
}

static nn_real *draw(nn_random *random, size_t count, double low, double high)
{
    nn_real *values = nn_allocate(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = between(random, low, high);
    return values;
}

/* ---- the comparison ---- */

typedef double (*function)(void *context);

static double central_difference(nn_real *x, double step, function f, void *context)
{
    const nn_real at = *x;
    *x = at + step;
    const double above = f(context);
    *x = at - step;
    const double below = f(context);
    *x = at;
    return (above - below) / (2 * step);
}

/* What has been compared, and what lay on a kink, where there is no derivative. */
struct tally {
    size_t compared, kinks;
};

/* gradient[count] is that of f by x[count]. Where differences of two steps don't agree, f has a kink. */
static void compare(nn_real *x, size_t count, const nn_real *gradient, function f, void *context,
                    const char *about, struct tally *tally)
{
    const double size = fabs(f(context));
    for (size_t i = 0; i < count; i++) {
        const double wanted = central_difference(&x[i], 1e-5, f, context);
        const double nearer = central_difference(&x[i], 5e-6, f, context);
        /* relative; beside it what rounding f leaves of so small a difference */
        const double tolerance = 1e-7 * fabs(wanted) + 1e-9 * (1 + size);
        if (fabs(wanted - nearer) > tolerance / 2)
            tally->kinks++;
        else if (!(fabs(gradient[i] - wanted) <= tolerance))
            ck_abort_msg("%s: gradient %zu of %zu is %.12g, expected %.12g within %g "
                         "(NN_TEST_SEED=%llu)",
                         about, i, count, gradient[i], wanted, tolerance, seed());
        tally->compared++;
    }
}

static void check_tally(const struct tally *tally)
{
    ck_assert_uint_gt(tally->compared, 0);
    ck_assert_msg(tally->kinks * 50 <= tally->compared,
                  "%zu kinks in %zu values (NN_TEST_SEED=%llu)", tally->kinks, tally->compared,
                  seed());
}

/* sum of c_i y_i: its gradient by y is c */
static double weighted_sum(size_t count, const nn_real *c, const nn_real *y)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += c[i] * y[i];
    return sum;
}

/* ---- activations ---- */

struct activation_context {
    nn_part part;
    size_t rows, width, output;
    nn_real *z, *y, *c;
};

static double activation_value(void *context)
{
    struct activation_context *a = context;
    nn_activation_of(&a->part)->forward(a->part.self, a->rows, a->width, a->z, a->y);
    return weighted_sum(a->rows * a->output, a->c, a->y);
}

static void check_activation(const char *spec, nn_random *random, struct tally *tally)
{
    struct activation_context a = {.rows = 1 + nn_random_below(random, 6),
                                   .width = 1 + nn_random_below(random, 7)};
    OK(nn_part_parse(&a.part, &nn_activation_room, spec));
    if (nn_activation_of(&a.part)->output_width != NULL)
        a.width *= 2; /* glu halves it */
    OK(nn_activation_output_width(&a.part, a.width, &a.output));
    const size_t count = a.rows * a.width;
    a.z = draw(random, count, -3, 3);
    a.y = draw(random, a.rows * a.output, 0, 0);
    a.c = draw(random, a.rows * a.output, -1, 1);
    nn_real *dz = draw(random, count, 0, 0);
    activation_value(&a);
    const nn_activation *activation = nn_activation_of(&a.part);
    activation->backward(a.part.self, a.rows, a.width, activation->needs_z ? a.z : NULL, a.y, a.c,
                         dz);
    compare(a.z, count, dz, activation_value, &a, spec, tally);
    nn_real *all[] = {a.z, a.y, a.c, dz};
    for (size_t i = 0; i < COUNT(all); i++)
        nn_release(all[i]);
    nn_part_free(&a.part);
}

START_TEST(activations_are_differentiated_right)
{
    static const char *const more[] = {
        "relu",
        "relu max_value=1",
        "relu threshold=0.5",
        "relu negative_slope=0.3 max_value=0",
        "relu negative_slope=0.3 max_value=0.5 threshold=1",
        "leaky_relu",
        "leaky_relu negative_slope=0",
        "celu",
        "celu alpha=2",
        "hard_shrink",
        "hard_shrink threshold=0",
        "soft_shrink",
        "soft_shrink threshold=0",
        "threshold threshold=-1 default_value=2",
        "threshold threshold=1 default_value=0",
        "squareplus",
        "squareplus b=0",
        "heaviside",
    };
    nn_random random = stream(1);
    struct tally tally = {0, 0};
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < nn_activation_room.count; i++)
            check_activation(nn_activation_room.parts[i]->sample, &random, &tally);
        for (size_t i = 0; i < COUNT(more); i++)
            check_activation(more[i], &random, &tally);
    }
    check_tally(&tally);
}
END_TEST

/* ---- regularizers ---- */

struct regularizer_context {
    nn_part part;
    size_t rows, width;
    nn_real *x, *scratch;
};

static double regularizer_value(void *context)
{
    struct regularizer_context *r = context;
    return nn_regularizer_of(&r->part)->penalty(r->part.self, r->rows, r->width, r->x, r->scratch);
}

static void check_regularizer(const char *spec, nn_random *random, struct tally *tally)
{
    struct regularizer_context r = {.rows = 1 + nn_random_below(random, 6),
                                    .width = 1 + nn_random_below(random, 20)};
    const size_t count = r.rows * r.width;
    const double scale = between(random, -2, 2);
    size_t needed;
    OK(nn_part_parse(&r.part, &nn_regularizer_room, spec));
    ck_assert(nn_regularizer_scratch(&r.part, r.rows, r.width, &needed));
    r.x = draw(random, count, -2, 2);
    r.scratch = draw(random, needed, 0, 0);
    /* it is added, scaled, to what is there */
    nn_real *gradient = draw(random, count, 7, 7);
    nn_regularizer_of(&r.part)->add_gradient(r.part.self, r.rows, r.width, r.x, r.scratch, scale,
                                             gradient);
    for (size_t i = 0; i < count; i++)
        gradient[i] = (gradient[i] - 7) / scale;
    compare(r.x, count, gradient, regularizer_value, &r, spec, tally);
    nn_release(r.x);
    nn_release(r.scratch);
    nn_release(gradient);
    nn_part_free(&r.part);
}

START_TEST(regularizers_are_differentiated_right)
{
    static const char *const more[] = {
        "l1",
        "l1 l1=0",
        "l2",
        "l2 l2=3",
        "l1_l2",
        "l1_l2 l1=0.3",
        "l1_l2 l2=0.3",
        "orthogonal_regularizer",
        "orthogonal_regularizer factor=2",
        "orthogonal_regularizer factor=0 mode=columns",
    };
    nn_random random = stream(6);
    struct tally tally = {0, 0};
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < nn_regularizer_room.count; i++)
            check_regularizer(nn_regularizer_room.parts[i]->sample, &random, &tally);
        for (size_t i = 0; i < COUNT(more); i++)
            check_regularizer(more[i], &random, &tally);
    }
    check_tally(&tally);
}
END_TEST

/* ---- losses ---- */

struct loss_context {
    nn_part part;
    bool fused;
    size_t rows, width;
    nn_real *y, *activated, *weight;
    double *loss;
    nn_target target;
};

static double loss_value(void *context)
{
    struct loss_context *l = context;
    const nn_loss *loss = nn_loss_of(&l->part);
    double sum = 0;
    if (l->fused)
        loss->fused_forward(l->part.self, l->rows, l->width, l->y, l->activated, &l->target,
                            l->loss);
    else
        loss->forward(l->part.self, l->rows, l->width, l->y, &l->target, l->loss);
    for (size_t i = 0; i < l->rows; i++)
        sum += l->weight[i] * l->loss[i];
    return sum;
}

static void check_loss(const char *spec, bool fused, nn_random *random, struct tally *tally)
{
    struct loss_context l = {.fused = fused,
                             .rows = 1 + nn_random_below(random, 6),
                             .width = 2 + nn_random_below(random, 5)};
    OK(nn_part_parse(&l.part, &nn_loss_room, spec));
    const nn_loss *loss = nn_loss_of(&l.part);
    const size_t count = l.rows * l.width;
    if (!fused || loss->fuses_with != NULL) {
        const bool margins = strstr(spec, "hinge") != NULL || strstr(spec, "perceptron") != NULL;
        const bool logits = fused || margins || strstr(spec, "from_logits") != NULL;
        l.y = draw(random, count, logits ? -3 : 0.02, logits ? 3 : 0.98);
        l.activated = draw(random, count, 0, 0);
        l.weight = draw(random, l.rows, 0, 2);
        l.loss = nn_allocate(l.rows, sizeof *l.loss);
        nn_real *values = draw(random, count, 0, 1), *dy = draw(random, count, 0, 0);
        int32_t *labels = nn_allocate(l.rows, sizeof *labels);
        for (size_t i = 0; i < l.rows; i++)
            labels[i] = (int32_t)nn_random_below(random, l.width);
        const double no = nn_random_below(random, 2) == 0 ? 0 : -1; /* yes is 1 */
        for (size_t i = 0; i < count && margins; i++)
            values[i] = nn_random_below(random, 2) == 0 ? no : 1;
        l.target = (nn_target){.kind = loss->target, .values = values, .labels = labels};
        loss_value(&l);
        (fused ? loss->fused_backward : loss->backward)(
            l.part.self, l.rows, l.width, fused ? l.activated : l.y, &l.target, l.weight, dy);
        compare(l.y, count, dy, loss_value, &l, spec, tally);
        void *all[] = {l.y, l.activated, l.weight, l.loss, values, dy, labels};
        for (size_t i = 0; i < COUNT(all); i++)
            nn_release(all[i]);
    }
    nn_part_free(&l.part);
}

START_TEST(losses_are_differentiated_right)
{
    static const char *const more[] = {
        "binary_crossentropy",
        "binary_crossentropy from_logits=true label_smoothing=0.3",
        "categorical_crossentropy",
        "categorical_crossentropy from_logits=true",
        "categorical_crossentropy from_logits=true label_smoothing=0.3",
        "sparse_categorical_crossentropy from_logits=true",
        "huber delta=0.1",
        "huber delta=2",
        "binary_focal_crossentropy",
        "binary_focal_crossentropy gamma=0",
        "binary_focal_crossentropy gamma=0.5 from_logits=true",
        "binary_focal_crossentropy apply_class_balancing=true from_logits=true label_smoothing=0.3",
        "categorical_focal_crossentropy",
        "categorical_focal_crossentropy gamma=0",
        "categorical_focal_crossentropy gamma=0.5 from_logits=true",
        "categorical_focal_crossentropy alpha=2 from_logits=true label_smoothing=0.3",
        "dice",
        "tversky",
        "tversky axis=-1 alpha=0 beta=2",
    };
    const bool fused = _i == 1;
    nn_random random = stream(2);
    struct tally tally = {0, 0};
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < nn_loss_room.count; i++)
            check_loss(nn_loss_room.parts[i]->sample, fused, &random, &tally);
        for (size_t i = 0; i < COUNT(more); i++)
            check_loss(more[i], fused, &random, &tally);
    }
    check_tally(&tally);
}
END_TEST

/* ---- layers ---- */

enum { MOST_INPUTS = 3 };

struct layer_context {
    const nn_layer *layer;
    const void *self;
    nn_layer_call call;
    size_t count; /* values of y */
    nn_real *c;
};

static double layer_value(void *context)
{
    struct layer_context *l = context;
    l->layer->forward(l->self, &l->call);
    const double added = l->layer->loss != NULL ? l->layer->loss(l->self, &l->call) : 0;
    return weighted_sum(l->count, l->c, l->call.y) + added;
}

static size_t inputs_of(const nn_layer *layer)
{
    return layer->takes == NN_TAKES_ONE ? 1 : layer->takes == NN_TAKES_TWO ? 2 : MOST_INPUTS;
}

/* Differences by the inputs and trainable parameters of a layer that has been built. */
static void check_built_layer(struct layer_context *l, const nn_layer_build *build,
                              const nn_shape *shapes, const char *about, nn_random *random,
                              struct tally *tally)
{
    nn_real *parameters[NN_LAYER_MAX_PARAMETERS], *gradients[NN_LAYER_MAX_PARAMETERS];
    nn_real *alone[NN_LAYER_MAX_PARAMETERS];
    nn_real *x[MOST_INPUTS], *dx[MOST_INPUTS],
        *other_dx[MOST_INPUTS], *const nobody[MOST_INPUTS] = {NULL};
    const size_t rows = 1 + nn_random_below(random, 5), count = inputs_of(l->layer);
    l->count = rows * nn_shape_width(&build->output);
    nn_real *y = draw(random, l->count, 0, 0), *dy = draw(random, l->count, 0, 0);
    nn_real *kept = draw(random, rows * build->kept, 0, 0);
    nn_real *batch_kept = draw(random, build->batch_kept, 0, 0);
    l->c = draw(random, l->count, -1, 1);
    for (size_t i = 0; i < count; i++) {
        const size_t values = rows * nn_shape_width(&shapes[i]);
        x[i] = draw(random, values, -2, 2);
        for (size_t j = 0; j < values && build->tokens > 0; j++) /* a fraction doesn't count */
            x[i][j] = (double)nn_random_below(random, build->tokens) + 0.25;
        dx[i] = draw(random, values, 7, 7); /* written, not added to */
        other_dx[i] = draw(random, values, 7, 7);
    }
    for (size_t i = 0; i < build->parameter_count; i++) {
        const size_t width = nn_shape_width(&build->parameters[i].shape);
        parameters[i] = build->parameters[i].trainable ? draw(random, width, -1, 1)
                                                       : draw(random, width, 0.5, 2);
        gradients[i] = draw(random, width, 7, 7); /* written, not added to */
        alone[i] = draw(random, width, 7, 7);
    }
    l->call.rows = rows;
    l->call.input = &build->input;
    l->call.output = &build->output;
    l->call.training = true;
    l->call.x = x[0];
    l->call.input_count = count;
    l->call.input_shapes = shapes;
    l->call.inputs = (const nn_real *const *)x;
    l->call.y = y;
    l->call.kept = build->kept > 0 ? kept : NULL;
    l->call.batch_kept = build->batch_kept > 0 ? batch_kept : NULL;
    l->call.parameters = parameters;
    l->call.random = stream(77);
    l->call.dy = dy;
    l->call.dx = dx[0];
    l->call.input_gradients = dx;
    l->call.gradients = gradients;
    l->call.gradient_scale = 1;
    l->call.loss_scale = 1;
    layer_value(l);
    memcpy(dy, l->c, l->count * sizeof *dy);
    l->layer->backward(l->self, &l->call);
    /* nobody wants dx: the gradients are the same */
    nn_layer_call without = l->call;
    without.dx = NULL;
    without.input_gradients = nobody;
    without.gradients = alone;
    memcpy(dy, l->c, l->count * sizeof *dy);
    l->layer->backward(l->self, &without);
    /* nobody wants these: dx is the same */
    nn_layer_call alone_dx = l->call;
    alone_dx.dx = other_dx[0];
    alone_dx.input_gradients = other_dx;
    alone_dx.gradients = NULL;
    memcpy(dy, l->c, l->count * sizeof *dy);
    l->layer->backward(l->self, &alone_dx);
    for (size_t i = 0; i < count; i++) {
        const size_t values = rows * nn_shape_width(&shapes[i]);
        ck_assert_mem_eq(dx[i], other_dx[i], values * sizeof(nn_real));
        compare(x[i], values, dx[i], layer_value, l, about, tally);
    }
    for (size_t i = 0; i < build->parameter_count; i++) {
        const size_t width = nn_shape_width(&build->parameters[i].shape);
        if (!build->parameters[i].trainable)
            continue;
        ck_assert_mem_eq(gradients[i], alone[i], width * sizeof(nn_real));
        compare(parameters[i], width, gradients[i], layer_value, l, about, tally);
    }
    for (size_t i = 0; i < build->parameter_count; i++) {
        nn_release(parameters[i]);
        nn_release(gradients[i]);
        nn_release(alone[i]);
    }
    for (size_t i = 0; i < count; i++) {
        nn_release(x[i]);
        nn_release(dx[i]);
        nn_release(other_dx[i]);
    }
    nn_real *all[] = {kept, batch_kept, y, dy, l->c};
    for (size_t i = 0; i < COUNT(all); i++)
        nn_release(all[i]);
}

/* shapes: of the first input, "(3,4)", or of several, "(3,4);(2,4);(1,4)"; those that follow are as the
 * last. */
static void check_layer(const char *spec, const char *shapes, bool skip_activation,
                        nn_random *random, struct tally *tally)
{
    nn_part part, shape_part;
    nn_shape inputs[MOST_INPUTS];
    nn_layer_build build = {.parameter_count = 0};
    OK(nn_part_parse(&part, &nn_layer_room, spec));
    struct layer_context l = {.layer = nn_layer_of(&part),
                              .self = part.self,
                              .call = {.skip_activation = skip_activation}};
    for (size_t i = 0; i < MOST_INPUTS; i++) {
        const size_t length = strcspn(shapes, ";");
        nn_text line = NN_TEXT_INIT;
        nn_text_append(&line, "flatten input_shape=%.*s", (int)length, shapes);
        OK(nn_part_parse(&shape_part, &nn_layer_room, line.data));
        inputs[i] = ((const nn_layer_common *)shape_part.self)->input_shape;
        nn_part_free(&shape_part);
        nn_text_free(&line);
        shapes += shapes[length] == ';' ? length + 1 : 0;
    }
    build.input = inputs[0];
    build.input_shapes = inputs;
    build.input_count = inputs_of(l.layer);
    OK(l.layer->build(part.self, &build));
    if (build.view) {
        ck_assert_uint_eq(nn_shape_width(&build.input), nn_shape_width(&build.output));
        ck_assert_uint_eq(build.parameter_count, 0);
        tally->compared++;
    } else if (!skip_activation || l.layer->last_activation != NULL) {
        check_built_layer(&l, &build, inputs, spec, random, tally);
    }
    nn_part_free(&part);
}

START_TEST(layers_are_differentiated_right_by_weights_and_inputs)
{
    static const struct {
        const char *spec, *shape;
    } more[] = {
        {"dense units=3", "(5)"},
        {"dense units=1 use_bias=false activation=relu", "(1)"},
        {"dense units=4 activation=softmax", "(3,2)"},
        {"dense units=3 activation=sigmoid use_bias=false", "(2,3,4)"},
        {"dense units=6 activation=leaky_relu(negative_slope=0.4)", "(7)"},
        {"dense units=6 activation=relu(max_value=1, threshold=0.1)", "(7)"},
        {"activation activation=softmax", "(2,5)"},
        {"activation activation=relu", "(6)"},
        {"activation activation=linear", "(6)"},
        {"dropout rate=0", "(4)"},
        {"dropout rate=1", "(4)"},
        {"dropout rate=0.7", "(4,3)"},
        {"rescaling scale=-3 offset=2", "(4)"},
        {"batch_normalization", "(2,70)"}, /* more than a slab */
        {"batch_normalization center=false", "(5)"},
        {"batch_normalization trainable=false", "(2,70)"}, /* its statistics are the moving ones */
        {"batch_normalization trainable=false center=false", "(5)"},
        {"batch_normalization trainable=false scale=false", "(2,3)"},
        {"batch_normalization scale=false epsilon=0.1", "(2,2,3)"},
        {"batch_normalization center=false scale=false", "(2,3)"},
        {"layer_normalization", "(5)"},
        {"layer_normalization", "(2,67)"},
        {"layer_normalization center=false", "(2,3,4)"},
        {"layer_normalization scale=false epsilon=1", "(3,5)"},
        {"layer_normalization center=false scale=false", "(17)"},
        {"layer_normalization rms_scaling=true", "(3,5)"},
        {"layer_normalization rms_scaling=true scale=false", "(5)"},
        {"group_normalization groups=3", "(6)"},
        {"group_normalization groups=-1", "(2,2,3)"},
        {"group_normalization groups=1 center=false", "(3,4)"},
        {"group_normalization groups=5 scale=false", "(2,75)"},
        {"group_normalization groups=2 center=false scale=false", "(3,4)"},
        {"rms_normalization", "(5)"},
        {"rms_normalization epsilon=1", "(2,3,40)"},
        {"unit_normalization", "(2,19)"},
        {"normalization", "(3,70)"},
        {"normalization mean=0.5 variance=4", "(3,4)"},
        {"normalization invert=true", "(5)"},
        {"normalization mean=(1,2) variance=(4,0) invert=true", "(3,2)"},
        {"pca n_components=2", "(4)"},
        {"pca n_components=1 whiten=true", "(1)"},
        {"pca n_components=3 whiten=true", "(2,300)"},
        {"alpha_dropout rate=0", "(4)"},
        {"alpha_dropout rate=0.6", "(4,3)"},
        {"gaussian_dropout rate=0.5", "(4,3)"},
        {"gaussian_noise stddev=1", "(4,3)"},
        {"activity_regularization", "(4)"},
        {"activity_regularization l1=0.3", "(19)"},
        {"activity_regularization l2=2", "(2,3)"},
        {"prelu", "(4)"},
        {"prelu", "(2,3,4)"},
        {"prelu shared_axes=(2)", "(3,4)"},
        {"prelu shared_axes=(1,3)", "(2,3,4)"},
        {"prelu shared_axes=(1,2,3)", "(2,3,4)"},
        {"permute dims=(1)", "(4)"},
        {"permute dims=(3,1,2)", "(2,3,4)"},
        {"permute dims=(2,4,1,3)", "(2,3,4,2)"},
        {"repeat_vector n=1", "(4)"},
        {"embedding input_dim=1 output_dim=1", "(1)"},
        {"embedding input_dim=3 output_dim=5", "(2,3)"},
        {"category_encoding num_tokens=4 output_mode=one_hot", "(2,3)"},
        {"category_encoding num_tokens=4 output_mode=one_hot", "(1)"},
        {"category_encoding num_tokens=4", "(2,3)"},
        {"concatenate", "(4);(3);(1)"},
        {"concatenate axis=1", "(2,3);(1,3);(4,3)"},
        {"concatenate axis=-2", "(2,3,2);(2,1,2);(2,2,2)"},
        {"concatenate axis=3", "(2,3,2);(2,3,1);(2,3,4)"},
        {"add", "(4);(1)"},
        {"add", "(1);(1);(7)"},
        {"add", "(3,1);(4);(2,1,1)"},
        {"subtract", "(1);(5)"},
        {"subtract", "(2,3);(3)"},
        {"multiply", "(64);(1)"},
        {"multiply", "(1);(40,1);(40,30)"}, /* more than a block */
        {"multiply", "(2,1,3);(1,4,1);(2,4,3)"},
        {"multiply", "(2,3);(2,1);(1,1)"},
        {"average", "(2,1);(3);(1,3)"},
        {"average", "(1,1);(1);(2,3)"},
        {"maximum", "(4);(1);(1)"},
        {"maximum", "(3,1);(1,4);(4)"},
        {"minimum", "(1);(3,4);(3,1)"},
        {"minimum", "(1);(40,1);(40,30)"},
        {"dot axes=-1", "(1)"},
        {"dot axes=-1", "(6)"},
        {"dot axes=1 normalize=true", "(2)"},
    };
    const bool skip_activation = _i == 1;
    nn_random random = stream(3);
    struct tally tally = {0, 0};
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < nn_layer_room.count; i++)
            check_layer(nn_layer_room.parts[i]->sample,
                        ((const nn_layer *)nn_layer_room.parts[i])->sample_shape, skip_activation,
                        &random, &tally);
        for (size_t i = 0; i < COUNT(more); i++)
            check_layer(more[i].spec, more[i].shape, skip_activation, &random, &tally);
    }
    check_tally(&tally);
}
END_TEST

/* ---- whole models ---- */

struct model_context {
    nn_model *model;
    nn_trainer *trainer;
    uint64_t iteration;
};

/* The batch's loss in the step of that number: dropout drops the same each time. */
static double model_value(void *context)
{
    struct model_context *m = context;
    m->model->iteration = m->iteration;
    return nn_trainer_forward(m->trainer, m->model);
}

enum { MOST_ARRAYS = 2 + 2 * (NN_MAX_INPUTS + NN_MAX_OUTPUTS) };

/* What must live as long as a dataset. */
struct arrays {
    void *list[MOST_ARRAYS];
    size_t count;
};

static void *keep(struct arrays *arrays, void *array)
{
    ck_assert_uint_lt(arrays->count, MOST_ARRAYS);
    arrays->list[arrays->count++] = array;
    return array;
}

static float *draw_floats(struct arrays *arrays, nn_random *random, size_t count, double low,
                          double high)
{
    float *values = keep(arrays, nn_allocate(count, sizeof *values));
    for (size_t i = 0; i < count; i++)
        values[i] = (float)between(random, low, high);
    return values;
}

static void add_targets(nn_dataset *data, const nn_model *model, size_t output, nn_random *random,
                        struct arrays *arrays)
{
    const size_t rows = nn_dataset_rows(data);
    const nn_shape *shape = nn_model_output_shape(model, output);
    const char *name = nn_model_output_name(model, output);
    const size_t classes = nn_last_dimension(shape), width = nn_shape_width(shape);
    if (nn_loss_of(&model->outputs[output].loss)->target != NN_TARGET_LABELS) {
        float *values = draw_floats(arrays, random, rows * width, 0, 1);
        OK(nn_dataset_add_column(data, name, values, NN_FLOAT32, width));
        return;
    }
    int32_t *labels = keep(arrays, nn_allocate(rows * width / classes, sizeof *labels));
    for (size_t i = 0; i < rows * width / classes; i++)
        labels[i] = (int32_t)nn_random_below(random, classes);
    OK(nn_dataset_add_column(data, name, labels, NN_INT32, width / classes));
}

/* How many whole numbers the layer that reads an input as it is knows; 0: it takes any numbers. */
static size_t tokens_of_input(const nn_model *model, size_t input)
{
    if (model->input_count == 0)
        return model->nodes[0].build.tokens;
    size_t tokens = 0;
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i].input_count > 0 && model->nodes[i].inputs[0] == model->inputs[input])
            tokens = model->nodes[i].build.tokens;
    return tokens;
}

/* Random inputs, targets and weights of rows for what the model and its losses want. */
static nn_dataset *make_data(const nn_model *model, size_t rows, nn_random *random,
                             struct arrays *arrays)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, rows, NULL, NN_FLOAT32, 0, NULL, NN_FLOAT32, 0));
    for (size_t i = 0; i < nn_model_input_count(model); i++) {
        const size_t width = nn_shape_width(nn_model_input_shape(model, i));
        float *values = draw_floats(arrays, random, rows * width, -1, 1);
        const size_t tokens = tokens_of_input(model, i);
        for (size_t j = 0; j < rows * width && tokens > 0; j++)
            values[j] = (float)nn_random_below(random, tokens);
        OK(nn_dataset_add_column(data, nn_model_input_name(model, i), values, NN_FLOAT32, width));
    }
    for (size_t i = 0; i < model->output_count; i++)
        add_targets(data, model, i, random, arrays);
    if (rows % 2 == 0)
        OK(nn_dataset_add_column(data, "sample_weight", draw_floats(arrays, random, rows, 0, 2),
                                 NN_FLOAT32, 1));
    return data;
}

/* Where a weight is; the gaps between them hold zeros, and so do their gradients. */
static void check_gaps(const nn_model *model)
{
    size_t used = 0, zeros = 0;
    bool *taken = nn_allocate(model->trainable_size, sizeof *taken);
    for (size_t i = 0; i < model->parameter_count; i++) {
        ck_assert_uint_eq(model->parameters[i].offset * sizeof(nn_real) % NN_ALIGNMENT, 0);
        for (size_t j = 0; j < model->parameters[i].width && model->parameters[i].trainable; j++) {
            ck_assert(!taken[model->parameters[i].offset + j]);
            taken[model->parameters[i].offset + j] = true;
            used++;
        }
    }
    for (size_t i = 0; i < model->trainable_size; i++)
        zeros += !taken[i] && model->gradients[i] == 0 && model->weights[i] == 0;
    ck_assert_uint_eq(used + zeros, model->trainable_size);
    nn_release(taken);
}

/* A step of plain gradient descent, which writes no gradients, takes just these off the weights. */
static void check_folded(struct model_context *m, const char *loss, const nn_real *gradients)
{
    nn_model *model = m->model;
    const size_t size = model->trainable_size;
    nn_real *before = nn_allocate(size, sizeof *before);
    memcpy(before, model->weights, size * sizeof *before);
    OK(nn_model_compile(model, "sgd learning_rate=1", loss, NULL));
    model_value(m);
    nn_trainer_backward(m->trainer, model);
    for (size_t i = 0; i < size; i++) /* the last digit of a double */
        ck_assert_double_eq_tol(before[i] - model->weights[i], gradients[i], 1e-14);
    nn_release(before);
}

/* layers: a list of specs; outputs: NULL for the last layer alone, else weighted 0.5, 1.5, 2.5, ... */
static void check_graph(const char *layers, const char *outputs, const char *loss, size_t rows,
                        nn_random *random, struct tally *tally)
{
    struct model_context m = {.iteration = nn_random_below(random, 1000)};
    nn_spec_list list;
    nn_text about = NN_TEXT_INIT;
    nn_text_append(&about, "%s -> %s", layers, loss);
    OK(nn_model_create(&m.model));
    OK(nn_model_set_seed(m.model, seed()));
    OK(nn_spec_parse_list(&list, layers));
    for (size_t i = 0; i < list.count; i++) {
        nn_part layer;
        OK(nn_part_create(&layer, &nn_layer_room, list.specs[i]));
        OK(nn_model_add_part(m.model, &layer));
    }
    nn_spec_list_free(&list);
    if (outputs != NULL) {
        double weights[NN_MAX_OUTPUTS];
        OK(nn_model_set_outputs(m.model, outputs));
        for (size_t i = 0; i < m.model->output_count; i++)
            weights[i] = 0.5 + (double)i;
        OK(nn_model_set_loss_weights(m.model, weights, m.model->output_count));
    }
    /* a step changes nothing, and isn't folded into the product */
    OK(nn_model_compile(m.model, "sgd learning_rate=0 momentum=0.5", loss, NULL));
    for (size_t i = 0; i < m.model->parameter_count; i++)
        for (size_t j = 0; j < m.model->parameters[i].width; j++)
            m.model->weights[m.model->parameters[i].offset + j] = m.model->parameters[i].trainable
                                                                      ? between(random, -0.8, 0.8)
                                                                      : between(random, 0.5, 2);

    struct arrays arrays = {.count = 0};
    nn_dataset *data = make_data(m.model, rows, random, &arrays);
    nn_source source;
    OK(nn_source_open(&source, m.model, data, "data"));
    OK(nn_trainer_create(&m.trainer, m.model, rows + rows % 3, true)); /* may hold more */
    OK(nn_trainer_gather(m.trainer, m.model, &source, &(nn_rows){.count = rows}));
    model_value(&m);
    nn_trainer_backward(m.trainer, m.model);
    check_gaps(m.model);
    nn_real *gradients = nn_allocate(m.model->trainable_size, sizeof *gradients);
    memcpy(gradients, m.model->gradients, m.model->trainable_size * sizeof *gradients);
    for (size_t i = 0; i < m.model->parameter_count; i++) {
        const size_t offset = m.model->parameters[i].offset;
        if (!m.model->parameters[i].trainable)
            continue;
        compare(m.model->weights + offset, m.model->parameters[i].width, gradients + offset,
                model_value, &m, about.data, tally);
    }
    check_folded(&m, loss, gradients);
    nn_release(gradients);
    nn_trainer_free(m.trainer);
    nn_dataset_free(data);
    nn_model_free(m.model);
    for (size_t i = 0; i < arrays.count; i++)
        nn_release(arrays.list[i]);
    nn_text_free(&about);
}

static void check_model(const char *layers, const char *loss, size_t rows, nn_random *random,
                        struct tally *tally)
{
    check_graph(layers, NULL, loss, rows, random, tally);
}

START_TEST(models_of_every_build_are_differentiated_right)
{
    static const struct {
        const char *layers, *loss;
    } models[] = {
        {"dense units=3 input_shape=(4)", "mse"},
        {"flatten input_shape=(3,2); dense units=5 activation=tanh; dense units=4 "
         "activation=softmax",
         "sparse_categorical_crossentropy"},
        {"dense units=5 activation=relu input_shape=(3); dropout rate=0.4; dense units=4 "
         "activation=relu; dropout rate=0.2; dense units=3 activation=softmax",
         "categorical_crossentropy label_smoothing=0.1"},
        /* an activation layer at the end fuses as well */
        {"dense units=3 input_shape=(4); activation activation=softmax",
         "sparse_categorical_crossentropy"},
        {"dense units=3 input_shape=(4); activation activation=sigmoid", "binary_crossentropy"},
        {"dense units=3 input_shape=(4); softmax", "sparse_categorical_crossentropy"},
        {"dense units=3 input_shape=(2,4); softmax; identity",
         "categorical_crossentropy label_smoothing=0.1"},
        {"dense units=5 input_shape=(3); relu max_value=0.7 negative_slope=0.1; dense units=4; "
         "leaky_relu; identity; dense units=4; elu alpha=0.6; dense units=2",
         "mse"},
        /* an activation that doesn't fuse */
        {"dense units=3 activation=sigmoid input_shape=(4)", "mse"},
        {"dense units=3 activation=softmax input_shape=(4)", "mse"},
        {"dense units=3 activation=softmax input_shape=(4)", "binary_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(4)", "categorical_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(4)",
         "binary_crossentropy from_logits=true"},
        {"dense units=3 activation=softmax input_shape=(4)",
         "sparse_categorical_crossentropy from_logits=true"},
        /* what stands behind keeps it from fusing */
        {"dense units=3 activation=softmax input_shape=(4); flatten",
         "sparse_categorical_crossentropy"},
        {"dense units=3 activation=softmax input_shape=(2,4); flatten", "categorical_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(4); dropout rate=0", "binary_crossentropy"},
        /* rank 2: rows of several distributions, flatten in the middle */
        {"dense units=3 activation=tanh input_shape=(2,4); dense units=4 activation=softmax",
         "sparse_categorical_crossentropy"},
        {"dense units=3 activation=softmax input_shape=(2,4)", "categorical_crossentropy"},
        {"dense units=3 activation=tanh input_shape=(2,2,3); flatten; dense units=2", "mse"},
        {"dense units=2 activation=leaky_relu input_shape=(2,2,3); dense units=3", "mse"},
        /* views and layers without weights first and last */
        {"flatten input_shape=(2,3); flatten; dense units=4 activation=tanh; flatten; flatten",
         "mse"},
        {"rescaling scale=0.5 offset=0.1 input_shape=(2,3); dropout rate=0.3; flatten; dense "
         "units=4; "
         "rescaling scale=2; activation activation=tanh; dropout rate=0.5",
         "mse"},
        {"dropout rate=0.5 input_shape=(5); dense units=1 activation=sigmoid", "bce"},
        {"dense units=4 input_shape=(3); dropout rate=0.5; dropout rate=0.5 seed=9; flatten; dense "
         "units=2",
         "mse"},
        {"dense units=1 use_bias=false input_shape=(1)", "mse"},
        /* losses that look at a whole row, of several in an example */
        {"dense units=3 input_shape=(2,4)", "cosine_similarity"},
        {"dense units=3 activation=softmax input_shape=(2,4)", "kl_divergence"},
        {"dense units=3 activation=softmax input_shape=(4)", "categorical_focal_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(4)", "dice axis=-1"},
        {"dense units=3 activation=sigmoid input_shape=(2,4)", "tversky alpha=0.3"},
        {"dense units=3 activation=sigmoid input_shape=(4)", "binary_focal_crossentropy"},
        {"dense units=1 input_shape=(3)", "hinge"},
        /* statistics of the batch between layers, first and last */
        {"dense units=5 input_shape=(3); batch_normalization; activation activation=tanh; dense "
         "units=2",
         "mse"},
        {"batch_normalization input_shape=(2,3); dense units=4; batch_normalization center=false; "
         "flatten; dense units=3 activation=softmax",
         "sparse_categorical_crossentropy"},
        {"dense units=4 input_shape=(2,3); batch_normalization scale=false", "mse"},
        {"dense units=6 input_shape=(3); layer_normalization; prelu; group_normalization groups=3; "
         "rms_normalization; dense units=2",
         "mse"},
        {"dense units=4 input_shape=(2,3); unit_normalization; permute dims=(2,1); reshape "
         "target_shape=(2,-1); dense units=2",
         "mse"},
        /* what layers add to the loss, also where nothing is trainable before */
        {"activity_regularization l2=1 input_shape=(3); dense units=4; activity_regularization "
         "l1=0.1 "
         "l2=0.2; dense units=3 activation=softmax; activity_regularization l2=0.3",
         "categorical_crossentropy"},
        {"dense units=4 input_shape=(3); alpha_dropout rate=0.3; gaussian_dropout rate=0.2; "
         "gaussian_noise stddev=0.5; dense units=2",
         "mse"},
        {"embedding input_dim=5 output_dim=4 input_shape=(3); layer_normalization; flatten; dense "
         "units=2",
         "mse"},
        {"category_encoding num_tokens=6 input_shape=(3); dense units=2", "mse"},
        {"normalization input_shape=(4); pca n_components=3; dense units=2", "mse"},
        {"dense units=4 input_shape=(3); normalization; pca n_components=3 whiten=true; "
         "repeat_vector "
         "n=2; dense units=2",
         "mse"},
        /* an activation that needs whole rows, one that keeps z, one that changes the width */
        {"dense units=4 activation=log_softmax input_shape=(3)", "mse"},
        {"dense units=5 activation=sparsemax input_shape=(2,3)", "mse"},
        {"dense units=4 activation=hard_silu input_shape=(3); dense units=2 activation=celu",
         "mse"},
        {"dense units=6 input_shape=(3); activation activation=glu; dense units=2", "mse"},
        {"dense units=4 activation=tanh input_shape=(2,3); activation activation=glu", "mse"},
        {"activation activation=glu input_shape=(6); dense units=4; activation activation=glu; "
         "activation activation=glu",
         "mse"},
        /* penalties on weights and on outputs */
        {"dense units=4 activation=tanh kernel_regularizer=l2(l2=0.3) input_shape=(3); dense "
         "units=3 "
         "bias_regularizer=l1(l1=0.2)",
         "mse"},
        {"dense units=4 activation=tanh input_shape=(3) kernel_regularizer=orthogonal(factor=0.5); "
         "dense units=3 activation=softmax kernel_regularizer=orthogonal(factor=0.5, mode=columns)",
         "sparse_categorical_crossentropy"},
        {"dense units=4 activation=tanh input_shape=(3) activity_regularizer=l2(l2=0.3); dense "
         "units=3 activation=softmax activity_regularizer=l1_l2(l1=0.3, l2=0.2) "
         "kernel_regularizer=l1_l2(l1=0.1, l2=0.2)",
         "sparse_categorical_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(2,4) activity_regularizer=l2; flatten",
         "binary_crossentropy"},
        {"dense units=4 activation=sigmoid input_shape=(3) "
         "activity_regularizer=orthogonal(factor=0.5); dropout rate=0.3; dense units=3 "
         "activity_regularizer=orthogonal(factor=0.5, mode=columns)",
         "mse"},
        /* of any layer: a view's, one's that does nothing but in training, and beside what a loss would do */
        {"dense units=4 activation=tanh input_shape=(2,3); flatten "
         "activity_regularizer=l2(l2=0.3); dropout rate=0.3 activity_regularizer=l1(l1=0.2); "
         "identity activity_regularizer=l2(l2=0.1); dense units=2",
         "mse"},
        {"flatten input_shape=(2,3) activity_regularizer=l2; rescaling scale=0.5 "
         "activity_regularizer=l2(l2=0.3); dense units=3; softmax activity_regularizer=l2(l2=0.4)",
         "sparse_categorical_crossentropy"},
        {"rescaling scale=0.5 input_shape=(3) activity_regularizer=l2(l2=0.3); dense units=3 "
         "activation=softmax; identity activity_regularizer=l2(l2=0.4)",
         "categorical_crossentropy"},
        {"dense units=3 activation=softmax input_shape=(2,3) activity_regularizer=l2(l2=0.4); "
         "reshape target_shape=(2,3) activity_regularizer=l1(l1=0.1)",
         "sparse_categorical_crossentropy"},
        {"dense units=6 input_shape=(3); batch_normalization activity_regularizer=l2(l2=0.3); "
         "prelu "
         "activity_regularizer=l1_l2(l1=0.1, l2=0.3); layer_normalization "
         "activity_regularizer=orthogonal(factor=0.3); activity_regularization l2=0.2 "
         "activity_regularizer=l1(l1=0.1); dense units=2",
         "mse"},
        {"embedding input_dim=5 output_dim=4 input_shape=(3) activity_regularizer=l2(l2=0.3); "
         "group_normalization groups=2 activity_regularizer=l2(l2=0.2); reshape "
         "target_shape=(4,3) activity_regularizer=l1(l1=0.2); permute dims=(2,1) "
         "activity_regularizer=l2(l2=0.1); flatten; dense units=2",
         "mse"},
        /* frozen: no gradient of theirs, but that of what stands before them */
        {"dense units=4 activation=tanh input_shape=(3) trainable=false "
         "activity_regularizer=l2(l2=0.3); dense units=3 activation=tanh; dense units=2 "
         "trainable=false kernel_regularizer=l2",
         "mse"},
        {"dense units=4 activation=tanh input_shape=(3); dense units=4 activation=tanh "
         "trainable=false activity_regularizer=l1(l1=0.3); dropout rate=0.2; dense units=3 "
         "activation=softmax",
         "categorical_crossentropy"},
    };
    nn_random random = stream(4);
    struct tally tally = {0, 0};
    for (size_t i = 0; i < COUNT(models); i++)
        for (size_t rows = 1; rows <= 7; rows += 3)
            check_model(models[i].layers, models[i].loss, rows, &random, &tally);
    check_tally(&tally);
}
END_TEST

START_TEST(graphs_are_differentiated_right)
{
    static const struct {
        const char *layers, *outputs, *loss;
    } graphs[] = {
        /* a residual block, without and with an input layer */
        {"dense units=4 activation=tanh input_shape=(3) name=h; dense units=4 activation=tanh; "
         "dense units=4; add inputs=(h,dense_1); activation activation=tanh; dense units=2",
         NULL, "mse"},
        {"input shape=(4) name=x; dense units=4 activation=tanh; dense units=4 name=r; "
         "add inputs=(x,r); dense units=3 activation=softmax",
         NULL, "sparse_categorical_crossentropy"},
        /* wide and deep, from one input and from two */
        {"input shape=(5) name=x; dense units=4 activation=relu; dense units=3 activation=tanh "
         "name=deep; concatenate inputs=(x,deep); dense units=1 activation=sigmoid",
         NULL, "binary_crossentropy"},
        {"input shape=(3) name=wide; input shape=(2,2) name=deep; flatten; dense units=3 "
         "activation=tanh; concatenate inputs=(wide,dense); dense units=2",
         NULL, "mse"},
        /* a node read three times, one of them twice by the same layer */
        {"dense units=4 input_shape=(3) name=h; dense units=4 activation=tanh name=a; "
         "multiply inputs=(h,a,h); subtract inputs=(multiply,h); dense units=2",
         NULL, "mse"},
        {"dense units=3 input_shape=(3) name=h; add inputs=(h,h); average inputs=(add,h,h); "
         "maximum inputs=(average,add); minimum inputs=(maximum,h,add)",
         NULL, "mse"},
        /* views with several readers, of several readers */
        {"dense units=2 input_shape=(2,3) name=h; flatten name=f; dense units=4 activation=tanh "
         "name=a inputs=f; flatten name=g inputs=h; dense units=4 name=b inputs=g; "
         "dense units=4 name=c inputs=f; add inputs=(a,b,c); flatten; dense units=2",
         NULL, "mse"},
        {"dense units=4 activation=relu input_shape=(3) name=h; dropout rate=0.4 name=d; "
         "dense units=4 name=a inputs=d; add inputs=(a,d,h); dropout rate=0.2; "
         "concatenate inputs=(dropout,h)",
         NULL, "mse"},
        /* the input itself in several places, scaled in passing or not */
        {"rescaling scale=0.5 offset=0.2 input_shape=(3) name=x; dense units=3 name=a; "
         "add inputs=(x,a)",
         NULL, "mse"},
        {"input shape=(3) name=x; rescaling scale=0.5 offset=0.2 name=s; dense units=3 name=a; "
         "add inputs=(s,a)",
         NULL, "mse"},
        {"input shape=(3) name=x; rescaling scale=0.5 offset=0.2 name=s; dense units=3 name=a; "
         "add inputs=(x,a)",
         NULL, "mse"},
        {"input shape=(2,2) name=x; flatten name=f; dense units=4 name=a; flatten inputs=x; "
         "add inputs=(flatten,a,f)",
         NULL, "mse"},
        {"input shape=(4) name=a; input shape=(4) name=b; dense units=3 name=u activation=tanh; "
         "dense units=3 name=v activation=tanh inputs=a; dot axes=1 normalize=true inputs=(u,v); "
         "dense units=2",
         NULL, "mse"},
        /* a softmax that is read beside the loss isn't fused; one that isn't, is */
        {"dense units=3 activation=softmax input_shape=(4) name=p; dense units=3 name=q; "
         "add inputs=(p,q); activation activation=softmax",
         NULL, "sparse_categorical_crossentropy"},
        {"dense units=3 input_shape=(4) name=h; dense units=2 name=p activation=softmax; "
         "dense units=2 inputs=p name=q",
         "p, q", "sparse_categorical_crossentropy; mse"},
        /* two outputs, of one node, of nodes before each other, of a node and its view */
        {"dense units=4 activation=tanh input_shape=(3) name=h; dense units=2 name=a; "
         "dense units=3 activation=softmax inputs=h name=b",
         "a, b", "mse; categorical_crossentropy"},
        {"dense units=4 activation=tanh input_shape=(3) name=h; dense units=2 name=a", "a, h",
         "mse"},
        {"dense units=4 activation=tanh input_shape=(3) name=h; dense units=2 name=a", "h, a",
         "mse; mae"},
        {"dense units=2 activation=softmax input_shape=(2,3) name=h; flatten name=f; "
         "dense units=3 activation=tanh name=a",
         "f, h, a", "mse; categorical_crossentropy; mse"},
        {"dense units=2 activation=softmax input_shape=(2,3) name=h; dense units=3 inputs=h "
         "name=a; dropout rate=0.5 inputs=a name=d",
         "d, a", "mse"},
        /* two inputs, two outputs, and one that nothing trainable comes before */
        {"input shape=(3) name=x; input shape=(2) name=z; dense units=3 inputs=x name=a; "
         "dense units=3 inputs=z name=b; add inputs=(a,b) name=s; dense units=2 inputs=s name=t; "
         "rescaling scale=2 inputs=z name=w",
         "t, s, w", "mse; mse; mae"},
        /* penalties and what is frozen, in branches */
        {"input shape=(3) name=x; batch_normalization trainable=false name=a; dense units=3 "
         "trainable=false activation=tanh activity_regularizer=l2(l2=0.3) name=b; dense units=3 "
         "inputs=x name=c kernel_regularizer=l1_l2(l1=0.1, l2=0.2); multiply inputs=(b,c) name=m; "
         "prelu alpha_regularizer=l2 trainable=false name=p; dense units=2 inputs=m name=t "
         "activity_regularizer=l1(l1=0.2)",
         "p, t", "mse; mae"},
        /* gates of one value, and merges whose output is penalized or read more than once */
        {"dense units=5 activation=tanh input_shape=(3) name=h; dense units=1 activation=sigmoid "
         "name=gate inputs=h; multiply inputs=(h,gate) activity_regularizer=l2(l2=0.2) name=m; "
         "add inputs=(gate,m) name=s; average inputs=(s,m,gate); dense units=2",
         NULL, "mse"},
        {"dense units=4 activation=tanh input_shape=(3,2) name=h; dense units=1 name=c inputs=h; "
         "maximum inputs=(h,c) name=m activity_regularizer=l1(l1=0.1); flatten name=f "
         "activity_regularizer=l2(l2=0.2); dense units=4 name=d; subtract inputs=(m,d) name=u; "
         "minimum inputs=(u,c,d) name=v",
         "v, f", "mse; mse"},
        /* views that are penalized, of one node that several read */
        {"dense units=2 input_shape=(2,3) name=h activity_regularizer=l2(l2=0.1); flatten name=f "
         "activity_regularizer=l1(l1=0.2); dense units=4 activation=tanh name=a inputs=f; identity "
         "name=g inputs=h activity_regularizer=l2(l2=0.3); flatten inputs=g name=k; dense units=4 "
         "name=b inputs=k; add inputs=(a,b) name=s",
         "s, g", "mse; mse"},
        /* layers with statistics, noise, whole numbers or something to add, in branches */
        {"input shape=(3) name=x; input shape=(2) name=z; batch_normalization inputs=x name=a; "
         "dense units=3 inputs=z; prelu name=b; add inputs=(a,b); layer_normalization name=s; "
         "dense units=2 name=t; gaussian_dropout rate=0.3 inputs=s name=w",
         "t, w", "mse; mae"},
        {"input shape=(3) name=x; embedding input_dim=5 output_dim=2 name=e; flatten name=f; "
         "input shape=(2) name=z; dense units=6 name=d; multiply inputs=(f,d) name=m; "
         "activity_regularization l1=0.1 l2=0.3 name=r; dense units=2 name=t; "
         "activity_regularization l2=0.5 inputs=d name=q",
         "t, q", "mse; mse"},
    };
    nn_random random = stream(6);
    struct tally tally = {0, 0};
    for (size_t i = 0; i < COUNT(graphs); i++)
        for (size_t rows = 1; rows <= 7; rows += 3)
            check_graph(graphs[i].layers, graphs[i].outputs, graphs[i].loss, rows, &random, &tally);
    check_tally(&tally);
}
END_TEST

static const char *pick(nn_random *random, const char *const *from, size_t count)
{
    return from[nn_random_below(random, count)];
}

static void append_random_layer(nn_text *text, nn_random *random)
{
    static const char *const activations[] = {
        "linear", "relu", "tanh", "sigmoid", "softmax", "leaky_relu", "relu(max_value=0.5)",
    };
    static const char *const more[] = {
        "",
        "",
        " trainable=false",
        " kernel_regularizer=l2 bias_regularizer=l1",
        " kernel_regularizer=orthogonal(factor=0.3)",
        " activity_regularizer=l1_l2(l1=0.01, l2=0.1)",
    };
    static const char *const others[] = {
        "rescaling scale=0.7 offset=-0.2",
        "batch_normalization epsilon=0.1",
        "batch_normalization epsilon=0.1 trainable=false gamma_regularizer=l2",
        "layer_normalization epsilon=0.1 beta_regularizer=l2 gamma_regularizer=l1",
        "prelu alpha_regularizer=l2",
        "prelu trainable=false",
        "activity_regularization l1=0.1 l2=0.2",
        "reshape target_shape=(1,-1)",
        "gaussian_dropout rate=0.2",
        "group_normalization groups=1 epsilon=0.1 trainable=false",
    };
    const size_t kind = nn_random_below(random, 10);
    const char *activation = pick(random, activations, COUNT(activations));
    if (kind < 4)
        nn_text_append(text, "dense units=%zu activation=%s use_bias=%s%s",
                       2 + nn_random_below(random, 5), activation, kind == 0 ? "false" : "true",
                       pick(random, more, COUNT(more)));
    else if (kind == 4)
        nn_text_append(text, "dropout rate=0.3");
    else if (kind == 5)
        nn_text_append(text, "flatten");
    else if (kind == 6)
        nn_text_append(text, "activation activation=%s", activation);
    else
        nn_text_append(text, "%s", pick(random, others, COUNT(others)));
}

START_TEST(random_models_are_differentiated_right)
{
    static const struct {
        const char *layer, *loss;
    } ends[] = {
        {"dense units=3", "mse"},
        {"flatten", "mse"},
        {"dense units=2 activation=sigmoid", "binary_crossentropy label_smoothing=0.1"},
        {"dense units=1", "binary_crossentropy from_logits=true"},
        {"dense units=4 activation=softmax", "sparse_categorical_crossentropy"},
        {"dense units=3", "sparse_categorical_crossentropy from_logits=true"},
        {"dense units=3 activation=softmax", "categorical_crossentropy"},
    };
    nn_random random = stream(5);
    struct tally tally = {0, 0};
    for (int i = 0; i < 120; i++) {
        nn_text text = NN_TEXT_INIT;
        const size_t rank = 1 + nn_random_below(&random, 3), depth = nn_random_below(&random, 5);
        nn_text_append(&text, "rescaling scale=1 input_shape=(");
        for (size_t d = 0; d < rank; d++)
            nn_text_append(&text, "%zu,", 1 + nn_random_below(&random, 4));
        nn_text_append(&text, "); dense units=%zu; ", 2 + nn_random_below(&random, 4));
        for (size_t d = 0; d < depth; d++) {
            append_random_layer(&text, &random);
            nn_text_append(&text, "; ");
        }
        const size_t end = nn_random_below(&random, COUNT(ends));
        nn_text_append(&text, "%s", ends[end].layer);
        check_model(text.data, ends[end].loss, 1 + nn_random_below(&random, 6), &random, &tally);
        nn_text_free(&text);
    }
    check_tally(&tally);
}
END_TEST

/* Layers that read any of those before, of one width so that all fit; whatever nobody reads is an output. */
static void append_random_graph(nn_text *layers, nn_text *outputs, nn_random *random)
{
    static const char *const merges[] = {"add",     "subtract", "multiply",
                                         "average", "maximum",  "minimum"};
    static const char *const singles[] = {
        "dense units=3",
        "dense units=3 activation=tanh",
        "dense units=3 activation=softmax",
        "dropout rate=0.3",
        "flatten",
        "activation activation=sigmoid",
        "rescaling scale=-1",
        "batch_normalization epsilon=0.1",
        "layer_normalization epsilon=0.1",
        "prelu",
        "activity_regularization l1=0.1 l2=0.2",
    };
    enum { MOST = 12 };
    bool read[MOST] = {false};
    const size_t inputs = 1 + nn_random_below(random, 3),
                 count = inputs + 2 + nn_random_below(random, 7);
    for (size_t i = 0; i < inputs; i++)
        nn_text_append(layers, "input shape=3 name=n%zu; ", i);
    for (size_t i = inputs; i < count; i++) {
        const size_t a = nn_random_below(random, i), b = nn_random_below(random, i);
        const bool merge = nn_random_below(random, 2) == 0;
        nn_text_append(layers, "%s name=n%zu inputs=(n%zu",
                       merge ? pick(random, merges, COUNT(merges))
                             : pick(random, singles, COUNT(singles)),
                       i, a);
        if (merge)
            nn_text_append(layers, ",n%zu", b);
        nn_text_append(layers, "); ");
        read[a] = true;
        read[b] = read[b] || merge;
    }
    for (size_t i = 0; i < inputs; i++)
        if (!read[i])
            nn_text_append(layers, "flatten name=m%zu inputs=n%zu; ", i, i);
    for (size_t i = 0; i < count; i++)
        if (!read[i])
            nn_text_append(outputs, "%s%c%zu", outputs->length == 0 ? "" : ", ",
                           i < inputs ? 'm' : 'n', i);
}

START_TEST(random_graphs_are_differentiated_right)
{
    nn_random random = stream(7);
    struct tally tally = {0, 0};
    for (int i = 0; i < 150; i++) {
        nn_text layers = NN_TEXT_INIT, outputs = NN_TEXT_INIT;
        nn_text_append(&layers, "input shape=3 name=first; dense units=3 name=last; ");
        append_random_graph(&layers, &outputs, &random);
        nn_text_append(&outputs, ", last");
        check_graph(layers.data, outputs.data, "mse", 1 + nn_random_below(&random, 5), &random,
                    &tally);
        nn_text_free(&layers);
        nn_text_free(&outputs);
    }
    check_tally(&tally);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients");
    TCase *tcase = tcase_create("gradients");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, activations_are_differentiated_right);
    tcase_add_test(tcase, regularizers_are_differentiated_right);
    tcase_add_loop_test(tcase, losses_are_differentiated_right, 0, 2);
    tcase_add_loop_test(tcase, layers_are_differentiated_right_by_weights_and_inputs, 0, 2);
    tcase_add_test(tcase, models_of_every_build_are_differentiated_right);
    tcase_add_test(tcase, random_models_are_differentiated_right);
    tcase_add_test(tcase, graphs_are_differentiated_right);
    tcase_add_test(tcase, random_graphs_are_differentiated_right);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
