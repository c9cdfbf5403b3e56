/* Activations and their derivatives against plain formulas in double. */
#include "activation.h"
#include "formulas.h"
#include "suite.h"
#include <math.h>
#include <string.h>

static double linear_of(double z)
{
    return z;
}

static double relu_of(double z)
{
    return z > 0 ? z : z <= 0 ? 0 : z;
}

static double relu_options_of(double z) /* negative_slope=0.5 max_value=2 threshold=1 */
{
    return isnan(z) ? z : z <= 1 ? 0.5 * (z - 1) : fmin(z, 2);
}

static double relu6_of(double z)
{
    return isnan(z) ? z : fmin(fmax(z, 0), 6);
}

static double relu_low_of(double z) /* max_value=0.5 threshold=1 */
{
    return isnan(z) ? z : z <= 1 ? 0 : 0.5;
}

static double leaky_of(double z)
{
    return isnan(z) ? z : z > 0 ? z : 0.25 * z;
}

static const struct {
    const char *spec;
    double (*function)(double);
    double tolerance; /* relative to max(1, |y|) */
} functions[] = {
    {"linear", linear_of, 0},
    {"relu", relu_of, 0},
    {"relu negative_slope=0.5 max_value=2 threshold=1", relu_options_of, 1e-6},
    {"relu max_value=6", relu6_of, 0},
    {"relu max_value=0.5 threshold=1", relu_low_of, 0},
    {"leaky_relu negative_slope=0.25", leaky_of, 1e-6},
    {"sigmoid", sigmoid_of, 3e-7},
    {"tanh", tanh, 3e-7},
};

/* All over the range of interest, with the special values in odd places. */
static void fill_inputs(nn_real *z, double range, bool special)
{
    nn_random random = stream_of(21);
    for (size_t i = 0; i < VALUES; i++)
        z[i] = (nn_real)next_value(&random, -range, range);
    static const double specials[] = {0, -0.0, 1, 2, 6, 1e30, -1e30, INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < COUNT(specials) && special; i++)
        z[17 * i + 3] = (nn_real)specials[i];
}

START_TEST(an_activation_is_its_formula_for_all_numbers)
{
    nn_part part = make(&nn_activation_room, functions[_i].spec);
    nn_real z[VALUES], y[VALUES], in_place[VALUES];
    fill_inputs(z, 8, true);
    nn_activation_of(&part)->forward(part.self, ROWS, WIDTH, z, y);
    for (size_t i = 0; i < VALUES; i++) {
        const double wanted = functions[_i].function((double)z[i]);
        check_value((double)y[i], wanted, relative(wanted, functions[_i].tolerance),
                    functions[_i].spec, i);
    }
    memcpy(in_place, z, sizeof z); /* y may be z */
    nn_activation_of(&part)->forward(part.self, ROWS, WIDTH, in_place, in_place);
    ck_assert_mem_eq(in_place, y, sizeof y);
    nn_part_free(&part);
}
END_TEST

/* |wanted| by central differences of the formula in double, away from its kinks */
START_TEST(an_activations_derivative_is_its_formulas)
{
    nn_part part = make(&nn_activation_room, functions[_i].spec);
    const nn_activation *activation = nn_activation_of(&part);
    nn_real z[VALUES], y[VALUES], dy[VALUES], dz[VALUES];
    nn_random random = stream_of(22);
    fill_inputs(z, 4, false);
    for (size_t i = 0; i < VALUES; i++)
        dy[i] = (nn_real)next_value(&random, -2, 2);
    activation->forward(part.self, ROWS, WIDTH, z, y);
    activation->backward(part.self, ROWS, WIDTH, activation->needs_z ? z : NULL, y, dy, dz);
    for (size_t i = 0; i < VALUES; i++) {
        const double step = 1e-6, at = (double)z[i];
        const double slope =
            (functions[_i].function(at + step) - functions[_i].function(at - step)) / (2 * step);
        check_value((double)dz[i], (double)dy[i] * slope, 2e-6, functions[_i].spec, i);
    }
    /* dz may be dy */
    activation->backward(part.self, ROWS, WIDTH, activation->needs_z ? z : NULL, y, dy, dy);
    ck_assert_mem_eq(dy, dz, sizeof dz);
    nn_part_free(&part);
}
END_TEST

START_TEST(softmax_is_its_formula_row_by_row)
{
    static const size_t widths[] = {1, 2, 3, 10, 16, 37};
    nn_part part = make(&nn_activation_room, "softmax");
    const nn_activation *softmax = nn_activation_of(&part);
    for (size_t w = 0; w < COUNT(widths); w++) {
        const size_t width = widths[w], rows = VALUES / width;
        nn_real z[VALUES], y[VALUES], dy[VALUES], dz[VALUES], in_place[VALUES];
        double p[VALUES];
        nn_random random = stream_of(23);
        fill_inputs(z, 20, false);
        z[0] = 1000, z[width] = -1000; /* nothing overflows */
        for (size_t i = 0; i < rows * width; i++)
            dy[i] = (nn_real)next_value(&random, -2, 2);
        memcpy(in_place, z, sizeof z);
        softmax->forward(part.self, rows, width, z, y);
        softmax->forward(part.self, rows, width, in_place, in_place);
        ck_assert_mem_eq(in_place, y, rows * width * sizeof *y);
        softmax->backward(part.self, rows, width, NULL, y, dy, dz);
        for (size_t i = 0; i < rows; i++) {
            softmax_in_double(width, z + i * width, p);
            double mean = 0;
            for (size_t j = 0; j < width; j++)
                mean += p[j] * (double)dy[i * width + j];
            for (size_t j = 0; j < width; j++) {
                check_value((double)y[i * width + j], p[j], 3e-7, "softmax", j);
                check_value((double)dz[i * width + j], p[j] * ((double)dy[i * width + j] - mean),
                            2e-6, "softmax's derivative", j);
            }
        }
        softmax->backward(part.self, rows, width, NULL, y, dy, dy);
        ck_assert_mem_eq(dy, dz, rows * width * sizeof *dy);
    }
    /* a NaN or an infinity makes NaN of its row and of no other */
    static const double specials[] = {NAN, INFINITY};
    for (size_t s = 0; s < COUNT(specials); s++) {
        nn_real z[9] = {1, 2, 3, 1, (nn_real)specials[s], 3, 1, 2, 3}, y[9];
        softmax->forward(part.self, 3, 3, z, y);
        for (size_t i = 0; i < 9; i++)
            ck_assert((bool)isnan(y[i]) == (i / 3 == 1));
    }
    nn_real z[3] = {(nn_real)-INFINITY, 0, 0}, y[3]; /* an impossible class */
    softmax->forward(part.self, 1, 3, z, y);
    ck_assert(y[0] == 0 && y[1] == (nn_real)0.5 && y[2] == (nn_real)0.5);
    nn_part_free(&part);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("activation_formulas");
    TCase *tcase = add_case(suite, "activations", NULL, NULL);
    tcase_add_loop_test(tcase, an_activation_is_its_formula_for_all_numbers, 0, COUNT(functions));
    tcase_add_loop_test(tcase, an_activations_derivative_is_its_formulas, 0, COUNT(functions));
    tcase_add_test(tcase, softmax_is_its_formula_row_by_row);
    return run_suite(suite);
}
