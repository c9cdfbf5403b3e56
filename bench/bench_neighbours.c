/* bench-neighbours: what libnn and others leave of each other's speed where they share a machine: threads of
 * the host that multiply with the same BLAS, a second model in training, and another process. Each works
 * alone and both at once, in turns, several rounds of them. */
#include "bench_arguments.h"
#include "bench_report.h"
#include "neighbours.h"

#include <argp.h>
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_ROUNDS 100
#define AIM 0.4 /* of its own speed, that nobody in the process should fall below */

/* OpenBLAS alone has it. */
extern int openblas_get_num_threads(void) __attribute__((weak));

struct options {
    size_t rounds, milliseconds;
    const char *json;
};

static const struct argp_option argp_options[] = {
    {"rounds", 'r', "N", 0, "rounds of turns, at most 100 (5)", 0},
    {"turn", 't', "MS", 0, "milliseconds of a turn (500)", 0},
    {"short", 's', NULL, 0, "2 rounds", 0},
    {"json", 'j', "FILE", 0, "also write the results to FILE", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'r':
        options->rounds = bench_read_number(state, argument, 1);
        if (options->rounds > MAX_ROUNDS)
            argp_error(state, "more than %d rounds", MAX_ROUNDS);
        return 0;
    case 't':
        options->milliseconds = bench_read_number(state, argument, 1);
        return 0;
    case 's':
        options->rounds = 2;
        return 0;
    case 'j':
        options->json = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = argp_options,
    .parser = parse_option,
    .doc = "Measures how much of their speed nn_fit, cblas_sgemm in threads of the host, a second "
           "nn_fit and another process leave each other.",
};

/* ---- pairs ---------------------------------------------------------------------------------- */

struct pair {
    struct party parties[2];
    size_t blas_threads; /* 0: as they are */
    double alone[2][MAX_ROUNDS], beside[2][MAX_ROUNDS], part[2][MAX_ROUNDS];
};

/* A part is of the speed alone in the same round: by the next the machine may have become another. */
static void run_pair(struct pair *pair, size_t round, double seconds)
{
    const struct party *const both[] = {&pair->parties[0], &pair->parties[1]};
    double speeds[2];
    if (pair->blas_threads > 0)
        bench_set_blas_threads(pair->blas_threads);
    for (size_t i = 0; i < 2; i++)
        if (both[i]->count > 0)
            neighbours_run_turn(&both[i], 1, seconds, &pair->alone[i][round]);
    neighbours_run_turn(both, 2, seconds, speeds);
    for (size_t i = 0; i < 2; i++) {
        pair->beside[i][round] = speeds[i];
        pair->part[i][round] = speeds[i] / pair->alone[i][round];
    }
}

enum { SIDES = 2, HOSTS = 2, MAX_PAIRS = 3 * SIDES + 2 };

/* libnn beside each size of the host's products, with as many threads of BLAS as the process has by itself
 * and with one; beside itself; and beside another process. For comparison, the host beside that. */
static size_t make_pairs(struct pair *pairs, struct worker *trainers, struct worker *hosts,
                         size_t blas_threads)
{
    static const char *const names[SIDES] = {"2 x sgemm 128", "2 x sgemm 512"};
    const struct party libnn = {"nn_fit", &trainers[0], 1};
    const struct party second = {"another nn_fit", &trainers[1], 1};
    const struct party process = {"a spinning process", NULL, 0};
    size_t count = 0;
    for (size_t side = 0; side < SIDES; side++) {
        const struct party host = {names[side], &hosts[side * HOSTS], HOSTS};
        pairs[count++] = (struct pair){.parties = {libnn, host}, .blas_threads = blas_threads};
        if (blas_threads > 1)
            pairs[count++] = (struct pair){.parties = {libnn, host}, .blas_threads = 1};
        pairs[count++] = (struct pair){.parties = {host, process}, .blas_threads = blas_threads};
    }
    pairs[count++] = (struct pair){.parties = {libnn, second}, .blas_threads = blas_threads};
    pairs[count++] = (struct pair){.parties = {libnn, process}, .blas_threads = blas_threads};
    return count;
}

/* ---- results -------------------------------------------------------------------------------- */

static const struct bench_column columns[] = {
    {"who", "who", -18, -1},
    {"beside", "beside", -18, -1},
    {"blas_threads", "BLAS", 4, 0},
    {"alone_per_s", "alone/s", 10, 1},
    {"beside_per_s", "beside/s", 10, 1},
    {"least", "least", 6, 2},
    {"median", "median", 6, 2},
    {"most", "most", 6, 2},
    {0},
};

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double sort_to_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2.0;
}

