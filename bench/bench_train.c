/* bench-train: training steps of several nets and batches in plain loops, with plain cblas_sgemm calls
 * and by nn_fit, on one thread and on all. */
#include "bench_arguments.h"
#include "bench_machine.h"
#include "bench_plot.h"
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
    const char *json, *plot, *sweep;
};

static const struct argp_option argp_options[] = {
    {"widths", 'w', "N,N,...", 0,
     "inputs, units of each layer, classes; again for another net (4,10,3; 32,64,64,10; "
     "784,300,100,10; 784,2048,2048,10)",
     0},
    {"batch", 'b', "N,N,...", 0, "rows of a step (1,8,32,128,1024)", 0},
    {"rounds", 'r', "N", 0, "rounds of which the fastest turn counts (5, for a sweep 10)", 0},
    {"short", 's', NULL, 0, "the middle nets at batches 1,32,1024 in 3 rounds", 0},
    {"json", 'j', "FILE", 0, "also write the results to FILE", 0},
    {"plot", 'p', "NAME", 0, "also draw the table: figures to NAME.dat, picture to NAME.svg", 0},
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
    case 'p':
        options->plot = argument;
        return 0;
    case 'S':
        options->sweep = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->net_count == 0) {
            options->net_count = sizeof default_nets / sizeof *default_nets;
            memcpy(options->nets, default_nets, sizeof default_nets);
        }
        if (options->rounds == 0)
            options->rounds = options->sweep ? 10 : 5;
        if (options->sweep && (options->json || options->plot))
            argp_error(state, "--json and --plot are for the table; a sweep writes NAME.dat");
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

struct race {
    struct bench_report report;
    struct bench_plot plot; /* its data are NULL where no picture is wanted */
    struct bench_rates rates;
    size_t threads;        /* all */
    double best[MAX_LIST]; /* of each net, the highest rate in the picture, in FLOP/s */
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
    bench_net_name(step->widths, step->width_count, name, sizeof name);
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

/* ---- the picture ---------------------------------------------------------------------------- */

/* In µs or ms with three digits. */
static void write_time(FILE *file, double seconds)
{
    const bool large = seconds >= 0.9995e-3;
    const double value = seconds * (large ? 1e3 : 1e6);
    fprintf(file, "\"%.*f %s\"",
            value < 9.995   ? 2
            : value < 99.95 ? 1
                            : 0,
            value, large ? "ms" : "µs");
}

/* The net's block of data has a line for each batch: rates in GFLOP/s, and libnn's time with all threads. */
static void begin_bars(struct bench_plot *plot, const struct bench_options *step)
{
    char name[128], comment[256];
    bench_net_name(step->widths, step->width_count, name, sizeof name);
    snprintf(comment, sizeof comment,
             "%s: batch; GFLOP/s of loops, cblas step on 1 thread and on all, libnn on 1 and on "
             "all; libnn's time on all",
             name);
    bench_plot_block(plot, comment);
}

static void write_bars(struct race *race, size_t net, const struct bench_options *step,
                       const struct train_way *one, const struct train_way *all)
{
    const double seconds[] = {one[LOOPS].seconds, one[AROUND].seconds, all[AROUND].seconds,
                              one[LIBRARY].seconds, all[LIBRARY].seconds};
    FILE *data = race->plot.data;
    fprintf(data, "%zu", step->batch);
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        const double rate = train_step_flops(step) / seconds[i];
        if (isnan(rate))
            fputs(" nan", data);
        else
            fprintf(data, " %.5g", 1e-9 * rate);
        race->best[net] = fmax(race->best[net], rate); /* which passes over NaN */
    }
    fputc(' ', data);
    write_time(data, all[LIBRARY].seconds);
    fputc('\n', data);
}

/* A dashed line at the rate of so many cores, named where there are seldom bars: above small batches. */
static void mark_rate(FILE *gnuplot, double rate, size_t cores)
{
    fprintf(gnuplot,
            "set label 'best sgemm, %zu core%s' at graph 0.01, first %.5g left offset 0,0.5\n",
            cores, cores > 1 ? "s" : "", 1e-9 * rate);
}

