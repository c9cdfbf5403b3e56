/* What can be seen of a model's inside: gradients, their norms, what layers give. */
#include "faults.h"
#include "fitting.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static blobs points;
static nn_dataset *data;

static void setup(void)
{
    fill_blobs(&points);
    data = blob_dataset(&points);
}

static void teardown(void)
{
    nn_dataset_free(data);
}

static const char *const layers = "rescaling scale=0.5 offset=0.1 input_shape=(2); "
                                  "dense units=6 activation=tanh; dropout rate=0.25; "
                                  "dense units=3 activation=softmax";

static nn_model *model_with(const char *optimizer)
{
    return make_model(3, layers, optimizer, "sparse_categorical_crossentropy", "accuracy");
}

static float *gradients_of(const nn_model *model, const char *name, size_t *count)
{
    size_t shape[4] = {1, 1, 1, 1};
    ck_assert_uint_gt(nn_model_weight_shape(model, name, shape, 4), 0);
    *count = shape[0] * shape[1];
    float *values = malloc(*count * sizeof(*values));
    OK(nn_model_get_gradients(model, name, values, *count));
    return values;
}

/* ---- gradients ---- */

START_TEST(a_step_of_learning_rate_1_subtracts_the_gradients)
{
    static const char *const optimizers[] = {"sgd learning_rate=1",
                                             "sgd learning_rate=1 momentum=0.5"};
    nn_model *model = model_with(optimizers[_i]), *stepped = model_with(optimizers[_i]);
    double values[2], step_values[2];
    OK(nn_fit(model, data, NULL, NULL)); /* so that nothing is special about the step */
    OK(nn_fit(stepped, data, NULL, NULL));
    if (_i == 1) { /* momentum begins anew */
        OK(nn_model_compile(model, optimizers[1], "sparse_categorical_crossentropy", "accuracy"));
        OK(nn_model_compile(stepped, optimizers[1], "sparse_categorical_crossentropy", "accuracy"));
    }
    OK(nn_model_compute_gradients(model, data, values, 2));
    OK(nn_train_on_batch(stepped, data, step_values, 2));
    ck_assert(values[0] == step_values[0] && values[1] == step_values[1]);
    for (size_t w = 0; w < nn_model_weight_count(model); w++) {
        size_t count;
        const char *name = nn_model_weight_name(model, w);
        float *g = gradients_of(model, name, &count), before[64], after[64];
        OK(nn_model_get_weights(model, name, before, count));
        OK(nn_model_get_weights(stepped, name, after, count));
        bool moved = false;
        for (size_t i = 0; i < count; i++) {
            ck_assert_msg(fabsf(before[i] - g[i] - after[i]) <= 1e-6f, "%s[%zu]: %g, not %g", name,
                          i, (double)g[i], (double)(before[i] - after[i]));
            moved = moved || fabsf(g[i]) > 1e-3f;
        }
        ck_assert(moved);
        free(g);
    }
    nn_model_free(model);
    nn_model_free(stepped);
}
END_TEST

START_TEST(computing_gradients_changes_nothing)
{
    nn_model *looked_into = model_with("sgd momentum=0.9"), *alone = model_with("sgd momentum=0.9");
    for (size_t i = 0; i < 3; i++) {
        OK(nn_fit(looked_into, data, NULL, NULL));
        OK(nn_fit(alone, data, NULL, NULL));
        OK(nn_model_compute_gradients(looked_into, data, NULL, 0));
        ck_assert(same_weights(looked_into, alone));
    }
    nn_model_free(looked_into);
    nn_model_free(alone);
}
END_TEST

START_TEST(gradients_that_are_not_known_are_refused)
{
    nn_model *model = model_with("sgd"), *fresh = make_model(0, layers, NULL, NULL, NULL);
    float g[64];
    double values[2];
    FAILS(nn_model_get_gradients(model, "dense/bias", g, 6), NN_ERR_STATE,
          "nn_model_compute_gradients");
    OK(nn_model_compute_gradients(model, data, values, 2));
    OK(nn_model_get_gradients(model, "dense/bias", g, 6));
    FAILS(nn_model_get_gradients(model, "dense/bias", g, 5), NN_ERR_SHAPE, "count is 5");
    FAILS(nn_model_get_gradients(model, "dense/bia", g, 6), NN_ERR_INVALID, "no weight is named");
    FAILS(nn_model_get_gradients(model, NULL, g, 6), NN_ERR_INVALID, "name is NULL");
    FAILS(nn_model_get_gradients(model, "dense/bias", NULL, 6), NN_ERR_INVALID, "values is NULL");
    FAILS(nn_model_get_gradients(NULL, "dense/bias", g, 6), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_compute_gradients(model, data, values, 1), NN_ERR_INVALID, "count is 1");
    FAILS(nn_model_compute_gradients(model, NULL, values, 2), NN_ERR_INVALID, "batch is NULL");
    FAILS(nn_model_compute_gradients(NULL, data, values, 2), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_compute_gradients(fresh, data, NULL, 0), NN_ERR_STATE, "nn_model_compile");
    OK(nn_model_get_gradients(model, "dense/bias", g, 6)); /* those of before */
    OK(nn_train_on_batch(model, data, NULL, 0));
    FAILS(nn_model_get_gradients(model, "dense/bias", g, 6), NN_ERR_STATE, "the last training");
    OK(nn_model_compute_gradients(model, data, NULL, 0));
    OK(nn_model_measure(model, 8));
    FAILS(nn_model_get_gradients(model, "dense/bias", g, 6), NN_ERR_STATE, "the last training");
    nn_model_free(model);
    nn_model_free(fresh);
}
END_TEST

