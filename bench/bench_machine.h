/* The machine that a benchmark runs on, its BLAS, and the rates that results are held against. */
#ifndef NN_BENCH_MACHINE_H
#define NN_BENCH_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* BLAS reads its number of threads as it is loaded, so that it must stand in the environment before the
 * program starts: where it doesn't, the program starts itself again. library_too: the same for libnn. */
void bench_start_with_threads(size_t threads, bool library_too, char **arguments);

/* The processor's name. Valid until the program ends. */
const char *bench_processor(void);

/* The name of the kernels that OpenBLAS has chosen; NULL with another BLAS. */
const char *bench_openblas_core(void);

/* Changes the threads of BLAS while the program runs. False where BLAS can't (it isn't OpenBLAS). */
bool bench_set_blas_threads(size_t threads);

struct bench_rates {
    double sgemm;   /* FLOP/s of the best sgemm call on one core, operands in cache */
    size_t m, n, k; /* its size */
    double fma;     /* FLOP/s of independent multiply-adds in registers, on one core */
};

/* Measures the rates, in about half a second. BLAS must have one thread. */
struct bench_rates bench_measure_rates(void);

#endif
