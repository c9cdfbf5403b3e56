/* libnn beside others who use the same process's BLAS, threads and memory: nobody hangs, and everybody
 * gets what they get alone. */
#include "faults.h"
#include "fitting.h"
#include "optimizer.h"
#include <cblas.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* OpenBLAS alone has these functions. */
extern void openblas_set_num_threads(int) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));

enum { ROWS = 300, INPUTS = 200, CLASSES = 10, BATCH = 64 };

static float x[ROWS * INPUTS];
static int32_t labels[ROWS];
static float values[ROWS * CLASSES];
static nn_dataset *data, *linear_data; /* with labels, and with values */
static int blas_threads_before;

static void setup(void)
{
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = noise(i);
    for (size_t i = 0; i < ROWS; i++)
        labels[i] = (int32_t)(i % CLASSES);
    OK(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, INPUTS, labels, NN_INT32, 1));
    for (size_t i = 0; i < ROWS * CLASSES; i++)
        values[i] = noise(3 * i);
    OK(nn_dataset_from_arrays(&linear_data, ROWS, x, NN_FLOAT32, INPUTS, values, NN_FLOAT32,
                              CLASSES));
    if (openblas_get_num_threads != NULL)
        blas_threads_before = openblas_get_num_threads();
}

static bool set_blas_threads(int threads)
{
    if (openblas_set_num_threads == NULL)
        return false;
    openblas_set_num_threads(threads);
    return true;
}

static void teardown(void)
{
    nn_dataset_free(data);
    nn_dataset_free(linear_data);
    set_blas_threads(blas_threads_before);
    OK(nn_set_num_threads(0));
}

/* Its larger products, 64 x 300 x 200 and 64 x 150 x 300, are several times what the pool is used for. */
static nn_model *pooled_model(uint64_t seed, const char *optimizer)
{
    static const char *const layers[] = {
        [ANY_MODEL] = "dense units=300 activation=relu input_shape=(200); dropout rate=0.1; "
                      "dense units=150 activation=tanh; dense units=10 activation=softmax",
        [NO_DROPOUT] = "dense units=300 activation=relu input_shape=(200); "
                       "dense units=150 activation=tanh; dense units=10 activation=softmax",
        [LINEAR_MODEL] = "dense units=10 input_shape=(200)",
    };
    const kind_of_model kind = trains(optimizer);
    return make_model(
        seed, layers[kind], optimizer,
        kind == LINEAR_MODEL ? "mean_squared_error" : "sparse_categorical_crossentropy", NULL);
}

static const nn_dataset *data_for(const char *optimizer)
{
    return trains(optimizer) == LINEAR_MODEL ? linear_data : data;
}

/* ---- OpenBLAS's own threads ---- */

/* All weights after an epoch. */
static float *train(const char *optimizer, int blas_threads, size_t threads, size_t *count)
{
    nn_fit_options options = callback_options(1, BATCH, NULL, NULL);
    set_blas_threads(blas_threads);
    OK(nn_set_num_threads(threads));
    nn_model *model = pooled_model(1, optimizer);
    OK(nn_fit(model, data_for(optimizer), &options, NULL));
    float *weights = weights_of(model, count);
    nn_model_free(model);
    return weights;
}

static void check_optimizer(const char *optimizer)
{
    static const size_t threads[] = {1, 2, 3, 8};
    size_t count;
    float *wanted = train(optimizer, 1, 1, &count);
    for (int blas_threads = 1; blas_threads <= 2; blas_threads++)
        for (size_t t = 0; t < COUNT(threads); t++) {
            float *weights = train(optimizer, blas_threads, threads[t], &count);
            ck_assert_msg(memcmp(weights, wanted, count * sizeof(*wanted)) == 0,
                          "%s, %zu threads, OpenBLAS with %d", optimizer, threads[t], blas_threads);
            free(weights);
        }
    free(wanted);
}

