/* Activations against what real Keras computed (tests/golden/make_activations.py). */
#include "activation.h"
#include "golden_file.h"
#include "suite.h"
#include <math.h>
#include <stdlib.h>

static void check_all(const char *what, const char *bound, const nn_real *found)
{
    const json_t *expected = member(golden, what);
    const double largest_difference = json_number_value(member(golden, bound));
    for (size_t i = 0; i < json_array_size(expected); i++)
        ck_assert_msg(fabs((double)found[i] - at(expected, i)) <= largest_difference,
                      "%s: %s[%zu] is %.9g, Keras has %.9g", text(golden, "spec"), what, i,
                      (double)found[i], at(expected, i));
}

START_TEST(outputs_and_gradients_are_those_of_keras)
{
    use_case("activations_more.json", _i);
    nn_part part;
    ck_assert_int_eq(nn_part_parse(&part, &nn_activation_room, text(golden, "spec")), NN_OK);
    const nn_activation *activation = nn_activation_of(&part);
    const size_t rows = size(golden, "rows"), width = size(golden, "width");
    size_t output;
    ck_assert_int_eq(nn_activation_output_width(&part, width, &output), NN_OK);
    ck_assert_uint_eq(json_array_size(member(golden, "y")), rows * output);
    ck_assert_uint_eq(json_array_size(member(golden, "dz")), rows * width);
    nn_real *z = reals(member(golden, "z")), *dy = reals(member(golden, "dy"));
    nn_real *y = reserve(rows * output, sizeof *y), *dz = reserve(rows * width, sizeof *dz);
    activation->forward(part.self, rows, width, z, y);
    activation->backward(part.self, rows, width, activation->needs_z ? z : NULL, y, dy, dz);
    check_all("y", "bound_y", y);
    check_all("dz", "bound_dz", dz);
    free(z);
    free(y);
    free(dy);
    free(dz);
    nn_part_free(&part);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_activations");
    TCase *cases = tcase_create("activations_more.json");
    const size_t count = count_cases("activations_more.json");
    if (count == 0)
        return EXIT_FAILURE;
    tcase_add_checked_fixture(cases, NULL, free_file);
    tcase_add_loop_test(cases, outputs_and_gradients_are_those_of_keras, 0, (int)count);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
