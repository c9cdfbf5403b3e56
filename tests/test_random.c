/* Random numbers: the generator, its streams, and what is drawn from them. */
#include "random.h"
#include "suite.h"
#include <math.h>
#include <stdbool.h>

START_TEST(the_generator_is_philox_4x32_10)
{
    /* known answer of Random123 (kat_vectors): counter 0, key 0 */
    static const uint32_t wanted[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    nn_random random = nn_random_stream(0, (nn_random_purpose)0, 0, 0);
    for (size_t i = 0; i < COUNT(wanted); i++)
        ck_assert_uint_eq(nn_random_bits(&random), wanted[i]);
}
END_TEST

static bool same_stream(nn_random a, nn_random b)
{
    bool same = true;
    for (int i = 0; i < 100; i++)
        same = same && nn_random_bits(&a) == nn_random_bits(&b);
    return same;
}

START_TEST(a_stream_is_told_by_seed_purpose_index_and_step)
{
    const nn_random one = nn_random_stream(7, NN_RANDOM_LAYER, 2, 3);
    ck_assert(same_stream(one, nn_random_stream(7, NN_RANDOM_LAYER, 2, 3)));
    ck_assert(!same_stream(one, nn_random_stream(8, NN_RANDOM_LAYER, 2, 3)));
    ck_assert(!same_stream(one, nn_random_stream(7 + (1ull << 32), NN_RANDOM_LAYER, 2, 3)));
    ck_assert(!same_stream(one, nn_random_stream(7, NN_RANDOM_SHUFFLE, 2, 3)));
    ck_assert(!same_stream(one, nn_random_stream(7, NN_RANDOM_LAYER, 1, 3)));
    ck_assert(!same_stream(one, nn_random_stream(7, NN_RANDOM_LAYER, 2, 4)));
    ck_assert(!same_stream(one, nn_random_stream(7, NN_RANDOM_LAYER, 2, 3 + (1ull << 32))));
}
END_TEST

enum { DRAWS = 200000 };

START_TEST(uniform_and_normal_numbers_have_their_moments)
{
    nn_random random = nn_random_stream(1, NN_RANDOM_LAYER, 0, 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        const double value = nn_random_uniform(&random);
        ck_assert(value >= 0 && value < 1);
        sum += value;
        squares += (value - 0.5) * (value - 0.5);
    }
    /* 5 standard errors each */
    ck_assert_double_eq_tol(sum / DRAWS, 0.5, 5 * sqrt(1.0 / 12 / DRAWS));
    ck_assert_double_eq_tol(squares / DRAWS, 1.0 / 12, 5 * sqrt(1.0 / 180 / DRAWS));

    double moments[5] = {0};
    double within = 0;
    for (int i = 0; i < DRAWS; i++) {
        const double value = nn_random_normal(&random);
        double power = 1;
        for (int m = 1; m <= 4; m++)
            moments[m] += (power *= value);
        within += fabs(value) < 1;
    }
    ck_assert_double_eq_tol(moments[1] / DRAWS, 0, 5 * sqrt(1.0 / DRAWS));
    ck_assert_double_eq_tol(moments[2] / DRAWS, 1, 5 * sqrt(2.0 / DRAWS));
    ck_assert_double_eq_tol(moments[3] / DRAWS, 0, 5 * sqrt(15.0 / DRAWS));
    ck_assert_double_eq_tol(moments[4] / DRAWS, 3, 5 * sqrt(96.0 / DRAWS));
    ck_assert_double_eq_tol(within / DRAWS, 0.6826894921, 5 * sqrt(0.217 / DRAWS));
}
END_TEST

/* Chi-square of counts against equal shares. */
static double chi_square(const double *counts, size_t classes)
{
    double sum = 0, total = 0;
    for (size_t i = 0; i < classes; i++)
        total += counts[i];
    for (size_t i = 0; i < classes; i++) {
        const double difference = counts[i] - total / (double)classes;
        sum += difference * difference / (total / (double)classes);
    }
    return sum;
}

START_TEST(numbers_below_a_bound_are_unbiased)
{
    nn_random random = nn_random_stream(2, NN_RANDOM_SHUFFLE, 0, 0);
    double ten[10] = {0}, three[3] = {0}, wide[3] = {0};
    for (int i = 0; i < DRAWS; i++) {
        ten[nn_random_below(&random, 10)]++;
        /* A bound of three quarters of the range: a multiplication without rejection makes the
         * multiples of 3 as frequent as all others, a remainder the lowest third. */
        three[nn_random_below(&random, (size_t)3 << 30) % 3]++;
        wide[nn_random_below(&random, (size_t)3 << 62) >> 62]++;
    }
    /* the 0.99999 quantiles of chi-square */
    ck_assert_double_lt(chi_square(ten, 10), 39.3);  /* 9 degrees of freedom */
    ck_assert_double_lt(chi_square(three, 3), 23.1); /* 2 degrees of freedom */
    ck_assert_double_lt(chi_square(wide, 3), 23.1);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(nn_random_below(&random, 1), 0);
}
END_TEST

START_TEST(a_permutation_is_one_and_each_is_as_likely)
{
    enum { N = 1000 };
    size_t order[N];
    bool seen[N] = {false};
    nn_random random = nn_random_stream(3, NN_RANDOM_SHUFFLE, 0, 0);
    nn_random_permutation(&random, N, order);
    size_t fixed = 0;
    for (size_t i = 0; i < N; i++) {
        ck_assert(order[i] < N && !seen[order[i]]);
        seen[order[i]] = true;
        fixed += order[i] == i;
    }
    ck_assert_uint_lt(fixed, 10); /* 1 is expected */
    double counts[6] = {0};
    for (int i = 0; i < 60000; i++) {
        nn_random_permutation(&random, 3, order);
        counts[order[0] * 2 + (order[1] > order[2])]++;
    }
    ck_assert_double_lt(chi_square(counts, 6), 30.9); /* 5 degrees of freedom, 0.99999 */
    nn_random_permutation(&random, 0, NULL);
    nn_random_permutation(&random, 1, order);
    ck_assert_uint_eq(order[0], 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random");
    TCase *tcase = add_case(suite, "random", NULL, NULL);
    tcase_add_test(tcase, the_generator_is_philox_4x32_10);
    tcase_add_test(tcase, a_stream_is_told_by_seed_purpose_index_and_step);
    tcase_add_test(tcase, uniform_and_normal_numbers_have_their_moments);
    tcase_add_test(tcase, numbers_below_a_bound_are_unbiased);
    tcase_add_test(tcase, a_permutation_is_one_and_each_is_as_likely);
    return run_suite(suite);
}
