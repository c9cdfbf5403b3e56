/*
 * Measured plans: which grid is the fastest for each product of a model, found by timing. First the
 * products are noted while a step runs, then each is timed on matrices of its shape, and from then on
 * nn_gemm_run takes the grids found. What is fastest differs from run to run, so a result has the bits
 * of the rule only where the rule was the fastest.
 */
#ifndef NN_KERNELS_GEMM_MEASURE_H
#define NN_KERNELS_GEMM_MEASURE_H

#include "gemm.h"

typedef struct nn_gemm_choice {
    nn_gemm_shape shape;
    nn_gemm_grid rule, grid;
    double rule_seconds, seconds; /* of one product, on the threads of when it was measured */
} nn_gemm_choice;

struct nn_gemm_grids {
    bool noting; /* nn_gemm_run adds shapes that aren't there yet; no other thread may run then */
    size_t count, capacity;
    nn_gemm_choice choices[];
};

/* Room for so many products, noting. NULL if memory is out. Released by nn_release. */
nn_gemm_grids *nn_gemm_grids_create(size_t capacity);

/* Ends noting and times the candidates of each product. False if memory is out: then nothing changed
 * but that noting ended. */
bool nn_gemm_grids_measure(nn_gemm_grids *grids);

/* The grid for a shape: a measured one, or the rule's. */
nn_gemm_grid nn_gemm_grids_find(nn_gemm_grids *grids, const nn_gemm_shape *shape);

#endif
