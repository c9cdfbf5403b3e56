/* Models and threads: who comes at the wrong time gets NN_ERR_STATE, everybody else the same bits as
 * alone. Threads only note what they see; the test's own thread judges. */
#include "fitting.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

typedef float answer[BLOB_ROWS][BLOB_CLASSES];

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

static nn_status predict(const nn_model *model, answer y)
{
    return nn_predict(model, points.x[0], BLOB_ROWS, y[0]);
}

static nn_status fit(nn_model *model)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 100;
    options.batch_size = 8;
    return nn_fit(model, data, &options, NULL);
}

static void give_way(void)
{
    const struct timespec moment = {.tv_nsec = 50000};
    nanosleep(&moment, NULL);
}

/* ---- fit beside predict ---- */

struct shared {
    nn_model *model;
    answer before, after;
    atomic_bool fitted;
    atomic_size_t right_before, right_after, refused, wrong;
    double evaluated[2][2]; /* before and after */
};

static void *predict_until_fitted(void *argument)
{
    struct shared *shared = argument;
    for (bool last = false; !last; give_way()) {
        answer y;
        double values[2];
        last = atomic_load(&shared->fitted);
        nn_status status = predict(shared->model, y);
        if (status == NN_ERR_STATE)
            atomic_fetch_add(&shared->refused, 1);
        else if (status == NN_OK && memcmp(y, shared->before, sizeof(y)) == 0)
            atomic_fetch_add(&shared->right_before, 1);
        else if (status == NN_OK && memcmp(y, shared->after, sizeof(y)) == 0)
            atomic_fetch_add(&shared->right_after, 1);
        else
            atomic_fetch_add(&shared->wrong, 1);
        status = nn_evaluate(shared->model, data, values, 2);
        if (status != NN_ERR_STATE &&
            (status != NN_OK || (memcmp(values, shared->evaluated[0], sizeof(values)) != 0 &&
                                 memcmp(values, shared->evaluated[1], sizeof(values)) != 0)))
            atomic_fetch_add(&shared->wrong, 1);
    }
    return NULL;
}

START_TEST(predict_beside_fit_is_right_or_refused)
{
    static struct shared shared;
    pthread_t threads[3];
    memset(&shared, 0, sizeof(shared));
    nn_model *alone = blob_model(1);
    OK(predict(alone, shared.before));
    OK(nn_evaluate(alone, data, shared.evaluated[0], 2));
    OK(fit(alone));
    OK(predict(alone, shared.after));
    OK(nn_evaluate(alone, data, shared.evaluated[1], 2));
    shared.model = blob_model(1);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, predict_until_fitted, &shared), 0);
    while (atomic_load(&shared.right_before) == 0)
        give_way();
    nn_status status;
    while ((status = fit(shared.model)) == NN_ERR_STATE)
        give_way(); /* the others were reading */
    atomic_store(&shared.fitted, true);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(status, NN_OK);
    ck_assert_uint_eq(atomic_load(&shared.wrong), 0);
    ck_assert_uint_gt(atomic_load(&shared.right_before), 0);
    ck_assert_uint_gt(atomic_load(&shared.right_after), 0);
    ck_assert(same_weights(shared.model, alone));
    nn_model_free(alone);
    nn_model_free(shared.model);
}
END_TEST

/* Another thread, within a callback: it is refused, whatever it wants. */
static void *use_from_outside(void *argument)
{
    static nn_status statuses[4];
    answer y;
    nn_model *model = argument;
    size_t length;
    statuses[0] = predict(model, y);
    statuses[1] = nn_train_on_batch(model, data, NULL, 0);
    statuses[2] = nn_model_save_to_memory(model, NULL, 0, &length);
    statuses[3] = nn_model_compile(model, "sgd", "mse", NULL);
    return statuses;
}

static nn_status let_another_thread_use_it(const nn_event *event, void *user)
{
    pthread_t thread;
    void *statuses;
    ck_assert_int_eq(pthread_create(&thread, NULL, use_from_outside, event->model), 0);
    pthread_join(thread, &statuses);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(((nn_status *)statuses)[i], NN_ERR_STATE);
    ++*(size_t *)user;
    return NN_OK;
}

START_TEST(other_threads_are_refused_during_fit)
{
    nn_model *model = blob_model(1);
    size_t events = 0;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.callback = let_another_thread_use_it;
    options.callback_user = &events;
    OK(nn_fit(model, data, &options, NULL));
    ck_assert_uint_eq(events, 1 + 1 + 3 + 1 + 1); /* 90 rows are 3 batches */
    nn_model_free(model);
}
END_TEST

/* ---- many at once ---- */

struct fitting {
    nn_model *model;
    nn_status status;
};

static void *fit_in_thread(void *argument)
{
    struct fitting *fitting = argument;
    fitting->status = fit(fitting->model);
    return NULL;
}

START_TEST(models_fitted_at_once_get_the_same_bits_as_alone)
{
    enum { MODELS = 2 };
    struct fitting fittings[MODELS];
    pthread_t threads[MODELS];
    for (size_t i = 0; i < MODELS; i++) {
        fittings[i] = (struct fitting){.model = blob_model(i)};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fit_in_thread, &fittings[i]), 0);
    }
    for (size_t i = 0; i < MODELS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < MODELS; i++) {
        nn_model *alone = blob_model(i);
        OK(fit(alone));
        ck_assert_int_eq(fittings[i].status, NN_OK);
        ck_assert(same_weights(fittings[i].model, alone));
        nn_model_free(alone);
        nn_model_free(fittings[i].model);
    }
}
END_TEST

enum { THREADS = 64, CALLS = 10 };

struct predicting {
    const nn_model *model;
    pthread_barrier_t begin;
    answer expected;
    atomic_size_t right;
};

static void *predict_in_thread(void *argument)
{
    struct predicting *predicting = argument;
    pthread_barrier_wait(&predicting->begin);
    for (size_t i = 0; i < CALLS; i++) {
        answer y;
        const bool right = predict(predicting->model, y) == NN_OK &&
                           memcmp(y, predicting->expected, sizeof(y)) == 0;
        atomic_fetch_add(&predicting->right, right);
    }
    return NULL;
}

START_TEST(predict_is_the_same_from_64_threads)
{
    static const char layers[] = "dense units=40 activation=relu input_shape=(2); dense units=3";
    static struct predicting predicting;
    pthread_t threads[THREADS];
    nn_model *alone = make_model(6, layers, NULL, NULL, NULL);
    nn_model *model = make_model(6, layers, NULL, NULL, NULL); /* its weights are made by the 64 */
    OK(predict(alone, predicting.expected));
    predicting.model = model;
    atomic_store(&predicting.right, 0);
    ck_assert_int_eq(pthread_barrier_init(&predicting.begin, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, predict_in_thread, &predicting), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&predicting.begin);
    ck_assert_uint_eq(atomic_load(&predicting.right), THREADS * CALLS);
    nn_model_free(alone);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fit_threads");
    TCase *tests = tcase_create("fit_threads");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, predict_beside_fit_is_right_or_refused);
    tcase_add_test(tests, other_threads_are_refused_during_fit);
    tcase_add_test(tests, models_fitted_at_once_get_the_same_bits_as_alone);
    tcase_add_test(tests, predict_is_the_same_from_64_threads);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