START_TEST(trained_weights_have_the_same_bits_whatever_threads_openblas_has)
{
    if (!set_blas_threads(1))
        return; /* another BLAS */
    for (size_t i = 0; i < nn_optimizer_room.count; i++) {
        check_optimizer(nn_optimizer_room.parts[i]->name);
        check_optimizer(nn_optimizer_room.parts[i]->sample);
    }
}
END_TEST

/* ---- threads of the host that multiply ---- */

enum { HOSTS = 2, SIDE = 256, VALUES = SIDE * SIDE, EPOCHS = 20 };

struct hosts {
    float a[VALUES], b[VALUES], wanted[VALUES];
    atomic_size_t products[HOSTS];
    atomic_bool trained;
    size_t seen[HOSTS]; /* products at the end of the last epoch */
};

struct host {
    struct hosts *all;
    size_t number;
    float c[VALUES];
    bool right;
};

/* Whole numbers from 1 to 8: their sums are exact in any order. */
static void make_product(struct hosts *hosts)
{
    for (size_t i = 0; i < VALUES; i++) {
        hosts->a[i] = (float)(1 + i * 7919 % 1009 % 8);
        hosts->b[i] = (float)(1 + i * 6271 % 1013 % 8);
    }
    memset(hosts->wanted, 0, sizeof(hosts->wanted));
    for (size_t i = 0; i < SIDE; i++)
        for (size_t p = 0; p < SIDE; p++)
            for (size_t j = 0; j < SIDE; j++)
                hosts->wanted[i * SIDE + j] += hosts->a[i * SIDE + p] * hosts->b[p * SIDE + j];
}

static void *multiply_until_trained(void *argument)
{
    struct host *host = argument;
    struct hosts *all = host->all;
    host->right = true;
    while (!atomic_load(&all->trained)) {
        memset(host->c, 0xff, sizeof(host->c)); /* NaN */
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIDE, SIDE, SIDE, 1, all->a, SIDE,
                    all->b, SIDE, 0, host->c, SIDE);
        host->right = host->right && memcmp(host->c, all->wanted, sizeof(host->c)) == 0;
        atomic_fetch_add(&all->products[host->number], 1);
    }
    return NULL;
}

/* Every epoch has seen every host go on. */
static nn_status wait_for_hosts(const nn_event *event, void *user)
{
    const struct timespec moment = {.tv_nsec = 50000};
    struct hosts *hosts = user;
    if (event->kind != NN_EVENT_EPOCH_END)
        return NN_OK;
    for (size_t i = 0; i < HOSTS; i++) {
        while (atomic_load(&hosts->products[i]) == hosts->seen[i])
            nanosleep(&moment, NULL);
        hosts->seen[i] = atomic_load(&hosts->products[i]);
    }
    return NN_OK;
}

/* Once with one thread of OpenBLAS's own and once with two, which products of this size are shared among;
 * with another BLAS twice as it is. */
START_TEST(hosts_that_multiply_and_a_fit_leave_each_other_alone)
{
    struct hosts *hosts = calloc(1, sizeof(*hosts));
    struct host *each = calloc(HOSTS, sizeof(*each));
    pthread_t threads[HOSTS];
    nn_fit_options options = callback_options(EPOCHS, BATCH, NULL, NULL);
    ck_assert(hosts != NULL && each != NULL);
    make_product(hosts);
    set_blas_threads(_i);
    OK(nn_set_num_threads(4));
    nn_model *alone = pooled_model(1, "sgd"), *model = pooled_model(1, "sgd");
    OK(nn_fit(alone, data, &options, NULL));
    for (size_t i = 0; i < HOSTS; i++) {
        each[i] = (struct host){.all = hosts, .number = i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, multiply_until_trained, &each[i]), 0);
    }
    options.callback = wait_for_hosts;
    options.callback_user = hosts;
    const nn_status status = nn_fit(model, data, &options, NULL);
    atomic_store(&hosts->trained, true);
    for (size_t i = 0; i < HOSTS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(status, NN_OK);
    ck_assert(same_weights(model, alone));
    for (size_t i = 0; i < HOSTS; i++) {
        ck_assert_uint_ge(atomic_load(&hosts->products[i]), EPOCHS);
        ck_assert_msg(each[i].right, "a product of host %zu is wrong", i);
    }
    nn_model_free(alone);
    nn_model_free(model);
    free(hosts);
    free(each);
}
END_TEST

