/* The options that the contestants written in C have in common. */
#ifndef NN_BENCH_JOB_OPTIONS_H
#define NN_BENCH_JOB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum { JOB_MAX_WIDTHS = 16 };

struct job_options {
    size_t widths[JOB_MAX_WIDTHS]; /* of the input, the hidden layers and the output */
    size_t width_count;
    size_t rows; /* to train on; 0: all there are */
    size_t batch, epochs;
    const char *data; /* directory of the IDX files */
    bool commands;    /* come on standard input */
};

/* Ends the program with argp's message where the arguments aren't what they should be. doc is what
 * --help says about the program. */
struct job_options job_options_parse(int argc, char **argv, const char *doc);

#endif
