/* Activations at their edges: zeros, kinks, infinities, NaN, rows of ties; those that look at a whole row,
 * and the one that changes its width. */
#include "activation.h"
#include "fitting.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static nn_part make(const char *spec)
{
    nn_part part;
    OK(nn_part_parse(&part, &nn_activation_room, spec));
    return part;
}

static void forward(const char *spec, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    nn_part part = make(spec);
    nn_activation_of(&part)->forward(part.self, rows, width, z, y);
    nn_part_free(&part);
}

/* ---- one value ---- */

#define INF ((double)INFINITY)

static const struct {
    const char *spec;
    double z, y, slope; /* y and slope are exact; a kink's slope is that of its flat side */
} edges[] = {
    {"celu", 0, 0, 1},
    {"celu alpha=2", -INF, -2, 0},
    {"celu alpha=2", -1e30, -2, 0},
    {"celu", INF, INF, 1},
    {"hard_sigmoid", 0, 0.5, 1.0 / 6},
    {"hard_sigmoid", -3, 0, 0},
    {"hard_sigmoid", 3, 1, 0},
    {"hard_sigmoid", -INF, 0, 0},
    {"hard_sigmoid", INF, 1, 0},
    {"hard_silu", 0, 0, 0.5},
    {"hard_silu", -1.5, -0.375, 0},
    {"hard_silu", -3, 0, 0},
    {"hard_silu", 3, 3, 1},
    {"hard_silu", -INF, 0, 0},
    {"hard_silu", INF, INF, 1},
    {"hard_tanh", 0, 0, 1},
    {"hard_tanh", -1, -1, 0},
    {"hard_tanh", 1, 1, 0},
    {"hard_tanh", -INF, -1, 0},
    {"hard_tanh", INF, 1, 0},
    {"hard_shrink", 0, 0, 0},
    {"hard_shrink", 0.5, 0, 0},
    {"hard_shrink", -0.5, 0, 0},
    {"hard_shrink", 0.625, 0.625, 1},
    {"hard_shrink threshold=0", 0, 0, 0},
    {"hard_shrink threshold=0", -1e-30, (double)(nn_real)-1e-30, 1},
    {"hard_shrink", -INF, -INF, 1},
    {"soft_shrink", 0, 0, 0},
    {"soft_shrink", 0.5, 0, 0},
    {"soft_shrink", -0.5, 0, 0},
    {"soft_shrink", 0.625, 0.125, 1},
    {"soft_shrink", -0.625, -0.125, 1},
    {"soft_shrink threshold=0", 3, 3, 1},
    {"soft_shrink", -INF, -INF, 1},
    {"tanh_shrink", 0, 0, 0},
    {"tanh_shrink", -INF, -INF, 1},
    {"tanh_shrink", INF, INF, 1},
    {"tanh_shrink", 1000, 999, 1},
    {"threshold threshold=1 default_value=5", 0, 5, 0},
    {"threshold threshold=1 default_value=5", 1, 5, 0},
    {"threshold threshold=1 default_value=5", 1.5, 1.5, 1},
    {"threshold threshold=1 default_value=5", 5, 5, 1}, /* y is the same as below 1 */
    {"threshold threshold=-1 default_value=0", 0, 0, 1},
    {"threshold threshold=1 default_value=5", -INF, 5, 0},
    {"threshold threshold=1 default_value=5", INF, INF, 1},
    {"softsign", 0, 0, 1},
    {"softsign", -1, -0.5, 0.25},
    {"softsign", -INF, -1, 0},
    {"softsign", INF, 1, 0},
    {"softsign", 1e38, 1, 0},
    {"squareplus", 0, 1, 0.5},
    {"squareplus b=0", 0, 0, 0},
    {"squareplus b=0", -2, 0, 0},
    {"squareplus b=0", 2, 2, 1},
    {"squareplus", -INF, 0, 0},
    {"squareplus", INF, INF, 1},
    {"squareplus", 1e30, (double)(nn_real)1e30, 1},    /* whose square is no float */
    {"squareplus", -0x1p40, 0x1p-40, (double)0x1p-80}, /* nothing cancels */
    {"sparse_plus", 0, 0.25, 0.5},
    {"sparse_plus", -1, 0, 0},
    {"sparse_plus", 1, 1, 1},
    {"sparse_plus", -INF, 0, 0},
    {"sparse_plus", INF, INF, 1},
    {"sparse_sigmoid", 0, 0.5, 0.5},
    {"sparse_sigmoid", -1, 0, 0},
    {"sparse_sigmoid", 1, 1, 0},
    {"sparse_sigmoid", -INF, 0, 0},
    {"sparse_sigmoid", INF, 1, 0},
    {"heaviside", 0, 0, 0},
    {"heaviside", -0.0, 0, 0},
    {"heaviside x2=0.5", -0.0, 0.5, 0},
    {"heaviside x2=1", 0, 1, 0},
    {"heaviside", 1e-40, 1, 0},
    {"heaviside", -INF, 0, 0},
    {"heaviside", INF, 1, 0},
    {"sign", 0, 0, 0},
    {"sign", -0.0, 0, 0},
    {"sign", -1e-40, -1, 0},
    {"sign", -INF, -1, 0},
    {"sign", INF, 1, 0},
    {"log_softmax", 7, 0, 0}, /* the only class */
    {"sparsemax", -7, 1, 0},
};

