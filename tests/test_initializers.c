/* Why the first weights are random: equal units stay equal. And the initializers that are exact. */
#include "allocate.h"
#include "fitting.h"
#include "initializer.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- symmetry ---- */

enum { UNITS = 8 };

/* Exclusive or, which one hidden unit can't compute, and so no number of equal ones. */
static const float corners[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const float differ[4] = {0, 1, 1, 0};

/* A trained net of UNITS hidden units; accuracy is what it came to. */
static nn_model *train(const char *activation, const char *initializer, double *accuracy)
{
    char layers[256];
    nn_dataset *data;
    snprintf(layers, sizeof layers,
             "dense units=%d activation=%s kernel_initializer=%s input_shape=(2);"
             "dense units=1 activation=sigmoid kernel_initializer=%s",
             UNITS, activation, initializer, initializer);
    nn_model *model = make_model(7, layers, "sgd learning_rate=0.1 momentum=0.9",
                                 "binary_crossentropy", "binary_accuracy");
    OK(nn_dataset_from_arrays(&data, 4, corners, NN_FLOAT32, 2, differ, NN_FLOAT32, 1));
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 1000;
    options.batch_size = 1; /* on all four together the gradient at zero is zero */
    OK(nn_fit(model, data, &options, NULL));
    double values[2];
    OK(nn_evaluate(model, data, values, 2));
    *accuracy = values[1];
    nn_dataset_free(data);
    return model;
}

/* How far the incoming and outgoing weights of any hidden unit are from those of the first, and the
 * largest weight. */
struct units {
    double apart, largest;
};

enum { MOST_OUTPUTS = 3 };

static void look_at(struct units *units, double first, double other)
{
    units->apart = fmax(units->apart, fabs(other - first));
    units->largest = fmax(units->largest, fabs(other));
}

static struct units units_of(const nn_model *model, size_t outputs)
{
    float in[2][UNITS], bias[UNITS], out[UNITS * MOST_OUTPUTS];
    struct units units = {0, 0};
    OK(nn_model_get_weights(model, "dense/kernel", in[0], (size_t)2 * UNITS));
    OK(nn_model_get_weights(model, "dense/bias", bias, UNITS));
    OK(nn_model_get_weights(model, "dense_1/kernel", out, UNITS * outputs));
    for (size_t i = 0; i < UNITS; i++) {
        look_at(&units, (double)in[0][0], (double)in[0][i]);
        look_at(&units, (double)in[1][0], (double)in[1][i]);
        look_at(&units, (double)bias[0], (double)bias[i]);
        for (size_t j = 0; j < outputs; j++)
            look_at(&units, (double)out[j], (double)out[i * outputs + j]);
    }
    return units;
}

START_TEST(hidden_units_of_equal_first_weights_stay_equal)
{
    static const char *const initializers[] = {"zeros", "ones", "constant(value=0.01)"};
    double accuracy;
    nn_model *model = train("sigmoid", initializers[_i], &accuracy);
    const struct units units = units_of(model, 1);
    ck_assert_double_gt(units.largest, 0.1); /* they do learn, */
    ck_assert_double_le(units.apart, 1e-6 * units.largest);
    ck_assert_double_le(accuracy, 0.75); /* but one unit's worth */
    nn_model_free(model);
}
END_TEST

START_TEST(units_that_are_0_at_0_do_not_leave_zeros_at_all)
{
    double accuracy;
    nn_model *model = train("tanh", "zeros", &accuracy);
    ck_assert_double_eq(units_of(model, 1).largest, 0);
    float bias; /* the last bias does */
    OK(nn_model_get_weights(model, "dense_1/bias", &bias, 1));
    ck_assert(bias != 0);
    nn_model_free(model);
}
END_TEST

START_TEST(random_first_weights_make_them_differ)
{
    static const char *const initializers[] = {"random_normal(stddev=0.5)", "lecun_normal",
                                               "variance_scaling(distribution=uniform)"};
    double accuracy;
    nn_model *model = train("tanh", initializers[_i], &accuracy);
    const struct units units = units_of(model, 1);
    ck_assert_double_gt(units.apart, 0.1 * units.largest);
    ck_assert_double_eq(accuracy, 1);
    nn_model_free(model);
}
END_TEST

/* The classic start: so near to zero that all units begin in the middle of their range. */
START_TEST(a_small_random_start_is_enough)
{
    static const char *const initializers[] = {"zeros", "random_normal(stddev=0.01)",
                                               "truncated_normal(stddev=0.01)"};
    char layers[256];
    snprintf(layers, sizeof layers,
             "dense units=%d activation=sigmoid kernel_initializer=%s input_shape=(2);"
             "dense units=3 activation=softmax kernel_initializer=%s",
             UNITS, initializers[_i], initializers[_i]);
    nn_model *model = make_model(7, layers, "sgd learning_rate=0.1 momentum=0.9",
                                 "sparse_categorical_crossentropy", "accuracy");
    blobs points;
    fill_blobs(&points);
    nn_dataset *data = blob_dataset(&points);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 100;
    OK(nn_fit(model, data, &options, NULL));
    double values[2];
    OK(nn_evaluate(model, data, values, 2));
    const struct units units = units_of(model, 3);
    if (_i == 0) {
        ck_assert_double_gt(units.largest, 0.1);
        ck_assert_double_le(units.apart, 1e-6 * units.largest);
    } else {
        ck_assert_double_gt(units.apart, 0.1 * units.largest);
        ck_assert_double_eq(values[1], 1);
    }
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

/* ---- exact ones, and errors ---- */

static nn_status fill(const char *spec, const nn_shape *shape, nn_real *values)
{
    nn_part part;
    OK(nn_part_parse(&part, &nn_initializer_room, spec));
    nn_random random = nn_random_stream(1, NN_RANDOM_INITIALIZER, 0, 0);
    const nn_status status = nn_initializer_of(&part)->fill(part.self, shape, &random, values);
    nn_part_free(&part);
    return status;
}

START_TEST(identity_hands_the_input_on)
{
    nn_model *model = make_model(1,
                                 "dense units=3 kernel_initializer=identity input_shape=(3);"
                                 "dense units=4 kernel_initializer=identity(gain=-2);"
                                 "dense units=2 kernel_initializer=identity(gain=0.5)",
                                 NULL, NULL, NULL);
    const float x[2][3] = {{1, 2, 3}, {-4, 0.5f, 7}};
    float y[2][2];
    OK(nn_predict(model, x[0], 2, y[0]));
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++)
            ck_assert(y[i][j] == -x[i][j]);
    nn_model_free(model);
}
END_TEST

START_TEST(identity_is_a_matrix)
{
    nn_real values[8];
    const nn_shape shapes[] = {nn_shape_1d(3), {.rank = 3, .dimensions = {2, 2, 2}}};
    for (size_t i = 0; i < 2; i++) {
        FAILS(fill("identity", &shapes[i], values), NN_ERR_SHAPE,
              "identity needs a weight of two dimensions, not ");
    }
    nn_model *model;
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=2 bias_initializer=identity input_shape=(3)"));
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_SHAPE, "dense/bias: identity needs");
    nn_model_free(model);
}
END_TEST

