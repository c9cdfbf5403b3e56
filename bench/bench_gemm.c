/* bench-gemm: each matrix product of a training step, as one cblas_sgemm call and as libnn cuts it into
 * tiles. A product is repeated on the same matrices, so they are as near as caches can hold them. */
#include "allocate.h"
#include "bench_arguments.h"
#include "bench_fail.h"
#include "bench_machine.h"
#include "bench_race.h"
#include "bench_random.h"
#include "bench_report.h"
#include "gemm_measure.h"
#include "naive.h"

#include <argp.h>
#include <math.h>
#include <nn.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
    size_t widths[NAIVE_MAX_LAYERS + 1], width_count, batch, rounds;
    const char *json;
    bool check_only, measure;
};

static const struct argp_option argp_options[] = {
    {"widths", 'w', "N,N,...", 0, "inputs, units of each layer, classes (784,300,100,10)", 0},
    {"batch", 'b', "N", 0, "rows of a step (32)", 0},
    {"rounds", 'r', "N", 0, "rounds of which the fastest turn counts (10)", 0},
    {"short", 's', NULL, 0, "3 rounds", 0},
    {"measure", 'm', NULL, 0, "tiles as measured, not by the rule; shows both", 0},
    {"json", 'j', "FILE", 0, "also write the results to FILE", 0},
    {"check", 'c', NULL, 0, "only check that tiles and plain call agree, time nothing", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'w':
        options->width_count =
            bench_read_list(state, argument, 2, NAIVE_MAX_LAYERS + 1, options->widths);
        return 0;
    case 'b':
        options->batch = bench_read_number(state, argument, 1);
        return 0;
    case 'r':
        options->rounds = bench_read_number(state, argument, 1);
        return 0;
    case 's':
        options->rounds = 3;
        return 0;
    case 'm':
        options->measure = true;
        return 0;
    case 'j':
        options->json = argument;
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
    .doc = "Compares each product of a training step as one cblas_sgemm call and in libnn's tiles.",
};

/* ---- one product ---------------------------------------------------------------------------- */

struct product {
    nn_gemm_kind kind;
    size_t batch, inputs, outputs; /* of the layer that it belongs to */
    float *a, *b, *c, *scratch;
    nn_gemm_grids *grids; /* NULL: the rule */
};

static void run_plain(void *context)
{
    const struct product *p = context;
    switch (p->kind) {
    case NN_GEMM_NN:
        naive_cblas.forward(p->batch, p->inputs, p->outputs, p->a, p->b, p->c);
        break;
    case NN_GEMM_TN:
        naive_cblas.kernel_gradient(p->batch, p->inputs, p->outputs, p->a, p->b, p->c);
        break;
    case NN_GEMM_NT:
        naive_cblas.input_gradient(p->batch, p->inputs, p->outputs, p->a, p->b, p->c);
        break;
    }
}

/* c[m][n] is a sum of k terms. */
static void find_size(const struct product *p, size_t *m, size_t *n, size_t *k)
{
    *m = p->kind == NN_GEMM_TN ? p->inputs : p->batch;
    *n = p->kind == NN_GEMM_NT ? p->inputs : p->outputs;
    *k = p->kind == NN_GEMM_NN ? p->inputs : p->kind == NN_GEMM_TN ? p->batch : p->outputs;
}

static void run_tiles(void *context)
{
    const struct product *p = context;
    nn_gemm gemm = {.kind = p->kind,
                    .alpha = 1.0f,
                    .a = p->a,
                    .b = p->b,
                    .c = p->c,
                    .scratch = p->kind == NN_GEMM_NT ? p->scratch : NULL,
                    .grids = p->grids};
    find_size(p, &gemm.m, &gemm.n, &gemm.k);
    nn_gemm_run(&gemm);
}

static float *random_matrix(size_t count, uint64_t *random)
{
    float *values = bench_floats(count);
    for (size_t i = 0; i < count; i++)
        values[i] = bench_random_uniform(random, 1.0f);
    return values;
}

static void check(struct product *p)
{
    size_t m, n, k;
    find_size(p, &m, &n, &k);
    float *plain = bench_floats(m * n), *c = p->c;
    const double bound = 1e-6 * (double)(k + 1); /* sums of k values up to 1, in another order */
    run_tiles(p);
    p->c = plain;
    run_plain(p);
    p->c = c;
    for (size_t i = 0; i < m * n; i++)
        if (!(fabs((double)c[i] - (double)plain[i]) <= bound))
            bench_fail("tiles and plain call differ in value %zu of %zu x %zu x %zu: %g, %g", i, m,
                       n, k, (double)c[i], (double)plain[i]);
    free(plain);
}

/* ---- all products of a step ----------------------------------------------------------------- */

enum { PLAIN_ONE, PLAIN_ALL, TILES_ONE, TILES_ALL, WAYS };

static const struct bench_column columns[] = {
    {"product", "product", -18, -1},
    {"kind", "kind", -4, -1},
    {"m", "m", 5, 0},
    {"n", "n", 5, 0},
    {"k", "k", 5, 0},
    {"plain_1", "plain, 1", 10, 1},
    {"plain_all", "plain, all", 10, 1},
    {"tiles_1", "tiles, 1", 10, 1},
    {"tiles_all", "tiles, all", 10, 1},
    {"tiles_1_us", "us, 1", 9, 1},
    {"tiles_all_us", "us, all", 9, 1},
    {"tiles_1_to_plain_1", "1 : plain", 10, 2},
    {"tiles_1_to_floor", "1 : floor", 10, 2},
    {"tiles_all_to_floor", "all : floor", 11, 2},
    {0},
};

static void report_row(struct bench_report *report, const char *name, const char *kind,
                       const size_t *size, double flops, const double *seconds, double rate,
                       size_t threads)
{
    const double floor = flops / rate;
    bench_report_row(report, (struct bench_cell[]){
                                 BENCH_TEXT(name),
                                 BENCH_TEXT(kind),
                                 BENCH_NUMBER(size ? (double)size[0] : NAN),
                                 BENCH_NUMBER(size ? (double)size[1] : NAN),
                                 BENCH_NUMBER(size ? (double)size[2] : NAN),
                                 BENCH_NUMBER(1e-9 * flops / seconds[PLAIN_ONE]),
                                 BENCH_NUMBER(1e-9 * flops / seconds[PLAIN_ALL]),
                                 BENCH_NUMBER(1e-9 * flops / seconds[TILES_ONE]),
                                 BENCH_NUMBER(1e-9 * flops / seconds[TILES_ALL]),
                                 BENCH_NUMBER(1e6 * seconds[TILES_ONE]),
                                 BENCH_NUMBER(1e6 * seconds[TILES_ALL]),
                                 BENCH_NUMBER(seconds[TILES_ONE] / seconds[PLAIN_ONE]),
                                 BENCH_NUMBER(seconds[TILES_ONE] / floor),
                                 BENCH_NUMBER(seconds[TILES_ALL] / (floor / (double)threads)),
                             });
}

static void race(struct product *p, size_t rounds, size_t threads, double *seconds)
{
    struct bench_runner runners[WAYS] = {
        [PLAIN_ONE] = {.run = run_plain, .context = p, .blas_threads = 1},
        [PLAIN_ALL] = {.run = run_plain, .context = p, .blas_threads = threads},
        [TILES_ONE] = {.run = run_tiles, .context = p, .threads = 1, .blas_threads = 1},
        [TILES_ALL] = {.run = run_tiles, .context = p, .threads = threads, .blas_threads = 1},
    };
    bench_race(runners, WAYS, rounds, 0.002);
    for (size_t i = 0; i < WAYS; i++)
        seconds[i] = runners[i].seconds;
}

/* Finds the fastest grid on all threads. */
static void measure(struct product *p)
{
    p->grids = bench_demand_memory(nn_gemm_grids_create(1));
    run_tiles(p);
    if (!nn_gemm_grids_measure(p->grids))
        bench_fail("%s", nn_error_message());
}

static void print_grid(const char *name, const nn_gemm_grid *grid, double seconds)
{
    printf("%20s: %zu x %zu tiles in calls of %zu x %zu x %zu%s%s, %.1f us\n", name, grid->rows,
           grid->columns, grid->m, grid->n, grid->k, grid->transposed ? ", transposed" : "",
           grid->pooled ? ", over the pool" : "", 1e6 * seconds);
}

static void print_choice(const nn_gemm_choice *choice)
{
    print_grid("by the rule", &choice->rule, choice->rule_seconds);
    print_grid("measured", &choice->grid, choice->seconds);
}

struct sum {
    double flops, seconds[WAYS];
};

/* The layer's forward product, its weight gradient and, but for the first layer, its input gradient. */
static void run_layer(const struct options *options, size_t l, struct bench_report *report,
                      double rate, size_t threads, struct sum *sum)
{
    static const char *const names[] = {"forward", "weight gradient", "input gradient"};
    static const char *const kinds[] = {"NN", "TN", "NT"};
    static const nn_gemm_kind order[] = {NN_GEMM_NN, NN_GEMM_TN, NN_GEMM_NT};
    for (size_t i = 0; i < (l > 0 ? 3 : 2); i++) {
        struct product p = {.kind = order[i],
                            .batch = options->batch,
                            .inputs = options->widths[l],
                            .outputs = options->widths[l + 1]};
        size_t size[3];
        uint64_t random = 1;
        find_size(&p, &size[0], &size[1], &size[2]);
        p.a = random_matrix(size[0] * size[2], &random);
        p.b = random_matrix(size[2] * size[1], &random);
        p.c = bench_floats(size[0] * size[1]);
        p.scratch = bench_floats(nn_gemm_scratch(size[1], size[2]) * size[0]);
        if (options->measure)
            measure(&p);
        check(&p);
        if (!options->check_only) {
            char name[64];
            double seconds[WAYS];
            const double flops = 2.0 * (double)size[0] * (double)size[1] * (double)size[2];
            race(&p, options->rounds, threads, seconds);
            snprintf(name, sizeof name, "%zu %s", l + 1, names[i]);
            report_row(report, name, kinds[i], size, flops, seconds, rate, threads);
            if (p.grids != NULL)
                print_choice(&p.grids->choices[0]);
            sum->flops += flops;
            for (size_t w = 0; w < WAYS; w++)
                sum->seconds[w] += seconds[w];
        }
        free(p.a);
        free(p.b);
        free(p.c);
        free(p.scratch);
        nn_release(p.grids);
    }
}

int main(int argument_count, char **arguments)
{
    struct options options = {
        .widths = {784, 300, 100, 10}, .width_count = 4, .batch = 32, .rounds = 10};
    argp_parse(&argp, argument_count, arguments, 0, NULL, &options);
    bench_start_with_threads(1, false, arguments);
    setvbuf(stdout, NULL, _IOLBF, 0);

    const size_t threads = nn_num_threads();
    if (!nn_gemm_prepare())
        bench_fail("%s", nn_error_message());
    struct bench_report report;
    struct bench_rates rates = {0};
    struct sum sum = {0};
    if (!options.check_only) {
        rates = bench_measure_rates();
        bench_report_open(&report, "gemm", options.json, threads, &rates);
        bench_report_table(&report, "products",
                           "GFLOP/s of a plain call and of libnn's tiles on 1 and all threads; the "
                           "tiles' time; the same as a part\nof the plain call's, and of the "
                           "floor: the best sgemm rate on each thread's core",
                           columns);
    }
    for (size_t l = 0; l + 1 < options.width_count; l++)
        run_layer(&options, l, &report, rates.sgemm, threads, &sum);
    if (!options.check_only) {
        report_row(&report, "all", "", NULL, sum.flops, sum.seconds, rates.sgemm, threads);
        bench_report_close(&report);
    }
    return EXIT_SUCCESS;
}