/* ---- two models ---- */

struct fitting {
    nn_model *model;
    pthread_barrier_t *begin;
    nn_status status;
};

static void *fit_in_thread(void *argument)
{
    struct fitting *fitting = argument;
    nn_fit_options options = callback_options(EPOCHS, BATCH, NULL, NULL);
    pthread_barrier_wait(fitting->begin);
    fitting->status = nn_fit(fitting->model, data, &options, NULL);
    return NULL;
}

START_TEST(models_that_share_the_pool_get_the_same_bits_as_alone)
{
    enum { MODELS = 2 };
    static const size_t wanted_threads[] = {0, 8}; /* as many as there are cores, and more */
    static const char *const optimizers[MODELS] = {"sgd", "sgd momentum=0.9"};
    struct fitting fittings[MODELS];
    pthread_t threads[MODELS];
    pthread_barrier_t begin;
    nn_fit_options options = callback_options(EPOCHS, BATCH, NULL, NULL);
    OK(nn_set_num_threads(wanted_threads[_i]));
    ck_assert_int_eq(pthread_barrier_init(&begin, NULL, MODELS), 0);
    for (size_t i = 0; i < MODELS; i++) {
        fittings[i] = (struct fitting){.model = pooled_model(i, optimizers[i]), .begin = &begin};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fit_in_thread, &fittings[i]), 0);
    }
    for (size_t i = 0; i < MODELS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&begin);
    for (size_t i = 0; i < MODELS; i++) {
        nn_model *alone = pooled_model(i, optimizers[i]);
        OK(nn_fit(alone, data, &options, NULL));
        ck_assert_int_eq(fittings[i].status, NN_OK);
        ck_assert(same_weights(fittings[i].model, alone));
        nn_model_free(alone);
        nn_model_free(fittings[i].model);
    }
}
END_TEST

/* ---- memory ---- */

static void begin_to_count_allocations(void)
{
    faults_fail_allocation(SIZE_MAX, true); /* counts, and fails none */
}

struct allocations {
    size_t batches, warm,
        last; /* batches so far; allocations after the first few and after the last */
};

static nn_status note_allocations(const nn_event *event, void *user)
{
    enum { WARM_BATCHES = 5 };
    struct allocations *noted = user;
    if (event->kind != NN_EVENT_BATCH_END)
        return NN_OK;
    noted->last = faults_calls();
    if (++noted->batches == WARM_BATCHES)
        noted->warm = noted->last;
    return NN_OK;
}

/* Batches of 10 rows and the whole 300: both are large enough for the pool. To an optimizer that works on whole
 * data an epoch is one batch. */
static void check_training(const char *optimizer)
{
    struct allocations noted = {0};
    const nn_dataset *rows = data_for(optimizer);
    const bool whole = trains(optimizer) != ANY_MODEL;
    nn_fit_options options = callback_options(whole ? 10 : 4, 10, note_allocations, &noted);
    nn_model *model = pooled_model(1, optimizer);
    begin_to_count_allocations();
    OK(nn_fit(model, rows, &options, NULL));
    ck_assert_uint_ge(noted.batches, whole ? 7 : 100);
    ck_assert_uint_gt(noted.warm, 0);
    ck_assert_msg(noted.last == noted.warm, "%s: %zu allocations in %zu batches", optimizer,
                  noted.last - noted.warm, noted.batches);
    OK(nn_train_on_batch(model, rows, NULL, 0));
    begin_to_count_allocations();
    for (size_t i = 0; i < (whole ? 10 : 100); i++)
        OK(nn_train_on_batch(model, rows, NULL, 0));
    ck_assert_uint_eq(faults_calls(), 0);
    faults_reset();
    nn_model_free(model);
}

