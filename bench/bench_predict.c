/* bench-predict: how long predictions take, and how evenly. */
#include "bench_arguments.h"
#include "bench_fail.h"
#include "bench_machine.h"
#include "bench_race.h"
#include "bench_report.h"
#include "naive_contestants.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
    size_t rounds, calls;
    const char *json;
};

static const struct argp_option argp_options[] = {
    {"rounds", 'r', "N", 0, "rounds of which the fastest turn counts (10)", 0},
    {"calls", 'n', "N", 0, "calls whose latencies are taken (100000)", 0},
    {"short", 's', NULL, 0, "3 rounds, 10000 calls", 0},
    {"json", 'j', "FILE", 0, "also write the results to FILE", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'r':
        options->rounds = bench_read_number(state, argument, 1);
        return 0;
    case 'n':
        options->calls = bench_read_number(state, argument, 1);
        return 0;
    case 's':
        options->rounds = 3;
        options->calls = 10000;
        return 0;
    case 'j':
        options->json = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = argp_options,
    .parser = parse_option,
    .doc = "Times nn_predict and nn_predictor_run on 784-300-100-10 and 4-16-16-1.",
};

/* ---- ways to predict ------------------------------------------------------------------------ */

struct job {
    struct bench bench; /* net and model of the same weights; a batch is what a call predicts */
    nn_predictor *predictor;
    size_t rows;
    float *y;
};

static void run_calls(void *context)
{
    struct job *job = context;
    naive_forward_products(&job->bench.net, &naive_cblas, job->bench.x);
}

static void run_predict(void *context)
{
    struct job *job = context;
    bench_demand(nn_predict(job->bench.model, job->bench.x, job->rows, job->y), "nn_predict");
}

static void run_predictor(void *context)
{
    struct job *job = context;
    bench_demand(nn_predictor_run(job->predictor, job->bench.x, job->rows, job->y),
                 "nn_predictor_run");
}

/* What both predict must be the same bits, and of each row alone nearly so. */
static void check(struct job *job)
{
    const double bound = 1e-6; /* of probabilities, summed in another order */
    const size_t outputs = nn_model_output_width(job->bench.model);
    float *y = bench_demand_memory(calloc(job->rows * outputs, sizeof *y));
    run_predict(job);
    for (size_t i = 0; i < job->rows * outputs; i++)
        y[i] = job->y[i];
    run_predictor(job);
    for (size_t i = 0; i < job->rows * outputs; i++)
        if (!(job->y[i] >= y[i] && job->y[i] <= y[i]))
            bench_fail("value %zu: nn_predict gives %.9g, nn_predictor_run %.9g", i, (double)y[i],
                       (double)job->y[i]);
    const size_t inputs = job->bench.options.widths[0], last = job->rows - 1;
    bench_demand(nn_predict(job->bench.model, job->bench.x + last * inputs, 1, job->y),
                 "nn_predict");
    for (size_t i = 0; i < outputs; i++)
        if (!(fabs((double)job->y[i] - (double)y[last * outputs + i]) <= bound))
            bench_fail("row %zu: alone it gives %.9g, among others %.9g", last, (double)job->y[i],
                       (double)y[last * outputs + i]);
    free(y);
}

static void create_job(struct job *job, const struct bench_options *options)
{
    *job = (struct job){.rows = options->batch};
    bench_create(&job->bench, options, 1);
    job->y = bench_floats(job->rows * options->widths[options->width_count - 1]);
    bench_demand(nn_predictor_create(&job->predictor, job->bench.model, job->rows),
                 "nn_predictor_create");
    check(job);
}

static void free_job(struct job *job)
{
    nn_predictor_free(job->predictor);
    free(job->y);
    bench_free(&job->bench);
}

/* ---- time of a call ------------------------------------------------------------------------- */

static const struct bench_options nets[] = {
    {.widths = {784, 300, 100, 10}, .width_count = 4, .batch = 1, .seed = 1},
    {.widths = {784, 300, 100, 10}, .width_count = 4, .batch = 32, .seed = 1},
    {.widths = {784, 300, 100, 10}, .width_count = 4, .batch = 10000, .seed = 1},
    {.widths = {4, 16, 16, 1}, .width_count = 4, .batch = 1, .seed = 1},
};

#define NET_COUNT (sizeof nets / sizeof *nets)

static const struct bench_column time_columns[] = {
    {"net", "net", -15, -1},
    {"rows", "rows", 6, 0},
    {"calls_1_us", "calls, 1", 11, 2},
    {"predictor_us", "predictor", 11, 2},
    {"predict_1_us", "predict, 1", 11, 2},
    {"predict_all_us", "predict, all", 12, 2},
    {"row_us", "a row", 9, 3},
    {"predict_1_to_calls", "1 : calls", 10, 2},
    {"predict_all_to_floor", "all : floor", 11, 2},
    {0},
};

static const char *net_name(const struct bench_options *net, char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < net->width_count && length < size; i++)
        length +=
            (size_t)snprintf(text + length, size - length, "%s%zu", i ? "-" : "", net->widths[i]);
    return text;
}

