#include "bench_race.h"
#include "bench_fail.h"
#include "bench_machine.h"

#include <math.h>
#include <stdbool.h>
#include <time.h>

/* Short turns and many: some fall between what disturbs. */
#define TURNS 5

double bench_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double time_calls(const struct bench_runner *runner)
{
    const double start = bench_seconds();
    for (size_t i = 0; i < runner->calls; i++)
        runner->run(runner->context);
    return bench_seconds() - start;
}

/* The first turn finds out how many calls a turn should have. */
static void run_turn(struct bench_runner *runner, double seconds)
{
    if (runner->threads > 0)
        bench_demand(nn_set_num_threads(runner->threads), "nn_set_num_threads");
    if (runner->calls == 0) {
        runner->calls = 1;
        for (double took = time_calls(runner); took < seconds / 2; took = time_calls(runner)) {
            const double wanted = took > 0.0 ? seconds / took : 10.0;
            runner->calls = (size_t)(1.0 + (double)runner->calls * fmin(wanted, 10.0));
        }
    }
    runner->seconds = fmin(runner->seconds, time_calls(runner) / (double)runner->calls);
}

/* OpenBLAS's own threads spin for some 30 ms after their last call, in the way of everyone else. */
static void let_blas_threads_sleep(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
}

/* Several turns of those with one thread of BLAS, or of the others; but where they are slow, one. */
static void run_phase(struct bench_runner *runners, size_t count, bool many, double seconds)
{
    const double start = bench_seconds();
    for (size_t turn = 0; turn < TURNS && (turn == 0 || bench_seconds() - start < 1.0); turn++)
        for (size_t i = 0; i < count; i++) {
            if (!runners[i].run || (runners[i].blas_threads > 1) != many)
                continue;
            if (many)
                bench_set_blas_threads(runners[i].blas_threads);
            run_turn(&runners[i], seconds);
        }
}

void bench_race(struct bench_runner *runners, size_t count, size_t rounds, double seconds)
{
    bool many = false;
    for (size_t i = 0; i < count; i++) {
        runners[i].calls = 0;
        runners[i].seconds = INFINITY;
        many |= runners[i].run && runners[i].blas_threads > 1;
    }
    many = many && bench_set_blas_threads(1);
    for (size_t round = 0; round < rounds; round++) {
        run_phase(runners, count, false, seconds);
        if (!many)
            continue;
        run_phase(runners, count, true, seconds);
        bench_set_blas_threads(1);
        let_blas_threads_sleep();
    }
    for (size_t i = 0; i < count; i++)
        if (isinf(runners[i].seconds))
            runners[i].seconds = NAN;
}
