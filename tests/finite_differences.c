#include "finite_differences.h"
#include "allocate.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

unsigned long long seed(void)
{
    const char *given = getenv("NN_TEST_SEED");
    return given != NULL ? strtoull(given, NULL, 10) : 20240607;
}

nn_random stream(size_t index)
{
    printf("NN_TEST_SEED=%llu\n", seed()); /* for failures of another kind, too */
    return nn_random_stream(seed(), NN_RANDOM_LAYER, index, 0);
}

double between(nn_random *random, double low, double high)
{
    return low + (high - low) * nn_random_uniform(random);
}

nn_real *draw(nn_random *random, size_t count, double low, double high)
{
    nn_real *values = nn_allocate(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = between(random, low, high);
    return values;
}

static double central_difference(nn_real *x, double step, function f, void *context)
{
    const nn_real at = *x;
    *x = at + step;
    const double above = f(context);
    *x = at - step;
    const double below = f(context);
    *x = at;
    return (above - below) / (2 * step);
}

void compare(nn_real *x, size_t count, const nn_real *gradient, function f, void *context,
             const char *about, struct tally *tally)
{
    const double size = fabs(f(context));
    for (size_t i = 0; i < count; i++) {
        const double wanted = central_difference(&x[i], 1e-5, f, context);
        const double nearer = central_difference(&x[i], 5e-6, f, context);
        /* relative; beside it what rounding f leaves of so small a difference */
        const double tolerance = 1e-7 * fabs(wanted) + 1e-9 * (1 + size);
        if (fabs(wanted - nearer) > tolerance / 2)
            tally->kinks++;
        else if (!(fabs(gradient[i] - wanted) <= tolerance))
            ck_abort_msg("%s: gradient %zu of %zu is %.12g, expected %.12g within %g "
                         "(NN_TEST_SEED=%llu)",
                         about, i, count, gradient[i], wanted, tolerance, seed());
        tally->compared++;
    }
}

void check_tally(const struct tally *tally)
{
    ck_assert_uint_gt(tally->compared, 0);
    ck_assert_msg(tally->kinks * 50 <= tally->compared,
                  "%zu kinks in %zu values (NN_TEST_SEED=%llu)", tally->kinks, tally->compared,
                  seed());
}

double weighted_sum(size_t count, const nn_real *c, const nn_real *y)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += c[i] * y[i];
    return sum;
}
