/* How a contestant written in C is told what to do. Commands come on standard input, one a line, each
 * answered by one line of JSON (peer.py knows the same but save):
 *
 *     train BATCH EPOCHS     {"seconds": [...]}   of each epoch
 *     predict ROWS CALLS     {"seconds": [...]}   of a call, the mean of all after a first one
 *     accuracy               {"accuracy": ...}    on all test rows
 *     save PATH              {}                   the model, as a safetensors file
 *
 * Before that a line says who it is: {"name": ..., "version": ..., "threads": ...}. "slow": true asks
 * for one round only; a slow contestant has the threads that it says, whatever the environment asks for,
 * and its first prediction is of one row. "kernels" are those of the BLAS, where it says so. */
#ifndef NN_BENCH_JOB_COMMANDS_H
#define NN_BENCH_JOB_COMMANDS_H

#include "job_options.h"

#include <nn.h>

struct job_contestant {
    const char *name, *version;
    const char *kernels; /* NULL: unknown */
    size_t threads;
    bool slow;
    void *self; /* handed to the functions */
    /* Gives it the rows to train on, once and before train_epoch; they are its own from then on. */
    void (*set_rows)(void *self, nn_dataset *rows);
    void (*train_epoch)(void *self, size_t batch);
    /* y[rows][outputs] from x[rows][inputs], whose values are scale times 0 to 255. */
    void (*predict)(void *self, const float *x, size_t rows, float *y);
    float scale;
    void (*save)(void *self, const char *path); /* NULL: it can't */
};

/* With options->commands does what it is told until standard input ends; else trains, and prints all of
 * it in one line. */
void job_run(const struct job_options *options, const struct job_contestant *contestant);

#endif