/* Returns the median part. */
static double report_party(struct bench_report *report, struct pair *pair, size_t i, size_t rounds)
{
    const double median = sort_to_median(pair->part[i], rounds);
    bench_report_row(report, (struct bench_cell[]){
                                 BENCH_TEXT(pair->parties[i].name),
                                 BENCH_TEXT(pair->parties[1 - i].name),
                                 BENCH_NUMBER(pair->blas_threads),
                                 BENCH_NUMBER(sort_to_median(pair->alone[i], rounds)),
                                 BENCH_NUMBER(sort_to_median(pair->beside[i], rounds)),
                                 BENCH_NUMBER(pair->part[i][0]),
                                 BENCH_NUMBER(median),
                                 BENCH_NUMBER(pair->part[i][rounds - 1]),
                             });
    return median;
}

/* Of the medians where both of a pair are in this process. */
struct lowest {
    double libnn, host;
};

static void report_pair(struct bench_report *report, struct pair *pair, size_t rounds,
                        struct lowest *lowest)
{
    const bool in_process = pair->parties[0].count > 0 && pair->parties[1].count > 0;
    for (size_t i = 0; i < 2; i++) {
        const struct party *party = &pair->parties[i];
        if (party->count == 0)
            continue;
        const double part = report_party(report, pair, i, rounds);
        double *place = party->workers->side == 0 ? &lowest->libnn : &lowest->host;
        if (in_process)
            *place = fmin(*place, part);
    }
}

int main(int argument_count, char **arguments)
{
    static const size_t sides[SIDES] = {128, 512};
    static struct pair pairs[MAX_PAIRS];
    static struct worker trainers[2], hosts[SIDES * HOSTS];
    struct options options = {.rounds = 5, .milliseconds = 500};
    argp_parse(&argp, argument_count, arguments, 0, NULL, &options);
    setvbuf(stdout, NULL, _IOLBF, 0);

    const size_t blas_threads = openblas_get_num_threads ? (size_t)openblas_get_num_threads() : 0;
    bench_set_blas_threads(1);
    const struct bench_rates rates = bench_measure_rates();
    struct bench_report report;
    bench_report_open(&report, "neighbours", options.json, nn_num_threads(), &rates);
    for (size_t i = 0; i < 2; i++)
        neighbours_make_trainer(&trainers[i], i + 1);
    for (size_t i = 0; i < SIDES * HOSTS; i++)
        neighbours_make_multiplier(&hosts[i], sides[i / HOSTS]);
    const size_t count = make_pairs(pairs, trainers, hosts, blas_threads);
    for (size_t round = 0; round < options.rounds; round++)
        for (size_t i = 0; i < count; i++)
            run_pair(&pairs[i], round, 1e-3 * (double)options.milliseconds);

    bench_report_table(
        &report, "neighbours",
        "Training steps of 784-300-100-10 or products a second, alone and beside "
        "another: medians; and what part\nof the speed alone that is: the least, the "
        "median and the most of the rounds",
        columns);
    struct lowest lowest = {INFINITY, INFINITY};
    for (size_t i = 0; i < count; i++)
        report_pair(&report, &pairs[i], options.rounds, &lowest);
    bench_report_close(&report);
    printf(
        "\nNobody hung. Lowest medians within the process: nn_fit %.2f, the host's products %.2f; "
        "aimed at: %.2f\n",
        lowest.libnn, lowest.host, AIM);
    for (size_t i = 0; i < 2; i++)
        neighbours_free_worker(&trainers[i]);
    for (size_t i = 0; i < SIDES * HOSTS; i++)
        neighbours_free_worker(&hosts[i]);
    return EXIT_SUCCESS;
}