/* Those that would be done sooner go half the way. */
static void check_training_long(const char *optimizer)
{
    char spec[512];
    snprintf(spec, sizeof spec, "%s%s", optimizer,
             trains(optimizer) == ANY_MODEL ? "" : " learning_rate=0.5");
    check_training(spec);
}

START_TEST(a_hundred_batches_on_the_pool_allocate_nothing)
{
    OK(nn_set_num_threads(4));
    for (size_t i = 0; i < nn_optimizer_room.count; i++) {
        check_training_long(nn_optimizer_room.parts[i]->name);
        check_training_long(nn_optimizer_room.parts[i]->sample);
    }
    /* One that goes element by element, one that goes tensor by tensor. */
    static const char *const kinds[] = {"sgd", "muon"};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; common_options[j] != NULL; j++) {
            char spec[512];
            snprintf(spec, sizeof spec, "%s %s", kinds[i], common_options[j]);
            check_training(spec);
        }
}
END_TEST

static nn_status predict(void *model, size_t rows, float *y)
{
    return nn_predict(model, x, rows, y);
}

static nn_status layer_output(void *model, size_t rows, float *y)
{
    return nn_model_layer_output(model, "dense_2", x, rows, y);
}

static nn_status run_predictor(void *predictor, size_t rows, float *y)
{
    return nn_predictor_run(predictor, x, rows, y);
}

static void check_predictions(nn_status (*run)(void *, size_t, float *), void *with)
{
    static float y[ROWS * CLASSES];
    OK(run(with, 1, y));
    OK(run(with, ROWS, y));
    begin_to_count_allocations();
    for (size_t i = 0; i < 1000; i++)
        OK(run(with, i % 2 == 0 ? 1 : ROWS, y));
    ck_assert_uint_eq(faults_calls(), 0);
    faults_reset();
}

START_TEST(a_thousand_warm_calls_of_predict_allocate_nothing)
{
    nn_model *model = pooled_model(1, "sgd");
    OK(nn_set_num_threads(4));
    check_predictions(predict, model);
    nn_model_free(model);
}
END_TEST

START_TEST(a_thousand_warm_calls_for_a_layers_output_allocate_nothing)
{
    nn_model *model = pooled_model(1, "sgd");
    OK(nn_set_num_threads(4));
    check_predictions(layer_output, model);
    nn_model_free(model);
}
END_TEST

START_TEST(a_thousand_runs_of_a_predictor_allocate_nothing)
{
    nn_model *model = pooled_model(1, "sgd");
    nn_predictor *predictor;
    OK(nn_set_num_threads(4));
    OK(nn_predictor_create(&predictor, model, ROWS));
    check_predictions(run_predictor, predictor);
    nn_predictor_free(predictor);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("neighbours");
    TCase *tests = tcase_create("neighbours");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, trained_weights_have_the_same_bits_whatever_threads_openblas_has);
    tcase_add_loop_test(tests, hosts_that_multiply_and_a_fit_leave_each_other_alone, 1, 3);
    tcase_add_loop_test(tests, models_that_share_the_pool_get_the_same_bits_as_alone, 0, 2);
    tcase_add_test(tests, a_hundred_batches_on_the_pool_allocate_nothing);
    tcase_add_test(tests, a_thousand_warm_calls_of_predict_allocate_nothing);
    tcase_add_test(tests, a_thousand_warm_calls_for_a_layers_output_allocate_nothing);
    tcase_add_test(tests, a_thousand_runs_of_a_predictor_allocate_nothing);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
