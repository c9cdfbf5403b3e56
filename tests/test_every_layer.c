/* What every layer owes: a NaN shows, and any number of threads gives the same bits. */
#include "allocate.h"
#include "fitting.h"
#include "layer.h"
#include <math.h>

struct fixture {
    nn_part part;
    const nn_layer *layer;
    nn_layer_build build;
    nn_layer_call call;
    size_t inputs, outputs; /* of all rows */
    nn_real *x, *y, *dy, *dx, *kept, *batch_kept, *scratch;
    nn_real *parameters[NN_LAYER_MAX_PARAMETERS], *gradients[NN_LAYER_MAX_PARAMETERS];
    /* of a layer of several inputs, which are all x */
    nn_shape input_shapes[2];
    const nn_real *same[2];
    nn_real *input_gradients[2]; /* dx and another place */
};

static nn_real *draw(size_t count, size_t from)
{
    nn_real *values = nn_allocate(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (nn_real)noise(from + i);
    return values;
}

/* False for a view, which does nothing. */
static bool set_up(struct fixture *f, const char *spec, const char *shape, size_t rows,
                   bool training)
{
    nn_text line = NN_TEXT_INIT;
    nn_text_append(&line, "%s input_shape=%s", spec, shape);
    *f = (struct fixture){.inputs = 0};
    OK(nn_part_parse(&f->part, &nn_layer_room, line.data));
    nn_text_free(&line);
    f->layer = nn_layer_of(&f->part);
    f->build.input = ((const nn_layer_common *)f->part.self)->input_shape;
    f->input_shapes[0] = f->input_shapes[1] = f->build.input;
    f->build.input_shapes = f->input_shapes;
    f->build.input_count = f->layer->takes == NN_TAKES_ONE ? 1 : 2;
    OK(f->layer->build(f->part.self, &f->build));
    if (f->build.view || (f->build.training_only && !training)) {
        nn_part_free(&f->part);
        return false;
    }
    f->inputs = rows * nn_shape_width(&f->build.input);
    f->outputs = rows * nn_shape_width(&f->build.output);
    f->x = draw(f->inputs, 0);
    for (size_t i = 0; i < f->inputs && f->build.tokens > 0; i++)
        f->x[i] = (nn_real)(i * i % f->build.tokens);
    f->y = draw(f->outputs, 0);
    f->dy = draw(f->outputs, 7);
    f->dx = f->input_gradients[0] = draw(f->inputs, 0);
    f->input_gradients[1] = draw(f->inputs, 0);
    f->same[0] = f->same[1] = f->x;
    f->kept = draw(rows * f->build.kept, 0);
    f->batch_kept = draw(f->build.batch_kept, 0);
    f->scratch = draw(rows * f->build.scratch, 0);
    for (size_t i = 0; i < f->build.parameter_count; i++) {
        const size_t width = nn_shape_width(&f->build.parameters[i].shape);
        f->parameters[i] = draw(width, i);
        f->gradients[i] = draw(width, i);
        for (size_t j = 0; j < width && !f->build.parameters[i].trainable; j++)
            f->parameters[i][j] += 2; /* variances are positive */
    }
    f->call = (nn_layer_call){
        .rows = rows,
        .input = &f->build.input,
        .output = &f->build.output,
        .training = training,
        .x = f->x,
        .input_count = f->build.input_count,
        .input_shapes = f->input_shapes,
        .inputs = f->same,
        .y = f->y,
        .kept = training && f->build.kept > 0 ? f->kept : NULL,
        .batch_kept = training && f->build.batch_kept > 0 ? f->batch_kept : NULL,
        .parameters = f->parameters,
        .random = nn_random_stream(3, NN_RANDOM_LAYER, 0, 0),
        .dy = f->dy,
        .dx = f->dx,
        .scratch = f->build.scratch > 0 ? f->scratch : NULL,
        .input_gradients = f->input_gradients,
        .loss_scale = 1,
        .gradients = f->gradients,
        .gradient_scale = 1,
    };
    f->layer->forward(f->part.self, &f->call);
    return true;
}

static void tear_down(struct fixture *f)
{
    nn_real *all[] = {f->x,    f->y,          f->dy,      f->dx,
                      f->kept, f->batch_kept, f->scratch, f->input_gradients[1]};
    for (size_t i = 0; i < COUNT(all); i++)
        nn_release(all[i]);
    for (size_t i = 0; i < f->build.parameter_count; i++) {
        nn_release(f->parameters[i]);
        nn_release(f->gradients[i]);
    }
    nn_part_free(&f->part);
}

static bool has_nan(const nn_real *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isnan(values[i]))
            return true;
    return false;
}

