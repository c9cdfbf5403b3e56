/* Functions of a caller's that fail, and memory that does: the call that needed them gives the status, no step
 * is made, and nothing of it stays. */
#include "faults.h"
#include "model.h"
#include "own_parts.h"
#include "saved_model.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static float steps[64][64]; /* weights after so many steps */
static size_t step_count;

static nn_status note_weights(const nn_event *event, void *user)
{
    (void)user;
    if (event->kind != NN_EVENT_TRAIN_BEGIN && event->kind != NN_EVENT_BATCH_END)
        return NN_OK;
    float *weights = weights_of(event->model, NULL);
    memcpy(steps[step_count++], weights, nn_model_parameter_count(event->model) * sizeof(*weights));
    free(weights);
    return NN_OK;
}

/* Each function of each part fails in turn, forward or backward: nn_fit gives its status, and the weights
 * are those of the last whole step. */
START_TEST(a_failing_function_stops_fit_before_the_step)
{
    const char *optimizer = _i == 0 ? "sgd" : "sgd momentum=0.9";
    nn_fit_options options = callback_options(2, 32, note_weights, NULL);
    options.validation_data = valued;
    nn_model *model = two_layers("my_swish", optimizer, "my_squares", "my_error");
    step_count = 0;
    OK(nn_fit(model, valued, &options, NULL));
    nn_model_free(model);
    options.callback = NULL;
    size_t k = 1, seen[3] = {0};
    for (;; k++) {
        model = two_layers("my_swish", optimizer, "my_squares", "my_error");
        fail_at(k);
        const nn_status status = nn_fit(model, valued, &options, NULL);
        if (atomic_load(&caller.calls) < k) {
            OK(status);
            nn_model_free(model);
            break;
        }
        ck_assert_int_eq(status, OWN_STATUS);
        ck_assert_uint_eq(atomic_load(&caller.calls), k); /* none is called after it */
        ck_assert_uint_lt(model->iteration, step_count);
        ck_assert(has_weights(model, steps[model->iteration]));
        seen[0] += strstr(nn_error_message(), "activation my_swish") != NULL;
        seen[1] += strstr(nn_error_message(), "loss my_squares") != NULL;
        seen[2] += strstr(nn_error_message(), "metric my_error") != NULL;
        fail_at(0);
        OK(nn_fit(model, valued, &options, NULL)); /* nothing is left over */
        nn_model_free(model);
    }
    ck_assert_uint_eq(seen[0] + seen[1] + seen[2], k - 1);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_gt(seen[i], 5);
}
END_TEST

/* Moving statistics are of the steps that were made: whichever call of whichever function fails, all weights
 * are as before. */
START_TEST(moving_statistics_stay_as_the_weights_do)
{
    nn_model *model = parts_model();
    OK(nn_model_add(model, "dense units=8 activation=my_swish input_shape=(2)"));
    OK(nn_model_add(model, "batch_normalization momentum=0.5"));
    OK(nn_model_add(model, "dense units=3"));
    OK(nn_model_compile(model, "sgd", "my_squares", NULL));
    float *before = weights_of(model, NULL);
    size_t k = 1;
    for (;; k++) {
        fail_at(k);
        const nn_status status = nn_train_on_batch(model, valued, NULL, 0);
        if (status == NN_OK)
            break;
        ck_assert_int_eq(status, OWN_STATUS);
        ck_assert(has_weights(model, before));
    }
    ck_assert_uint_ge(k, 4); /* forward and backward of both parts have failed */
    ck_assert(!has_weights(model, before));
    free(before);
    nn_model_free(model);
}
END_TEST

static nn_status evaluate(nn_model *model)
{
    double values[2] = {7, 7};
    const nn_status status = nn_evaluate(model, valued, values, 2);
    ck_assert(status == NN_OK || values[0] == 7);
    return status;
}

static nn_status confuse(nn_model *model)
{
    size_t counts[9] = {7};
    const nn_status status = nn_confusion_matrix(model, valued, counts, 3);
    ck_assert(status == NN_OK || counts[0] == 7);
    return status;
}