START_TEST(a_loss_that_is_not_finite_can_be_looked_into)
{
    nn_model *model = blob_model(1);
    double values[2];
    float g[16];
    points.x[5][0] = NAN;
    OK(nn_model_compute_gradients(model, data, values, 2));
    ck_assert(isnan(values[0]));
    OK(nn_model_get_gradients(model, "dense/kernel", g, 16));
    ck_assert(isnan(g[0]));
    nn_model_free(model);
}
END_TEST

/* ---- their norms ---- */

static double norm_of(const nn_model *model, const char *kernel, const char *bias)
{
    const char *const names[] = {kernel, bias};
    double squares = 0;
    for (size_t w = 0; w < 2; w++) {
        size_t count;
        float *g = gradients_of(model, names[w], &count);
        for (size_t i = 0; i < count; i++)
            squares += (double)g[i] * (double)g[i];
        free(g);
    }
    return sqrt(squares);
}

START_TEST(gradient_norms_are_means_over_an_epochs_batches)
{
    nn_model *model = model_with("sgd learning_rate=0.1"),
             *stepped = model_with("sgd learning_rate=0.1");
    nn_history *history;
    nn_fit_options options = callback_options(3, 45, NULL, NULL);
    options.shuffle = 0;
    options.validation_split = 0;
    options.callbacks = "gradient_norms; gradient_norms";
    OK(nn_fit(model, data, &options, &history));
    ck_assert_uint_eq(nn_history_count(history), 4);
    ck_assert_str_eq(nn_history_name(history, 2), "dense/gradient_norm");
    ck_assert_str_eq(nn_history_name(history, 3), "dense_1/gradient_norm");
    nn_dataset *batches[2] = {slice_of(data, 0, 45), slice_of(data, 45, 45)};
    for (size_t epoch = 0; epoch < 3; epoch++) {
        double norms[2] = {0, 0};
        for (size_t i = 0; i < 2; i++) {
            OK(nn_model_compute_gradients(stepped, batches[i], NULL, 0));
            norms[0] += norm_of(stepped, "dense/kernel", "dense/bias") / 2;
            norms[1] += norm_of(stepped, "dense_1/kernel", "dense_1/bias") / 2;
            OK(nn_train_on_batch(stepped, batches[i], NULL, 0));
        }
        for (size_t i = 0; i < 2; i++) {
            const double *values;
            size_t count;
            OK(nn_history_get(history, nn_history_name(history, 2 + i), &values, &count));
            ck_assert_uint_eq(count, 3);
            ck_assert_msg(fabs(values[epoch] - norms[i]) <= 1e-6, "%g, not %g", values[epoch],
                          norms[i]);
        }
    }
    nn_history_free(history);
    nn_dataset_free(batches[0]);
    nn_dataset_free(batches[1]);
    nn_model_free(model);
    nn_model_free(stepped);
}
END_TEST

/* ---- layers ---- */

enum { ROWS = 300 };

START_TEST(each_layer_gives_what_is_computed_by_hand)
{
    static float x[ROWS][2], scaled[ROWS][2], hidden[ROWS][6], dropped[ROWS][6], y[ROWS][3],
        predicted[ROWS][3];
    float kernel[2][6], bias[6];
    nn_model *model = model_with("sgd");
    OK(nn_fit(model, data, NULL, NULL));
    for (size_t i = 0; i < 2 * ROWS; i++)
        x[i / 2][i % 2] = noise(i);
    ck_assert_uint_eq(nn_model_layer_count(model), 4);
    ck_assert_str_eq(nn_model_layer_name(model, 2), "dropout");
    ck_assert_ptr_null(nn_model_layer_name(model, 4));
    ck_assert_uint_eq(nn_model_layer_width(model, "dense"), 6);
    ck_assert_uint_eq(nn_model_layer_width(model, "dense_2"), 0);
    OK(nn_model_layer_output(model, "rescaling", x[0], ROWS, scaled[0]));
    OK(nn_model_layer_output(model, "dense", x[0], ROWS, hidden[0]));
    OK(nn_model_layer_output(model, "dropout", x[0], ROWS, dropped[0]));
    OK(nn_model_layer_output(model, "dense_1", x[0], ROWS, y[0]));
    OK(nn_predict(model, x[0], ROWS, predicted[0]));
    OK(nn_model_get_weights(model, "dense/kernel", kernel[0], 12));
    OK(nn_model_get_weights(model, "dense/bias", bias, 6));
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < 6; j++) {
            if (j < 2)
                ck_assert(fabsf(scaled[i][j] - (0.5f * x[i][j] + 0.1f)) <= 1e-6f);
            const float z = scaled[i][0] * kernel[0][j] + scaled[i][1] * kernel[1][j] + bias[j];
            ck_assert(fabsf(hidden[i][j] - tanhf(z)) <= 1e-6f);
        }
    ck_assert(memcmp(hidden, dropped, sizeof(hidden)) == 0);
    ck_assert(memcmp(y, predicted, sizeof(y)) == 0);
    nn_model_free(model);
}
END_TEST

