/* Initializers against what real Keras computed (tests/golden/make_initializers.py): the moments and ends
 * of its random numbers, the values of what isn't random. */
#include "golden_file.h"
#include "initializer.h"
#include "suite.h"
#include <math.h>
#include <stdlib.h>

static void check(const char *what, double found, const char *bound)
{
    const double expected = json_number_value(member(golden, what));
    const double largest_difference = json_number_value(member(golden, bound));
    ck_assert_msg(fabs(found - expected) <= largest_difference,
                  "%s: %s is %.9g, Keras has %.9g, expected within %g", text(golden, "spec"), what,
                  found, expected, largest_difference);
}

static void check_distribution(size_t count, const nn_real *values)
{
    double mean = 0, second = 0, fourth = 0, smallest = INFINITY, largest = -INFINITY;
    for (size_t i = 0; i < count; i++)
        mean += (double)values[i] / (double)count;
    for (size_t i = 0; i < count; i++) {
        const double square = ((double)values[i] - mean) * ((double)values[i] - mean);
        second += square / (double)count;
        fourth += square * square / (double)count;
        smallest = fmin(smallest, (double)values[i]);
        largest = fmax(largest, (double)values[i]);
    }
    check("mean", mean, "bound_mean");
    check("stddev", sqrt(second), "bound_stddev");
    check("kurtosis", fourth / (second * second), "bound_kurtosis");
    check("smallest", smallest, "bound_ends");
    check("largest", largest, "bound_ends");
}

START_TEST(values_are_distributed_as_those_of_keras)
{
    use_case("initializers_more.json", _i);
    const json_t *dimensions = member(golden, "shape");
    nn_shape shape = {.rank = json_array_size(dimensions)};
    for (size_t i = 0; i < shape.rank; i++)
        shape.dimensions[i] = (size_t)json_integer_value(json_array_get(dimensions, i));
    const size_t count = nn_shape_width(&shape);
    nn_real *values = reserve(count, sizeof *values);
    nn_part part;
    ck_assert_int_eq(nn_part_parse(&part, &nn_initializer_room, text(golden, "spec")), NN_OK);
    nn_random random = nn_random_stream(5, NN_RANDOM_INITIALIZER, 0, 0);
    ck_assert_int_eq(nn_initializer_of(&part)->fill(part.self, &shape, &random, values), NN_OK);
    const json_t *exact = json_object_get(golden, "values");
    if (exact == NULL)
        check_distribution(count, values);
    else
        ck_assert_uint_eq(json_array_size(exact), count);
    for (size_t i = 0; i < json_array_size(exact); i++)
        ck_assert((double)values[i] == at(exact, i));
    nn_part_free(&part);
    free(values);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_initializers");
    TCase *cases = tcase_create("initializers_more.json");
    const size_t count = count_cases("initializers_more.json");
    if (count == 0)
        return EXIT_FAILURE;
    tcase_add_checked_fixture(cases, NULL, free_file);
    tcase_add_loop_test(cases, values_are_distributed_as_those_of_keras, 0, (int)count);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
