/* Predicting: the layers' formulas, from any number of threads, without an allocation; who may use a model when;
 * copies of it. */
#include "access.h"
#include "faults.h"
#include "model.h"
#include "small_model.h"
#include "status.h"
#include "suite.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- predicting ---- */

/* The small model by plain loops, from its weights. */
static void predict_in_double(const nn_model *model, const float *x, size_t rows, double *y)
{
    float weights[SMALL_WEIGHTS];
    get_all_weights(model, weights);
    const float *w1 = weights, *b1 = w1 + 42, *w2 = b1 + 7, *b2 = w2 + 28;
    for (size_t i = 0; i < rows; i++) {
        double hidden[7], sum = 0;
        for (size_t j = 0; j < 7; j++) {
            hidden[j] = (double)b1[j];
            for (size_t k = 0; k < 6; k++)
                hidden[j] += (double)x[i * 6 + k] * (double)w1[k * 7 + j];
            hidden[j] = fmax(hidden[j], 0);
        }
        for (size_t j = 0; j < 4; j++) {
            double z = (double)b2[j];
            for (size_t k = 0; k < 7; k++)
                z += hidden[k] * (double)w2[k * 4 + j];
            sum += y[i * 4 + j] = exp(z);
        }
        for (size_t j = 0; j < 4; j++)
            y[i * 4 + j] /= sum;
    }
}

enum { MANY = 700 }; /* more than a block of predict */

START_TEST(predictions_are_the_layers_formulas_however_the_rows_come)
{
    nn_model *model = make_small(3);
    float *x = make_inputs(MANY * SMALL_INPUTS);
    float *y = malloc(MANY * SMALL_OUTPUTS * sizeof *y);
    double *wanted = malloc(MANY * SMALL_OUTPUTS * sizeof *wanted);
    static const size_t splits[] = {1, 100, MANY, 7, 256, 257}; /* small ones first */
    predict_in_double(model, x, MANY, wanted);
    for (size_t s = 0; s < COUNT(splits); s++) {
        memset(y, 0xff, MANY * SMALL_OUTPUTS * sizeof *y);
        for (size_t at = 0; at < MANY; at += splits[s])
            OK(nn_predict(model, x + at * SMALL_INPUTS,
                          MANY - at < splits[s] ? MANY - at : splits[s], y + at * SMALL_OUTPUTS));
        for (size_t i = 0; i < MANY * SMALL_OUTPUTS; i++)
            ck_assert_msg(fabs((double)y[i] - wanted[i]) < 1e-6, "value %zu is %g, expected %g", i,
                          (double)y[i], wanted[i]);
    }
    free(x), free(y), free(wanted);
    nn_model_free(model);
}
END_TEST

/* Each layer's output is wider or narrower than its input: places that overlap would show. */
START_TEST(a_chain_of_layers_keeps_its_buffers_apart)
{
    static const char *const layers[] = {
        "dense units=40 input_shape=(3)",
        "dense units=5 activation=tanh",
        "dense units=64",
        "dropout rate=0.5",
        "dense units=70 activation=tanh",
        "flatten",
        "dense units=2",
        "dense units=33",
        NULL,
    };
    static const size_t widths[] = {3, 40, 5, 64, 70, 2, 33};
    enum { CHAIN_ROWS = 300, WIDEST = 70 };
    static float kernel[WIDEST * WIDEST], bias[WIDEST];
    static double from[WIDEST], to[WIDEST];
    nn_model *model = model_of(8, layers);
    float *x = make_inputs(CHAIN_ROWS * 3), *y = malloc(CHAIN_ROWS * 33 * sizeof *y);
    OK(nn_predict(model, x, CHAIN_ROWS, y));
    for (size_t row = 0; row < CHAIN_ROWS; row += 23) {
        for (size_t i = 0; i < 3; i++)
            from[i] = (double)x[row * 3 + i];
        for (size_t l = 0; l + 1 < COUNT(widths); l++) {
            const size_t in = widths[l], out = widths[l + 1];
            OK(nn_model_get_weights(model, nn_model_weight_name(model, 2 * l), kernel, in * out));
            OK(nn_model_get_weights(model, nn_model_weight_name(model, 2 * l + 1), bias, out));
            for (size_t j = 0; j < out; j++) {
                to[j] = (double)bias[j];
                for (size_t i = 0; i < in; i++)
                    to[j] += from[i] * (double)kernel[i * out + j];
                if (out == 5 || out == 70)
                    to[j] = tanh(to[j]);
            }
            memcpy(from, to, sizeof to);
        }
        for (size_t j = 0; j < 33; j++)
            ck_assert_msg(fabs((double)y[row * 33 + j] - from[j]) < 1e-5,
                          "row %zu, value %zu is %g, expected %g", row, j, (double)y[row * 33 + j],
                          from[j]);
    }
    free(x), free(y);
    nn_model_free(model);
}
END_TEST