START_TEST(a_view_at_the_beginning_gives_the_input)
{
    float x[4] = {1, 2, 3, 4}, y[4];
    nn_model *model = make_model(0, "flatten input_shape=(2,2); dense units=1", NULL, NULL, NULL);
    OK(nn_model_layer_output(model, "flatten", x, 1, y));
    ck_assert(memcmp(x, y, sizeof(x)) == 0);
    nn_model_free(model);
}
END_TEST

START_TEST(layers_that_are_not_there_are_refused)
{
    float x[2] = {0, 0}, y[8];
    nn_model *model = blob_model(1), *empty;
    OK(nn_model_create(&empty));
    FAILS(nn_model_layer_output(model, "dens", x, 1, y), NN_ERR_INVALID, "known: dense, dense_1");
    FAILS(nn_model_layer_output(empty, "dense", x, 1, y), NN_ERR_INVALID, "known: none");
    FAILS(nn_model_layer_output(model, NULL, x, 1, y), NN_ERR_INVALID, "layer is NULL");
    FAILS(nn_model_layer_output(model, "dense", NULL, 1, y), NN_ERR_INVALID, "x is NULL");
    FAILS(nn_model_layer_output(model, "dense", x, 1, NULL), NN_ERR_INVALID, "y is NULL");
    FAILS(nn_model_layer_output(model, "dense", x, 0, y), NN_ERR_INVALID, "rows is 0");
    FAILS(nn_model_layer_output(NULL, "dense", x, 1, y), NN_ERR_INVALID, "model is NULL");
    ck_assert_uint_eq(nn_model_layer_count(NULL), 0);
    ck_assert_uint_eq(nn_model_layer_width(NULL, "dense"), 0);
    nn_model_free(model);
    nn_model_free(empty);
}
END_TEST

/* ---- memory ---- */

static nn_status compute(nn_model *model)
{
    return nn_model_compute_gradients(model, data, NULL, 0);
}

static nn_status look_at_a_layer(nn_model *model)
{
    float y[BLOB_ROWS][8];
    return nn_model_layer_output(model, "dense", points.x[0], BLOB_ROWS, y[0]);
}

static nn_status fit_with_norms(nn_model *model)
{
    nn_fit_options options = callback_options(2, 32, NULL, NULL);
    options.callbacks = "gradient_norms";
    return nn_fit(model, data, &options, NULL);
}

static nn_status (*const works[])(nn_model *) = {compute, look_at_a_layer, fit_with_norms};

START_TEST(every_failing_allocation_is_a_clean_failure)
{
    for (size_t k = 1, failed = 1; failed; k++) {
        const long blocks = faults_live_blocks();
        nn_model *model = blob_model(1);
        faults_fail_allocation(k, true);
        const nn_status status = works[_i](model);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_msg(status == (failed ? NN_ERR_NO_MEMORY : NN_OK), "allocation %zu: %s", k,
                      nn_error_message());
        OK(works[_i](model));
        nn_model_free(model);
        ck_assert_int_eq(faults_live_blocks(), blocks);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("introspection");
    TCase *tests = tcase_create("introspection");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_step_of_learning_rate_1_subtracts_the_gradients, 0, 2);
    tcase_add_test(tests, computing_gradients_changes_nothing);
    tcase_add_test(tests, gradients_that_are_not_known_are_refused);
    tcase_add_test(tests, a_loss_that_is_not_finite_can_be_looked_into);
    tcase_add_test(tests, gradient_norms_are_means_over_an_epochs_batches);
    tcase_add_test(tests, each_layer_gives_what_is_computed_by_hand);
    tcase_add_test(tests, a_view_at_the_beginning_gives_the_input);
    tcase_add_test(tests, layers_that_are_not_there_are_refused);
    tcase_add_loop_test(tests, every_failing_allocation_is_a_clean_failure, 0, 3);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
