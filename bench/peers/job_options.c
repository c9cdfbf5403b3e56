#include "job_options.h"
#include "bench_arguments.h"

static const struct argp_option argp_options[] = {
    {"widths", 'w', "N,N,...", 0, "inputs, units of each layer (784,300,100,10)", 0},
    {"rows", 'r', "N", 0, "rows to train on (all)", 0},
    {"batch", 'b', "N", 0, "rows of a step (32)", 0},
    {"epochs", 'e', "N", 0, "epochs to train (5)", 0},
    {"data", 'd', "DIR", 0, "directory of the IDX files (/usr/share/datasets/fashion-mnist)", 0},
    {"commands", 'c', NULL, 0, "read commands from standard input", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct job_options *options = state->input;
    switch (key) {
    case 'w':
        options->width_count = bench_read_list(state, argument, 2, JOB_MAX_WIDTHS, options->widths);
        return 0;
    case 'r':
        options->rows = bench_read_number(state, argument, 1);
        return 0;
    case 'b':
        options->batch = bench_read_number(state, argument, 1);
        return 0;
    case 'e':
        options->epochs = bench_read_number(state, argument, 1);
        return 0;
    case 'd':
        options->data = argument;
        return 0;
    case 'c':
        options->commands = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct job_options job_options_parse(int argc, char **argv, const char *doc)
{
    const struct argp argp = {.options = argp_options, .parser = parse_option, .doc = doc};
    struct job_options options = {
        .widths = {784, 300, 100, 10},
        .width_count = 4,
        .batch = 32,
        .epochs = 5,
        .data = "/usr/share/datasets/fashion-mnist",
    };
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    return options;
}
