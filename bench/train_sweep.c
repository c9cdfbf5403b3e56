#include "train_sweep.h"
#include "bench_fail.h"
#include "bench_machine.h"
#include "train_time.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_SECONDS 0.02

struct sweep {
    FILE *file;
    const char *path;
    size_t threads, rounds;
    size_t blocks; /* written so far; a block is a panel of the plot */
    double rate;
};

static void begin_block(struct sweep *sweep, const char *title, const char *axis)
{
    fprintf(sweep->file, "%s# %s\n# %s, us on 1 thread, us on %zu threads, floor us on %zu\n",
            sweep->blocks++ > 0 ? "\n\n" : "", title, axis, sweep->threads, sweep->threads);
    printf("\n%s\n%10s %14s %14s %14s\n", title, axis, "us, 1", "us, all", "floor, all");
}

static void write_point(struct sweep *sweep, size_t x, double one, double all, double floor)
{
    fprintf(sweep->file, "%zu %.6g %.6g %.6g\n", x, 1e6 * one, 1e6 * all, 1e6 * floor);
    printf("%10zu %14.1f %14.1f %14.1f\n", x, 1e6 * one, 1e6 * all, 1e6 * floor);
}

static double floor_of(const struct sweep *sweep, const struct bench_options *options)
{
    return train_step_flops(options) / sweep->rate / (double)sweep->threads;
}

/* Times a step on one thread and on all; writes the times of so many steps. */
static void measure_point(struct sweep *sweep, size_t x, const struct bench_options *options,
                          size_t steps)
{
    struct train_way ways[] = {{.contestant = BENCH_FIT, .threads = 1},
                               {.contestant = BENCH_FIT, .threads = sweep->threads}};
    train_time(options, TURN_SECONDS, false, ways, sizeof ways / sizeof *ways);
    const double count = (double)steps;
    write_point(sweep, x, count * ways[0].seconds, count * ways[1].seconds,
                count * floor_of(sweep, options));
}

static struct bench_options main_net(const struct sweep *sweep)
{
    return (struct bench_options){.widths = {784, 300, 100, 10},
                                  .width_count = 4,
                                  .batch = 32,
                                  .rounds = sweep->rounds,
                                  .seed = 1};
}

static void sweep_rows(struct sweep *sweep)
{
    begin_block(sweep, "An epoch of 784-300-100-10, batch 32, by rows of data", "rows");
    for (size_t steps = 8; steps <= 2048; steps *= 2) {
        struct bench_options options = main_net(sweep);
        options.steps = steps;
        measure_point(sweep, steps * options.batch, &options, steps);
    }
}

static void sweep_width(struct sweep *sweep)
{
    begin_block(sweep, "A step of 784-w-w-10, batch 32, by width w", "width");
    for (size_t width = 8; width <= 4096; width *= 2) {
        struct bench_options options = main_net(sweep);
        options.widths[1] = options.widths[2] = width;
        measure_point(sweep, width, &options, 1);
    }
}

static void sweep_depth(struct sweep *sweep)
{
    begin_block(sweep, "A step of 784-128-...-128-10, batch 32, by hidden layers", "layers");
    for (size_t depth = 1; depth < NAIVE_MAX_LAYERS; depth += depth < 4 ? 1 : 3) {
        struct bench_options options = main_net(sweep);
        for (size_t i = 1; i <= depth; i++)
            options.widths[i] = 128;
        options.widths[depth + 1] = 10;
        options.width_count = depth + 2;
        measure_point(sweep, depth, &options, 1);
    }
}

/* Also with more threads than cores, where nothing should be lost. The columns are two batches. */
static void sweep_threads(struct sweep *sweep)
{
    enum { BATCHES = 2 };
    static const size_t batches[BATCHES] = {32, 1024};
    fprintf(sweep->file,
            "\n\n# A row of 784-300-100-10 by threads\n# threads, us at batch 32, us at "
            "batch 1024, floor us on so many cores\n");
    printf("\nA row of 784-300-100-10 by threads (%zu cores)\n%10s %14s %14s %14s\n",
           sweep->threads, "threads", "us, batch 32", "us, batch 1024", "floor");
    for (size_t threads = 1; threads <= 2 * sweep->threads && threads <= 256;
         threads += threads < 8 ? 1 : 8) {
        double row[BATCHES], floor = 0.0;
        for (size_t i = 0; i < BATCHES; i++) {
            struct bench_options options = main_net(sweep);
            struct train_way way = {.contestant = BENCH_FIT, .threads = threads};
            const size_t cores = threads < sweep->threads ? threads : sweep->threads;
            options.batch = batches[i];
            train_time(&options, TURN_SECONDS, false, &way, 1);
            row[i] = way.seconds / (double)options.batch;
            floor = train_step_flops(&options) / sweep->rate / (double)cores / (double)batches[i];
        }
        write_point(sweep, threads, row[0], row[1], floor);
    }
}

