/* What initializers fill a weight with: the moments and bounds of their distributions, seeds, fans, constants,
 * orthonormal rows or columns. */
#include "allocate.h"
#include "formulas.h"
#include "initializer.h"
#include "suite.h"
#include <math.h>
#include <string.h>

static nn_real *fill(const char *spec, nn_shape shape, uint64_t seed)
{
    nn_part part = make(&nn_initializer_room, spec);
    nn_real *values = nn_allocate(nn_shape_width(&shape), sizeof *values);
    nn_random random = nn_random_stream(seed, NN_RANDOM_INITIALIZER, 0, 0);
    OK(nn_initializer_of(&part)->fill(part.self, &shape, &random, values));
    nn_part_free(&part);
    return values;
}

/* The variance of a standard normal variable truncated to +-2. */
#define CUT (0.87962566103423978 * 0.87962566103423978)

/* Uniform between mean +- limit, or normal, or normal within two standard deviations. */
enum distribution { UNIFORM, NORMAL, TRUNCATED };

static const struct {
    const char *spec;
    enum distribution distribution;
    double mean, variance;
} random_initializers[] = {
    {"random_normal", NORMAL, 0, 0.05 * 0.05},
    {"random_normal mean=2 stddev=0.5", NORMAL, 2, 0.25},
    {"random_normal stddev=0.01", NORMAL, 0, 0.01 * 0.01},
    {"truncated_normal", TRUNCATED, 0, 0.05 * 0.05 * CUT},
    {"truncated_normal mean=-1 stddev=2", TRUNCATED, -1, 4 * CUT},
    {"random_uniform", UNIFORM, 0, 0.1 * 0.1 / 12},
    {"random_uniform minval=1 maxval=4", UNIFORM, 2.5, 9.0 / 12},
    /* of a 300 x 500 matrix */
    {"glorot_uniform", UNIFORM, 0, 2.0 / 800},
    {"glorot_normal", TRUNCATED, 0, 2.0 / 800},
    {"he_uniform", UNIFORM, 0, 2.0 / 300},
    {"he_normal", TRUNCATED, 0, 2.0 / 300},
    {"lecun_uniform", UNIFORM, 0, 1.0 / 300},
    {"lecun_normal", TRUNCATED, 0, 1.0 / 300},
    {"variance_scaling", TRUNCATED, 0, 1.0 / 300},
    {"variance_scaling mode=fan_out distribution=normal", TRUNCATED, 0, 1.0 / 500},
    {"variance_scaling scale=3 mode=fan_out distribution=uniform", UNIFORM, 0, 3.0 / 500},
    {"variance_scaling scale=0.5 mode=fan_avg distribution=untruncated_normal", NORMAL, 0,
     0.5 / 400},
};

START_TEST(random_initializers_have_their_moments_and_bounds)
{
    enum { N = 300 * 500 };
    const double mean = random_initializers[_i].mean, variance = random_initializers[_i].variance;
    const enum distribution distribution = random_initializers[_i].distribution;
    nn_real *values =
        fill(random_initializers[_i].spec, (nn_shape){.rank = 2, .dimensions = {300, 500}}, 11);
    double sum = 0, squares = 0, fourth = 0, largest = 0;
    for (size_t i = 0; i < N; i++) {
        const double distance = (double)values[i] - mean;
        sum += distance;
        squares += distance * distance;
        fourth += distance * distance * distance * distance;
        largest = fmax(largest, fabs(distance));
    }
    const double stddev = sqrt(variance);
    /* 5 standard errors; the last kurtosis is that of a normal cut at +-2 */
    const double kurtosis = distribution == UNIFORM ? 1.8 : distribution == NORMAL ? 3 : 2.3654;
    ck_assert_double_eq_tol(sum / N, 0, 5 * stddev / sqrt(N));
    ck_assert_double_eq_tol(squares / N / variance, 1, 5 * sqrt((kurtosis - 1) / N));
    ck_assert_double_eq_tol(fourth / N / variance / variance, kurtosis, 0.08);
    const double limit = distribution == UNIFORM ? sqrt(3) * stddev
                         : distribution == NORMAL
                             ? 5.5 * stddev                      /* 1 in 26 million is beyond */
                             : 2 * stddev / 0.87962566103423978; /* of the normal cut at +-2 */
    ck_assert_double_le(largest, limit * (1 + 1e-6));
    ck_assert_double_ge(largest, limit * (distribution == NORMAL ? 0.7 : 0.999));
    nn_release(values);
}
END_TEST

