/* Measured plans: what they may change (speed, last digits) and what not. */
#include "faults.h"
#include "fitting.h"
#include "gemm_measure.h"
#include "model.h"
#include "nn.h"
#include "suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Products that are large enough to be cut, and some that aren't. */
enum { INPUTS = 200, CLASSES = 10, ROWS = 192, BATCH = 64 };
static const char layers[] = "dense units=160 activation=tanh input_shape=(200);"
                             "dense units=120 activation=tanh; dense units=10 activation=softmax";

static float x[ROWS * INPUTS];
static int32_t labels[ROWS];

static nn_model *wide_model(void)
{
    return make_model(1, layers, "sgd momentum=0.9", "sparse_categorical_crossentropy", NULL);
}

static nn_dataset *wide_data(void)
{
    nn_dataset *data;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = noise(i);
    for (size_t i = 0; i < ROWS; i++)
        labels[i] = (int32_t)(i * 7 % CLASSES);
    OK(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, INPUTS, labels, NN_INT32, 1));
    return data;
}

static void train(nn_model *model, const nn_dataset *data)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = BATCH;
    options.epochs = 3;
    OK(nn_fit(model, data, &options, NULL));
}

static char *plan_of(const nn_model *model)
{
    size_t length;
    OK(nn_model_plan(model, NULL, 0, &length));
    char *text = malloc(length + 1);
    OK(nn_model_plan(model, text, length + 1, NULL));
    ck_assert_uint_eq(strlen(text), length);
    return text;
}