static void draw_net(struct race *race, const struct options *options, size_t net)
{
    FILE *gnuplot = race->plot.gnuplot;
    const double one = race->rates.sgemm, all = one * (double)race->threads;
    const double best = race->best[net],
                 top = best > 0.3 * all ? 1.13 * fmax(all, best) : 1.05 * best;
    const bool times = options->batch_count <= 6; /* more haven't room */
    char name[128], axis[128];
    bench_net_name(options->nets[net].widths, options->nets[net].width_count, name, sizeof name);
    snprintf(axis, sizeof axis,
             times ? "rows of a step; libnn's time on %zu thread%s" : "rows of a step",
             race->threads, race->threads > 1 ? "s" : "");
    bench_plot_panel(&race->plot, name, axis, "GFLOP/s");
    fprintf(gnuplot,
            "set style data histograms\nset style histogram clustered gap 1\nset style fill solid "
            "noborder\nset xtics scale 0\nset xlabel offset 0,-0.8\nunset grid\nset grid y\nset "
            "xrange [-0.6:%zu.6]\nset yrange [0:%.5g]\n",
            options->batch_count - 1, 1e-9 * top);
    if (top > all) {
        mark_rate(gnuplot, all, race->threads);
        if (race->threads > 1)
            mark_rate(gnuplot, one, 1);
    }
    fputs("plot", gnuplot);
    for (int column = 2; column <= 6; column++) {
        static const int lines[] = {BENCH_LINE_LOOPS, BENCH_LINE_BLAS_ONE, BENCH_LINE_BLAS_ALL,
                                    BENCH_LINE_ONE, BENCH_LINE_ALL};
        if (race->threads > 1 || (column != 4 && column != 6))
            fprintf(gnuplot, " data index %zu using %d:xtic(stringcolumn(1)%s) ls %d,", net, column,
                    times ? ".\"\\n\".stringcolumn(7)" : "", lines[column - 2]);
    }
    fprintf(gnuplot, " %.5g with lines ls %d, %.5g with lines ls %d\nunset label\n", 1e-9 * one,
            BENCH_LINE_FLOOR, 1e-9 * all, BENCH_LINE_FLOOR);
}

static void draw(struct race *race, const struct options *options)
{
    char all[32];
    snprintf(all, sizeof all, "%zu threads", race->threads);
    const struct bench_legend many[] = {{BENCH_LINE_LOOPS, "plain loops (none where slow)"},
                                        {BENCH_LINE_BLAS_ONE, "with cblas_sgemm, 1 thread"},
                                        {BENCH_LINE_BLAS_ALL, all},
                                        {BENCH_LINE_ONE, "libnn, 1 thread"},
                                        {BENCH_LINE_ALL, all},
                                        {0, NULL}};
    const struct bench_legend one[] = {{BENCH_LINE_LOOPS, "plain loops (none where slow)"},
                                       {BENCH_LINE_BLAS_ONE, "with cblas_sgemm"},
                                       {BENCH_LINE_ONE, "libnn"},
                                       {0, NULL}};
    bench_plot_begin(&race->plot,
                     "Training steps: how fast their products are done (more is better)",
                     options->net_count, options->net_count > 1 ? 2 : 1, 230,
                     race->threads > 1 ? many : one, true);
    for (size_t n = 0; n < options->net_count; n++)
        draw_net(race, options, n);
    bench_plot_close(&race->plot);
}

/* ---- measuring ------------------------------------------------------------------------------ */

/* One race of all, a row for one thread and another for all. */
static void time_step(struct race *race, size_t net, const struct bench_options *step,
                      double turn_seconds)
{
    const size_t threads = race->threads;
    const double rate = race->rates.sgemm;
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
    struct train_way *const all = threads > 1 ? ways + WAYS - 1 : ways;
    report_row(&race->report, step, rate, 1, ways);
    if (race->plot.data)
        write_bars(race, net, step, ways, all);
    if (threads == 1)
        return;
    all[LOOPS] = (struct train_way){.seconds = NAN}; /* plain loops have one thread */
    report_row(&race->report, step, rate, threads, all);
}

static void time_all(const struct options *options, struct race *race)
{
    bench_report_table(&race->report, "steps",
                       "Microseconds a step in plain loops, in loops around cblas_sgemm, of its "
                       "cblas_sgemm calls alone, and in nn_fit;\nnn_fit as a part of each and of "
                       "the floor, the step's products at the best sgemm rate on each core",
                       columns);
    for (size_t n = 0; n < options->net_count; n++) {
        struct bench_options step = {
            .width_count = options->nets[n].width_count, .rounds = options->rounds, .seed = 1};
        memcpy(step.widths, options->nets[n].widths, sizeof step.widths);
        if (race->plot.data)
            begin_bars(&race->plot, &step);
        for (size_t b = 0; b < options->batch_count; b++) {
            step.batch = options->batches[b];
            time_step(race, n, &step, options->turn_seconds);
        }
    }
}

int main(int argument_count, char **arguments)
{
    struct options options = {
        .batches = {1, 8, 32, 128, 1024},
        .batch_count = 5,
        .turn_seconds = 0.02,
    };
    argp_parse(&argp, argument_count, arguments, 0, NULL, &options);
    bench_start_with_threads(1, false, arguments);
    setvbuf(stdout, NULL, _IOLBF, 0);

    struct race race = {.threads = nn_num_threads(), .rates = bench_measure_rates()};
    bench_report_open(&race.report, "train", options.json, race.threads, &race.rates);
    if (options.plot)
        bench_plot_open(&race.plot, options.plot);
    if (options.sweep)
        train_sweep(options.sweep, race.threads, race.rates.sgemm, options.rounds);
    else
        time_all(&options, &race);
    bench_report_close(&race.report);
    if (options.plot)
        draw(&race, &options);
    return EXIT_SUCCESS;
}
