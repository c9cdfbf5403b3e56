/* What tests of parts against plain formulas in double share. */
#ifndef NN_TESTS_FORMULAS_H
#define NN_TESTS_FORMULAS_H

#include "part.h"
#include "random.h"
#include "real.h"
#include "suite.h"

/* A batch of no round size. */
enum { ROWS = 37, WIDTH = 13, VALUES = ROWS * WIDTH };

nn_part make(const nn_room *room, const char *spec);

/* wanted may be NaN or infinite */
void check_value(double got, double wanted, double tolerance, const char *about, size_t at);

/* The tolerance times |wanted|, or times 1 if that is larger. */
double relative(double wanted, double tolerance);

/* A fixed stream of values in [low, high). */
nn_random stream_of(uint64_t seed);
double next_value(nn_random *random, double low, double high);

double sigmoid_of(double z);
void softmax_in_double(size_t width, const nn_real *z, double *p);

#endif
