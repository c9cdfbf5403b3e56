#include "train_sweep.h"
#include "bench_fail.h"
#include "bench_plot.h"
#include "train_time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TURN_SECONDS 0.02
#define MAX_POINTS 96

enum panel { ROWS, WIDTH, DEPTH, THREADS, PANELS };

static const struct {
    const char *title, *axis, *unit;
} panels[PANELS] = {
    [ROWS] = {"Rows: an epoch of 784-300-100-10, batch 32", "rows of data", "µs a row"},
    [WIDTH] = {"Width: 784-w-w-10, batch 32", "width w", "µs a step"},
    [DEPTH] = {"Depth: 784-128-…-128-10, batch 32", "hidden layers", "µs a step"},
    [THREADS] = {"Threads: 784-300-100-10", "threads", "µs a row"},
};

/* Two ways of one net, or, where the threads vary, of two. */
struct point {
    enum panel panel;
    size_t x;
    struct bench_options nets[2];
    size_t threads[2];
    double seconds[2]; /* best so far */
    double floor;
};

struct sweep {
    struct point points[MAX_POINTS];
    size_t count, threads;
    double rate;
};

static const size_t thread_batches[2] = {32, 1024};

/* ---- the points ----------------------------------------------------------------------------- */

static struct bench_options main_net(void)
{
    return (struct bench_options){
        .widths = {784, 300, 100, 10}, .width_count = 4, .batch = 32, .rounds = 1, .seed = 1};
}

static struct point *add(struct sweep *sweep, enum panel panel, size_t x)
{
    if (sweep->count == MAX_POINTS)
        bench_fail("more than %d points", MAX_POINTS);
    struct point *point = &sweep->points[sweep->count++];
    *point = (struct point){
        .panel = panel, .x = x, .threads = {1, sweep->threads}, .seconds = {INFINITY, INFINITY}};
    return point;
}

static void add_net(struct sweep *sweep, enum panel panel, size_t x,
                    const struct bench_options *net, double part)
{
    struct point *point = add(sweep, panel, x);
    point->nets[0] = point->nets[1] = *net;
    point->floor = part * train_step_flops(net) / sweep->rate / (double)sweep->threads;
}

/* Up to data that no cache holds: 65,536 rows have 206 MB. */
static void add_rows(struct sweep *sweep)
{
    for (size_t steps = 8; steps <= 2048; steps *= 2) {
        struct bench_options net = main_net();
        net.steps = steps;
        add_net(sweep, ROWS, steps * net.batch, &net, 1.0 / (double)net.batch);
    }
}

static void add_widths(struct sweep *sweep)
{
    for (size_t width = 8; width <= 4096; width *= 2) {
        struct bench_options net = main_net();
        net.widths[1] = net.widths[2] = width;
        add_net(sweep, WIDTH, width, &net, 1.0);
    }
}

static void add_depths(struct sweep *sweep)
{
    for (size_t depth = 1; depth < NAIVE_MAX_LAYERS; depth += depth < 3 ? 1 : 2) {
        struct bench_options net = main_net();
        for (size_t i = 1; i <= depth; i++)
            net.widths[i] = 128;
        net.widths[depth + 1] = 10;
        net.width_count = depth + 2;
        add_net(sweep, DEPTH, depth, &net, 1.0);
    }
}

/* Also with more threads than cores, where nothing should be lost. */
static void add_threads(struct sweep *sweep)
{
    for (size_t threads = 1; threads <= 2 * sweep->threads && threads <= 256;
         threads += threads < 8 ? 1 : 8) {
        struct point *point = add(sweep, THREADS, threads);
        const size_t cores = threads < sweep->threads ? threads : sweep->threads;
        for (size_t i = 0; i < 2; i++) {
            point->nets[i] = main_net();
            point->nets[i].batch = thread_batches[i];
            point->threads[i] = threads;
        }
        point->floor = train_step_flops(&point->nets[0]) / (double)thread_batches[0] / sweep->rate /
                       (double)cores;
    }
}

/* ---- measuring ------------------------------------------------------------------------------ */

static void keep_best(struct point *point, size_t way, double seconds)
{
    const bool a_row = point->panel == ROWS || point->panel == THREADS;
    const double batch = (double)point->nets[way].batch;
    point->seconds[way] = fmin(point->seconds[way], a_row ? seconds / batch : seconds);
}

static void measure(struct point *point)
{
    struct train_way ways[] = {{.contestant = BENCH_FIT, .threads = point->threads[0]},
                               {.contestant = BENCH_FIT, .threads = point->threads[1]}};
    if (point->panel == THREADS) {
        train_time(&point->nets[0], TURN_SECONDS, false, &ways[0], 1);
        train_time(&point->nets[1], TURN_SECONDS, false, &ways[1], 1);
    } else {
        train_time(&point->nets[0], TURN_SECONDS, false, ways, 2);
    }
    for (size_t i = 0; i < 2; i++)
        keep_best(point, i, ways[i].seconds);
}

/* All points are measured in each round: what disturbs the machine for a while spoils a round of some,
 * and not all rounds of one. */
static void measure_all(struct sweep *sweep, size_t rounds)
{
    for (size_t round = 1; round <= rounds; round++) {
        printf("Round %zu of %zu\n", round, rounds);
        for (size_t i = 0; i < sweep->count; i++)
            measure(&sweep->points[i]);
    }
}

/* ---- results -------------------------------------------------------------------------------- */

