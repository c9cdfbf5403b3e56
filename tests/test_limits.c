/* What happens at the edges: more callers than BLAS has room for, names that would break a table,
 * messages longer than their buffer, models whose output only passes through. */
#include "faults.h"
#include "nn.h"
#include "status.h"
#include "suite.h"
#include "text.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- more callers at once than OpenBLAS has buffers ---- */

enum { CALLERS = 160, ROWS = 40, INPUTS = 200, OUTPUTS = 200 };

struct caller {
    pthread_t thread;
    const nn_model *model;
    const float *x;
    const float *wanted;
    bool same;
};

static void *predict(void *argument)
{
    struct caller *caller = argument;
    float *y = malloc(sizeof(float) * ROWS * OUTPUTS);
    caller->same = y != NULL;
    for (int i = 0; i < 3 && caller->same; i++)
        caller->same = nn_predict(caller->model, caller->x, ROWS, y) == NN_OK &&
                       memcmp(y, caller->wanted, sizeof(float) * ROWS * OUTPUTS) == 0;
    free(y);
    return NULL;
}

START_TEST(more_threads_than_blas_has_buffers_predict_the_same)
{
    static struct caller callers[CALLERS];
    static float x[ROWS * INPUTS], wanted[ROWS * OUTPUTS];
    nn_model *model;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = (float)(i % 97) / 97;
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=200 activation=tanh input_shape=(200)"));
    OK(nn_predict(model, x, ROWS, wanted));
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.model = model, .x = x, .wanted = wanted};
        ck_assert_int_eq(pthread_create(&callers[i].thread, NULL, predict, &callers[i]), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        ck_assert_msg(callers[i].same, "thread %zu", i);
    }
    nn_model_free(model);
}
END_TEST

/* ---- a view behind the last activation ---- */

/* With logits of +-200 the probability of the wrong class is 0 in float; the loss is exact only if it is
 * taken from the logits. */
START_TEST(a_flatten_behind_softmax_leaves_the_loss_exact)
{
    const float x[1] = {1}, kernel[2] = {200, -200};
    const uint8_t label[1] = {1};
    double loss;
    nn_model *model;
    nn_dataset *data;
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=2 use_bias=false activation=softmax input_shape=(1)"));
    OK(nn_model_add(model, "flatten"));
    OK(nn_model_compile(model, "sgd learning_rate=1", "sparse_categorical_crossentropy", NULL));
    OK(nn_model_set_weights(model, "dense/kernel", kernel, 2));
    OK(nn_dataset_from_arrays(&data, 1, x, NN_FLOAT32, 1, label, NN_UINT8, 1));
    OK(nn_train_on_batch(model, data, &loss, 1));
    ck_assert_double_eq_tol(loss, 400, 1e-4); /* a float's rounding of 400 is 3e-5 */
    float trained[2];
    OK(nn_model_get_weights(model, "dense/kernel", trained, 2));
    ck_assert_float_eq(trained[0], 199); /* its gradient is 1 - 0 */
    ck_assert_float_eq(trained[1], -199);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

/* Softmax over 2 values seen as one distribution of 4: the loss can't be the softmax's own. */
START_TEST(a_flatten_that_changes_the_last_dimension_is_not_looked_through)
{
    const float x[2] = {1, 2};
    const uint8_t label[1] = {3};
    double loss;
    float y[4];
    nn_model *model;
    nn_dataset *data;
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=2 activation=softmax input_shape=(2,1)"));
    OK(nn_model_add(model, "flatten"));
    OK(nn_model_compile(model, "sgd", "sparse_categorical_crossentropy", NULL));
    OK(nn_dataset_from_arrays(&data, 1, x, NN_FLOAT32, 2, label, NN_UINT8, 1));
    OK(nn_evaluate(model, data, &loss, 1));
    OK(nn_predict(model, x, 1, y));
    ck_assert_double_eq_tol(loss, -log((double)y[3] / 2), 1e-6); /* the row's sum is 2 */
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

/* ---- names and messages ---- */

START_TEST(names_with_control_characters_are_refused)
{
    static const char *const bad[] = {"a\nb", "\x1b[2J", "tab\there", "\x7f"};
    nn_model *model;
    OK(nn_model_create(&model));
    for (size_t i = 0; i < COUNT(bad); i++) {
        char layer[100];
        snprintf(layer, sizeof(layer), "flatten input_shape=(2) name='%s'", bad[i]);
        ck_assert_int_eq(nn_model_add(model, layer), NN_ERR_INVALID);
        ck_assert_int_eq(nn_model_set_class_names(model, &bad[i], 1), NN_ERR_INVALID);
    }
    nn_model_free(model);
}
END_TEST

START_TEST(a_cut_message_ends_with_a_whole_character)
{
    char text[1400];
    for (size_t start = 0; start < 4; start++) {
        memset(text, 'x', start);
        for (size_t i = start; i + 3 < sizeof(text); i += 3)
            memcpy(text + i, "€", 4);
        nn_fail(NN_ERR_INVALID, "%s", text);
        ck_assert(nn_is_printable(nn_error_message()));
        ck_assert_uint_ge(strlen(nn_error_message()), 1018);
    }
    nn_fail(NN_ERR_INVALID, "%1023s", "é"); /* fits to the last byte */
    ck_assert_uint_eq(strlen(nn_error_message()), 1023);
}
END_TEST

START_TEST(names_are_taken_as_keras_writes_them_and_suggested_in_any_case)
{
    nn_model *model;
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=1 input_shape=(2)"));
    ck_assert_int_eq(nn_model_compile(model, "Sgd", "mse", NULL), NN_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(nn_error_message(), "did you mean 'sgd'"));
    OK(nn_model_compile(model, "SGD", "MeanSquaredError", "MAE")); /* as Keras has them */
    ck_assert_str_eq(nn_model_metric_name(model, 1), "MAE");
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tests = tcase_create("limits");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, more_threads_than_blas_has_buffers_predict_the_same);
    tcase_add_test(tests, a_flatten_behind_softmax_leaves_the_loss_exact);
    tcase_add_test(tests, a_flatten_that_changes_the_last_dimension_is_not_looked_through);
    tcase_add_test(tests, names_with_control_characters_are_refused);
    tcase_add_test(tests, a_cut_message_ends_with_a_whole_character);
    tcase_add_test(tests, names_are_taken_as_keras_writes_them_and_suggested_in_any_case);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