/* ---- the plot ------------------------------------------------------------------------------- */

/* In gnuplot's '', ' is written '' and nothing else has a meaning. */
static void write_quoted(FILE *file, const char *text, const char *more)
{
    fputc('\'', file);
    for (; *text; text++)
        fprintf(file, *text == '\'' ? "''" : "%c", *text);
    fprintf(file, "%s'", more);
}

static void plot_block(FILE *gnuplot, const struct sweep *sweep, size_t block, const char *title,
                       const char *axis, const char *unit, double scale, const char *const *labels)
{
    fprintf(gnuplot, "set title '%s'\nset xlabel '%s'\nset ylabel '%s'\nplot", title, axis, unit);
    for (size_t column = 2; column <= 4; column++) {
        fputs(column > 2 ? ", " : " ", gnuplot);
        write_quoted(gnuplot, sweep->path, "");
        fprintf(gnuplot, " index %zu using 1:($%zu*%g) with linespoints%s title '%s'", block,
                column, scale, column == 4 ? " dt 2 lc 'gray40' pt 0" : "", labels[column - 2]);
    }
    fputc('\n', gnuplot);
}

static void plot(const struct sweep *sweep, const char *name)
{
    char all[32], floor[64];
    snprintf(all, sizeof all, "%zu threads", sweep->threads);
    snprintf(floor, sizeof floor, "floor, %zu cores", sweep->threads);
    const char *const labels[] = {"1 thread", all, floor};
    const char *const batches[] = {"batch 32", "batch 1024", "floor"};
    signal(SIGPIPE, SIG_IGN); /* where there is no gnuplot, pclose says so */
    FILE *gnuplot = popen("gnuplot", "w");
    if (!gnuplot)
        bench_fail("gnuplot: %s", strerror(errno));
    const char *core = bench_openblas_core();
    fputs("set terminal svg size 960,760 font 'sans,12' background 'white'\nset output ", gnuplot);
    write_quoted(gnuplot, name, ".svg");
    fputs("\nset multiplot layout 2,2 title ", gnuplot);
    write_quoted(gnuplot, "Cost of training on ", "");
    fputs(".", gnuplot);
    write_quoted(gnuplot, bench_processor(), ", ");
    fputs(".", gnuplot);
    write_quoted(gnuplot, core ? core : "no OpenBLAS", " kernels");
    fputs(" noenhanced\nset logscale xy\nset grid\nset key top left\n", gnuplot);
    plot_block(gnuplot, sweep, 0, "epoch of 784-300-100-10, batch 32", "rows", "seconds", 1e-6,
               labels);
    plot_block(gnuplot, sweep, 1, "step of 784-w-w-10, batch 32", "width w", "microseconds", 1.0,
               labels);
    fputs("unset logscale\nset yrange [0:*]\n", gnuplot);
    plot_block(gnuplot, sweep, 2, "step of 784-128-...-128-10, batch 32", "hidden layers",
               "microseconds", 1.0, labels);
    fputs("set key top right\n", gnuplot);
    if (sweep->threads <= 8)
        fputs("set xtics 1\n", gnuplot);
    plot_block(gnuplot, sweep, 3, "a row of 784-300-100-10", "threads", "microseconds", 1.0,
               batches);
    fputs("unset multiplot\n", gnuplot);
    if (pclose(gnuplot) != 0)
        fprintf(stderr, "gnuplot failed: %s.svg isn't drawn; its data are in %s\n", name,
                sweep->path);
    else
        printf("\nDrawn: %s.svg\n", name);
}

void train_sweep(const char *name, size_t threads, double rate, size_t rounds)
{
    const size_t size = strlen(name) + sizeof ".dat";
    char *path = bench_demand_memory(malloc(size));
    snprintf(path, size, "%s.dat", name);
    struct sweep sweep = {
        .file = fopen(path, "w"),
        .path = path,
        .threads = threads,
        .rounds = rounds,
        .rate = rate,
    };
    if (!sweep.file)
        bench_fail("%s: %s", path, strerror(errno));
    const char *core = bench_openblas_core();
    fprintf(sweep.file, "# libnn %s, %s, %s kernels\n", nn_version(), bench_processor(),
            core ? core : "no OpenBLAS");
    sweep_rows(&sweep);
    sweep_width(&sweep);
    sweep_depth(&sweep);
    sweep_threads(&sweep);
    const int failed = ferror(sweep.file);
    if (fclose(sweep.file) != 0 || failed)
        bench_fail("%s: %s", path, strerror(errno));
    plot(&sweep, name);
    free(path);
}