static nn_status step(nn_model *model)
{
    return nn_train_on_batch(model, valued, NULL, 0);
}

static nn_status gradients(nn_model *model)
{
    return nn_model_compute_gradients(model, valued, NULL, 0);
}

static nn_status layer_output(nn_model *model)
{
    static float x[2 * 700], y[8 * 700];
    return nn_model_layer_output(model, "dense", x, 700, y);
}

static nn_status predict_all(nn_model *model)
{
    static float y[BLOB_ROWS * 3];
    return nn_predict(model, points.x[0], BLOB_ROWS, y);
}

/* More rows than a block of a prediction has. */
static nn_status predict_blocks(nn_model *model)
{
    static float x[2 * 700], y[3 * 700];
    return nn_predict(model, x, 700, y);
}

static nn_status run_predictor(nn_model *model)
{
    static float x[2 * 700], y[3 * 700];
    nn_predictor *predictor;
    OK(nn_predictor_create(&predictor, model, 700));
    const nn_status status = nn_predictor_run(predictor, x, 700, y);
    nn_predictor_free(predictor);
    return status;
}

static nn_status measure(nn_model *model)
{
    return nn_model_measure(model, 8);
}

static const struct {
    nn_status (*call)(nn_model *model);
    size_t least; /* calls of functions at least */
} calls[] = {
    {evaluate, 3},    {confuse, 3},        {step, 5},          {gradients, 5}, {layer_output, 6},
    {predict_all, 1}, {predict_blocks, 6}, {run_predictor, 6}, {measure, 4},
};
enum { CALLS = COUNT(calls) };

START_TEST(a_failing_function_stops_every_call_with_its_status)
{
    OK(nn_set_num_threads(4));
    nn_model *model = two_layers("my_swish", "sgd", "my_squares", "my_error");
    size_t k = 1;
    for (;; k++) {
        float *weights = weights_of(model, NULL);
        fail_at(k);
        const nn_status status = calls[_i].call(model);
        const bool failed = atomic_load(&caller.calls) >= k;
        fail_at(0);
        if (failed) {
            ck_assert_int_eq(status, OWN_STATUS);
            ck_assert_ptr_nonnull(
                strstr(nn_error_message(), "failed: unknown status (status -1234)"));
            ck_assert(has_weights(model, weights));
        }
        free(weights);
        if (!failed) {
            OK(status);
            break;
        }
        OK(predict_all(model)); /* nothing is left over */
    }
    ck_assert_uint_gt(k, calls[_i].least);
    nn_model_free(model);
}
END_TEST

static nn_status stop(void *user, size_t rows, size_t width, const float *z, float *y)
{
    (void)user, (void)rows, (void)width, (void)z, (void)y;
    return NN_STOPPED;
}

START_TEST(a_positive_status_is_no_success)
{
    nn_custom_activation stops = my_swish;
    float y;
    nn_model *model = parts_model();
    stops.name = "stops";
    stops.forward = stop;
    OK(nn_model_register_activation(model, &stops));
    OK(nn_model_add(model, "dense units=1 activation=stops input_shape=(1)"));
    FAILS(nn_predict(model, &(float){1}, 1, &y), NN_ERR_INVALID, "gave 1, expected NN_OK");
    nn_model_free(model);
}
END_TEST

/* Threads predict with one model, and the rows of some let the function fail: it does for those alone. */
enum { THREADS = 16, REPEATS = 200, PREDICTED = 300 };

struct predictions {
    const nn_model *model;
    const float *x, *wanted; /* wanted NULL: it must fail */
    bool right;
};

static void *predict_often(void *argument)
{
    struct predictions *p = argument;
    float y[3 * PREDICTED];
    p->right = true;
    for (int i = 0; i < REPEATS; i++) {
        const nn_status status = nn_predict(p->model, p->x, PREDICTED, y);
        p->right = p->right &&
                   (p->wanted == NULL
                        ? status == OWN_STATUS && strstr(nn_error_message(), "my_swish") != NULL
                        : status == NN_OK && memcmp(y, p->wanted, sizeof(y)) == 0);
    }
    return NULL;
}

