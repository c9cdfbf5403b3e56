#include "train_time.h"
#include "bench_fail.h"
#include "bench_race.h"

#include <math.h>
#include <stdlib.h>

#define MAX_WAYS 8
#define MAX_DATA_BYTES (48.0 * 1024.0 * 1024.0)
#define MAX_LOOP_FLOPS 1e9 /* of a step in plain loops: 0.1 to 0.2 s */

double train_step_flops(const struct bench_options *options)
{
    double flops = 0.0;
    for (size_t l = 0; l + 1 < options->width_count; l++)
        flops += (l > 0 ? 6.0 : 4.0) * (double)options->batch * (double)options->widths[l] *
                 (double)options->widths[l + 1];
    return flops;
}

/* nn_fit's preparations, which copy the weights, should be a small part of the steps' time. Weights too
 * large for caches pass some five times through memory in a step. */
static size_t choose_steps(const struct bench_options *options, double turn_seconds)
{
    double weights = 0.0;
    for (size_t l = 0; l + 1 < options->width_count; l++)
        weights += (double)options->widths[l] * (double)options->widths[l + 1];
    const double preparation = weights * (double)sizeof(float) * 0.3e-9;
    const double memory = weights > 2e6 ? weights * 5.0 * (double)sizeof(float) / 20e9 : 0.0;
    const double step = 1e-6 + train_step_flops(options) / 50e9 + memory;
    const double bytes = (double)(options->batch * options->widths[0]) * (double)sizeof(float);
    const double steps =
        fmin(fmax(turn_seconds, 25.0 * preparation) / step, MAX_DATA_BYTES / bytes);
    return (size_t)fmin(fmax(steps, 2.0), 4096.0);
}

struct job {
    struct bench *bench;
    const struct contestant *contestant;
    size_t steps;
};

static void run_job(void *context)
{
    const struct job *job = context;
    job->contestant->run(job->bench, 0, job->steps);
}

/* The mean loss of a few steps from the initial weights, by the library and by loops around
 * cblas_sgemm. */
static void check_losses(struct bench *bench)
{
    const double bound =
        1e-3; /* of the loss: single units may fall on different sides of relu's kink */
    const size_t steps = bench->batches < 4 ? bench->batches : 4;
    bench_reset(bench);
    const double plain = bench_contestants[BENCH_AROUND].run(bench, 0, steps);
    const double loss = bench_contestants[BENCH_FIT].run(bench, 0, steps);
    if (!(fabs(loss - plain) <= bound * plain))
        bench_fail("nn_fit's loss is %.9g, that of loops around cblas_sgemm %.9g", loss, plain);
    bench_reset(bench);
}

void train_time(const struct bench_options *options, double turn_seconds, bool check,
                struct train_way *ways, size_t count)
{
    struct bench bench;
    struct job jobs[MAX_WAYS];
    struct bench_runner runners[MAX_WAYS] = {0};
    const size_t steps = options->steps ? options->steps : choose_steps(options, turn_seconds);
    if (count > MAX_WAYS)
        bench_fail("more than %d ways", MAX_WAYS);
    bench_create(&bench, options, steps);
    if (check)
        check_losses(&bench);
    for (size_t i = 0; i < count; i++) {
        const struct contestant *contestant = &bench_contestants[ways[i].contestant];
        const bool loops = contestant->part > 1;
        const size_t part = steps / contestant->part;
        jobs[i] = (struct job){&bench, contestant, part > 0 ? part : 1};
        runners[i] = (struct bench_runner){
            .run = loops && train_step_flops(options) > MAX_LOOP_FLOPS ? NULL : run_job,
            .context = &jobs[i],
            .threads = contestant->library ? ways[i].threads : 0,
            .blas_threads = contestant->library ? 1 : ways[i].threads,
        };
    }
    bench_race(runners, count, options->rounds, turn_seconds);
    for (size_t i = 0; i < count; i++)
        ways[i].seconds = runners[i].seconds / (double)jobs[i].steps;
    bench_free(&bench);
}