START_TEST(models_of_views_alone_give_their_input_back)
{
    static const char *const layers[] = {"flatten input_shape=(2,2)", "dropout rate=0.9", NULL};
    const float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    float y[8] = {0};
    nn_model *model = model_of(0, layers);
    OK(nn_predict(model, x, 2, y));
    ck_assert_mem_eq(x, y, sizeof x);
    nn_model_free(model);
}
END_TEST

struct predictor {
    const nn_model *model;
    const float *x, *wanted; /* wanted NULL: only look */
    float y[50 * SMALL_OUTPUTS];
    bool same;
};

static void *predict_again_and_again(void *user)
{
    struct predictor *p = user;
    p->same = true;
    for (int i = 0; i < 20; i++) {
        const nn_status status = nn_predict(p->model, p->x, 50, p->y);
        p->same = p->same && status == NN_OK &&
                  (p->wanted == NULL || memcmp(p->y, p->wanted, sizeof p->y) == 0);
    }
    return NULL;
}

START_TEST(predict_is_the_same_from_64_threads)
{
    enum { THREADS = 64 };
    static struct predictor predictors[THREADS];
    static float wanted[50 * SMALL_OUTPUTS];
    pthread_t threads[THREADS];
    float *x = make_inputs(50 * SMALL_INPUTS);
    nn_model *model = model_of(4, small_layers);
    nn_model *twin = model_of(4, small_layers);
    OK(nn_predict(twin, x, 50, wanted));
    /* The model isn't built yet: the threads meet there as well. */
    for (size_t i = 0; i < THREADS; i++) {
        predictors[i] = (struct predictor){.model = model, .x = x, .wanted = wanted};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, predict_again_and_again, &predictors[i]),
                         0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_msg(predictors[i].same, "thread %zu got other bits", i);
    }
    free(x);
    nn_model_free(model);
    nn_model_free(twin);
}
END_TEST

START_TEST(a_warm_predict_or_step_allocates_nothing)
{
    float *x = make_inputs(MANY * SMALL_INPUTS), *y = malloc(MANY * SMALL_OUTPUTS * sizeof *y);
    int32_t labels[32] = {0};
    double values[2];
    nn_dataset *batch;
    nn_model *model = make_small(0);
    OK(nn_dataset_from_arrays(&batch, 32, x, NN_FLOAT32, SMALL_INPUTS, labels, NN_INT32, 1));
    OK(nn_predict(model, x, MANY, y));
    OK(nn_train_on_batch(model, batch, values, 2));
    faults_fail_allocation(1, false);
    OK(nn_predict(model, x, MANY, y));
    OK(nn_predict(model, x, 1, y));
    OK(nn_train_on_batch(model, batch, values, 2));
    ck_assert_uint_eq(faults_calls(), 0);
    faults_reset();
    nn_dataset_free(batch);
    nn_model_free(model);
    free(x), free(y);
}
END_TEST

/* ---- who may use a model when ---- */

static void *use_from_elsewhere(void *user)
{
    nn_model *model = user;
    float x[SMALL_INPUTS] = {0}, y[SMALL_OUTPUTS];
    FAILS(nn_predict(model, x, 1, y), NN_ERR_STATE, "changed by another thread");
    FAILS(nn_model_summary(model, NULL, 0, NULL), NN_ERR_STATE, "another thread");
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_STATE, "another thread");
    FAILS(nn_model_set_class_names(model, NULL, 0), NN_ERR_STATE, "another thread");
    return NULL;
}

