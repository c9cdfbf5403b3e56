#include "bench_plot.h"
#include "bench_fail.h"
#include "bench_machine.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* In pixels. The title, the machine and the legend stand above the panels. */
#define WIDTH 920.0
#define LEFT 78.0
#define RIGHT 18.0
#define TOP 136.0
#define TITLE 24.0
#define MACHINE 49.0
#define LEGEND 76.0
#define BOTTOM 72.0
#define BETWEEN_COLUMNS 98.0
#define BETWEEN_ROWS 118.0

/* ---- data ----------------------------------------------------------------------------------- */

static char *join(const char *name, const char *end)
{
    char *text = NULL;
    /* In gnuplot, a name that begins with '<' or '|' would be a command: behind ./ these are letters. */
    if (asprintf(&text, "%s%s%s", name[0] == '/' ? "" : "./", name, end) < 0)
        bench_fail("out of memory");
    return text;
}

/* The cores that the process may run on. */
static int count_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

static char *describe_machine(void)
{
    const char *core = bench_openblas_core();
    const int cores = count_cores();
    char *text = NULL;
    char count[32] = "";
    if (cores > 0)
        snprintf(count, sizeof count, ", %d core%s", cores, cores > 1 ? "s" : "");
    if (asprintf(&text, "%s%s, %s%s, libnn %s", bench_processor(), count,
                 core ? "OpenBLAS kernels: " : "another BLAS than OpenBLAS", core ? core : "",
                 nn_version()) < 0)
        bench_fail("out of memory");
    return text;
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        bench_fail("%s: %s", path, strerror(errno));
    return file;
}

void bench_plot_open(struct bench_plot *plot, const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < ' ')
            bench_fail("the name of a picture has a control character");
    *plot =
        (struct bench_plot){.data_path = join(name, ".dat"), .picture_path = join(name, ".svg")};
    /* A picture that can't be written fails here, before what is measured, and an old one goes. */
    fclose(create(plot->picture_path));
    plot->data = create(plot->data_path);
    char *machine = describe_machine();
    fprintf(plot->data, "# %s\n", machine);
    free(machine);
}

size_t bench_plot_block(struct bench_plot *plot, const char *comment)
{
    fprintf(plot->data, "%s# %s\n", plot->blocks > 0 ? "\n\n" : "", comment);
    return plot->blocks++;
}

static void end_data(struct bench_plot *plot)
{
    const int failed = ferror(plot->data);
    if (fclose(plot->data) != 0 || failed)
        bench_fail("%s: %s", plot->data_path, strerror(errno));
    plot->data = NULL;
}

/* ---- the picture ---------------------------------------------------------------------------- */

/* before, then text as a string of gnuplot: in '', ' is written '' and nothing else has a meaning. */
static void write_string(FILE *gnuplot, const char *before, const char *text)
{
    fprintf(gnuplot, "%s'", before);
    for (; *text; text++)
        fprintf(gnuplot, *text == '\'' ? "''" : "%c", *text);
    fputc('\'', gnuplot);
}

static void set_styles(FILE *gnuplot)
{
    static const char *const colours[] = {
        [BENCH_LINE_LOOPS] = "#9a9a9a",    [BENCH_LINE_BLAS_ONE] = "#f5bd7e",
        [BENCH_LINE_BLAS_ALL] = "#d9730d", [BENCH_LINE_ONE] = "#8fbbe3",
        [BENCH_LINE_ALL] = "#1a5fa8",      [BENCH_LINE_GREEN] = "#3a9a5b",
        [BENCH_LINE_PURPLE] = "#8e44ad",
    };
    for (int i = BENCH_LINE_LOOPS; i < BENCH_LINE_FLOOR; i++)
        fprintf(gnuplot, "set style line %d lw 2 pt 7 ps 0.5 lc rgb '%s'\n", i, colours[i]);
    fprintf(gnuplot, "set style line %d lw 1.5 dt (6,4) pt 0 lc rgb '#333333'\n", BENCH_LINE_FLOOR);
    fputs("set style data linespoints\nset datafile missing 'nan'\n", gnuplot);
}

static void set_axes(FILE *gnuplot)
{
    fputs("set border 3 lc rgb '#666666'\n"
          "set grid lc rgb '#dddddd' lt 1\n"
          "set tics nomirror textcolor rgb '#333333'\n",
          gnuplot);
}

static double full_height(const struct bench_plot *plot)
{
    return TOP + BOTTOM + (double)(plot->rows * plot->height) +
           (double)(plot->rows - 1) * BETWEEN_ROWS;
}

/* A rectangle in pixels from the left and from the top, for what is plotted next. */
static void set_margins(const struct bench_plot *plot, double left, double right, double top,
                        double bottom)
{
    const double full = full_height(plot);
    fprintf(plot->gnuplot,
            "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
            "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
            left / WIDTH, right / WIDTH, 1.0 - top / full, 1.0 - bottom / full);
}

/* About as wide as the text is; a browser's font may differ by a tenth. */
static double text_width(const char *text)
{
    double characters = 0.0;
    for (; *text; text++)
        characters += ((unsigned char)*text & 0xc0) != 0x80; /* of UTF-8, the first byte counts */
    return 6.9 * characters;
}

