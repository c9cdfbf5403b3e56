#include "bench_machine.h"
#include "bench_fail.h"
#include "bench_race.h"
#include "bench_random.h"
#include "fma_peak.h"

#include <cblas.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bench_start_with_threads(size_t threads, bool library_too, char **arguments)
{
    static const char *const names[] = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
                                        "BLIS_NUM_THREADS", "NN_NUM_THREADS"};
    const size_t count = sizeof names / sizeof *names - (library_too ? 0 : 1);
    char wanted[32];
    bool again = false;
    snprintf(wanted, sizeof wanted, "%zu", threads);
    for (size_t i = 0; i < count; i++) {
        const char *value = getenv(names[i]);
        if (value && strcmp(value, wanted) == 0)
            continue;
        again = true;
        if (setenv(names[i], wanted, 1) != 0)
            bench_fail("setenv: %s", strerror(errno));
    }
    if (!again)
        return;
    execv("/proc/self/exe", arguments);
    bench_fail("can't start itself again with OPENBLAS_NUM_THREADS=%s: %s", wanted,
               strerror(errno));
}

const char *bench_processor(void)
{
    static char name[128] = "unknown processor";
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        found = colon && strncmp(line, "model name", 10) == 0;
        if (found)
            snprintf(name, sizeof name, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    }
    if (file)
        fclose(file);
    return name;
}

const char *bench_openblas_core(void)
{
    char *(*corename)(void);
    void *symbol = dlsym(RTLD_DEFAULT, "openblas_get_corename");
    memcpy(&corename, &symbol, sizeof corename);
    return symbol ? corename() : NULL;
}

bool bench_set_blas_threads(size_t threads)
{
    void (*set)(int);
    void *symbol = dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
    memcpy(&set, &symbol, sizeof set);
    if (symbol)
        set((int)threads);
    return symbol != NULL;
}

/* ---- rates ---------------------------------------------------------------------------------- */

#define LARGEST 384

struct call {
    int m, n, k;
    float *a, *b, *c;
};

static void run_call(void *context)
{
    const struct call *call = context;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, call->m, call->n, call->k, 1.0f, call->a,
                call->k, call->b, call->n, 0.0f, call->c, call->n);
}

/* Tiles for kernels that multiply small matrices as they are, and squares for those that pack. */
static double measure_sgemm(struct bench_rates *rates)
{
    static const int ms[] = {32, 64, 128}, ns[] = {48, 96, 192, 384}, ks[] = {96, 192, 384};
    static const int squares[] = {256, 384};
    uint64_t random = 1;
    struct call call = {.a = bench_floats(LARGEST * LARGEST),
                        .b = bench_floats(LARGEST * LARGEST),
                        .c = bench_floats(LARGEST * LARGEST)};
    for (size_t i = 0; i < LARGEST * LARGEST; i++) {
        call.a[i] = bench_random_uniform(&random, 1.0f);
        call.b[i] = bench_random_uniform(&random, 1.0f);
    }
    const size_t tiles = 3 * 4 * 3;
    double best = 0.0;
    for (size_t i = 0; i < tiles + 2; i++) {
        call.m = i < tiles ? ms[i / 12] : squares[i - tiles];
        call.n = i < tiles ? ns[i / 3 % 4] : squares[i - tiles];
        call.k = i < tiles ? ks[i % 3] : squares[i - tiles];
        struct bench_runner runner = {.run = run_call, .context = &call, .blas_threads = 1};
        bench_race(&runner, 1, 5, 0.001);
        const double rate = 2.0 * call.m * call.n * call.k / runner.seconds;
        if (rate > best) {
            best = rate;
            rates->m = (size_t)call.m;
            rates->n = (size_t)call.n;
            rates->k = (size_t)call.k;
        }
    }
    free(call.a);
    free(call.b);
    free(call.c);
    return best;
}

static void run_fma(void *context)
{
    *(volatile float *)context = fma_peak_run(1000);
}

struct bench_rates bench_measure_rates(void)
{
    float sink;
    struct bench_rates rates = {0};
    struct bench_runner runner = {.run = run_fma, .context = &sink, .blas_threads = 1};
    bench_race(&runner, 1, 20, 0.002);
    rates.fma = fma_peak_flops(1000) / runner.seconds;
    rates.sgemm = measure_sgemm(&rates);
    return rates;
}