START_TEST(a_seed_gives_the_same_numbers_and_another_gives_others)
{
    const nn_shape shape = {.rank = 2, .dimensions = {7, 5}};
    const size_t size = 35 * sizeof(nn_real);
    static const char *const names[] = {"random_normal", "random_uniform",   "glorot_uniform",
                                        "glorot_normal", "he_uniform",       "he_normal",
                                        "orthogonal",    "truncated_normal", "lecun_uniform",
                                        "lecun_normal",  "variance_scaling"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char seeded[64], other[64];
        strcat(strcpy(seeded, names[i]), " seed=5");
        strcat(strcpy(other, names[i]), " seed=6");
        /* the model's stream, unless there is a seed of its own */
        nn_real *a = fill(names[i], shape, 1), *b = fill(names[i], shape, 1);
        nn_real *c = fill(names[i], shape, 2);
        ck_assert_msg(memcmp(a, b, size) == 0, "%s: same seed, other numbers", names[i]);
        ck_assert_msg(memcmp(a, c, size) != 0, "%s: other seed, same numbers", names[i]);
        nn_real *d = fill(seeded, shape, 1), *e = fill(seeded, shape, 2);
        nn_real *f = fill(other, shape, 1);
        ck_assert_msg(memcmp(d, e, size) == 0, "%s: the model's seed counts", seeded);
        ck_assert_msg(memcmp(d, f, size) != 0, "%s: its seed doesn't count", other);
        ck_assert_msg(memcmp(a, d, size) != 0, "%s: its seed doesn't count", seeded);
        nn_real *all[] = {a, b, c, d, e, f};
        for (size_t j = 0; j < COUNT(all); j++)
            nn_release(all[j]);
    }
}
END_TEST

START_TEST(constant_initializers_are_constant)
{
    static const struct {
        const char *spec;
        double value;
    } constants[] = {{"zeros", 0}, {"ones", 1}, {"constant", 0}, {"constant value=-2.5", -2.5}};
    for (size_t i = 0; i < COUNT(constants); i++) {
        nn_real *values = fill(constants[i].spec, nn_shape_1d(100), 1);
        for (size_t j = 0; j < 100; j++)
            ck_assert((double)values[j] == constants[i].value);
        nn_release(values);
    }
}
END_TEST

START_TEST(fans_are_counted_as_keras_counts_them)
{
    static const struct {
        nn_shape shape;
        double fan_in, fan_out;
    } fans[] = {
        {{.rank = 1, .dimensions = {7}}, 7, 7},
        {{.rank = 2, .dimensions = {3, 5}}, 3, 5},
        {{.rank = 3, .dimensions = {2, 3, 5}}, 6, 10},
        {{.rank = 4, .dimensions = {3, 3, 16, 32}}, 144, 288},
    };
    for (size_t i = 0; i < COUNT(fans); i++) {
        double fan_in, fan_out;
        nn_initializer_fans(&fans[i].shape, &fan_in, &fan_out);
        ck_assert(fan_in == fans[i].fan_in && fan_out == fans[i].fan_out);
    }
    /* limits of a vector and of a rank-3 weight: sqrt(6 / (fan_in + fan_out)) */
    static const nn_shape shapes[] = {{.rank = 1, .dimensions = {4000}},
                                      {.rank = 3, .dimensions = {10, 30, 50}}};
    static const double limits[] = {0.0273861279, 0.0866025404};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        nn_real *values = fill("glorot_uniform", shapes[i], 3);
        double largest = 0;
        for (size_t j = 0; j < nn_shape_width(&shapes[i]); j++)
            largest = fmax(largest, fabs((double)values[j]));
        ck_assert_double_le(largest, limits[i] * (1 + 1e-6));
        ck_assert_double_ge(largest, limits[i] * 0.99);
        nn_release(values);
    }
}
END_TEST