/* Gnuplot's own legend gives each entry the width of the widest, and would need several lines. */
static void set_legend(const struct bench_plot *plot, const struct bench_legend *legend, bool bars)
{
    FILE *gnuplot = plot->gnuplot;
    const double sample = bars ? 14.0 : 26.0, after_sample = 7.0;
    const double full = full_height(plot), y = 1.0 - LEGEND / full, half = 6.0 / full;
    double width = 0.0, gaps = 0.0;
    for (const struct bench_legend *entry = legend; entry->title; entry++) {
        width += sample + after_sample + text_width(entry->title);
        gaps += entry > legend;
    }
    const double between = fmin(28.0, (WIDTH - 24.0 - width) / fmax(gaps, 1.0));
    width += gaps * between;
    double x = (WIDTH - width) / 2.0;
    for (const struct bench_legend *entry = legend; entry->title; entry++) {
        if (bars && entry->line != BENCH_LINE_FLOOR)
            fprintf(gnuplot,
                    "set object rectangle from screen %.5f,%.5f to screen %.5f,%.5f fs solid "
                    "noborder fc ls %d\n",
                    x / WIDTH, y - half, (x + sample) / WIDTH, y + half, entry->line);
        else
            fprintf(gnuplot, "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead ls %d\n",
                    x / WIDTH, y, (x + sample) / WIDTH, y, entry->line);
        x += sample + after_sample;
        write_string(gnuplot, "set label ", entry->title);
        fprintf(gnuplot, " at screen %.5f,%.5f left\n", x / WIDTH, y);
        x += text_width(entry->title) + between;
    }
}

/* A plot of its own without axes. */
static void draw_heading(const struct bench_plot *plot, const char *title,
                         const struct bench_legend *legend, bool bars)
{
    FILE *gnuplot = plot->gnuplot;
    const double full = full_height(plot);
    char *machine = describe_machine();
    write_string(gnuplot, "set label ", title);
    fprintf(gnuplot, " at screen 0.5,%.5f center font 'sans-serif,19'\n", 1.0 - TITLE / full);
    write_string(gnuplot, "set label ", machine);
    fprintf(gnuplot, " at screen 0.5,%.5f center textcolor rgb '#555555'\n", 1.0 - MACHINE / full);
    free(machine);
    set_legend(plot, legend, bars);
    fputs("unset border\nunset tics\nunset key\nplot [0:1][0:1] -1\n"
          "unset label\nunset arrow\nunset object\nset tics\n",
          gnuplot);
}

void bench_plot_begin(struct bench_plot *plot, const char *title, size_t panels, size_t columns,
                      size_t height, const struct bench_legend *legend, bool bars)
{
    plot->rows = (panels + columns - 1) / columns;
    plot->columns = columns;
    plot->height = height;
    end_data(plot);
    fflush(stdout);
    FILE *gnuplot = plot->gnuplot = popen("gnuplot", "w");
    if (!gnuplot)
        bench_fail("gnuplot: %s", strerror(errno));
    signal(SIGPIPE, SIG_IGN); /* where there is no gnuplot, pclose says so */
    /* A browser knows the font sans-serif, and shows one that it doesn't know as Times. */
    fprintf(
        gnuplot,
        "set encoding utf8\n"
        "set terminal svg noenhanced size %.0f,%.0f font 'sans-serif,13' background '#ffffff'\n",
        WIDTH, full_height(plot));
    write_string(gnuplot, "set output ", plot->picture_path);
    write_string(gnuplot, "\ndata = ", plot->data_path);
    fputs("\nset multiplot\n", gnuplot);
    set_styles(gnuplot);
    draw_heading(plot, title, legend, bars);
    set_axes(gnuplot);
}

void bench_plot_panel(struct bench_plot *plot, const char *title, const char *x_axis,
                      const char *y_axis)
{
    const double columns = (double)plot->columns, height = (double)plot->height;
    const double column = (double)(plot->panels % plot->columns);
    const double row = (double)(plot->panels / plot->columns);
    const double width = (WIDTH - LEFT - RIGHT - (columns - 1.0) * BETWEEN_COLUMNS) / columns;
    const double left = LEFT + column * (width + BETWEEN_COLUMNS);
    const double top = TOP + row * (height + BETWEEN_ROWS);
    plot->panels++;
    set_margins(plot, left, left + width, top, top + height);
    write_string(plot->gnuplot, "set title ", title);
    write_string(plot->gnuplot, " font 'sans-serif,14' offset 0,-0.4\nset xlabel ", x_axis);
    write_string(plot->gnuplot, "\nset ylabel ", y_axis);
    fputc('\n', plot->gnuplot);
}

void bench_plot_close(struct bench_plot *plot)
{
    enum { COMMAND_NOT_FOUND = 127 }; /* the shell's status */
    fputs("unset multiplot\nset output\n", plot->gnuplot);
    const int status = pclose(plot->gnuplot);
    signal(SIGPIPE, SIG_DFL);
    if (status != 0)
        remove(plot->picture_path);
    if (WIFEXITED(status) && WEXITSTATUS(status) == COMMAND_NOT_FOUND)
        fprintf(stderr, "gnuplot isn't installed: %s isn't drawn; its data are in %s\n",
                plot->picture_path, plot->data_path);
    else if (status != 0)
        bench_fail("gnuplot failed to draw %s; its data are in %s", plot->picture_path,
                   plot->data_path);
    else
        printf("\nDrawn: %s\n", plot->picture_path);
    free(plot->data_path);
    free(plot->picture_path);
    *plot = (struct bench_plot){0};
}