START_TEST(values_and_slopes_at_the_edges_are_exact)
{
    nn_part part = make(edges[_i].spec);
    const nn_activation *activation = nn_activation_of(&part);
    const nn_real z = (nn_real)edges[_i].z, dy = 2;
    nn_real y = 7, dz = 7;
    activation->forward(part.self, 1, 1, &z, &y);
    activation->backward(part.self, 1, 1, activation->needs_z ? &z : NULL, &y, &dy, &dz);
    const double slope = (double)dz / 2;
    ck_assert_msg((double)y == edges[_i].y, "%s of %g is %.9g, expected %.9g", edges[_i].spec,
                  edges[_i].z, (double)y, edges[_i].y);
    ck_assert_msg(fabs(slope - edges[_i].slope) <= 1e-7 * edges[_i].slope,
                  "%s at %g has the slope %.9g, expected %.9g", edges[_i].spec, edges[_i].z, slope,
                  edges[_i].slope);
    nn_part_free(&part);
}
END_TEST

START_TEST(nan_propagates_whatever_the_options)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        const nn_real z = (nn_real)NAN;
        nn_real y = 0;
        forward(edges[i].spec, 1, 1, &z, &y);
        ck_assert_msg(isnan(y), "%s loses NaN", edges[i].spec);
    }
}
END_TEST

START_TEST(options_out_of_their_bounds_are_refused)
{
    static const struct {
        const char *spec, *message;
    } refused[] = {
        {"celu alpha=0", "celu: alpha is 0, expected a number > 0"},
        {"celu alpha=-1", "celu: alpha is -1, expected a number > 0"},
        {"hard_shrink threshold=-0.5", "threshold is -0.5, expected a number >= 0"},
        {"soft_shrink threshold=-0.5", "threshold is -0.5, expected a number >= 0"},
        {"squareplus b=-1", "b is -1, expected a number >= 0"},
        {"threshold", "threshold is missing"},
        {"threshold threshold=1", "default_value is missing"},
    };
    nn_part part;
    FAILS(nn_part_parse(&part, &nn_activation_room, refused[_i].spec), NN_ERR_INVALID,
          refused[_i].message);
}
END_TEST

/* ---- whole rows ---- */

enum { ROWS = 23, WIDEST = 40 };

/* A fixed row of values in [-scale, scale), some of them equal. */
static void fill_rows(size_t count, double scale, nn_real *z)
{
    for (size_t i = 0; i < count; i++)
        z[i] = i % 7 == 6 ? z[i - 3] : (nn_real)(scale * (double)noise(i));
}

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* By sorting, as in the paper. */
static double sparsemax_threshold(size_t width, const nn_real *z)
{
    double sorted[WIDEST], sum = 0, threshold = 0;
    for (size_t j = 0; j < width; j++)
        sorted[j] = (double)z[j];
    qsort(sorted, width, sizeof *sorted, descending);
    for (size_t k = 1; k <= width; k++) {
        sum += sorted[k - 1];
        if (1 + (double)k * sorted[k - 1] > sum)
            threshold = (sum - 1) / (double)k;
    }
    return threshold;
}

static double log_sum(size_t width, const nn_real *z)
{
    double largest = (double)z[0], sum = 0;
    for (size_t j = 1; j < width; j++)
        largest = fmax(largest, (double)z[j]);
    for (size_t j = 0; j < width; j++)
        sum += exp((double)z[j] - largest);
    return largest + log(sum);
}