/* Into y, into dx for a NaN in dy, and into no other row, but where rows share statistics. */
START_TEST(nan_goes_through_every_layer)
{
    enum { BATCH = 4 };
    for (size_t i = 0; i < nn_layer_room.count; i++)
        for (int training = 0; training <= 1; training++) {
            const nn_layer *layer = (const nn_layer *)nn_layer_room.parts[i];
            struct fixture f;
            if (!set_up(&f, layer->part.sample, layer->sample_shape, BATCH, training))
                continue;
            const size_t in = f.inputs / BATCH, out = f.outputs / BATCH;
            ck_assert_msg(!has_nan(f.y, f.outputs), "%s", layer->part.name);
            /* dropout may drop one value, but not a whole row */
            for (size_t j = 0; j < in; j++)
                f.x[in + j] = (nn_real)NAN;
            layer->forward(f.part.self, &f.call);
            ck_assert_msg(has_nan(f.y + out, out), "%s: NaN is lost", layer->part.name);
            if (f.build.least_rows == 0 || !training)
                ck_assert_msg(!has_nan(f.y, out) && !has_nan(f.y + 2 * out, 2 * out),
                              "%s: NaN in other rows", layer->part.name);
            if (training && f.build.tokens == 0) {
                for (size_t j = 0; j < in; j++)
                    f.x[in + j] = (nn_real)0.5f;
                layer->forward(f.part.self, &f.call);
                for (size_t j = 0; j < out; j++)
                    f.dy[out + j] = (nn_real)NAN;
                layer->backward(f.part.self, &f.call);
                ck_assert_msg(has_nan(f.dx + in, in), "%s: NaN in dy is lost", layer->part.name);
            }
            tear_down(&f);
        }
}
END_TEST

static const struct {
    const char *spec, *shape;
    size_t rows;
} large[] = {
    {"batch_normalization", "(300)", 1000},
    {"batch_normalization", "(20,30)", 300},
    {"layer_normalization", "(300)", 1000},
    {"layer_normalization", "(50,7)", 500},
    {"group_normalization groups=4", "(10,40)", 500},
    {"group_normalization groups=5", "(100)", 2000},
    {"rms_normalization", "(130)", 2000},
    {"unit_normalization", "(33)", 5000},
    {"normalization", "(100)", 2000},
    {"pca n_components=40", "(300)", 1000},
    {"prelu", "(300)", 1000},
    {"prelu shared_axes=(1)", "(30,10)", 1000},
    {"embedding input_dim=100 output_dim=64", "(10)", 1000},
    {"permute dims=(3,1,2)", "(5,6,7)", 1001},
    {"dropout rate=0.3", "(100)", 1001},
    {"alpha_dropout rate=0.3", "(100)", 1001},
    {"gaussian_dropout rate=0.3", "(100)", 1001},
    {"gaussian_noise stddev=0.3", "(7)", 10003},
};

START_TEST(results_have_the_same_bits_on_any_number_of_threads)
{
    struct fixture one, many;
    OK(nn_set_num_threads(1));
    ck_assert(set_up(&one, large[_i].spec, large[_i].shape, large[_i].rows, true));
    one.layer->backward(one.part.self, &one.call);
    OK(nn_set_num_threads(4));
    ck_assert(set_up(&many, large[_i].spec, large[_i].shape, large[_i].rows, true));
    many.layer->backward(many.part.self, &many.call);
    OK(nn_set_num_threads(0));
    ck_assert_mem_eq(one.y, many.y, one.outputs * sizeof(nn_real));
    ck_assert_mem_eq(one.dx, many.dx, one.inputs * sizeof(nn_real));
    for (size_t i = 0; i < one.build.parameter_count; i++)
        ck_assert_mem_eq(one.gradients[i], many.gradients[i],
                         nn_shape_width(&one.build.parameters[i].shape) * sizeof(nn_real));
    tear_down(&one);
    tear_down(&many);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("every_layer");
    TCase *tcase = add_case(suite, "every layer", NULL, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, nan_goes_through_every_layer);
    tcase_add_loop_test(tcase, results_have_the_same_bits_on_any_number_of_threads, 0,
                        (int)COUNT(large));
    return run_suite(suite);
}
