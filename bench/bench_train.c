/* bench-train: training steps of several nets and batches in plain loops, with plain cblas_sgemm calls
 * and by nn_fit, on one thread and on all. */
#include "bench_arguments.h"
#include "bench_machine.h"
#include "bench_report.h"
#include "train_sweep.h"
#include "train_time.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LIST 16

struct net {
    size_t widths[NAIVE_MAX_LAYERS + 1], width_count;
};

struct options {
    struct net nets[MAX_LIST];
    size_t net_count;
    size_t batches[MAX_LIST];
    size_t batch_count;
    size_t rounds;
    double turn_seconds;
    const char *json, *sweep;
};

static const struct argp_option argp_options[] = {
    {"widths", 'w', "N,N,...", 0,
     "inputs, units of each layer, classes; again for another net (4,10,3; 32,64,64,10; "
     "784,300,100,10; 784,2048,2048,10)",
     0},
    {"batch", 'b', "N,N,...", 0, "rows of a step (1,8,32,128,1024)", 0},
    {"rounds", 'r', "N", 0, "rounds of which the fastest turn counts (5)", 0},
    {"short", 's', NULL, 0, "the middle nets at batches 1,32,1024 in 3 rounds", 0},
    {"json", 'j', "FILE", 0, "also write the results to FILE", 0},
    {"sweep", 'S', "NAME", 0,
     "instead of the table: cost against rows, width, depth and threads, to NAME.dat and NAME.svg",
     0},
    {0},
};

static const struct net default_nets[] = {
    {{4, 10, 3}, 3},
    {{32, 64, 64, 10}, 4},
    {{784, 300, 100, 10}, 4},
    {{784, 2048, 2048, 10}, 4},
};

static void read_net(struct argp_state *state, const char *text, struct options *options)
{
    if (options->net_count == MAX_LIST)
        argp_error(state, "more than %d nets", MAX_LIST);
    struct net *net = &options->nets[options->net_count++];
    net->width_count = bench_read_list(state, text, 2, NAIVE_MAX_LAYERS + 1, net->widths);
    if (net->widths[net->width_count - 1] < 2)
        argp_error(state, "'%s': fewer than 2 classes", text);
}

static void make_short(struct options *options)
{
    static const size_t batches[] = {1, 32, 1024};
    options->net_count = 2;
    memcpy(options->nets, default_nets + 1, 2 * sizeof *default_nets);
    options->batch_count = sizeof batches / sizeof *batches;
    memcpy(options->batches, batches, sizeof batches);
    options->rounds = 3;
    options->turn_seconds = 0.01;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'w':
        read_net(state, argument, options);
        return 0;
    case 'b':
        options->batch_count = bench_read_list(state, argument, 1, MAX_LIST, options->batches);
        return 0;
    case 'r':
        options->rounds = bench_read_number(state, argument, 1);
        return 0;
    case 's':
        make_short(options);
        return 0;
    case 'j':
        options->json = argument;
        return 0;
    case 'S':
        options->sweep = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->net_count == 0) {
            options->net_count = sizeof default_nets / sizeof *default_nets;
            memcpy(options->nets, default_nets, sizeof default_nets);
        }
        if (options->sweep && options->json)
            argp_error(state, "--json is for the table; a sweep writes NAME.dat");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = argp_options,
    .parser = parse_option,
    .doc =
        "Times training steps of dense nets in plain loops, with cblas_sgemm calls and by nn_fit.",
};

/* ---- the table ------------------------------------------------------------------------------ */

static const struct bench_column columns[] = {
    {"net", "net", -17, -1},
    {"batch", "batch", 5, 0},
    {"threads", "threads", 7, 0},
    {"loops_us", "loops", 11, 1},
    {"around_us", "cblas step", 11, 1},
    {"calls_us", "bare calls", 11, 1},
    {"libnn_us", "libnn", 11, 1},
    {"libnn_gflops", "GFLOP/s", 8, 1},
    {"libnn_to_loops", ": loops", 8, 3},
    {"libnn_to_around", ": step", 8, 2},
    {"libnn_to_calls", ": calls", 8, 2},
    {"libnn_to_floor", ": floor", 8, 2},
    {0},
};