START_TEST(functions_of_rows_are_their_formulas)
{
    static const size_t widths[] = {1, 2, 3, 10, 16, 37, WIDEST};
    static const double scales[] = {0, 0.01, 0.3, 3, 30, 1000};
    nn_real z[ROWS * WIDEST], y[ROWS * WIDEST], in_place[ROWS * WIDEST];
    for (size_t w = 0; w < COUNT(widths); w++)
        for (size_t s = 0; s < COUNT(scales); s++) {
            const size_t width = widths[w];
            fill_rows(ROWS * width, scales[s], z);
            forward("log_softmax", ROWS, width, z, y);
            for (size_t i = 0; i < ROWS * width; i++) {
                const double wanted = (double)z[i] - log_sum(width, z + i / width * width);
                ck_assert_double_eq_tol((double)y[i], wanted, 3e-7 * fmax(1, fabs(wanted)));
            }
            forward("sparsemax", ROWS, width, z, y);
            for (size_t i = 0; i < ROWS; i++) {
                const double t = sparsemax_threshold(width, z + i * width);
                double sum = 0;
                for (size_t j = 0; j < width; j++) {
                    const double wanted = fmax((double)z[i * width + j] - t, 0);
                    ck_assert_double_eq_tol((double)y[i * width + j], wanted, 3e-7);
                    sum += (double)y[i * width + j];
                }
                ck_assert_double_eq_tol(sum, 1, 1e-6);
            }
            memcpy(in_place, z, sizeof z);
            forward("sparsemax", ROWS, width, in_place, in_place); /* y may be z */
            ck_assert_mem_eq(in_place, y, ROWS * width * sizeof *y);
        }
}
END_TEST

/* Rows of zeros: all alike. */
START_TEST(a_row_of_zeros_is_shared_evenly)
{
    const nn_real z[6] = {0, 0, 0, 0, 0, -0.0f}, dy[6] = {1, 2, 3, 4, 5, 6};
    nn_real y[6], dz[6];
    nn_part part = make("sparsemax");
    forward("log_softmax", 2, 3, z, y);
    for (size_t i = 0; i < 6; i++)
        ck_assert_double_eq_tol((double)y[i], -log(3), 1e-7);
    forward("sparsemax", 2, 3, z, y);
    for (size_t i = 0; i < 6; i++)
        ck_assert_double_eq_tol((double)y[i], 1.0 / 3, 1e-7);
    nn_activation_of(&part)->backward(part.self, 2, 3, NULL, y, dy, dz);
    for (size_t i = 0; i < 6; i++)
        ck_assert_double_eq((double)dz[i], (double)(i % 3) - 1); /* the mean is taken off */
    nn_part_free(&part);
    forward("glu", 2, 2, z, y);
    ck_assert(y[0] == 0 && y[1] == 0);
}
END_TEST

START_TEST(nan_and_infinity_make_nan_of_their_row_and_of_no_other)
{
    static const char *const specs[] = {"log_softmax", "sparsemax"};
    static const double specials[] = {NAN, INFINITY};
    for (size_t s = 0; s < 2; s++)
        for (size_t at = 0; at < 3; at++) {
            nn_real z[9] = {1, 2, 3, 1, 2, 3, 1, 2, 3}, y[9];
            z[3 + at] = (nn_real)specials[s];
            forward(specs[_i], 3, 3, z, y);
            for (size_t i = 0; i < 9; i++)
                ck_assert((bool)isnan(y[i]) == (i / 3 == 1));
        }
}
END_TEST

START_TEST(an_impossible_class_stays_impossible)
{
    const nn_real z[3] = {(nn_real)-INFINITY, 0, 0}, dy[3] = {1, 2, 3};
    nn_real y[3], dz[3];
    nn_part part = make("log_softmax");
    forward("sparsemax", 1, 3, z, y);
    ck_assert(y[0] == 0 && y[1] == (nn_real)0.5 && y[2] == (nn_real)0.5);
    forward("log_softmax", 1, 3, z, y);
    ck_assert(isinf(y[0]) && y[0] < 0);
    ck_assert_double_eq_tol((double)y[1], -log(2), 1e-7);
    nn_activation_of(&part)->backward(part.self, 1, 3, NULL, y, dy, dz);
    ck_assert(dz[0] == 1 && dz[1] == -1 && dz[2] == 0); /* dy - p 6 */
    nn_part_free(&part);
}
END_TEST

START_TEST(huge_logits_overflow_nothing)
{
    const nn_real z[4] = {(nn_real)1e30, (nn_real)-1e30, 0, (nn_real)1e30};
    nn_real y[4];
    forward("sparsemax", 1, 4, z, y);
    ck_assert(y[0] == (nn_real)0.5 && y[1] == 0 && y[2] == 0 && y[3] == (nn_real)0.5);
    forward("log_softmax", 1, 4, z, y);
    ck_assert_double_eq_tol((double)y[0], -log(2), 1e-7);
    ck_assert(y[1] < (nn_real)-1.9e30 && y[2] < (nn_real)-0.9e30 && y[3] == y[0]);
}
END_TEST

/* ---- glu ---- */