START_TEST(a_plan_names_every_product)
{
    static const char *const products[] = {
        "NN 64x160x200: ",  "NN 64x120x160: ", "NN 64x10x120: ",  "TN 200x160x64: ",
        "TN 160x120x64: ",  "TN 120x10x64: ",  "NT 64x160x120: ", "NT 64x120x10: ",
        "NN 256x160x200: ", "NN 1x160x200: "};
    nn_model *model = wide_model();
    char *before = plan_of(model);
    ck_assert_str_eq(before, "All products are cut by the rule.\n");
    OK(nn_model_measure(model, BATCH));
    char *plan = plan_of(model);
    size_t lines = 0;
    for (const char *at = plan; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_uint_eq(lines, 14); /* 3 + 3 + 2 of a step, 3 of evaluation, 3 of a row */
    for (size_t i = 0; i < COUNT(products); i++)
        ck_assert_msg(strstr(plan, products[i]) != NULL, "no '%s' in\n%s", products[i], plan);
    for (size_t i = 0; i < model->grids->count; i++) { /* NT gets scratch to be transposed in */
        const nn_gemm_shape *shape = &model->grids->choices[i].shape;
        ck_assert_int_eq(shape->can_transpose, shape->kind == NN_GEMM_NT);
    }
    free(before);
    free(plan);
    nn_model_free(model);
}
END_TEST

START_TEST(weights_stay_and_results_are_near)
{
    nn_model *measured = wide_model(), *plain = wide_model();
    nn_dataset *data = wide_data();
    static float y[ROWS * CLASSES], wanted[ROWS * CLASSES];
    OK(nn_predict(plain, x, 1, wanted)); /* makes the weights */
    OK(nn_model_measure(measured, BATCH));
    ck_assert(same_weights(measured, plain));
    train(measured, data);
    train(plain, data);
    OK(nn_predict(measured, x, ROWS, y));
    OK(nn_predict(plain, x, ROWS, wanted));
    for (size_t i = 0; i < ROWS * CLASSES; i++)
        ck_assert_float_eq_tol(y[i], wanted[i], 1e-5F); /* of probabilities; seen: 3e-7 */
    nn_dataset_free(data);
    nn_model_free(measured);
    nn_model_free(plain);
}
END_TEST

START_TEST(a_measured_model_has_the_same_bits_on_any_number_of_threads)
{
    static const size_t threads[] = {1, 2, 3, 8};
    nn_dataset *data = wide_data();
    nn_model *model = wide_model();
    OK(nn_model_measure(model, BATCH));
    size_t count;
    float *first = NULL, *initial = weights_of(model, &count);
    for (size_t t = 0; t < COUNT(threads); t++) {
        OK(nn_set_num_threads(threads[t]));
        size_t at = 0;
        for (size_t i = 0; i < nn_model_weight_count(model); i++) {
            const char *name = nn_model_weight_name(model, i);
            size_t shape[2];
            const size_t rank = nn_model_weight_shape(model, name, shape, 2);
            const size_t width = rank == 2 ? shape[0] * shape[1] : shape[0];
            OK(nn_model_set_weights(model, name, initial + at, width));
            at += width;
        }
        ck_assert_uint_eq(at, count);
        OK(nn_model_compile(model, "sgd", "sparse_categorical_crossentropy", NULL));
        nn_fit_options options = NN_FIT_OPTIONS_INIT;
        options.batch_size = BATCH;
        options.shuffle = 0;
        OK(nn_fit(model, data, &options, NULL));
        float *weights = weights_of(model, &count);
        if (first == NULL)
            first = weights;
        else {
            ck_assert_mem_eq(weights, first, count * sizeof *first);
            free(weights);
        }
    }
    ck_assert_mem_ne(first, initial, count * sizeof *first);
    OK(nn_set_num_threads(0));
    free(first);
    free(initial);
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

START_TEST(without_memory_the_plan_before_stays)
{
    nn_model *model = make_model(1, "dense units=3 input_shape=(2)", "sgd", "mse", NULL);
    size_t count, failures = 0;
    OK(nn_model_measure(model, 3));
    float *weights = weights_of(model, &count);
    char *before = plan_of(model);
    const long blocks = faults_live_blocks();
    for (size_t k = 1;; k++, failures++) {
        faults_fail_allocation(k, true);
        const nn_status status = nn_model_measure(model, 4);
        const bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        if (!failed) {
            OK(status);
            break;
        }
        ck_assert_int_eq(status, NN_ERR_NO_MEMORY);
        char *plan = plan_of(model);
        ck_assert_str_eq(plan, before);
        free(plan);
        ck_assert(has_weights(model, weights));
    }
    ck_assert_uint_gt(failures, 5);
    free(before);
    free(weights);
    nn_model_free(model);
}
END_TEST

static nn_status measure_within(const nn_event *event, void *user)
{
    nn_status *status = user;
    if (event->kind == NN_EVENT_BATCH_END)
        *status = nn_model_measure(event->model, 2);
    return NN_OK;
}

START_TEST(what_cannot_be_measured_is_refused)
{
    nn_model *model;
    OK(nn_model_create(&model));
    FAILS(nn_model_measure(NULL, 32), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_measure(model, 32), NN_ERR_STATE, "isn't compiled");
    FAILS(nn_model_plan(NULL, NULL, 0, NULL), NN_ERR_INVALID, "model is NULL");
    nn_model_free(model);
    model = blob_model(1);
    FAILS(nn_model_measure(model, 0), NN_ERR_INVALID, "batch_size is 0");
    FAILS(nn_model_measure(model, SIZE_MAX), NN_ERR_INVALID, "too large");
    blobs points;
    fill_blobs(&points);
    nn_dataset *data = blob_dataset(&points);
    nn_status within = NN_OK;
    const nn_fit_options options = callback_options(1, 32, measure_within, &within);
    OK(nn_fit(model, data, &options, NULL));
    ck_assert_int_eq(within, NN_ERR_STATE);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("measure");
    TCase *tests = tcase_create("measure");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, a_plan_names_every_product);
    tcase_add_test(tests, weights_stay_and_results_are_near);
    tcase_add_test(tests, a_measured_model_has_the_same_bits_on_any_number_of_threads);
    tcase_add_test(tests, without_memory_the_plan_before_stays);
    tcase_add_test(tests, what_cannot_be_measured_is_refused);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
