/* Golden values of every loss: the library against what real Keras computed (tests/golden/make_losses.py).
 * How far a value may be off stands beside it in the files. */
#include "golden_file.h"
#include "loss.h"
#include "nn.h"
#include "suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* found[i] within the bound of expected[i], for all i */
static void check_values(const char *about, const char *what, const json_t *expected,
                         const json_t *bound, const double *found)
{
    const double allowed = json_number_value(bound);
    ck_assert(json_is_number(bound) && allowed >= 0);
    for (size_t i = 0; i < json_array_size(expected); i++)
        ck_assert_msg(fabs(found[i] - at(expected, i)) <= allowed,
                      "%s: %s[%zu] is %.9g, Keras has %.9g: off by %.2g, allowed is %.2g", about,
                      what, i, found[i], at(expected, i), fabs(found[i] - at(expected, i)),
                      allowed);
}

static void check_reals(const char *about, const char *what, const json_t *expected,
                        const json_t *bound, const nn_real *found)
{
    const size_t count = json_array_size(expected);
    double *values = reserve(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (double)found[i];
    check_values(about, what, expected, bound, values);
    free(values);
}

START_TEST(each_rows_loss_and_gradient_are_those_of_keras)
{
    use_case("losses_more.json", _i);
    nn_part part;
    OK(nn_part_parse(&part, &nn_loss_room, text(golden, "spec")));
    const nn_loss *loss = nn_loss_of(&part);
    const size_t rows = size(golden, "rows"), width = size(golden, "width");
    nn_real *y = reals(member(golden, "y")), *weight = reals(member(golden, "weight"));
    nn_real *values = reals(member(golden, "target")), *dy = reserve(rows * width, sizeof *dy);
    int32_t *labels = reserve(rows, sizeof *labels);
    double *found = reserve(rows, sizeof *found);
    const bool of_labels = strcmp(text(golden, "target_kind"), "labels") == 0;
    for (size_t row = 0; row < rows && of_labels; row++)
        labels[row] = (int32_t)values[row];
    const nn_target target = {.kind = of_labels ? NN_TARGET_LABELS : NN_TARGET_VALUES,
                              .values = of_labels ? NULL : values,
                              .labels = of_labels ? labels : NULL};
    ck_assert_int_eq(loss->target, target.kind);
    ck_assert_uint_eq(json_array_size(member(golden, "loss")), rows);
    ck_assert_uint_eq(json_array_size(member(golden, "gradient")), rows * width);
    loss->forward(part.self, rows, width, y, &target, found);
    loss->backward(part.self, rows, width, y, &target, weight, dy);
    check_values(text(golden, "spec"), "loss", member(golden, "loss"), member(golden, "loss_bound"),
                 found);
    check_reals(text(golden, "spec"), "gradient", member(golden, "gradient"),
                member(golden, "gradient_bound"), dy);
    free(y);
    free(weight);
    free(values);
    free(dy);
    free(labels);
    free(found);
    nn_part_free(&part);
}
END_TEST

START_TEST(training_with_it_goes_where_keras_goes)
{
    use_case("loss_steps.json", _i);
    const char *name = text(golden, "name");
    golden_column x = read_column("x"), y = read_column("y");
    const size_t rows = size(golden, "rows"), steps = size(golden, "steps");
    const size_t batch_size = size(golden, "batch_size");
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, rows, x.values, x.type, x.width, y.values, y.type, y.width));
    nn_model *model = golden_model();
    double *series = reserve(steps, sizeof *series);
    ck_assert_uint_eq(json_array_size(member(golden, "loss_by_step")), steps);
    ck_assert_uint_eq(rows % batch_size, 0);
    for (size_t step = 0; step < steps; step++) {
        nn_dataset *batch;
        OK(nn_dataset_slice(&batch, data, step * batch_size % rows, batch_size));
        OK(nn_train_on_batch(model, batch, &series[step], 1));
        nn_dataset_free(batch);
    }
    check_values(name, "loss", member(golden, "loss_by_step"), member(golden, "loss_bound"),
                 series);
    size_t index;
    json_t *value;
    ck_assert_uint_eq(json_array_size(member(golden, "final_weights")),
                      nn_model_weight_count(model));
    json_array_foreach(member(golden, "final_weights"), index, value)
    {
        const size_t count = json_array_size(member(value, "values"));
        float *found = reserve(count, sizeof *found);
        OK(nn_model_get_weights(model, text(value, "name"), found, count));
        check_reals(name, text(value, "name"), member(value, "values"), member(value, "bound"),
                    found);
        free(found);
    }
    nn_model_free(model);
    nn_dataset_free(data);
    free(x.values);
    free(y.values);
    free(series);
}
END_TEST

START_TEST(every_loss_is_compared)
{
    for (size_t i = 0; i < nn_loss_room.count; i++) {
        const char *name = nn_loss_room.parts[i]->name;
        if (strcmp(name, "categorical_generalized_cross_entropy") == 0)
            continue; /* by test_golden_loss_reductions.c alone */
        ck_assert_msg(count_cases_of("losses_more.json", "spec", name) >= 3, "few values of %s",
                      name);
        ck_assert_msg(count_cases_of("loss_steps.json", "loss", name) >= 1, "no training with %s",
                      name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden losses");
    add_cases(suite, "losses_more.json", "losses_more.json",
              each_rows_loss_and_gradient_are_those_of_keras);
    add_cases(suite, "loss_steps.json", "loss_steps.json", training_with_it_goes_where_keras_goes);
    TCase *whole = tcase_create("all");
    tcase_set_timeout(whole, 120);
    tcase_add_test(whole, every_loss_is_compared);
    suite_add_tcase(suite, whole);
    return run_suite(suite);
}
