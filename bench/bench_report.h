/* Results as tables on stdout and, if a file is named, as JSON: an object with the machine and an array
 * of rows for each table. */
#ifndef NN_BENCH_REPORT_H
#define NN_BENCH_REPORT_H

#include "bench_machine.h"

#include <stdio.h>

struct bench_column {
    const char *key;     /* in JSON; NULL ends an array of columns */
    const char *heading; /* in the table */
    int width;           /* in the table; negative: to the left */
    int decimals;        /* of a number; -1: the cell is text */
};

struct bench_cell {
    const char *text;
    double number; /* NaN: not measured */
};

#define BENCH_TEXT(value)                                                                          \
    (struct bench_cell)                                                                            \
    {                                                                                              \
        .text = (value)                                                                            \
    }
#define BENCH_NUMBER(value)                                                                        \
    (struct bench_cell)                                                                            \
    {                                                                                              \
        .number = (double)(value)                                                                  \
    }

struct bench_report {
    FILE *json; /* NULL: none */
    const char *path;
    const struct bench_column *columns;
    size_t rows; /* of the table so far */
};

/* Prints the line that names the machine. threads: how many libnn uses. */
void bench_report_open(struct bench_report *report, const char *bench, const char *json_path,
                       size_t threads, const struct bench_rates *rates);

/* Begins a table, under its title; one cell for each column in each row. */
void bench_report_table(struct bench_report *report, const char *key, const char *title,
                        const struct bench_column *columns);
void bench_report_row(struct bench_report *report, const struct bench_cell *cells);

void bench_report_close(struct bench_report *report);

/* "784-300-100-10": text, which has room for size bytes. */
const char *bench_net_name(const size_t *widths, size_t width_count, char *text, size_t size);

#endif
