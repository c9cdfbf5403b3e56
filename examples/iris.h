/* Reads iris.csv: the sepals and petals of 150 irises (Fisher 1936; where it is from stands in the file). */
#ifndef EXAMPLES_IRIS_H
#define EXAMPLES_IRIS_H

#include <stddef.h>
#include <stdint.h>

enum {
    IRISES = 150,
    IRISES_OF_SPECIES = 50, /* one species lies after the other */
    MEASUREMENTS = 4
};

enum measurement { SEPAL_LENGTH, SEPAL_WIDTH, PETAL_LENGTH, PETAL_WIDTH };

enum species { SETOSA, VERSICOLOR, VIRGINICA };

struct iris {
    float x[IRISES][MEASUREMENTS]; /* in cm */
    int32_t species[IRISES];
};

/* Returns 0 after a failure, which it has told. */
int read_iris(struct iris *iris, const char *path);

/* Moves and scales column[rows], whose neighbours are stride apart, to mean 0 and standard deviation 1, which
 * gives gradient descent a rounder bowl to descend in. What they were is written to mean and deviation. */
void standardize(float *column, size_t rows, size_t stride, double *mean, double *deviation);

#endif
