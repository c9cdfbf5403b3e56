/*
 * l1:    l1 sum |x|, its gradient l1 sign(x), where sign(0) is 0
 * l2:    l2 sum x^2, its gradient 2 l2 x
 * l1_l2: both added
 * Source: Keras's formulas (l2 isn't halved) and defaults; Tibshirani 1996; Hoerl and Kennard 1970.
 */
#include "elementwise.h"
#include "regularizer.h"
#include "vectorize.h"
#include <math.h>

/* What all three are; l1 and l2 have the other factor at 0. */
struct l1_l2 {
    double l1, l2;
};

#define L1(value) NN_OPTION_REAL(struct l1_l2, l1, value, 0.0, INFINITY, "factor of the sum of |x|")
#define L2(value) NN_OPTION_REAL(struct l1_l2, l2, value, 0.0, INFINITY, "factor of the sum of x^2")

static const nn_option l1_options[] = {L1(0.01), NN_OPTION_END};
static const nn_option l2_options[] = {L2(0.01), NN_OPTION_END};
static const nn_option l1_l2_options[] = {L1(0.0), L2(0.0), NN_OPTION_END};

/* A factor of 0 leaves its sum out, as in Keras: 0 times an overflow would be NaN. */
static double penalty(const void *self, size_t rows, size_t width, const nn_real *x,
                      nn_real *scratch)
{
    const struct l1_l2 *factors = self;
    double sum = 0;
    (void)scratch;
    if (factors->l1 > 0)
        sum += factors->l1 * nn_sum_of_magnitudes(rows * width, x);
    if (factors->l2 > 0)
        sum += factors->l2 * nn_sum_of_squares(rows * width, x);
    return sum;
}

/* g += l1 sign(x) + l2 x; NaN passes through */
NN_VECTORIZE
static void add_values(size_t count, nn_real l1, nn_real l2, const nn_real *restrict x,
                       nn_real *restrict g)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real negative = x[i] < 0 ? -l1 : x[i]; /* here x is negative, 0 or NaN */
        g[i] += (x[i] > 0 ? l1 : negative) + l2 * x[i];
    }
}

NN_VECTORIZE
static void add_multiple(size_t count, nn_real factor, const nn_real *restrict x,
                         nn_real *restrict g)
{
    for (size_t i = 0; i < count; i++)
        g[i] += factor * x[i];
}

static void add_gradient(const void *self, size_t rows, size_t width, const nn_real *x,
                         nn_real *scratch, nn_real scale, nn_real *gradient)
{
    const struct l1_l2 *factors = self;
    const nn_real l1 = scale * (nn_real)factors->l1, l2 = scale * (nn_real)(2 * factors->l2);
    (void)scratch;
    if (factors->l1 > 0)
        add_values(rows * width, l1, l2, x, gradient);
    else
        add_multiple(rows * width, l2, x, gradient);
}

const nn_regularizer nn_regularizer_l1 = {
    .part = {.name = "l1",
             .options = l1_options,
             .size = sizeof(struct l1_l2),
             .help = "l1 times the sum of |x|; Tibshirani 1996",
             .sample = "l1 l1=0.03"},
    .penalty = penalty,
    .add_gradient = add_gradient,
};

const nn_regularizer nn_regularizer_l2 = {
    .part = {.name = "l2",
             .options = l2_options,
             .size = sizeof(struct l1_l2),
             .help = "l2 times the sum of x^2; Hoerl and Kennard 1970",
             .sample = "l2 l2=0.02"},
    .penalty = penalty,
    .add_gradient = add_gradient,
};

const nn_regularizer nn_regularizer_l1_l2 = {
    .part = {.name = "l1_l2",
             .options = l1_l2_options,
             .size = sizeof(struct l1_l2),
             .help = "l1 times the sum of |x| plus l2 times the sum of x^2; Zou and Hastie 2005",
             .sample = "l1_l2 l1=0.02 l2=0.01"},
    .penalty = penalty,
    .add_gradient = add_gradient,
};
