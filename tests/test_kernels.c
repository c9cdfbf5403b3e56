/* The kernels against plain loops in double, and what they promise about NaN and about bits. */
#include "activation.h"
#include "elementwise.h"
#include "exponential.h"
#include "lapack.h"
#include "suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A fixed stream of values in [-1, 1). */
static double next_value(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) * 0x1p-23 - 1;
}

static nn_real *random_values(size_t count, uint32_t seed)
{
    nn_real *values = malloc(count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (size_t i = 0; i < count; i++)
        values[i] = (nn_real)next_value(&seed);
    return values;
}

static const nn_activation *activation(const char *name)
{
    for (size_t i = 0; i < nn_activation_room.count; i++)
        if (strcmp(nn_activation_room.parts[i]->name, name) == 0)
            return (const nn_activation *)nn_activation_room.parts[i];
    ck_abort_msg("no activation %s", name);
    return NULL;
}

/* ---- exp, tanh, sigmoid ---- */

static double sigmoid_in_double(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

/* |got - wanted| in units in the last place of the float next to wanted */
static double ulps(float got, double wanted)
{
    if (isinf(got))
        return fabs(wanted) > 0x1.ffffffp127 ? 0 : INFINITY; /* above what rounds to FLT_MAX */
    int exponent;
    frexp(wanted, &exponent);
    return fabs((double)got - wanted) / ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

/* Looks at samples evenly spaced from low to high. */
static void check_function(const char *name, nn_real (*function)(nn_real),
                           double (*reference)(double), double low, double high, double bound)
{
    const size_t samples = 250000;
    for (size_t i = 0; i <= samples; i++) {
        const float x = (float)(low + (high - low) * (double)i / (double)samples);
        const double wanted = reference((double)x);
        const float got = (float)function(x);
        if (!(ulps(got, wanted) <= bound)) /* an assertion a sample would take most of the time */
            ck_abort_msg("%s(%a) is %a, off by %g ulp", name, (double)x, (double)got,
                         ulps(got, wanted));
    }
}

static nn_real exp_of(nn_real x)
{
    return nn_exp(x);
}

static nn_real tanh_of(nn_real x)
{
    return nn_tanh(x);
}

static nn_real sigmoid_of(nn_real x)
{
    return nn_sigmoid(x);
}

START_TEST(exp_and_tanh_are_within_2_ulp_of_libm)
{
    const double bound = 2;
    check_function("exp", exp_of, exp, -110, 90, bound);
    check_function("exp", exp_of, exp, -1, 1, bound);
    check_function("exp", exp_of, exp, -104, -87, bound); /* subnormal results */
    check_function("exp", exp_of, exp, -1e30, 1e30, bound);
    check_function("tanh", tanh_of, tanh, -10, 10, bound);
    check_function("tanh", tanh_of, tanh, -1, 1, bound);
    check_function("tanh", tanh_of, tanh, -1e-3, 1e-3, bound);
    check_function("tanh", tanh_of, tanh, -1e30, 1e30, bound);
}
END_TEST

START_TEST(sigmoid_is_within_2_and_a_half_ulp_of_libm)
{
    const double bound = 2.5;
    check_function("sigmoid", sigmoid_of, sigmoid_in_double, -110, 20, bound);
    check_function("sigmoid", sigmoid_of, sigmoid_in_double, -8, 8, bound);
    check_function("sigmoid", sigmoid_of, sigmoid_in_double, -1e30, 1e30, bound);
}
END_TEST

static nn_real expm1_of(nn_real x)
{
    return nn_expm1(x);
}

static nn_real log1p_of(nn_real x)
{
    return nn_log1p(x);
}

static nn_real erf_of(nn_real x)
{
    return nn_erf(x);
}

START_TEST(expm1_log1p_and_erf_are_within_2_and_a_half_ulp_of_libm)
{
    const double bound = 2.5;
    check_function("expm1", expm1_of, expm1, -110, 90, bound);
    check_function("expm1", expm1_of, expm1, -2, 2, bound);
    check_function("expm1", expm1_of, expm1, -1e-3, 1e-3, bound);
    check_function("expm1", expm1_of, expm1, -1e30, 1e30, bound);
    check_function("log1p", log1p_of, log1p, 0, 1, bound);
    check_function("log1p", log1p_of, log1p, 0, 1e-3, bound);
    check_function("log1p", log1p_of, log1p, 0, 1e-30, bound);
    check_function("erf", erf_of, erf, -6, 6, bound);
    check_function("erf", erf_of, erf, 0.9, 1.1, bound);
    check_function("erf", erf_of, erf, -1e-3, 1e-3, bound);
    check_function("erf", erf_of, erf, -1e30, 1e30, bound);
}
END_TEST

START_TEST(expm1_log1p_and_erf_are_right_at_the_edges)
{
    const nn_real inf = (nn_real)INFINITY, nan = (nn_real)NAN;
    ck_assert(isnan(nn_expm1(nan)) && isnan(nn_log1p(nan)) && isnan(nn_erf(nan)));
    ck_assert(nn_expm1(inf) == inf && nn_expm1(-inf) == -1 && nn_expm1(0) == 0);
    ck_assert(nn_log1p(0) == 0);
    ck_assert(nn_erf(inf) == 1 && nn_erf(-inf) == -1 && nn_erf(0) == 0);
    ck_assert(signbit(nn_erf((nn_real)-0.0)));
}
END_TEST

START_TEST(exp_tanh_and_sigmoid_are_right_at_the_edges)
{
    const nn_real inf = (nn_real)INFINITY, nan = (nn_real)NAN;
    ck_assert(isnan(nn_exp(nan)) && isnan(nn_tanh(nan)) && isnan(nn_sigmoid(nan)));
    ck_assert(nn_exp(inf) == inf && nn_exp(-inf) == 0 && nn_exp(0) == 1);
    ck_assert(nn_tanh(inf) == 1 && nn_tanh(-inf) == -1 && nn_tanh(0) == 0);
    ck_assert(signbit(nn_tanh((nn_real)-0.0)));
    ck_assert(nn_sigmoid(inf) == 1 && nn_sigmoid(-inf) == 0 && nn_sigmoid(0) == (nn_real)0.5);
    ck_assert(nn_exp(1000) == inf && nn_exp(-1000) == 0);
}
END_TEST

static nn_real value_of(const char *name, double z)
{
    nn_part part;
    nn_real x = (nn_real)z, y;
    ck_assert_int_eq(nn_part_parse(&part, &nn_activation_room, name), NN_OK);
    nn_activation_of(&part)->forward(part.self, 1, 1, &x, &y);
    nn_part_free(&part);
    return y;
}

START_TEST(activations_stay_finite_where_their_values_are)
{
    static const double far[] = {-1e30, -1000, -200, 200, 1000, 1e30};
    static const char *const like_relu[] = {"gelu", "gelu approximate=true", "mish", "silu",
                                            "softplus"};
    for (size_t i = 0; i < COUNT(far); i++) {
        const nn_real x = (nn_real)far[i];
        for (size_t n = 0; n < COUNT(like_relu); n++)
            ck_assert(value_of(like_relu[n], far[i]) == (x > 0 ? x : 0));
        ck_assert(value_of("elu", far[i]) == (x > 0 ? x : -1));
        ck_assert(value_of("log_sigmoid", far[i]) == (x > 0 ? 0 : x));
    }
    for (size_t n = 0; n < COUNT(like_relu); n++)
        ck_assert(value_of(like_relu[n], -INFINITY) == 0);
}
END_TEST

START_TEST(a_value_gives_the_same_bits_wherever_it_stands)
{
    static const char *const specs[] = {"sigmoid",
                                        "tanh",
                                        "relu",
                                        "relu negative_slope=0.2",
                                        "leaky_relu",
                                        "elu",
                                        "exponential",
                                        "gelu",
                                        "gelu approximate=true",
                                        "log_sigmoid",
                                        "mish",
                                        "relu6",
                                        "selu",
                                        "silu",
                                        "softplus",
                                        "celu",
                                        "hard_sigmoid",
                                        "hard_silu",
                                        "hard_tanh",
                                        "hard_shrink",
                                        "soft_shrink",
                                        "tanh_shrink",
                                        "threshold threshold=0.3 default_value=1",
                                        "softsign",
                                        "squareplus",
                                        "sparse_plus",
                                        "sparse_sigmoid",
                                        "heaviside",
                                        "sign"};
    enum { LENGTH = 67, SHIFTS = 17 };
    for (size_t n = 0; n < COUNT(specs); n++) {
        nn_part part;
        ck_assert_int_eq(nn_part_parse(&part, &nn_activation_room, specs[n]), NN_OK);
        const nn_activation *function = nn_activation_of(&part);
        nn_real *values = random_values(LENGTH, 3);
        for (size_t i = 0; i < LENGTH; i++)
            values[i] *= 12;
        nn_real alone[LENGTH];
        for (size_t i = 0; i < LENGTH; i++)
            function->forward(part.self, 1, 1, &values[i], &alone[i]);
        for (size_t shift = 0; shift < SHIFTS; shift++)
            for (size_t length = 1; length <= LENGTH; length++) {
                nn_real in[LENGTH + SHIFTS], out[LENGTH + SHIFTS];
                memcpy(in + shift, values, length * sizeof *in);
                function->forward(part.self, 1, length, in + shift, out + SHIFTS - shift);
                ck_assert_mem_eq(out + SHIFTS - shift, alone, length * sizeof *out);
                function->forward(part.self, 1, length, in + shift, in + shift);
                ck_assert_mem_eq(in + shift, alone, length * sizeof *in);
            }
        free(values);
        nn_part_free(&part);
    }
}
END_TEST

START_TEST(softmax_of_a_row_has_the_same_bits_whatever_rows_are_beside_it)
{
    enum { ROWS = 37, WIDTH = 10 };
    const nn_activation *softmax = activation("softmax");
    nn_real *z = random_values((size_t)ROWS * WIDTH, 4);
    nn_real together[ROWS * WIDTH], alone[WIDTH];
    softmax->forward(NULL, ROWS, WIDTH, z, together);
    for (size_t i = 0; i < ROWS; i++) {
        softmax->forward(NULL, 1, WIDTH, z + i * WIDTH, alone);
        ck_assert_mem_eq(alone, together + i * WIDTH, sizeof alone);
    }
    free(z);
}
END_TEST

START_TEST(softmax_survives_huge_logits)
{
    const nn_activation *softmax = activation("softmax");
    const nn_real z[4] = {(nn_real)1e30, (nn_real)-1e30, 0, (nn_real)1e30};
    nn_real y[4];
    softmax->forward(NULL, 1, 4, z, y);
    ck_assert(y[0] == (nn_real)0.5 && y[1] == 0 && y[2] == 0 && y[3] == (nn_real)0.5);
}
END_TEST

/* ---- NaN ---- */

START_TEST(nan_propagates_through_every_activation)
{
    enum { WIDTH = 36 };
    for (size_t n = 0; n < nn_activation_room.count; n++) {
        const nn_activation *function = (const nn_activation *)nn_activation_room.parts[n];
        nn_part part;
        size_t output;
        ck_assert_int_eq(nn_part_parse(&part, &nn_activation_room, function->part.sample), NN_OK);
        ck_assert_int_eq(nn_activation_output_width(&part, WIDTH, &output), NN_OK);
        for (size_t at = 0; at < WIDTH; at++) {
            nn_real *z = random_values(WIDTH, 5), *dy = random_values(WIDTH, 6);
            nn_real y[WIDTH], dz[WIDTH];
            z[at] = (nn_real)NAN;
            function->forward(part.self, 1, WIDTH, z, y);
            ck_assert_msg(isnan(y[at % output]), "%s loses NaN at %zu", function->part.name, at);
            for (size_t i = 0; i < WIDTH; i++)
                y[i] = (nn_real)0.5;
            dy[at % output] = (nn_real)NAN;
            function->backward(part.self, 1, WIDTH, z, y, dy, dz);
            ck_assert_msg(isnan(dz[at]), "%s's derivative loses NaN at %zu", function->part.name,
                          at);
            free(z);
            free(dy);
        }
        nn_part_free(&part);
    }
}
END_TEST

START_TEST(nan_propagates_through_relu_with_and_without_options)
{
    static const char *const specs[] = {"relu", "relu threshold=0.5", "relu max_value=1"};
    const nn_real z = (nn_real)NAN;
    for (size_t i = 0; i < COUNT(specs); i++) {
        nn_part part;
        nn_real y = 0;
        ck_assert_int_eq(nn_part_parse(&part, &nn_activation_room, specs[i]), NN_OK);
        nn_activation_of(&part)->forward(part.self, 1, 1, &z, &y);
        ck_assert(isnan(y));
        nn_part_free(&part);
    }
}
END_TEST

START_TEST(nan_propagates_through_sums_and_products)
{
    enum { ROWS = 5, WIDTH = 19 };
    for (size_t at = 0; at < ROWS * WIDTH; at++) {
        nn_real *a = random_values(ROWS * WIDTH, 7), *b = random_values(ROWS * WIDTH, 8);
        nn_real c[ROWS * WIDTH], sums[WIDTH];
        a[at] = (nn_real)NAN;
        nn_column_sums(ROWS, WIDTH, WIDTH, 1, 0, a, sums);
        ck_assert(isnan(sums[at % WIDTH]));
        ck_assert(isnan(nn_sum_of_magnitudes(ROWS * WIDTH, a)));
        ck_assert(isnan(nn_sum_of_squares(ROWS * WIDTH, a)));
        nn_scale_offset(ROWS * WIDTH, 0, 1, a, c);
        ck_assert(isnan(c[at]));
        nn_multiply_values(ROWS * WIDTH, a, b, c);
        ck_assert(isnan(c[at]));
        nn_add_values(ROWS * WIDTH, a, b, c);
        ck_assert(isnan(c[at]));
        nn_subtract_values(ROWS * WIDTH, b, a, c);
        ck_assert(isnan(c[at]));
        nn_add_bias(ROWS, WIDTH, b, a);
        ck_assert(isnan(a[at]));
        float narrow[ROWS * WIDTH];
        nn_to_float(ROWS * WIDTH, a, narrow);
        ck_assert(isnan(narrow[at]));
        nn_from_float(ROWS * WIDTH, narrow, c);
        ck_assert(isnan(c[at]));
        free(a);
        free(b);
    }
}
END_TEST

/* ---- QR ---- */

static void check_qr(size_t rows, size_t columns)
{
    nn_real *a = random_values(rows * columns, 13);
    nn_real *q = malloc(rows * columns * sizeof *q);
    nn_real *diagonal = malloc(columns * sizeof *diagonal), *tau = malloc(columns * sizeof *tau);
    memcpy(q, a, rows * columns * sizeof *q);
    ck_assert(nn_qr(rows, columns, q, diagonal, tau));
    const double tolerance = 2e-5; /* float, some hundred terms */
    for (size_t i = 0; i < columns; i++)
        for (size_t j = 0; j < columns; j++) {
            double dot = 0, r = 0; /* (Q^T Q)_ij and R_ij = (Q^T A)_ij */
            for (size_t p = 0; p < rows; p++) {
                dot += (double)q[p * columns + i] * (double)q[p * columns + j];
                r += (double)q[p * columns + i] * (double)a[p * columns + j];
            }
            ck_assert_double_eq_tol(dot, i == j, tolerance);
            if (i > j)
                ck_assert_double_eq_tol(r, 0, tolerance); /* R is upper triangular */
            if (i == j)
                ck_assert_double_eq_tol(r, (double)diagonal[i], tolerance);
        }
    for (size_t i = 0; i < rows; i++) /* Q (Q^T A) = A: nothing of A lies outside Q */
        for (size_t j = 0; j < columns; j++) {
            double sum = 0;
            for (size_t c = 0; c < columns; c++) {
                double r = 0;
                for (size_t p = 0; p < rows; p++)
                    r += (double)q[p * columns + c] * (double)a[p * columns + j];
                sum += (double)q[i * columns + c] * r;
            }
            ck_assert_double_eq_tol(sum, (double)a[i * columns + j], tolerance);
        }
    free(a);
    free(q);
    free(diagonal);
    free(tau);
}

START_TEST(qr_gives_an_orthonormal_q_and_a_triangular_r)
{
    check_qr(1, 1);
    check_qr(7, 1);
    check_qr(5, 5);
    check_qr(43, 17);
    check_qr(60, 60);
}
END_TEST

/* ---- sums and conversions ---- */

START_TEST(column_sums_and_bias_equal_plain_loops)
{
    static const size_t sizes[][2] = {{1, 1}, {3, 7}, {33, 10}, {5, 129}};
    for (size_t s = 0; s < COUNT(sizes); s++) {
        const size_t rows = sizes[s][0], width = sizes[s][1];
        nn_real *a = random_values(rows * width, 14), *sums = random_values(width, 15);
        sums[0] = (nn_real)NAN; /* with keep 0, what was there doesn't matter */
        nn_column_sums(rows, width, width, 1, 0, a, sums);
        const double tolerance = 1e-5; /* float, 33 terms below 1 */
        for (size_t j = 0; j < width; j++) {
            double wanted = 0;
            for (size_t i = 0; i < rows; i++)
                wanted += (double)a[i * width + j];
            ck_assert_double_eq_tol((double)sums[j], wanted, tolerance);
        }
        nn_real kept = 3; /* a column in the middle, scaled and added */
        nn_column_sums(rows, 1, width, -2, 1, a + width / 2, &kept);
        ck_assert_double_eq_tol((double)kept, 3 - 2 * (double)sums[width / 2], tolerance);
        nn_real *y = malloc(rows * width * sizeof *y);
        memcpy(y, a, rows * width * sizeof *y);
        nn_add_bias(rows, width, sums, y);
        for (size_t i = 0; i < rows * width; i++)
            ck_assert(y[i] == a[i] + sums[i % width]);
        free(a);
        free(sums);
        free(y);
    }
}
END_TEST

START_TEST(sums_of_magnitudes_equal_plain_loops)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 1000};
    for (size_t s = 0; s < COUNT(sizes); s++) {
        nn_real *a = random_values(sizes[s] + 1, 18);
        double magnitudes = 0;
        for (size_t i = 0; i < sizes[s]; i++)
            magnitudes += fabs((double)a[i]);
        ck_assert_double_eq_tol(nn_sum_of_magnitudes(sizes[s], a), magnitudes,
                                1e-12 * (1 + magnitudes));
        free(a);
    }
}
END_TEST

START_TEST(scaling_sums_and_products_work_in_place)
{
    enum { COUNT = 77 };
    nn_real *a = random_values(COUNT, 16), *b = random_values(COUNT, 17);
    nn_real scaled[COUNT], multiplied[COUNT], added[COUNT], subtracted[COUNT];
    memcpy(scaled, a, sizeof scaled);
    memcpy(multiplied, a, sizeof multiplied);
    memcpy(added, a, sizeof added);
    memcpy(subtracted, a, sizeof subtracted);
    nn_scale_offset(COUNT, (nn_real)0.5, 2, scaled, scaled);
    nn_multiply_values(COUNT, multiplied, b, multiplied);
    nn_add_values(COUNT, added, b, added);
    nn_subtract_values(COUNT, b, subtracted, subtracted);
    for (size_t i = 0; i < COUNT; i++) {
        const nn_real half = a[i] * (nn_real)0.5;
        ck_assert(scaled[i] == half + 2);
        ck_assert(multiplied[i] == a[i] * b[i]);
        ck_assert(added[i] == a[i] + b[i]);
        ck_assert(subtracted[i] == b[i] - a[i]);
    }
    free(a);
    free(b);
}
END_TEST

START_TEST(conversions_keep_every_value)
{
    uint8_t bytes[256];
    int32_t integers[] = {0, -1, 1, 1 << 24, -(1 << 24), INT32_MAX, INT32_MIN};
    nn_real out[256];
    for (size_t i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    nn_from_uint8(256, bytes, out);
    for (size_t i = 0; i < 256; i++)
        ck_assert(out[i] == (nn_real)i);
    const size_t count = COUNT(integers);
    nn_from_int32(count, integers, out);
    for (size_t i = 0; i < count; i++)
        ck_assert(out[i] == (nn_real)integers[i]);
    const float floats[] = {0, -0.0f, 0x1p-149f, 0x1.fffffep127f, INFINITY, -INFINITY};
    float back[6];
    nn_from_float(6, floats, out);
    nn_to_float(6, out, back);
    ck_assert_mem_eq(floats, back, sizeof floats);
}
END_TEST

START_TEST(sums_of_squares_are_those_of_a_plain_loop)
{
    enum { COUNT = 300 };
    nn_real values[COUNT] = {0};
    double sum = 0;
    ck_assert_double_eq(nn_sum_of_squares(0, values), 0);
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = (nn_real)((double)((i * 7919 + 13) % 1009) / 512 - 1);
        sum += (double)values[i] * (double)values[i];
        ck_assert_double_eq_tol(nn_sum_of_squares(i + 1, values), sum, 1e-12 * sum);
    }
    for (size_t i = 0; i < COUNT; i += 37) {
        const nn_real kept = values[i];
        values[i] = (nn_real)NAN;
        ck_assert_double_nan(nn_sum_of_squares(COUNT, values));
        values[i] = kept;
    }
    values[0] = (nn_real)3e30; /* whose square no float holds */
    ck_assert_double_eq_tol(nn_sum_of_squares(COUNT, values), 9e60, 1e55);
}
END_TEST

START_TEST(all_finite_finds_one_value_anywhere)
{
    enum { COUNT = 133 };
    nn_real *values = random_values(COUNT, 18);
    values[0] = (nn_real)-3e38;
    values[1] = (nn_real)1e-40;
    ck_assert(nn_all_finite(COUNT, values));
    ck_assert(nn_all_finite(0, values));
    const nn_real bad[] = {(nn_real)NAN, (nn_real)INFINITY, (nn_real)-INFINITY};
    for (size_t i = 0; i < COUNT; i++)
        for (size_t b = 0; b < 3; b++) {
            const nn_real kept = values[i];
            values[i] = bad[b];
            ck_assert(!nn_all_finite(COUNT, values));
            values[i] = kept;
        }
    free(values);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *functions = tcase_create("functions");
    tcase_set_timeout(functions, 120);
    tcase_add_test(functions, exp_and_tanh_are_within_2_ulp_of_libm);
    tcase_add_test(functions, sigmoid_is_within_2_and_a_half_ulp_of_libm);
    tcase_add_test(functions, expm1_log1p_and_erf_are_within_2_and_a_half_ulp_of_libm);
    tcase_add_test(functions, expm1_log1p_and_erf_are_right_at_the_edges);
    tcase_add_test(functions, exp_tanh_and_sigmoid_are_right_at_the_edges);
    tcase_add_test(functions, activations_stay_finite_where_their_values_are);
    tcase_add_test(functions, a_value_gives_the_same_bits_wherever_it_stands);
    tcase_add_test(functions, softmax_of_a_row_has_the_same_bits_whatever_rows_are_beside_it);
    tcase_add_test(functions, softmax_survives_huge_logits);
    suite_add_tcase(suite, functions);
    TCase *nan = tcase_create("nan");
    tcase_add_test(nan, nan_propagates_through_every_activation);
    tcase_add_test(nan, nan_propagates_through_relu_with_and_without_options);
    tcase_add_test(nan, nan_propagates_through_sums_and_products);
    suite_add_tcase(suite, nan);
    TCase *arrays = tcase_create("arrays");
    tcase_set_timeout(arrays, 120);
    tcase_add_test(arrays, qr_gives_an_orthonormal_q_and_a_triangular_r);
    tcase_add_test(arrays, column_sums_and_bias_equal_plain_loops);
    tcase_add_test(arrays, sums_of_magnitudes_equal_plain_loops);
    tcase_add_test(arrays, scaling_sums_and_products_work_in_place);
    tcase_add_test(arrays, conversions_keep_every_value);
    tcase_add_test(arrays, sums_of_squares_are_those_of_a_plain_loop);
    tcase_add_test(arrays, all_finite_finds_one_value_anywhere);
    suite_add_tcase(suite, arrays);
    return run_suite(suite);
}
