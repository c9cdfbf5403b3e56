/* bench-naive: one training step in naive loops, in bare cblas_sgemm calls and through libnn. All that
 * are complete steps are first checked to agree; then all are timed in turns, and of several rounds
 * the fastest counts. */
#include "naive_contestants.h"

#include <argp.h>
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- options -------------------------------------------------------------------------------- */

static const struct argp_option argp_options[] = {
    {"widths", 'w', "N,N,...", 0, "inputs, units of each layer, classes (784,300,100,10)", 0},
    {"batch", 'b', "N", 0, "rows of a step (32)", 0},
    {"rounds", 'r', "N", 0, "rounds of which the fastest counts (20)", 0},
    {"steps", 'n', "N", 0, "steps of a round; the loops take fewer, being slow (128)", 0},
    {"seed", 's', "N", 0, "seed of data and weights (1)", 0},
    {"threads", 't', "N|all", 0, "threads of BLAS and libnn (1); all: as the environment says", 0},
    {"check", 'c', NULL, 0, "only check that all agree, time nothing", 0},
    {0},
};

static size_t read_count(struct argp_state *state, const char *text, const char **end)
{
    char *stop;
    errno = 0;
    const unsigned long value = strtoul(text, &stop, 10);
    if (stop == text || *text < '0' || *text > '9' || errno || value > 1000000)
        argp_error(state, "'%s' isn't a number from 0 to 1000000", text);
    *end = stop;
    return value;
}

static size_t read_number(struct argp_state *state, const char *text, size_t least)
{
    const char *end;
    const size_t value = read_count(state, text, &end);
    if (*end || value < least)
        argp_error(state, "'%s' isn't a number from %zu on", text, least);
    return value;
}

static void read_widths(struct argp_state *state, const char *text, struct bench_options *options)
{
    options->width_count = 0;
    for (;; text++) {
        if (options->width_count > NAIVE_MAX_LAYERS)
            argp_error(state, "more than %d layers", NAIVE_MAX_LAYERS);
        const size_t width = read_count(state, text, &text);
        if (width == 0 || (*text && *text != ','))
            argp_error(state, "widths are positive numbers with commas between them");
        options->widths[options->width_count++] = width;
        if (!*text)
            break;
    }
    if (options->width_count < 2)
        argp_error(state, "widths are at least two: inputs and classes");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct bench_options *options = state->input;
    switch (key) {
    case 'w':
        read_widths(state, argument, options);
        return 0;
    case 'b':
        options->batch = read_number(state, argument, 1);
        return 0;
    case 'r':
        options->rounds = read_number(state, argument, 1);
        return 0;
    case 'n':
        options->steps = read_number(state, argument, 1);
        return 0;
    case 's':
        options->seed = read_number(state, argument, 0);
        return 0;
    case 't':
        options->threads = strcmp(argument, "all") == 0 ? 0 : read_number(state, argument, 1);
        return 0;
    case 'c':
        options->check_only = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = argp_options,
    .parser = parse_option,
    .doc = "Compares one training step of a dense net in naive loops, in cblas_sgemm calls and in "
           "libnn.",
};

/* BLAS reads these as it is loaded, so that they must stand before this program starts: if they don't,
 * it starts itself again. */
static void set_threads(size_t threads, char **arguments)
{
    static const char *const names[] = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
                                        "BLIS_NUM_THREADS", "NN_NUM_THREADS"};
    char wanted[32];
    bool again = false;
    snprintf(wanted, sizeof wanted, "%zu", threads);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && strcmp(value, wanted) == 0)
            continue;
        again = true;
        if (setenv(names[i], wanted, 1) != 0) {
            perror("bench-naive: setenv");
            exit(EXIT_FAILURE);
        }
    }
    if (!again)
        return;
    execv("/proc/self/exe", arguments);
    perror(
        "bench-naive: can't start itself again with OPENBLAS_NUM_THREADS set (set it yourself and "
        "use --threads all)");
    exit(EXIT_FAILURE);
}