START_TEST(an_orthogonal_weight_has_orthonormal_rows_or_columns)
{
    static const nn_shape shapes[] = {
        {.rank = 2, .dimensions = {20, 20}},  {.rank = 2, .dimensions = {31, 7}},
        {.rank = 2, .dimensions = {7, 31}},   {.rank = 2, .dimensions = {1, 5}},
        {.rank = 2, .dimensions = {5, 1}},    {.rank = 3, .dimensions = {3, 4, 5}},
        {.rank = 3, .dimensions = {2, 2, 9}},
    };
    for (size_t s = 0; s < COUNT(shapes); s++) {
        const nn_shape *shape = &shapes[s];
        const size_t columns = shape->dimensions[shape->rank - 1];
        const size_t rows = nn_shape_width(shape) / columns;
        const bool by_rows = rows < columns;
        const size_t vectors = by_rows ? rows : columns, length = by_rows ? columns : rows;
        nn_real *values = fill("orthogonal gain=1.5", *shape, 4);
        for (size_t i = 0; i < vectors; i++)
            for (size_t j = 0; j < vectors; j++) {
                double product = 0;
                for (size_t k = 0; k < length; k++)
                    product +=
                        by_rows ? (double)values[i * columns + k] * (double)values[j * columns + k]
                                : (double)values[k * columns + i] * (double)values[k * columns + j];
                check_value(product, i == j ? 2.25 : 0, 1e-5, nn_shape_string(shape).text, i);
            }
        nn_release(values);
    }
    /* uniform over rotations: the signs aren't those of the decomposition */
    double sum = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        nn_real *values = fill("orthogonal", (nn_shape){.rank = 2, .dimensions = {3, 3}}, seed);
        sum += (double)values[0];
        nn_release(values);
    }
    ck_assert_double_eq_tol(sum / 400, 0, 5 * sqrt(1.0 / 3 / 400)); /* 5 standard errors */
    nn_part part = make(&nn_initializer_room, "orthogonal");
    nn_shape vector = nn_shape_1d(3);
    nn_real values[3];
    nn_random random = stream_of(1);
    ck_assert_int_eq(nn_initializer_of(&part)->fill(part.self, &vector, &random, values),
                     NN_ERR_SHAPE);
    nn_part_free(&part);
}
END_TEST

START_TEST(an_initializer_refuses_bounds_in_the_wrong_order)
{
    nn_part part;
    ck_assert_int_eq(nn_part_parse(&part, &nn_initializer_room, "random_uniform minval=1 maxval=0"),
                     NN_ERR_INVALID);
    ck_assert_str_eq(nn_error_message(), "random_uniform: minval 1 is above maxval 0");
    ck_assert_int_eq(nn_part_parse(&part, &nn_initializer_room, "random_uniform minval=0.1"),
                     NN_ERR_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("initializer_values");
    TCase *tcase = add_case(suite, "initializers", NULL, NULL);
    tcase_add_loop_test(tcase, random_initializers_have_their_moments_and_bounds, 0,
                        COUNT(random_initializers));
    tcase_add_test(tcase, a_seed_gives_the_same_numbers_and_another_gives_others);
    tcase_add_test(tcase, constant_initializers_are_constant);
    tcase_add_test(tcase, fans_are_counted_as_keras_counts_them);
    tcase_add_test(tcase, an_orthogonal_weight_has_orthonormal_rows_or_columns);
    tcase_add_test(tcase, an_initializer_refuses_bounds_in_the_wrong_order);
    return run_suite(suite);
}
