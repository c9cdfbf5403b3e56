/* bench-naive: one training step in naive loops, in bare cblas_sgemm calls and through libnn. All that
 * are complete steps are first checked to agree; then all are timed in turns, and of several rounds
 * the fastest counts. */
#include "bench_arguments.h"
#include "bench_machine.h"
#include "bench_race.h"
#include "naive_contestants.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options -------------------------------------------------------------------------------- */

static const struct argp_option argp_options[] = {
    {"widths", 'w', "N,N,...", 0, "inputs, units of each layer, classes (784,300,100,10)", 0},
    {"batch", 'b', "N", 0, "rows of a step (32)", 0},
    {"rounds", 'r', "N", 0, "rounds of which the fastest counts (20)", 0},
    {"steps", 'n', "N", 0, "steps of a round; the loops take fewer, being slow (128)", 0},
    {"seed", 's', "N", 0, "seed of data and weights (1)", 0},
    {"threads", 't', "N|all", 0, "threads of BLAS and libnn (1); all: as the environment says", 0},
    {"check", 'c', NULL, 0, "only check that all agree, time nothing", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct bench_options *options = state->input;
    switch (key) {
    case 'w':
        options->width_count =
            bench_read_list(state, argument, 2, NAIVE_MAX_LAYERS + 1, options->widths);
        if (options->widths[options->width_count - 1] < 2)
            argp_error(state, "'%s': fewer than 2 classes", argument);
        return 0;
    case 'b':
        options->batch = bench_read_number(state, argument, 1);
        return 0;
    case 'r':
        options->rounds = bench_read_number(state, argument, 1);
        return 0;
    case 'n':
        options->steps = bench_read_number(state, argument, 1);
        return 0;
    case 's':
        options->seed = bench_read_number(state, argument, 0);
        return 0;
    case 't':
        options->threads = strcmp(argument, "all") == 0 ? 0 : bench_read_number(state, argument, 1);
        return 0;
    case 'c':
        options->check_only = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = argp_options,
    .parser = parse_option,
    .doc = "Compares one training step of a dense net in naive loops, in cblas_sgemm calls and in "
           "libnn.",
};

/* ---- time ----------------------------------------------------------------------------------- */

/* best[c] = seconds that one step of each contestant takes. */
static void measure(struct bench *bench, double *best)
{
    for (size_t c = 0; c < BENCH_COUNT; c++)
        best[c] = INFINITY;
    for (size_t round = 0; round < bench->options.rounds; round++) {
        bench_reset(bench);
        for (size_t c = 0; c < BENCH_COUNT; c++) {
            const struct contestant *contestant = &bench_contestants[c];
            const size_t part = bench->options.steps / contestant->part;
            const size_t steps = part > 0 ? part : 1;
            const double start = bench_seconds();
            contestant->run(bench, 0, steps);
            const double step = (bench_seconds() - start) / (double)steps;
            best[c] = step < best[c] ? step : best[c];
        }
    }
}

static void print_times(const struct bench *bench, const double *best)
{
    const double flops = naive_step_flops(&bench->net);
    printf(
        "\nOne step, fastest of %zu rounds; GFLOP/s count the %.1f MFLOP of the products alone:\n"
        "%-34s %12s %10s %12s %10s\n",
        bench->options.rounds, 1e-6 * flops, "", "microseconds", "GFLOP/s", "x bare cblas",
        "x nn_fit");
    for (size_t c = 0; c < BENCH_COUNT; c++)
        printf("%-34s %12.1f %10.1f %12.2f %10.2f\n", bench_contestants[c].name, 1e6 * best[c],
               1e-9 * flops / best[c], best[c] / best[BENCH_BARE], best[c] / best[BENCH_FIT]);
}

/* ---- where it ran --------------------------------------------------------------------------- */

static void print_setting(const struct bench *bench)
{
    const struct bench_options *options = &bench->options;
    const char *core = bench_openblas_core();
    printf("libnn %s, %s, %s%s, ", nn_version(), bench_processor(),
           core ? "OpenBLAS for " : "another BLAS than OpenBLAS", core ? core : "");
    if (options->threads)
        printf("threads: %zu\n", options->threads);
    else
        printf("threads: as the environment says\n");
    for (size_t i = 0; i < options->width_count; i++)
        printf("%s%zu", i ? "-" : "", options->widths[i]);
    printf(", relu, softmax, sgd, batch %zu\n\n", options->batch);
}

int main(int argument_count, char **arguments)
{
    struct bench_options options = {
        .widths = {784, 300, 100, 10},
        .width_count = 4,
        .batch = 32,
        .rounds = 20,
        .steps = 128,
        .seed = 1,
        .threads = 1,
    };
    argp_parse(&argp, argument_count, arguments, 0, NULL, &options);
    if (options.threads)
        bench_start_with_threads(options.threads, true, arguments);
    setvbuf(stdout, NULL, _IOLBF, 0);

    struct bench bench;
    const bool timed = !options.check_only;
    const size_t timed_batches = timed ? options.steps : 0;
    bench_create(&bench, &options,
                 timed_batches > BENCH_CHECKED_STEPS ? timed_batches : BENCH_CHECKED_STEPS);
    bench_avoid_kinks(&bench);
    print_setting(&bench);
    const bool agree = bench_check_agreement(&bench);
    if (agree && timed) {
        double best[BENCH_COUNT];
        measure(&bench, best);
        print_times(&bench, best);
    }
    bench_free(&bench);
    return agree ? EXIT_SUCCESS : EXIT_FAILURE;
}