/* ---- time ----------------------------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* best[c] = seconds that one step of each contestant takes. */
static void measure(struct bench *bench, double *best)
{
    for (size_t c = 0; c < BENCH_COUNT; c++)
        best[c] = INFINITY;
    for (size_t round = 0; round < bench->options.rounds; round++) {
        bench_reset(bench);
        for (size_t c = 0; c < BENCH_COUNT; c++) {
            const struct contestant *contestant = &bench_contestants[c];
            const size_t part = bench->options.steps / contestant->part;
            const size_t steps = part > 0 ? part : 1;
            const double start = seconds();
            contestant->run(bench, 0, steps);
            const double step = (seconds() - start) / (double)steps;
            best[c] = step < best[c] ? step : best[c];
        }
    }
}

static void print_times(const struct bench *bench, const double *best)
{
    const double flops = naive_step_flops(&bench->net);
    printf(
        "\nOne step, fastest of %zu rounds; GFLOP/s count the %.1f MFLOP of the products alone:\n"
        "%-34s %12s %10s %12s %10s\n",
        bench->options.rounds, 1e-6 * flops, "", "microseconds", "GFLOP/s", "x bare cblas",
        "x nn_fit");
    for (size_t c = 0; c < BENCH_COUNT; c++)
        printf("%-34s %12.1f %10.1f %12.2f %10.2f\n", bench_contestants[c].name, 1e6 * best[c],
               1e-9 * flops / best[c], best[c] / best[BENCH_BARE], best[c] / best[BENCH_FIT]);
}

/* ---- where it ran --------------------------------------------------------------------------- */

static void print_processor(void)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        found = colon && strncmp(line, "model name", 10) == 0;
        if (found)
            printf("%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    }
    if (file)
        fclose(file);
    if (!found)
        printf("unknown processor");
}

/* The name of the kernels that OpenBLAS has chosen; NULL with another BLAS. */
static const char *openblas_core(void)
{
    char *(*corename)(void);
    void *symbol = dlsym(RTLD_DEFAULT, "openblas_get_corename");
    memcpy(&corename, &symbol, sizeof corename);
    return symbol ? corename() : NULL;
}

static void print_setting(const struct bench *bench)
{
    const struct bench_options *options = &bench->options;
    const char *core = openblas_core();
    printf("libnn %s, ", nn_version());
    print_processor();
    printf(", %s%s, ", core ? "OpenBLAS for " : "another BLAS than OpenBLAS", core ? core : "");
    if (options->threads)
        printf("threads: %zu\n", options->threads);
    else
        printf("threads: as the environment says\n");
    for (size_t i = 0; i < options->width_count; i++)
        printf("%s%zu", i ? "-" : "", options->widths[i]);
    printf(", relu, softmax, sgd, batch %zu\n\n", options->batch);
}

int main(int argument_count, char **arguments)
{
    struct bench_options options = {
        .widths = {784, 300, 100, 10},
        .width_count = 4,
        .batch = 32,
        .rounds = 20,
        .steps = 128,
        .seed = 1,
        .threads = 1,
    };
    argp_parse(&argp, argument_count, arguments, 0, NULL, &options);
    if (options.threads)
        set_threads(options.threads, arguments);
    setvbuf(stdout, NULL, _IOLBF, 0);

    struct bench bench;
    const bool timed = !options.check_only;
    const size_t timed_batches = timed ? options.steps : 0;
    bench_create(&bench, &options,
                 timed_batches > BENCH_CHECKED_STEPS ? timed_batches : BENCH_CHECKED_STEPS);
    print_setting(&bench);
    const bool agree = bench_check_agreement(&bench);
    if (agree && timed) {
        double best[BENCH_COUNT];
        measure(&bench, best);
        print_times(&bench, best);
    }
    bench_free(&bench);
    return agree ? EXIT_SUCCESS : EXIT_FAILURE;
}
