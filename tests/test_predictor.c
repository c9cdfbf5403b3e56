/* nn_predictor: the results of nn_predict without allocation, locks or other threads. */
#include "faults.h"
#include "nn.h"
#include "suite.h"
#include <pthread.h>
#include <string.h>

enum { ROWS = 300, INPUTS = 150, OUTPUTS = 10 };

static float x[ROWS * INPUTS], wanted[ROWS * OUTPUTS], y[ROWS * OUTPUTS];

static nn_model *make_model(void)
{
    nn_model *model;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = (float)(i * 7919 % 1009) / 1009;
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "rescaling scale=2 offset=-1 input_shape=(150)"));
    OK(nn_model_add(model, "dense units=300 activation=relu"));
    OK(nn_model_add(model, "dropout rate=0.5"));
    OK(nn_model_add(model, "dense units=10 activation=softmax"));
    return model;
}

START_TEST(a_predictor_gives_the_bits_that_predict_gives)
{
    nn_model *model = make_model();
    nn_predictor *predictor;
    OK(nn_predictor_create(&predictor, model, ROWS));
    for (size_t rows = 1; rows <= ROWS; rows += 23) {
        OK(nn_predict(model, x, rows, wanted));
        memset(y, 0, sizeof(y));
        OK(nn_predictor_run(predictor, x, rows, y));
        ck_assert_mem_eq(y, wanted, rows * OUTPUTS * sizeof(float));
    }
    nn_predictor_free(predictor);
    nn_model_free(model);
}
END_TEST

START_TEST(a_run_allocates_nothing)
{
    nn_model *model = make_model();
    nn_predictor *predictor;
    OK(nn_predictor_create(&predictor, model, ROWS));
    faults_reset();
    const size_t calls = faults_calls();
    for (int i = 0; i < 1000; i++) {
        const size_t rows = i % 100 == 0 ? ROWS : 1;
        OK(nn_predictor_run(predictor, x, rows, y));
    }
    ck_assert_uint_eq(faults_calls(), calls);
    nn_predictor_free(predictor);
    nn_model_free(model);
}
END_TEST

START_TEST(a_predictor_sees_new_weights)
{
    static float kernel[150 * 300];
    nn_model *model = make_model();
    nn_predictor *predictor;
    OK(nn_predictor_create(&predictor, model, 1));
    OK(nn_model_set_weights(model, "dense/kernel", kernel,
                            150 * 300)); /* all zero: no class wins */
    OK(nn_predictor_run(predictor, x, 1, y));
    for (size_t i = 0; i < OUTPUTS; i++)
        ck_assert_float_eq_tol(y[i], 0.1F, 1e-7F);
    nn_predictor_free(predictor);
    nn_model_free(model);
}
END_TEST

START_TEST(what_a_predictor_cannot_do_is_refused)
{
    nn_model *model = make_model(), *empty;
    nn_predictor *predictor = (nn_predictor *)model;
    ck_assert_int_eq(nn_predictor_create(NULL, model, 1), NN_ERR_INVALID);
    ck_assert_int_eq(nn_predictor_create(&predictor, NULL, 1), NN_ERR_INVALID);
    ck_assert_ptr_null(predictor);
    ck_assert_int_eq(nn_predictor_create(&predictor, model, 0), NN_ERR_INVALID);
    OK(nn_model_create(&empty));
    ck_assert_int_eq(nn_predictor_create(&predictor, empty, 1), NN_ERR_STATE);
    nn_model_free(empty);
    OK(nn_predictor_create(&predictor, model, 7));
    ck_assert_int_eq(nn_predictor_run(predictor, x, 8, y), NN_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(nn_error_message(), "8"));
    ck_assert_int_eq(nn_predictor_run(predictor, x, 0, y), NN_ERR_INVALID);
    ck_assert_int_eq(nn_predictor_run(predictor, NULL, 1, y), NN_ERR_INVALID);
    ck_assert_int_eq(nn_predictor_run(predictor, x, 1, NULL), NN_ERR_INVALID);
    ck_assert_int_eq(nn_predictor_run(NULL, x, 1, y), NN_ERR_INVALID);
    nn_predictor_free(predictor);
    nn_predictor_free(NULL);
    nn_model_free(model);
}
END_TEST

START_TEST(every_failed_allocation_of_create_is_clean)
{
    nn_model *model = make_model();
    nn_predictor *predictor;
    OK(nn_predict(model, x, 1, y)); /* built before: only create is to fail */
    for (size_t k = 1;; k++) {
        const long blocks = faults_live_blocks();
        faults_fail_allocation(k, true);
        const nn_status status = nn_predictor_create(&predictor, model, 5);
        faults_reset();
        if (status == NN_OK)
            break;
        ck_assert_int_eq(status, NN_ERR_NO_MEMORY);
        ck_assert_ptr_null(predictor);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_uint_lt(k, 100);
    }
    nn_predictor_free(predictor);
    nn_model_free(model);
}
END_TEST

static void *use_one(void *model)
{
    static _Thread_local float mine[OUTPUTS];
    nn_predictor *predictor;
    bool same = nn_predictor_create(&predictor, model, 1) == NN_OK;
    for (int i = 0; i < 200 && same; i++)
        same = nn_predictor_run(predictor, x, 1, mine) == NN_OK &&
               memcmp(mine, wanted, sizeof(mine)) == 0;
    nn_predictor_free(predictor);
    return same ? model : NULL;
}

START_TEST(predictors_of_many_threads_share_a_model)
{
    pthread_t threads[16];
    nn_model *model = make_model();
    OK(nn_predict(model, x, 1, wanted));
    for (size_t i = 0; i < 16; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_one, model), 0);
    for (size_t i = 0; i < 16; i++) {
        void *good;
        pthread_join(threads[i], &good);
        ck_assert_ptr_nonnull(good);
    }
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("predictor");
    TCase *tests = tcase_create("predictor");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_predictor_gives_the_bits_that_predict_gives);
    tcase_add_test(tests, a_run_allocates_nothing);
    tcase_add_test(tests, a_predictor_sees_new_weights);
    tcase_add_test(tests, what_a_predictor_cannot_do_is_refused);
    tcase_add_test(tests, every_failed_allocation_of_create_is_clean);
    tcase_add_test(tests, predictors_of_many_threads_share_a_model);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
