/* The rows that the contestants written in C train on and are tested with. fashion_mnist.py gives the
 * others the same. */
#ifndef NN_BENCH_JOB_ROWS_H
#define NN_BENCH_JOB_ROWS_H

#include "job_options.h"

#include <nn.h>

/* The training rows from the 5,001st on (those before validate), at most options->rows. Values are 0 to
 * 255. Ends the program where the files can't be read or don't fit the net. */
nn_dataset *job_train_rows(const struct job_options *options);

/* All test rows. */
nn_dataset *job_test_rows(const struct job_options *options);

#endif