START_TEST(a_failure_is_that_of_the_call_that_met_it)
{
    static float good[2 * PREDICTED], bad[2 * PREDICTED], wanted[3 * PREDICTED];
    OK(nn_set_num_threads(4));
    nn_model *model = parts_model();
    OK(nn_model_add(model, "dense units=3 activation=my_swish kernel_initializer=ones "
                           "input_shape=(2)"));
    for (size_t i = 0; i < 2 * PREDICTED; i++)
        bad[i] = good[i] = noise(i);
    bad[2 * PREDICTED - 1] = 1e7f; /* in the last of its blocks */
    OK(nn_predict(model, good, PREDICTED, wanted));
    pthread_t threads[THREADS];
    struct predictions work[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        work[i] = (struct predictions){model, i % 2 ? bad : good, i % 2 ? NULL : wanted, false};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, predict_often, &work[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_msg(work[i].right, "thread %zu", i);
    nn_model_free(model);
}
END_TEST

/* ---- memory ---- */

static nn_status do_all(file f)
{
    nn_model *model = NULL, *clone = NULL, *loaded = NULL;
    nn_status status = nn_model_create(&model);
    if (status == NN_OK)
        status = register_all(model);
    if (status == NN_OK)
        status = nn_model_add(model, "dense units=3 activation=my_swish input_shape=(2)");
    if (status == NN_OK)
        status = nn_model_compile(model, "sgd", "my_squares", "my_error name=e");
    if (status == NN_OK)
        status = fit(model, valued, 1);
    if (status == NN_OK)
        status = nn_model_clone(&clone, model);
    if (status == NN_OK)
        status = nn_model_load_from_memory_with_parts(&loaded, f.bytes, f.size, clone);
    nn_model_free(model);
    nn_model_free(clone);
    nn_model_free(loaded);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    nn_model *model = fitted_model();
    file f = save(model);
    nn_model_free(model);
    const long blocks = faults_live_blocks();
    size_t refused = 0, k = 1;
    for (;; k++) {
        atomic_store(&caller.released, 0);
        faults_fail_allocation(k, true);
        const nn_status status = do_all(f);
        const bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        /* a clone can do without one: an option that it can't tell from its default is written out */
        ck_assert_msg(status == NN_OK || (failed && status == NN_ERR_NO_MEMORY),
                      "allocation %zu: %s", k, nn_error_message());
        refused += status != NN_OK;
        ck_assert_int_le(atomic_load(&caller.released), 1);
        if (!failed)
            break;
    }
    ck_assert_int_eq(atomic_load(&caller.released), 1);
    ck_assert_uint_gt(refused, k - 10);
    free(f.bytes);
}
END_TEST

START_TEST(a_warm_prediction_and_a_second_epoch_allocate_nothing_more)
{
    nn_model *model = fitted_model();
    OK(predict_all(model));
    faults_fail_allocation(1, false);
    OK(predict_all(model));
    ck_assert_uint_eq(faults_calls(), 0);
    faults_reset();
    OK(fit(model, valued, 1));
    size_t calls_of[2];
    for (size_t i = 0; i < 2; i++) {
        faults_fail_allocation(1000000, true);
        OK(fit(model, valued, 1 + i));
        calls_of[i] = faults_calls();
        faults_reset();
    }
    ck_assert_uint_eq(calls_of[0], calls_of[1]);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("custom_failures");
    TCase *tests = tcase_create("custom_failures");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, a_failing_function_stops_fit_before_the_step, 0, 2);
    tcase_add_test(tests, moving_statistics_stay_as_the_weights_do);
    tcase_add_loop_test(tests, a_failing_function_stops_every_call_with_its_status, 0, CALLS);
    tcase_add_test(tests, a_positive_status_is_no_success);
    tcase_add_test(tests, a_failure_is_that_of_the_call_that_met_it);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_add_test(tests, a_warm_prediction_and_a_second_epoch_allocate_nothing_more);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
