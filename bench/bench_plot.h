/* Pictures of results: the figures go to NAME.dat as they are measured; then gnuplot, if it is installed,
 * draws NAME.svg from them, as panels under one title and one legend. */
#ifndef NN_BENCH_PLOT_H
#define NN_BENCH_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Gnuplot's line styles, the same in all pictures. */
enum {
    BENCH_LINE_LOOPS = 1,
    BENCH_LINE_BLAS_ONE, /* with one thread */
    BENCH_LINE_BLAS_ALL, /* with all */
    BENCH_LINE_ONE,      /* libnn with one thread */
    BENCH_LINE_ALL,
    BENCH_LINE_GREEN, /* what else there is of libnn */
    BENCH_LINE_PURPLE,
    BENCH_LINE_FLOOR,
};

struct bench_legend {
    int line;          /* BENCH_LINE_... */
    const char *title; /* NULL ends an array */
};

struct bench_plot {
    FILE *data;    /* NAME.dat, for figures */
    FILE *gnuplot; /* for commands, from bench_plot_begin on */
    char *data_path, *picture_path;
    size_t blocks; /* of data, begun so far */
    size_t rows, columns, height, panels;
};

/* Makes NAME.dat and an empty NAME.svg. Like all here it ends the program with a message on failure. */
void bench_plot_open(struct bench_plot *plot, const char *name);

/* Begins a block of NAME.dat, which gnuplot knows by the index returned. comment: what it is. */
size_t bench_plot_block(struct bench_plot *plot, const char *comment);

/* Ends NAME.dat and begins the picture: so many panels in so many columns, each height pixels high, under
 * a title and a legend. bars: the legend shows bars, not lines. In gnuplot the variable "data" is the
 * file's name. */
void bench_plot_begin(struct bench_plot *plot, const char *title, size_t panels, size_t columns,
                      size_t height, const struct bench_legend *legend, bool bars);

/* Begins the next panel, which the caller's next plot command fills. */
void bench_plot_panel(struct bench_plot *plot, const char *title, const char *x_axis,
                      const char *y_axis);

/* Ends the picture and says where it is. */
void bench_plot_close(struct bench_plot *plot);

#endif
