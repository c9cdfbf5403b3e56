/* The thread pool, and that results don't depend on it. */
#include "fitting.h"
#include "optimizer.h"
#include "pool.h"
#include "suite.h"
#include <nn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TILES = 1000 };

static void count(void *context, size_t tile)
{
    atomic_uint *times = context;
    atomic_fetch_add(&times[tile], 1);
}

static bool run_and_check(size_t tiles)
{
    atomic_uint times[TILES + 1] = {0};
    nn_pool_run(tiles, count, times);
    for (size_t i = 0; i <= TILES; i++)
        if (atomic_load(&times[i]) != (i < tiles))
            return false;
    return true;
}

START_TEST(every_tile_runs_once)
{
    static const size_t threads[] = {1, 2, 3, 8, 0};
    for (size_t t = 0; t < 5; t++) {
        OK(nn_set_num_threads(threads[t]));
        for (size_t tiles = 0; tiles <= TILES; tiles += 1 + tiles / 2)
            ck_assert(run_and_check(tiles));
        for (int i = 0; i < 2000; i++)
            ck_assert(run_and_check(7));
    }
}
END_TEST

START_TEST(a_run_after_the_workers_fell_asleep_is_whole)
{
    OK(nn_set_num_threads(4));
    for (int i = 0; i < 20; i++) {
        usleep(5000); /* a worker looks for a run for some 50 us, then sleeps */
        ck_assert(run_and_check(TILES));
    }
}
END_TEST

static void run_inside(void *context, size_t tile)
{
    atomic_uint *bad = context;
    (void)tile;
    if (!run_and_check(50))
        atomic_fetch_add(bad, 1);
}

START_TEST(a_run_within_a_run_is_whole)
{
    atomic_uint bad = 0;
    OK(nn_set_num_threads(4));
    nn_pool_run(100, run_inside, &bad);
    ck_assert_uint_eq(atomic_load(&bad), 0);
}
END_TEST

static void *run_often(void *argument)
{
    bool *good = argument;
    for (int i = 0; i < 500 && *good; i++)
        *good = run_and_check(TILES);
    return NULL;
}

START_TEST(runs_from_many_threads_at_once_are_whole)
{
    pthread_t threads[16];
    bool good[16];
    OK(nn_set_num_threads(3));
    for (size_t i = 0; i < 16; i++) {
        good[i] = true;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_often, &good[i]), 0);
    }
    for (size_t i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
        ck_assert(good[i]);
    }
}
END_TEST

START_TEST(a_child_of_fork_has_a_pool_of_its_own)
{
    OK(nn_set_num_threads(3));
    ck_assert(run_and_check(TILES));
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(run_and_check(TILES) && run_and_check(TILES) ? 0 : 1);
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        ck_assert(run_and_check(TILES));
    }
}
END_TEST

START_TEST(the_number_of_threads_is_what_was_asked_for)
{
    OK(nn_set_num_threads(5));
    ck_assert_uint_eq(nn_num_threads(), 5);
    ck_assert_int_eq(nn_set_num_threads(257), NN_ERR_INVALID);
    ck_assert_uint_eq(nn_num_threads(), 5);

    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    unsetenv("NN_NUM_THREADS");
    OK(nn_set_num_threads(0));
    ck_assert_uint_eq(nn_num_threads(), 1);
    setenv("NN_NUM_THREADS", "6", 1);
    OK(nn_set_num_threads(0));
    ck_assert_uint_eq(nn_num_threads(), 6);
    setenv("NN_NUM_THREADS", "many", 1); /* not a number: as if it weren't there */
    OK(nn_set_num_threads(0));
    ck_assert_uint_eq(nn_num_threads(), 1);
}
END_TEST

START_TEST(released_threads_are_made_again)
{
    OK(nn_set_num_threads(4));
    for (int i = 0; i < 20; i++) {
        ck_assert(run_and_check(TILES));
        nn_release_threads();
    }
    nn_release_threads();
    ck_assert(run_and_check(TILES));
}
END_TEST

/* ---- training ---- */

enum { ROWS = 300, INPUTS = 200, CLASSES = 10 };