START_TEST(glu_halves_the_last_dimension)
{
    nn_model *model =
        make_model(1, "activation activation=glu input_shape=(2,4)", NULL, NULL, NULL);
    ck_assert_uint_eq(nn_model_output_width(model), 4);
    const float x[8] = {1, -2, 0.5f, 3, 4, 5, -200, 200};
    float y[4];
    OK(nn_predict(model, x, 1, y));
    const double wanted[4] = {1 / (1 + exp(-0.5)), -2 / (1 + exp(-3)), 0, 5};
    for (size_t i = 0; i < 4; i++)
        ck_assert_double_eq_tol((double)y[i], wanted[i], 1e-6);
    nn_model_free(model);
}
END_TEST

START_TEST(glu_is_refused_where_it_cannot_work)
{
    nn_model *model;
    OK(nn_model_create(&model));
    FAILS(nn_model_add(model, "activation activation=glu input_shape=(4,3)"), NN_ERR_SHAPE,
          "glu makes one value of two along the last dimension, which is 3: it has to be even");
    FAILS(nn_model_add(model, "dense units=4 activation=glu input_shape=(3)"), NN_ERR_SHAPE,
          "activation glu changes the width, expected one that keeps it: put it into a layer of "
          "its own behind this one ('activation activation=glu')");
    /* as it says */
    OK(nn_model_add(model, "dense units=4 input_shape=(3)"));
    OK(nn_model_add(model, "activation activation=glu"));
    ck_assert_uint_eq(nn_model_output_width(model), 2);
    FAILS(nn_model_add(model, "dense units=1 activation=glu"), NN_ERR_SHAPE, "changes the width");
    OK(nn_model_add(model, "activation activation=glu"));
    FAILS(nn_model_add(model, "activation activation=glu"), NN_ERR_SHAPE, "which is 1");
    nn_model_free(model);
}
END_TEST

/* ---- threshold units ---- */

START_TEST(threshold_units_compute_a_gate)
{
    static const struct {
        const char *activation;
        float bias, no, yes;
    } gates[] = {{"heaviside", -1.5f, 0, 1}, {"sign", -1.5f, -1, 1}, {"heaviside(x2=1)", -2, 0, 1}};
    char layer[128];
    snprintf(layer, sizeof layer,
             "dense units=1 activation=%s kernel_initializer=ones input_shape=2",
             gates[_i].activation);
    nn_model *model = make_model(1, layer, NULL, NULL, NULL);
    OK(nn_model_set_weights(model, "dense/bias", &gates[_i].bias, 1));
    const float x[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    float y[4];
    OK(nn_predict(model, x[0], 4, y));
    for (size_t i = 0; i < 4; i++)
        ck_assert(y[i] == (i == 3 ? gates[_i].yes : gates[_i].no)); /* and */
    nn_model_free(model);
}
END_TEST

START_TEST(no_gradient_gets_through_threshold_units)
{
    static const char *const units[] = {"heaviside", "sign"};
    char layers[128];
    snprintf(layers, sizeof layers,
             "dense units=5 activation=%s input_shape=(2); dense units=3 activation=softmax",
             units[_i]);
    nn_model *model = make_model(3, layers, "sgd", "sparse_categorical_crossentropy", NULL);
    blobs points;
    fill_blobs(&points);
    nn_dataset *data = blob_dataset(&points);
    float before[10], after[10], last_before[15], last_after[15];
    OK(nn_model_get_weights(model, "dense/kernel", before, 10));
    OK(nn_model_get_weights(model, "dense_1/kernel", last_before, 15));
    OK(nn_fit(model, data, NULL, NULL));
    OK(nn_model_get_weights(model, "dense/kernel", after, 10));
    OK(nn_model_get_weights(model, "dense_1/kernel", last_after, 15));
    for (size_t i = 0; i < 10; i++)
        ck_assert(before[i] == after[i]);
    ck_assert_mem_ne(last_before, last_after, sizeof last_after);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("activations");
    TCase *tcase = tcase_create("one value");
    tcase_add_loop_test(tcase, values_and_slopes_at_the_edges_are_exact, 0, COUNT(edges));
    tcase_add_test(tcase, nan_propagates_whatever_the_options);
    tcase_add_loop_test(tcase, options_out_of_their_bounds_are_refused, 0, 7);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("whole rows");
    tcase_add_test(tcase, functions_of_rows_are_their_formulas);
    tcase_add_test(tcase, a_row_of_zeros_is_shared_evenly);
    tcase_add_loop_test(tcase, nan_and_infinity_make_nan_of_their_row_and_of_no_other, 0, 2);
    tcase_add_test(tcase, an_impossible_class_stays_impossible);
    tcase_add_test(tcase, huge_logits_overflow_nothing);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("glu");
    tcase_add_test(tcase, glu_halves_the_last_dimension);
    tcase_add_test(tcase, glu_is_refused_where_it_cannot_work);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("threshold units");
    tcase_add_loop_test(tcase, threshold_units_compute_a_gate, 0, 3);
    tcase_add_loop_test(tcase, no_gradient_gets_through_threshold_units, 0, 2);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