START_TEST(a_normal_of_no_width_is_its_mean)
{
    static const char *const specs[] = {"random_normal mean=0.5 stddev=0",
                                        "truncated_normal mean=0.5 stddev=0"};
    nn_real values[20];
    const nn_shape shape = nn_shape_1d(20);
    OK(fill(specs[_i], &shape, values));
    for (size_t i = 0; i < 20; i++)
        ck_assert(values[i] == (nn_real)0.5);
}
END_TEST

START_TEST(named_initializers_are_settings_of_variance_scaling)
{
    static const char *const same[][2] = {
        {"lecun_normal seed=3", "variance_scaling seed=3"},
        {"lecun_uniform seed=3", "variance_scaling distribution=uniform seed=3"},
        {"he_normal seed=3", "variance_scaling scale=2 distribution=normal seed=3"},
        {"he_uniform seed=3", "variance_scaling scale=2 distribution=uniform seed=3"},
        {"glorot_normal seed=3", "variance_scaling mode=fan_avg seed=3"},
        {"glorot_uniform seed=3", "variance_scaling mode=fan_avg distribution=uniform seed=3"},
    };
    const nn_shape shape = {.rank = 3, .dimensions = {3, 5, 7}};
    nn_real a[105], b[105];
    OK(fill(same[_i][0], &shape, a));
    OK(fill(same[_i][1], &shape, b));
    ck_assert_mem_eq(a, b, sizeof a);
}
END_TEST

START_TEST(variance_scaling_refuses_what_keras_refuses)
{
    static const struct {
        const char *spec, *message;
    } refused[] = {
        {"variance_scaling scale=0", "scale is 0, expected a number > 0"},
        {"variance_scaling scale=-1", "scale is -1, expected a number > 0"},
        {"variance_scaling mode=fan", "mode is"},
        {"variance_scaling distribution=cauchy", "distribution is"},
        {"truncated_normal stddev=-1", "stddev is -1, expected a number >= 0"},
    };
    nn_part part;
    FAILS(nn_part_parse(&part, &nn_initializer_room, refused[_i].spec), NN_ERR_INVALID,
          refused[_i].message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("initializers");
    TCase *tcase = tcase_create("symmetry");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, hidden_units_of_equal_first_weights_stay_equal, 0, 3);
    tcase_add_test(tcase, units_that_are_0_at_0_do_not_leave_zeros_at_all);
    tcase_add_loop_test(tcase, random_first_weights_make_them_differ, 0, 3);
    tcase_add_loop_test(tcase, a_small_random_start_is_enough, 0, 3);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("exact");
    tcase_add_test(tcase, identity_hands_the_input_on);
    tcase_add_test(tcase, identity_is_a_matrix);
    tcase_add_loop_test(tcase, a_normal_of_no_width_is_its_mean, 0, 2);
    tcase_add_loop_test(tcase, named_initializers_are_settings_of_variance_scaling, 0, 6);
    tcase_add_loop_test(tcase, variance_scaling_refuses_what_keras_refuses, 0, 5);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
