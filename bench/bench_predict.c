/* bench-predict: how long predictions take, and how evenly. */
#include "bench_arguments.h"
#include "bench_fail.h"
#include "bench_machine.h"
#include "bench_plot.h"
#include "bench_race.h"
#include "bench_report.h"
#include "naive_contestants.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
    size_t rounds, calls;
    const char *json, *plot;
};

static const struct argp_option argp_options[] = {
    {"rounds", 'r', "N", 0, "rounds of which the fastest turn counts (10)", 0},
    {"calls", 'n', "N", 0, "calls whose latencies are taken (100000)", 0},
    {"short", 's', NULL, 0, "3 rounds, 10000 calls", 0},
    {"json", 'j', "FILE", 0, "also write the results to FILE", 0},
    {"plot", 'p', "NAME", 0,
     "also time more sizes of a call, and draw all: figures to NAME.dat, picture to NAME.svg", 0},
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
    case 'p':
        options->plot = argument;
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

struct run {
    struct options options;
    struct bench_report report;
    struct bench_plot plot; /* its data are NULL where no picture is wanted */
    struct bench_rates rates;
    size_t threads; /* all */
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

/* Those whose latencies are taken, and which the picture shows. */
static const struct bench_options *const single_rows[] = {&nets[0], &nets[3]};

#define NET_COUNT (sizeof nets / sizeof *nets)
#define SINGLE_COUNT (sizeof single_rows / sizeof *single_rows)
#define MAX_ROWS 4096 /* of a call in the picture */

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

static void time_net(struct run *run, const struct bench_options *net)
{
    enum { RUNNERS = 4 };
    struct job job;
    char name[64];
    create_job(&job, net);
    struct bench_runner runners[RUNNERS] = {
        {.run = run_calls, .context = &job, .blas_threads = 1},
        {.run = run_predictor, .context = &job, .blas_threads = 1},
        {.run = run_predict, .context = &job, .threads = 1, .blas_threads = 1},
        {.run = run_predict, .context = &job, .threads = run->threads, .blas_threads = 1},
    };
    bench_race(runners, RUNNERS, run->options.rounds, 0.002);
    double flops = 0.0;
    for (size_t l = 0; l + 1 < net->width_count; l++)
        flops += 2.0 * (double)(net->batch * net->widths[l] * net->widths[l + 1]);
    const double rows = (double)net->batch;
    const double floor = 1e6 * flops / run->rates.sgemm / (double)run->threads;
    double us[RUNNERS];
    for (size_t i = 0; i < RUNNERS; i++)
        us[i] = 1e6 * runners[i].seconds;
    bench_net_name(net->widths, net->width_count, name, sizeof name);
    bench_report_row(&run->report, (struct bench_cell[]){
                                       BENCH_TEXT(name), BENCH_NUMBER(rows), BENCH_NUMBER(us[0]),
                                       BENCH_NUMBER(us[1]), BENCH_NUMBER(us[2]),
                                       BENCH_NUMBER(us[3]), BENCH_NUMBER(us[3] / rows),
                                       BENCH_NUMBER(us[2] / us[0]), BENCH_NUMBER(us[3] / floor)});
    if (run->plot.blocks > 0) /* the picture shows the times by rows */
        fprintf(run->plot.data, "%zu %.5g %.5g %.5g %.5g %.5g\n", net->batch, us[0], us[1], us[2],
                us[3], floor);
    free_job(&job);
}

/* For the picture. */
static void time_by_rows(struct run *run)
{
    bench_report_table(&run->report, "by_rows", "The same by rows of a call", time_columns);
    for (size_t i = 0; i < SINGLE_COUNT; i++) {
        struct bench_options net = *single_rows[i];
        bench_plot_block(&run->plot, "rows of a call; us: bare calls, nn_predictor_run, nn_predict "
                                     "on 1 thread and on all, floor");
        for (; net.batch <= MAX_ROWS; net.batch *= 2)
            time_net(run, &net);
    }
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

static void report_latencies(struct run *run, const struct job *job, const char *call,
                             size_t threads, const double *sorted)
{
    static const size_t permilles[] = {500, 900, 990, 999, 1000};
    const size_t calls = run->options.calls;
    const struct bench_options *net = &job->bench.options;
    char name[64];
    struct bench_cell cells[3 + sizeof permilles / sizeof *permilles] = {
        BENCH_TEXT(bench_net_name(net->widths, net->width_count, name, sizeof name)),
        BENCH_TEXT(call), BENCH_NUMBER(threads)};
    for (size_t i = 0; i < sizeof permilles / sizeof *permilles; i++) {
        /* nearest rank: the least latency that such a part of the calls doesn't exceed */
        const size_t rank = (calls * permilles[i] + 999) / 1000;
        cells[3 + i] = BENCH_NUMBER(1e6 * sorted[rank - 1]);
    }
    bench_report_row(&run->report, cells);
}

/* The latency that 1 of so many calls reaches or exceeds, from 1 (the fastest) to all (the slowest). */
static void write_latencies(struct run *run, const char *call, size_t threads, const double *sorted)
{
    const double calls = (double)run->options.calls;
    char comment[128];
    snprintf(comment, sizeof comment, "%s, threads: %zu; 1 call of so many; takes us", call,
             threads);
    bench_plot_block(&run->plot, comment);
    for (double many = 1.0; many < calls; many *= 1.2) {
        const double rank = floor(calls * (1.0 - 1.0 / many));
        fprintf(run->plot.data, "%.5g %.5g\n", many, 1e6 * sorted[(size_t)rank]);
    }
    fprintf(run->plot.data, "%.8g %.5g\n", calls, 1e6 * sorted[run->options.calls - 1]);
}

/* Each call is timed by itself: reading the clock twice adds some 0.03 us. */
static void take_latencies(struct run *run, struct job *job, const char *call,
                           void (*predict)(void *), size_t threads)
{
    const size_t calls = run->options.calls;
    double *latencies = bench_demand_memory(calloc(calls, sizeof *latencies));
    bench_demand(nn_set_num_threads(threads), "nn_set_num_threads");
    for (size_t i = 0; i < calls / 10; i++)
        predict(job);
    for (size_t i = 0; i < calls; i++) {
        const double start = bench_seconds();
        predict(job);
        latencies[i] = bench_seconds() - start;
    }
    qsort(latencies, calls, sizeof *latencies, compare);
    report_latencies(run, job, call, threads, latencies);
    if (run->plot.data)
        write_latencies(run, call, threads, latencies);
    free(latencies);
}

static void take_all_latencies(struct run *run)
{
    bench_report_table(&run->report, "latencies",
                       "Latencies of calls with one row, in microseconds", latency_columns);
    for (size_t i = 0; i < SINGLE_COUNT; i++) {
        struct job job;
        create_job(&job, single_rows[i]);
        take_latencies(run, &job, "nn_predictor_run", run_predictor, 1);
        take_latencies(run, &job, "nn_predict", run_predict, 1);
        if (run->threads > 1)
            take_latencies(run, &job, "nn_predict", run_predict, run->threads);
        free_job(&job);
    }
}

/* ---- the picture ---------------------------------------------------------------------------- */

/* The later lines are the thinner ones, so that those below show where times are the same. */
static const struct {
    int line;
    double width;
} lines[] = {{BENCH_LINE_BLAS_ONE, 2.0},
             {BENCH_LINE_GREEN, 6.0},
             {BENCH_LINE_ONE, 4.0},
             {BENCH_LINE_ALL, 1.5},
             {BENCH_LINE_FLOOR, 1.5}};

/* The block of data has a column for each line. */
static void draw_rows(struct run *run, size_t block, const char *name)
{
    char title[128];
    snprintf(title, sizeof title, "%s: time of a row", name);
    bench_plot_panel(&run->plot, title, "rows of a call", "µs a row");
    FILE *gnuplot = run->plot.gnuplot;
    fprintf(gnuplot, "set logscale x 2\nset xtics 1, 4\nset xrange [0.8:%d]\nset yrange [0:*]\n",
            MAX_ROWS * 5 / 4);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (run->threads > 1 || lines[i].line != BENCH_LINE_ALL)
            fprintf(gnuplot, "%s index %zu using 1:($%zu/$1) ls %d lw %g",
                    i > 0 ? ", data" : "plot data", block, i + 2, lines[i].line, lines[i].width);
    fputs("\nunset logscale\n", gnuplot);
}

/* The blocks are of nn_predictor_run and of nn_predict on one thread and, if there are more, on all. */
static void draw_latencies(struct run *run, size_t block, size_t blocks, const char *name)
{
    /* gnuplot takes a label for a format, in which %% is % */
    static const char *const percent[] = {"90 %%", "99 %%", "99.9 %%", "99.99 %%"};
    const double calls = fmax((double)run->options.calls, 10.0);
    char title[128];
    snprintf(title, sizeof title, "%s: latency of one row", name);
    bench_plot_panel(&run->plot, title, "part of the calls that take no longer", "µs");
    FILE *gnuplot = run->plot.gnuplot;
    fprintf(gnuplot,
            "set logscale xy\nset format y '%%g'\nset xrange [1:%g]\nset yrange [*:*]\n"
            "set xtics ('50 %%%%' 2",
            calls);
    double many = 10.0;
    for (size_t i = 0; i < sizeof percent / sizeof *percent && 4.0 * many < calls;
         i++, many *= 10.0)
        fprintf(gnuplot, ", '%s' %g", percent[i], many);
    fprintf(gnuplot, ", 'all' %g)\n", calls);
    for (size_t i = 0; i < blocks; i++)
        fprintf(gnuplot, "%s index %zu with lines ls %d lw %g", i > 0 ? ", data" : "plot data",
                block + i, lines[i + 1].line, lines[i + 1].width);
    fputs("\nunset logscale\n", gnuplot);
}

static void draw(struct run *run)
{
    const bool many = run->threads > 1;
    const size_t ways = many ? 3 : 2;
    char all[64], floor[64];
    snprintf(all, sizeof all, "%zu threads", run->threads);
    snprintf(floor, sizeof floor, "best sgemm, %zu core%s", run->threads, many ? "s" : "");
    const struct bench_legend legend[] = {
        {BENCH_LINE_BLAS_ONE, "bare cblas_sgemm calls"},
        {BENCH_LINE_GREEN, "nn_predictor_run"},
        {BENCH_LINE_ONE, "nn_predict, 1 thread"},
        {many ? BENCH_LINE_ALL : BENCH_LINE_FLOOR, many ? all : floor},
        {BENCH_LINE_FLOOR, many ? floor : NULL},
        {0, NULL}};
    bench_plot_begin(&run->plot, "Predictions: how long they take, and how evenly",
                     2 * SINGLE_COUNT, 2, 240, legend, false);
    for (size_t i = 0; i < SINGLE_COUNT; i++) {
        char name[64];
        bench_net_name(single_rows[i]->widths, single_rows[i]->width_count, name, sizeof name);
        draw_rows(run, i, name);
        draw_latencies(run, SINGLE_COUNT + i * ways, ways, name);
    }
    bench_plot_close(&run->plot);
}

int main(int argument_count, char **arguments)
{
    struct run run = {.options = {.rounds = 10, .calls = 100000}};
    argp_parse(&argp, argument_count, arguments, 0, NULL, &run.options);
    bench_start_with_threads(1, false, arguments);
    setvbuf(stdout, NULL, _IOLBF, 0);

    run.threads = nn_num_threads();
    run.rates = bench_measure_rates();
    bench_report_open(&run.report, "predict", run.options.json, run.threads, &run.rates);
    if (run.options.plot)
        bench_plot_open(&run.plot, run.options.plot);
    bench_report_table(&run.report, "times",
                       "Microseconds a call: the bare cblas_sgemm calls, nn_predictor_run, and "
                       "nn_predict on 1 and all threads",
                       time_columns);
    for (size_t i = 0; i < NET_COUNT; i++)
        time_net(&run, &nets[i]);
    if (run.options.plot)
        time_by_rows(&run);
    take_all_latencies(&run);
    bench_report_close(&run.report);
    if (run.options.plot)
        draw(&run);
    return EXIT_SUCCESS;
}