enum { LOOPS, AROUND, CALLS, LIBRARY, WAYS };

static void report_row(struct bench_report *report, const struct bench_options *step, double rate,
                       size_t threads, const struct train_way *ways)
{
    char name[128];
    size_t length = 0;
    for (size_t i = 0; i < step->width_count && length < sizeof name; i++)
        length += (size_t)snprintf(name + length, sizeof name - length, "%s%zu", i ? "-" : "",
                                   step->widths[i]);
    const double flops = train_step_flops(step), library = ways[LIBRARY].seconds;
    bench_report_row(report, (struct bench_cell[]){
                                 BENCH_TEXT(name),
                                 BENCH_NUMBER(step->batch),
                                 BENCH_NUMBER(threads),
                                 BENCH_NUMBER(1e6 * ways[LOOPS].seconds),
                                 BENCH_NUMBER(1e6 * ways[AROUND].seconds),
                                 BENCH_NUMBER(1e6 * ways[CALLS].seconds),
                                 BENCH_NUMBER(1e6 * library),
                                 BENCH_NUMBER(1e-9 * flops / library),
                                 BENCH_NUMBER(library / ways[LOOPS].seconds),
                                 BENCH_NUMBER(library / ways[AROUND].seconds),
                                 BENCH_NUMBER(library / ways[CALLS].seconds),
                                 BENCH_NUMBER(library / (flops / rate / (double)threads)),
                             });
}

/* One race of all, a row for one thread and another for all. */
static void time_step(struct bench_report *report, const struct bench_options *step,
                      double turn_seconds, double rate, size_t threads)
{
    struct train_way ways[2 * WAYS - 1] = {
        {.contestant = BENCH_ORDERED, .threads = 1},
        {.contestant = BENCH_AROUND, .threads = 1},
        {.contestant = BENCH_BARE, .threads = 1},
        {.contestant = BENCH_FIT, .threads = 1},
        {.contestant = BENCH_AROUND, .threads = threads},
        {.contestant = BENCH_BARE, .threads = threads},
        {.contestant = BENCH_FIT, .threads = threads},
    };
    train_time(step, turn_seconds, true, ways, threads > 1 ? 2 * WAYS - 1 : WAYS);
    report_row(report, step, rate, 1, ways);
    if (threads == 1)
        return;
    ways[WAYS - 1] = (struct train_way){.seconds = NAN}; /* plain loops have one thread */
    report_row(report, step, rate, threads, ways + WAYS - 1);
}

static void time_all(const struct options *options, size_t threads, const struct bench_rates *rates,
                     struct bench_report *report)
{
    bench_report_table(report, "steps",
                       "Microseconds a step in plain loops, in loops around cblas_sgemm, of its "
                       "cblas_sgemm calls alone, and in nn_fit;\nnn_fit as a part of each and of "
                       "the floor, the step's products at the best sgemm rate on each core",
                       columns);
    for (size_t n = 0; n < options->net_count; n++)
        for (size_t b = 0; b < options->batch_count; b++) {
            struct bench_options step = {.width_count = options->nets[n].width_count,
                                         .batch = options->batches[b],
                                         .rounds = options->rounds,
                                         .seed = 1};
            memcpy(step.widths, options->nets[n].widths, sizeof step.widths);
            time_step(report, &step, options->turn_seconds, rates->sgemm, threads);
        }
}

int main(int argument_count, char **arguments)
{
    struct options options = {
        .batches = {1, 8, 32, 128, 1024},
        .batch_count = 5,
        .rounds = 5,
        .turn_seconds = 0.02,
    };
    argp_parse(&argp, argument_count, arguments, 0, NULL, &options);
    bench_start_with_threads(1, false, arguments);
    setvbuf(stdout, NULL, _IOLBF, 0);

    const size_t threads = nn_num_threads();
    const struct bench_rates rates = bench_measure_rates();
    struct bench_report report;
    bench_report_open(&report, "train", options.json, threads, &rates);
    if (options.sweep)
        train_sweep(options.sweep, threads, rates.sgemm, options.rounds);
    else
        time_all(&options, threads, &rates, &report);
    bench_report_close(&report);
    return EXIT_SUCCESS;
}