/* All weights after two epochs on so many threads, one after the other. */
static float *train(const char *optimizer, size_t threads, size_t *count)
{
    static const char *const layers[] = {
        [ANY_MODEL] = "dense units=300 activation=relu input_shape=(200); dropout rate=0.1; "
                      "dense units=150 activation=tanh; dense units=10 activation=softmax",
        [NO_DROPOUT] = "dense units=300 activation=relu input_shape=(200); "
                       "dense units=150 activation=tanh; dense units=10 activation=softmax",
        [LINEAR_MODEL] = "rescaling scale=0.5 input_shape=(200); dense units=10",
    };
    static float x[ROWS * INPUTS], values[ROWS * CLASSES];
    static uint8_t y[ROWS];
    const kind_of_model kind = trains(optimizer);
    nn_dataset *data;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 2;
    options.batch_size = 64;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = (float)(i * 7919 % 1009) / 1009;
    for (size_t i = 0; i < ROWS; i++) {
        y[i] = (uint8_t)(i % CLASSES);
        for (size_t j = 0; j < CLASSES; j++)
            values[i * CLASSES + j] = noise(i * CLASSES + j);
    }
    OK(nn_set_num_threads(threads));
    nn_model *model = make_model(
        1, layers[kind], optimizer,
        kind == LINEAR_MODEL ? "mean_squared_error" : "sparse_categorical_crossentropy", NULL);
    if (kind == LINEAR_MODEL)
        OK(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, INPUTS, values, NN_FLOAT32, CLASSES));
    else
        OK(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, INPUTS, y, NN_UINT8, 1));
    OK(nn_fit(model, data, &options, NULL));
    float *trained = weights_of(model, count);
    nn_dataset_free(data);
    nn_model_free(model);
    return trained;
}

static void check_optimizer(const char *optimizer)
{
    static const size_t threads[] = {2, 3, 8};
    size_t count, count_other;
    float *one = train(optimizer, 1, &count);
    for (size_t t = 0; t < 3; t++) {
        float *other = train(optimizer, threads[t], &count_other);
        ck_assert_uint_eq(count_other, count);
        ck_assert_msg(memcmp(one, other, count * sizeof(*one)) == 0, "%s, %zu threads", optimizer,
                      threads[t]);
        free(other);
    }
    free(one);
}

START_TEST(trained_weights_have_the_same_bits_on_any_number_of_threads)
{
    for (size_t i = 0; i < nn_optimizer_room.count; i++) {
        check_optimizer(nn_optimizer_room.parts[i]->name);
        check_optimizer(nn_optimizer_room.parts[i]->sample);
        for (size_t j = 0; common_options[j] != NULL; j++) {
            char spec[512];
            snprintf(spec, sizeof spec, "%s %s", nn_optimizer_room.parts[i]->name,
                     common_options[j]);
            if (takes(nn_optimizer_room.parts[i]->name, common_options[j]))
                check_optimizer(spec);
        }
    }
}
END_TEST

START_TEST(predictions_of_a_row_block_have_the_same_bits_on_any_number_of_threads)
{
    enum { MANY = 1000 };
    static float x[MANY * INPUTS], one[MANY * CLASSES], other[MANY * CLASSES];
    nn_model *model;
    for (size_t i = 0; i < MANY * INPUTS; i++)
        x[i] = (float)(i * 7919 % 1009) / 1009;
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=300 activation=relu input_shape=(200)"));
    OK(nn_model_add(model, "dense units=10 activation=softmax"));
    for (size_t rows = 1; rows <= MANY; rows += 333) {
        OK(nn_set_num_threads(1));
        OK(nn_predict(model, x, rows, one));
        for (size_t threads = 2; threads <= 8; threads += 3) {
            OK(nn_set_num_threads(threads));
            OK(nn_predict(model, x, rows, other));
            ck_assert_mem_eq(one, other, rows * CLASSES * sizeof(float));
        }
    }
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pool");
    TCase *tests = tcase_create("pool");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, every_tile_runs_once);
    tcase_add_test(tests, a_run_after_the_workers_fell_asleep_is_whole);
    tcase_add_test(tests, a_run_within_a_run_is_whole);
    tcase_add_test(tests, runs_from_many_threads_at_once_are_whole);
    tcase_add_test(tests, a_child_of_fork_has_a_pool_of_its_own);
    tcase_add_test(tests, released_threads_are_made_again);
    tcase_add_test(tests, trained_weights_have_the_same_bits_on_any_number_of_threads);
    tcase_add_test(tests, predictions_of_a_row_block_have_the_same_bits_on_any_number_of_threads);
    tcase_add_test(tests, the_number_of_threads_is_what_was_asked_for); /* last: it limits itself */
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