static void write_panel(struct bench_plot *plot, const struct sweep *sweep, enum panel panel)
{
    char one[32] = "1 thread", all[32], comment[256];
    snprintf(all, sizeof all, "%zu threads", sweep->threads);
    if (panel == THREADS) {
        snprintf(one, sizeof one, "batch %zu", thread_batches[0]);
        snprintf(all, sizeof all, "batch %zu", thread_batches[1]);
    }
    snprintf(comment, sizeof comment, "%s: %s; %s: %s, %s, floor", panels[panel].title,
             panels[panel].axis, panels[panel].unit, one, all);
    bench_plot_block(plot, comment);
    printf("\n%s; %s\n%12s %14s %14s %14s\n", panels[panel].title, panels[panel].unit,
           panels[panel].axis, one, all, "floor");
    for (const struct point *point = sweep->points; point < sweep->points + sweep->count; point++) {
        if (point->panel != panel)
            continue;
        const double values[] = {1e6 * point->seconds[0], 1e6 * point->seconds[1],
                                 1e6 * point->floor};
        fprintf(plot->data, "%zu %.6g %.6g %.6g\n", point->x, values[0], values[1], values[2]);
        printf("%12zu %14.2f %14.2f %14.2f\n", point->x, values[0], values[1], values[2]);
    }
}

/* Bytes of the last level of cache; 0 if the system doesn't say. */
static double cache_size(void)
{
    double kilobytes = 0.0;
    FILE *file = fopen("/sys/devices/system/cpu/cpu0/cache/index3/size", "r");
    if (!file)
        return 0.0;
    if (fscanf(file, "%lfK", &kilobytes) != 1)
        kilobytes = 0.0;
    fclose(file);
    return 1024.0 * kilobytes;
}

static void mark_cache(FILE *gnuplot)
{
    const double size = cache_size(), rows = size / (784.0 * (double)sizeof(float));
    if (rows < 512.0 || rows > 50000.0) /* beside the picture */
        return;
    fprintf(gnuplot,
            "set arrow 1 from %.0f, graph 0 to %.0f, graph 1 nohead dt (2,3) lc rgb '#888888'\n"
            "set label 3 'cache: %.0f MB' at %.0f, graph 0.06 right offset -0.7,0 textcolor rgb "
            "'#666666'\n",
            rows, rows, size / 1048576.0, rows);
}

static void draw_lines(FILE *gnuplot, enum panel panel)
{
    const bool two_batches = panel == THREADS;
    const struct bench_legend lines[] = {
        {two_batches ? BENCH_LINE_GREEN : BENCH_LINE_ONE, two_batches ? "batch 32" : ""},
        {two_batches ? BENCH_LINE_PURPLE : BENCH_LINE_ALL, two_batches ? "batch 1024" : ""},
        {BENCH_LINE_FLOOR, two_batches ? "floor" : ""},
    };
    for (int i = 0; i < 3; i++)
        fprintf(gnuplot, "%s index %d using 1:%d ls %d title '%s'", i > 0 ? ", data" : "plot data",
                (int)panel, i + 2, lines[i].line, lines[i].title);
    fputc('\n', gnuplot);
}

static void draw_panel(struct bench_plot *plot, enum panel panel)
{
    bench_plot_panel(plot, panels[panel].title, panels[panel].axis, panels[panel].unit);
}

static void draw(struct bench_plot *plot, const struct sweep *sweep)
{
    char all[32], floor[64];
    snprintf(all, sizeof all, "%zu threads", sweep->threads);
    snprintf(floor, sizeof floor, "floor: the products at the best sgemm rate on %zu core%s",
             sweep->threads, sweep->threads > 1 ? "s" : "");
    const struct bench_legend legend[] = {
        {BENCH_LINE_ONE, "1 thread"}, {BENCH_LINE_ALL, all}, {BENCH_LINE_FLOOR, floor}, {0, NULL}};
    bench_plot_begin(plot, "What training costs, by rows, width, depth and threads", PANELS, 2, 250,
                     legend, false);
    FILE *gnuplot = plot->gnuplot;

    draw_panel(plot, ROWS);
    fputs("set logscale x 2\nset xtics 256, 4\nset xrange [200:80000]\nset yrange [0:*]\n",
          gnuplot);
    mark_cache(gnuplot);
    draw_lines(gnuplot, ROWS);
    fputs("unset arrow\nunset label\n", gnuplot);

    draw_panel(plot, WIDTH);
    fputs("set logscale y\nset format y '%.0f'\nset xtics 8, 4\nset xrange [6:6000]\n"
          "set yrange [*:*]\n",
          gnuplot);
    draw_lines(gnuplot, WIDTH);

    draw_panel(plot, DEPTH);
    fputs("unset logscale\nset format y '%g'\nset xtics 0, 3\nset xrange [0:16]\n"
          "set yrange [0:*]\n",
          gnuplot);
    draw_lines(gnuplot, DEPTH);

    draw_panel(plot, THREADS);
    /* room above the lines for a legend of their own */
    fprintf(gnuplot,
            "set xtics %s\nset xrange [0.7:%zu.3]\nset offsets 0, 0, graph 0.45, 0\n"
            "set key top right maxcols 1 samplen 2\n",
            sweep->threads <= 8 ? "1" : "autofreq", sweep->points[sweep->count - 1].x);
    draw_lines(gnuplot, THREADS);
}

void train_sweep(const char *name, size_t threads, double rate, size_t rounds)
{
    struct bench_plot plot;
    struct sweep *sweep = bench_demand_memory(calloc(1, sizeof *sweep));
    sweep->threads = threads;
    sweep->rate = rate;
    bench_plot_open(&plot, name);
    add_rows(sweep);
    add_widths(sweep);
    add_depths(sweep);
    add_threads(sweep);
    measure_all(sweep, rounds);
    for (enum panel panel = 0; panel < PANELS; panel++)
        write_panel(&plot, sweep, panel);
    draw(&plot, sweep);
    bench_plot_close(&plot);
    free(sweep);
}
