#include "neighbours.h"
#include "bench_fail.h"
#include "bench_race.h"
#include "bench_random.h"

#include <cblas.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HANGING_SECONDS 60 /* a worker that doesn't stop for so long never will */

/* ---- workers -------------------------------------------------------------------------------- */

static atomic_bool stopping;

static nn_status count_step(const nn_event *event, void *user)
{
    struct worker *worker = user;
    if (event->kind == NN_EVENT_BATCH_END)
        atomic_fetch_add_explicit(&worker->done, 1, memory_order_relaxed);
    return atomic_load_explicit(&stopping, memory_order_relaxed) ? NN_STOPPED : NN_OK;
}

/* From the same weights in every turn. */
static void train(struct worker *worker)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = worker->bench.options.batch;
    options.epochs = 1000;
    options.callback = count_step;
    options.callback_user = worker;
    bench_reset(&worker->bench);
    while (!atomic_load(&stopping)) {
        const nn_status status = nn_fit(worker->bench.model, worker->bench.data, &options, NULL);
        bench_demand(status == NN_STOPPED ? NN_OK : status, "nn_fit");
    }
}

static void multiply(struct worker *worker)
{
    const int side = (int)worker->side;
    const size_t size = worker->side * worker->side * sizeof *worker->c;
    memset(worker->c, 0, size);
    do {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, side, side, side, 1.0f, worker->a,
                    side, worker->b, side, 0.0f, worker->c, side);
        atomic_fetch_add_explicit(&worker->done, 1, memory_order_relaxed);
    } while (!atomic_load_explicit(&stopping, memory_order_relaxed));
    if (memcmp(worker->c, worker->right, size) != 0)
        bench_fail("a product of the host is wrong");
}

static void *start(void *worker)
{
    ((struct worker *)worker)->work(worker);
    return NULL;
}

void neighbours_make_trainer(struct worker *worker, size_t seed)
{
    const struct bench_options options = {
        .widths = {784, 300, 100, 10}, .width_count = 4, .batch = 32, .seed = seed};
    *worker = (struct worker){.work = train};
    bench_create(&worker->bench, &options, 256);
}

/* Of whole numbers from 1 to 8, whose sums are exact in any order. */
void neighbours_make_multiplier(struct worker *worker, size_t side)
{
    uint64_t random = side;
    *worker = (struct worker){.work = multiply,
                              .side = side,
                              .a = bench_floats(side * side),
                              .b = bench_floats(side * side),
                              .c = bench_floats(side * side),
                              .right = bench_floats(side * side)};
    for (size_t i = 0; i < side * side; i++) {
        worker->a[i] = (float)(1 + bench_random_bits(&random) % 8);
        worker->b[i] = (float)(1 + bench_random_bits(&random) % 8);
    }
    for (size_t i = 0; i < side; i++)
        for (size_t p = 0; p < side; p++)
            for (size_t j = 0; j < side; j++)
                worker->right[i * side + j] += worker->a[i * side + p] * worker->b[p * side + j];
}

void neighbours_free_worker(struct worker *worker)
{
    if (worker->work == train)
        bench_free(&worker->bench);
    free(worker->a);
    free(worker->b);
    free(worker->c);
    free(worker->right);
}

/* ---- turns ---------------------------------------------------------------------------------- */

static void wait_for(double seconds)
{
    const double whole = floor(seconds);
    struct timespec left = {(time_t)whole, (long)(1e9 * (seconds - whole))};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static pid_t start_spinning(void)
{
    const pid_t child = fork();
    if (child < 0)
        bench_fail("fork: %s", strerror(errno));
    if (child > 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (volatile unsigned long i = 0;; i++)
        ;
}

static void stop_spinning(pid_t child)
{
    kill(child, SIGKILL);
    if (waitpid(child, NULL, 0) != child)
        bench_fail("waitpid: %s", strerror(errno));
}

static void start_workers(const struct party *party)
{
    for (size_t i = 0; i < party->count; i++) {
        atomic_store(&party->workers[i].done, 0);
        const int error =
            pthread_create(&party->workers[i].thread, NULL, start, &party->workers[i]);
        if (error)
            bench_fail("pthread_create: %s", strerror(error));
    }
}

static void join_workers(const struct party *party)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += HANGING_SECONDS;
    for (size_t i = 0; i < party->count; i++) {
        const int error = pthread_timedjoin_np(party->workers[i].thread, NULL, &end);
        if (error)
            bench_fail("%s hangs: %s", party->name, strerror(error));
    }
}

static double count_done(const struct party *party)
{
    size_t done = 0;
    for (size_t i = 0; i < party->count; i++)
        done += atomic_load_explicit(&party->workers[i].done, memory_order_relaxed);
    return (double)done;
}

void neighbours_run_turn(const struct party *const *parties, size_t count, double seconds,
                         double *speeds)
{
    double before[2], began[2];
    pid_t child = 0;
    atomic_store(&stopping, false);
    for (size_t i = 0; i < count; i++)
        if (parties[i]->count == 0)
            child = start_spinning();
    for (size_t i = 0; i < count; i++)
        start_workers(parties[i]);
    wait_for(seconds /
             2); /* threads of BLAS may still spin, and who waited too often may stand back */
    for (size_t i = 0; i < count; i++) {
        began[i] = bench_seconds();
        before[i] = count_done(parties[i]);
    }
    wait_for(seconds);
    for (size_t i = 0; i < count; i++) {
        const double took = bench_seconds() - began[i];
        speeds[i] = (count_done(parties[i]) - before[i]) / took;
    }
    atomic_store(&stopping, true);
    for (size_t i = 0; i < count; i++)
        join_workers(parties[i]);
    if (child > 0)
        stop_spinning(child);
    wait_for(0.06); /* OpenBLAS's own threads spin for some 30 ms after their last call */
}