START_TEST(a_model_being_changed_is_busy_for_others_but_readable_within)
{
    float x[SMALL_INPUTS] = {0}, y[SMALL_OUTPUTS];
    const long blocks = faults_live_blocks();
    pthread_t thread;
    nn_model *model = make_small(0);
    OK(nn_model_begin_write(model));
    ck_assert_int_eq(pthread_create(&thread, NULL, use_from_elsewhere, model), 0);
    pthread_join(thread, NULL);
    OK(nn_predict(model, x, 1, y));
    FAILS(nn_model_set_seed(model, 1), NN_ERR_STATE, "callback");
    nn_model_end_write(model);
    OK(nn_model_begin_read(model));
    OK(nn_predict(model, x, 1, y));
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_STATE, "in use");
    nn_model_end_read(model);
    OK(nn_model_begin_write(model)); /* all have left */
    nn_model_free(model);            /* lives until the end of the call that changes it */
    OK(nn_predict(model, x, 1, y));
    nn_model_end_write(model);
    ck_assert_int_eq(faults_live_blocks(), blocks);
}
END_TEST

/* ---- cloning ---- */

START_TEST(a_clone_is_equal_and_independent)
{
    float *x = make_inputs(40 * SMALL_INPUTS);
    int32_t labels[40];
    float one[SMALL_WEIGHTS], other[SMALL_WEIGHTS], before[SMALL_WEIGHTS];
    double values[2], same[2];
    const char *const names[] = {"a", "b", "c", "d"};
    nn_dataset *data;
    nn_model *model = make_small(6), *copy;
    for (int32_t i = 0; i < 40; i++)
        labels[i] = i % 4;
    OK(nn_dataset_from_arrays(&data, 40, x, NN_FLOAT32, SMALL_INPUTS, labels, NN_INT32, 1));
    OK(nn_model_set_class_names(model, names, 4));
    for (int i = 0; i < 3; i++)
        OK(nn_train_on_batch(model, data, values, 2));
    OK(nn_model_clone(&copy, model));
    get_all_weights(model, before);
    get_all_weights(copy, other);
    ck_assert_mem_eq(before, other, sizeof other);
    ck_assert_str_eq(nn_model_metric_name(copy, 1), "accuracy");
    ck_assert_str_eq(nn_model_class_name(copy, 3), "d");
    /* Optimizer state and random streams are the same: so is the next step. */
    OK(nn_train_on_batch(copy, data, same, 2));
    get_all_weights(model, one);
    ck_assert_mem_eq(one, before, sizeof one); /* the original doesn't notice */
    OK(nn_train_on_batch(model, data, values, 2));
    ck_assert(values[0] == same[0] && values[1] == same[1]);
    get_all_weights(model, one);
    get_all_weights(copy, other);
    ck_assert_mem_eq(one, other, sizeof one);
    nn_model_free(model);
    OK(nn_evaluate(copy, data, values, 2));
    nn_model_free(copy);

    model = model_of(6, small_layers); /* neither built nor compiled */
    OK(nn_model_clone(&copy, model));
    OK(nn_model_add(copy, "dense units=2"));
    OK(nn_model_add(model, "dense units=2"));
    nn_model_free(copy);
    nn_model_free(model);
    nn_dataset_free(data);
    free(x);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("predicting");
    TCase *tcase = add_case(suite, "predicting", NULL, NULL);
    tcase_add_test(tcase, predictions_are_the_layers_formulas_however_the_rows_come);
    tcase_add_test(tcase, a_chain_of_layers_keeps_its_buffers_apart);
    tcase_add_test(tcase, models_of_views_alone_give_their_input_back);
    tcase_add_test(tcase, predict_is_the_same_from_64_threads);
    tcase_add_test(tcase, a_warm_predict_or_step_allocates_nothing);

    tcase = add_case(suite, "who may use a model when", NULL, NULL);
    tcase_add_test(tcase, a_model_being_changed_is_busy_for_others_but_readable_within);

    tcase = add_case(suite, "cloning", NULL, NULL);
    tcase_add_test(tcase, a_clone_is_equal_and_independent);
    return run_suite(suite);
}