static void time_net(struct bench_report *report, const struct bench_options *net, size_t rounds,
                     size_t threads, double rate)
{
    struct job job;
    char name[64];
    create_job(&job, net);
    struct bench_runner runners[] = {
        {.run = run_calls, .context = &job, .blas_threads = 1},
        {.run = run_predictor, .context = &job, .blas_threads = 1},
        {.run = run_predict, .context = &job, .threads = 1, .blas_threads = 1},
        {.run = run_predict, .context = &job, .threads = threads, .blas_threads = 1},
    };
    bench_race(runners, sizeof runners / sizeof *runners, rounds, 0.002);
    double flops = 0.0;
    for (size_t l = 0; l + 1 < net->width_count; l++)
        flops += 2.0 * (double)(net->batch * net->widths[l] * net->widths[l + 1]);
    const double floor = flops / rate / (double)threads;
    bench_report_row(report, (struct bench_cell[]){
                                 BENCH_TEXT(net_name(net, name, sizeof name)),
                                 BENCH_NUMBER(net->batch),
                                 BENCH_NUMBER(1e6 * runners[0].seconds),
                                 BENCH_NUMBER(1e6 * runners[1].seconds),
                                 BENCH_NUMBER(1e6 * runners[2].seconds),
                                 BENCH_NUMBER(1e6 * runners[3].seconds),
                                 BENCH_NUMBER(1e6 * runners[3].seconds / (double)net->batch),
                                 BENCH_NUMBER(runners[2].seconds / runners[0].seconds),
                                 BENCH_NUMBER(runners[3].seconds / floor),
                             });
    free_job(&job);
}

/* ---- latencies of single rows --------------------------------------------------------------- */

static const struct bench_column latency_columns[] = {
    {"net", "net", -15, -1},      {"call", "call", -17, -1},   {"threads", "threads", 7, 0},
    {"p50_us", "50 %", 9, 2},     {"p90_us", "90 %", 9, 2},    {"p99_us", "99 %", 9, 2},
    {"p99_9_us", "99.9 %", 9, 2}, {"worst_us", "worst", 9, 2}, {0},
};

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each call is timed by itself: reading the clock twice adds some 0.03 us. */
static void take_latencies(struct bench_report *report, struct job *job, const char *call,
                           void (*run)(void *), size_t threads, size_t calls)
{
    static const size_t permilles[] = {500, 900, 990, 999, 1000};
    double *latencies = bench_demand_memory(calloc(calls, sizeof *latencies));
    char name[64];
    bench_demand(nn_set_num_threads(threads), "nn_set_num_threads");
    for (size_t i = 0; i < calls / 10; i++)
        run(job);
    for (size_t i = 0; i < calls; i++) {
        const double start = bench_seconds();
        run(job);
        latencies[i] = bench_seconds() - start;
    }
    qsort(latencies, calls, sizeof *latencies, compare);
    struct bench_cell cells[3 + sizeof permilles / sizeof *permilles] = {
        BENCH_TEXT(net_name(&job->bench.options, name, sizeof name)), BENCH_TEXT(call),
        BENCH_NUMBER(threads)};
    for (size_t i = 0; i < sizeof permilles / sizeof *permilles; i++) {
        /* nearest rank: the least latency that such a part of the calls doesn't exceed */
        const size_t rank = (calls * permilles[i] + 999) / 1000;
        cells[3 + i] = BENCH_NUMBER(1e6 * latencies[rank - 1]);
    }
    bench_report_row(report, cells);
    free(latencies);
}

int main(int argument_count, char **arguments)
{
    struct options options = {.rounds = 10, .calls = 100000};
    argp_parse(&argp, argument_count, arguments, 0, NULL, &options);
    bench_start_with_threads(1, false, arguments);
    setvbuf(stdout, NULL, _IOLBF, 0);

    const size_t threads = nn_num_threads();
    const struct bench_rates rates = bench_measure_rates();
    struct bench_report report;
    bench_report_open(&report, "predict", options.json, threads, &rates);
    bench_report_table(&report, "times",
                       "Microseconds a call: the bare cblas_sgemm calls, nn_predictor_run, and "
                       "nn_predict on 1 and all threads",
                       time_columns);
    for (size_t i = 0; i < NET_COUNT; i++)
        time_net(&report, &nets[i], options.rounds, threads, rates.sgemm);
    bench_report_table(&report, "latencies", "Latencies of calls with one row, in microseconds",
                       latency_columns);
    for (size_t i = 0; i < NET_COUNT; i++) {
        struct job job;
        if (nets[i].batch != 1)
            continue;
        create_job(&job, &nets[i]);
        take_latencies(&report, &job, "nn_predictor_run", run_predictor, 1, options.calls);
        take_latencies(&report, &job, "nn_predict", run_predict, 1, options.calls);
        if (threads > 1)
            take_latencies(&report, &job, "nn_predict", run_predict, threads, options.calls);
        free_job(&job);
    }
    bench_report_close(&report);
    return EXIT_SUCCESS;
}
