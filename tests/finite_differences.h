/* Gradients against central finite differences, in double. Numbers are drawn from a seed, which failures
 * name and the environment variable NN_TEST_SEED sets. */
#ifndef NN_TESTS_FINITE_DIFFERENCES_H
#define NN_TESTS_FINITE_DIFFERENCES_H

#include "random.h"
#include "real.h"
#include "suite.h"

unsigned long long seed(void);

/* Each test has a stream of its own. */
nn_random stream(size_t index);
double between(nn_random *random, double low, double high);

/* count values in [low, high); nn_release them. */
nn_real *draw(nn_random *random, size_t count, double low, double high);

/* What is differentiated, of what the context holds. */
typedef double (*function)(void *context);

/* What has been compared, and what lay on a kink, where there is no derivative. */
struct tally {
    size_t compared, kinks;
};

/* gradient[count] is that of f by x[count]. Where differences of two steps don't agree, f has a kink. */
void compare(nn_real *x, size_t count, const nn_real *gradient, function f, void *context,
             const char *about, struct tally *tally);

/* Something has been compared, and few of it were kinks. */
void check_tally(const struct tally *tally);

/* sum of c_i y_i: its gradient by y is c */
double weighted_sum(size_t count, const nn_real *c, const nn_real *y);

#endif
