/* Every layer's gradients by its inputs and weights against finite differences; further settings stand beside
 * the room's table. */
#include "allocate.h"
#include "layer.h"
#include "model_differences.h"
#include "random.h"
#include "real.h"
#include "suite.h"
#include <string.h>

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

int main(void)
{
    Suite *suite = suite_create("gradients_layers");
    TCase *tcase = add_case(suite, "layers", NULL, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, layers_are_differentiated_right_by_weights_and_inputs, 0, 2);
    return run_suite(suite);
}
