/* Layers that merge their inputs value by value: shapes that stretch, against plain loops over the indices of
 * every value; NaN; threads. */
#include "allocate.h"
#include "fitting.h"
#include "layer.h"
#include "model.h"
#include "random.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { MOST_INPUTS = 4, MOST_DIMENSIONS = 4 };

static const char *const names[] = {"add", "subtract", "multiply", "average", "maximum", "minimum"};

/* ---- shapes ---- */

START_TEST(shapes_stretch_to_each_other_from_the_right)
{
    static const struct {
        const char *inputs, *names;
        nn_status status;
        const char *output; /* or the message */
    } cases[] = {
        {"input shape=64 name=a; input shape=1 name=b", "(a,b)", NN_OK, "(64,)"},
        {"input shape=1 name=a; input shape=64 name=b", "(a,b)", NN_OK, "(64,)"},
        {"input shape=(3,4) name=a; input shape=4 name=b", "(a,b)", NN_OK, "(3, 4)"},
        {"input shape=4 name=a; input shape=(3,1) name=b", "(b,a)", NN_OK, "(3, 4)"},
        {"input shape=(2,1,4) name=a; input shape=(3,1) name=b", "(a,b)", NN_OK, "(2, 3, 4)"},
        {"input shape=1 name=a; input shape=(1,1) name=b", "(a,b)", NN_OK, "(1, 1)"},
        {"input shape=(3,4) name=a; input shape=3 name=b", "(a,b)", NN_ERR_SHAPE,
         "shapes (3, 4) and (3,), expected the same, or 1 where they differ (compared from the "
         "right)"},
        {"input shape=(3,2) name=a; input shape=(2,2) name=b", "(a,b)", NN_ERR_SHAPE,
         "shapes (3, 2) and (2, 2)"},
        {"input shape=(50000,1) name=a; input shape=(1,50000) name=b", "(a,b)", NN_ERR_INVALID,
         "more than"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t n = 0; n < COUNT(names); n++) {
            char line[128];
            nn_model *model = make_model(1, cases[i].inputs, NULL, NULL, NULL);
            snprintf(line, sizeof line, "%s inputs=%s", names[n], cases[i].names);
            if (cases[i].status != NN_OK) {
                FAILS(nn_model_add(model, line), cases[i].status, cases[i].output);
            } else {
                OK(nn_model_add(model, line));
                ck_assert_str_eq(nn_shape_string(nn_model_output_shape(model, 0)).text,
                                 cases[i].output);
            }
            nn_model_free(model);
        }
}
END_TEST

/* ---- plain loops ---- */

struct merge_case {
    nn_part part;
    const nn_layer *layer;
    nn_layer_build build;
    nn_layer_call call;
    nn_shape shapes[MOST_INPUTS];
    nn_real *x[MOST_INPUTS], *dx[MOST_INPUTS], *wanted[MOST_INPUTS], *y, *dy, *c;
    size_t count, values;
};

static size_t values_of(const struct merge_case *m, size_t input)
{
    return m->call.rows * nn_shape_width(&m->shapes[input]);
}

static void draw(nn_random *random, size_t count, nn_real *values)
{
    for (size_t i = 0; i < count; i++) /* few different ones, so that some are equal */
        values[i] = (nn_real)nn_random_below(random, 9) / 4 - 1;
}

static nn_real *make_values(size_t count)
{
    nn_real *values = nn_allocate(count, sizeof *values);
    ck_assert_ptr_nonnull(values);
    return values;
}

/* Shapes of which each dimension is the output's, or 1, or, where nothing follows, left out. */
static void draw_shapes(nn_random *random, struct merge_case *m)
{
    const size_t rank = 1 + nn_random_below(random, MOST_DIMENSIONS);
    size_t full[MOST_DIMENSIONS];
    for (size_t d = 0; d < rank; d++)
        full[d] = 1 + nn_random_below(random, d == 0 ? 40 : 7);
    for (size_t i = 0; i < m->count; i++) {
        const size_t own = 1 + nn_random_below(random, rank);
        m->shapes[i].rank = own;
        for (size_t d = 0; d < own; d++)
            m->shapes[i].dimensions[d] = nn_random_below(random, 2) == 0 ? 1 : full[rank - own + d];
    }
}

static void set_up(struct merge_case *m, nn_random *random, const char *name)
{
    OK(nn_part_parse(&m->part, &nn_layer_room, name));
    m->layer = nn_layer_of(&m->part);
    m->count = m->layer->takes == NN_TAKES_TWO ? 2 : 2 + nn_random_below(random, MOST_INPUTS - 1);
    draw_shapes(random, m);
    m->build =
        (nn_layer_build){.input = m->shapes[0], .input_shapes = m->shapes, .input_count = m->count};
    OK(m->layer->build(m->part.self, &m->build));
    m->call.rows = 1 + nn_random_below(random, 5);
    m->values = m->call.rows * nn_shape_width(&m->build.output);
    m->y = make_values(m->values);
    m->dy = make_values(m->values);
    m->c = make_values(m->values);
    draw(random, m->values, m->dy);
    memcpy(m->c, m->dy, m->values * sizeof *m->c);
    for (size_t i = 0; i < m->count; i++) {
        m->x[i] = make_values(values_of(m, i));
        m->dx[i] = make_values(values_of(m, i));
        m->wanted[i] = make_values(values_of(m, i));
        draw(random, values_of(m, i), m->x[i]);
        draw(random, values_of(m, i), m->dx[i]); /* written, not added to */
    }
    m->call.input = &m->build.input;
    m->call.output = &m->build.output;
    m->call.training = true;
    m->call.input_count = m->count;
    m->call.input_shapes = m->shapes;
    m->call.inputs = (const nn_real *const *)m->x;
    m->call.x = m->x[0];
    m->call.y = m->y;
    m->call.dy = m->dy;
    m->call.dx = m->dx[0];
    m->call.input_gradients = m->dx;
}

static void tear_down(struct merge_case *m)
{
    for (size_t i = 0; i < m->count; i++) {
        nn_release(m->x[i]);
        nn_release(m->dx[i]);
        nn_release(m->wanted[i]);
    }
    nn_release(m->y);
    nn_release(m->dy);
    nn_release(m->c);
    nn_part_free(&m->part);
}

/* Which value of an input goes into a value of the output. */
static size_t source_of(const struct merge_case *m, size_t input, size_t value)
{
    const nn_shape *output = &m->build.output, *own = &m->shapes[input];
    size_t at = 0, step = 1;
    for (size_t d = 0; d < output->rank; d++) {
        const size_t dimension = output->dimensions[output->rank - 1 - d];
        const size_t of_own = d < own->rank ? own->dimensions[own->rank - 1 - d] : 1;
        at += (of_own == 1 ? 0 : value % dimension) * step;
        step *= of_own;
        value /= dimension;
    }
    return at + value * step; /* what is left is the row */
}

static double merged(const char *name, size_t count, const double *x)
{
    double y = x[0];
    for (size_t i = 1; i < count; i++)
        switch (name[1]) {
        case 'd': /* add */
        case 'v': /* average */
            y += x[i];
            break;
        case 'u': /* subtract, multiply */
            y = name[0] == 's' ? y - x[i] : y * x[i];
            break;
        case 'a': /* maximum */
            y = fmax(y, x[i]);
            break;
        default:
            y = fmin(y, x[i]);
        }
    return name[1] == 'v' ? y / (double)count : y;
}

/* dy / dx of one of the inputs; that of a maximum is the first that has it. */
static double slope(const char *name, size_t count, const double *x, size_t input)
{
    double product = 1;
    switch (name[1]) {
    case 'd':
        return 1;
    case 'v':
        return 1 / (double)count;
    case 'u':
        for (size_t i = 0; i < count; i++)
            product *= i == input ? 1 : x[i];
        return name[0] == 's' ? (input == 0 ? 1 : -1) : product;
    default:
        for (size_t i = 0; i < input; i++)
            if (x[i] == x[input])
                return 0;
        return x[input] == merged(name, count, x);
    }
}

START_TEST(values_and_gradients_are_those_of_plain_loops)
{
    const char *name = names[_i];
    nn_random random = nn_random_stream(11, NN_RANDOM_LAYER, (size_t)_i, 0);
    for (int round = 0; round < 300; round++) {
        struct merge_case m = {.count = 0};
        double x[MOST_INPUTS];
        set_up(&m, &random, name);
        m.layer->forward(m.part.self, &m.call);
        m.layer->backward(m.part.self, &m.call);
        for (size_t v = 0; v < m.values; v++) {
            for (size_t i = 0; i < m.count; i++)
                x[i] = (double)m.x[i][source_of(&m, i, v)];
            ck_assert_double_eq_tol((double)m.y[v], merged(name, m.count, x), 1e-6);
            for (size_t i = 0; i < m.count; i++)
                m.wanted[i][source_of(&m, i, v)] += m.c[v] * (nn_real)slope(name, m.count, x, i);
        }
        for (size_t i = 0; i < m.count; i++)
            for (size_t v = 0; v < values_of(&m, i); v++)
                ck_assert_msg(fabs((double)m.dx[i][v] - (double)m.wanted[i][v]) <=
                                  1e-6 * (double)(m.values + 1),
                              "%s: round %d, dx of input %zu: %g instead of %g", name, round, i,
                              (double)m.dx[i][v], (double)m.wanted[i][v]);
        tear_down(&m);
    }
}
END_TEST

/* ---- NaN ---- */

START_TEST(nan_in_a_gate_goes_to_the_whole_row_and_to_no_other)
{
    enum { WIDTH = 5, ROWS = 3 };
    nn_model *model = make_model(1, "input shape=5 name=a; input shape=1 name=b", NULL, NULL, NULL);
    char line[64];
    float x[ROWS * (WIDTH + 1)], y[ROWS * WIDTH];
    snprintf(line, sizeof line, "%s inputs=(a,b)", names[_i]);
    OK(nn_model_add(model, line));
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = noise(i);
    x[1 * (WIDTH + 1) + WIDTH] = NAN;
    OK(nn_predict(model, x, ROWS, y));
    for (size_t i = 0; i < COUNT(y); i++)
        ck_assert_msg((isnan(y[i]) != 0) == (i / WIDTH == 1), "%s: value %zu is %g", names[_i], i,
                      (double)y[i]);
    nn_model_free(model);
}
END_TEST

/* ---- threads ---- */

static nn_model *trained_on(size_t threads, const nn_dataset *data)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    nn_model *model = make_model(
        5,
        "dense units=40 activation=tanh input_shape=2 name=h; dense units=1 activation=sigmoid "
        "name=gate; multiply inputs=(h,gate) name=m; reshape target_shape=(8,5) name=r; dense "
        "units=1 inputs=r name=one; maximum inputs=(r,one); flatten; add inputs=(flatten,gate); "
        "dense units=3 activation=softmax",
        "adam", "sparse_categorical_crossentropy", NULL);
    OK(nn_set_num_threads(threads));
    options.epochs = 5;
    options.batch_size = 30;
    OK(nn_fit(model, data, &options, NULL));
    OK(nn_set_num_threads(0));
    return model;
}

START_TEST(a_gated_model_has_the_same_bits_on_any_number_of_threads)
{
    static blobs points;
    fill_blobs(&points);
    nn_dataset *data = blob_dataset(&points);
    nn_model *one = trained_on(1, data), *three = trained_on(3, data);
    ck_assert(same_weights(one, three));
    nn_model_free(one);
    nn_model_free(three);
    nn_dataset_free(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("merges");
    TCase *tcase = tcase_create("merges");
    tcase_add_test(tcase, shapes_stretch_to_each_other_from_the_right);
    tcase_add_loop_test(tcase, values_and_gradients_are_those_of_plain_loops, 0, COUNT(names));
    tcase_add_loop_test(tcase, nan_in_a_gate_goes_to_the_whole_row_and_to_no_other, 0,
                        COUNT(names));
    tcase_add_test(tcase, a_gated_model_has_the_same_bits_on_any_number_of_threads);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
