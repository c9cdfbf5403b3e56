/* Optimizers and learning-rate schedules against what real Keras computed
 * (tests/golden/make_optimizers.py). */
#include "golden_file.h"
#include "model.h"
#include "schedule.h"
#include "suite.h"
#include "update.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Weights and gradients: make_optimizers.py has the same formulas, which are exact in a float. */
static double start_value(size_t i)
{
    return ((double)((7919 * i + 13) % 2048) - 1024) / 1024;
}

static double gradient_value(size_t t, size_t i)
{
    const double spread = ((double)((7919 * (t + 1) * (i + 3) + 10007 * i) % 2048) - 1024) / 1024;
    return (spread + 0.25 * ((double)(i % 3) - 1)) / (double)(1 << i % 4);
}

/* Fills the tensors of a run in their order, without the gaps between them. */
static void fill(const nn_model *model, nn_real *run, double (*value)(size_t t, size_t i), size_t t)
{
    size_t i = 0;
    for (size_t s = 0; s < model->segment_count; s++)
        for (size_t j = 0; j < model->segments[s].width; j++)
            run[model->segments[s].offset + j] = (nn_real)value(t, i++);
}

static double start(size_t t, size_t i)
{
    (void)t;
    return start_value(i);
}

/* The largest difference to Keras. */
static double compare(const nn_model *model, const nn_real *run, const char *what)
{
    const json_t *expected = member(golden, what);
    const double bound = json_number_value(member(golden, "bound"));
    double largest = 0;
    size_t i = 0;
    for (size_t s = 0; s < model->segment_count; s++)
        for (size_t j = 0; j < model->segments[s].width; j++, i++) {
            const double found = (double)run[model->segments[s].offset + j];
            const double difference = fabs(found - at(expected, i));
            ck_assert_msg(difference <= bound, "%s, %s: %s[%zu] is %.9g, Keras has %.9g",
                          text(golden, "spec"), what, model->segments[s].name, j, found,
                          at(expected, i));
            largest = difference > largest ? difference : largest;
        }
    ck_assert_uint_eq(i, json_array_size(expected));
    return largest / bound;
}

/* In a trace of a run by hand: how much of the bound is used. */
static void tell(double used)
{
    if (getenv("NN_GOLDEN_TRACE") != NULL)
        fprintf(stderr, "%6.3f of the bound: %s\n", used, text(golden, "spec"));
}

START_TEST(twenty_steps_are_those_of_keras)
{
    nn_model *model;
    use_case("optimizers.json", _i);
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=4 input_shape=(3)"));
    OK(nn_model_add(model, "dense units=2"));
    OK(nn_model_compile(model, text(golden, "spec"), "mean_squared_error", NULL));
    fill(model, model->weights, start, 0);
    double used = 0;
    for (size_t t = 0; t < 20; t++) {
        fill(model, model->gradients, gradient_value, t);
        nn_update_weights(model);
        model->iteration++;
        char name[32];
        snprintf(name, sizeof name, "after_%zu", t + 1);
        if (json_object_get(golden, name) != NULL)
            used = fmax(used, compare(model, model->weights, name));
    }
    if (nn_optimizer_options_of(&model->optimizer)->use_ema) {
        OK(nn_model_swap_ema_weights(model));
        used = fmax(used, compare(model, model->weights, "average"));
        OK(nn_model_swap_ema_weights(model));
        used = fmax(used, compare(model, model->weights, "after_20"));
    }
    tell(used);
    nn_model_free(model);
}
END_TEST

START_TEST(rates_are_those_of_keras)
{
    nn_part part;
    use_case("schedules.json", _i);
    OK(nn_part_parse(&part, &nn_schedule_room, text(golden, "spec")));
    const json_t *steps = member(golden, "steps"), *rates = member(golden, "rates");
    const double bound = json_number_value(member(golden, "bound"));
    double used = 0;
    ck_assert_uint_gt(json_array_size(steps), 0);
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const double found = nn_schedule_of(&part)->rate(part.self, (uint64_t)at(steps, i));
        const double difference = fabs(found - at(rates, i));
        ck_assert_msg(difference <= bound, "%s after %g steps is %.9g, Keras has %.9g",
                      text(golden, "spec"), at(steps, i), found, at(rates, i));
        used = fmax(used, difference / bound);
    }
    tell(used);
    nn_part_free(&part);
}
END_TEST

/* test_golden_solvers.c has them. */
static bool works_on_whole_data(const nn_room *room, size_t part)
{
    return room == &nn_optimizer_room && ((const nn_optimizer *)room->parts[part])->solve != NULL;
}

/* Every part of a room has three cases at least. */
static void check_covered(const char *file, const nn_room *room)
{
    enum { MOST_PARTS = 64 };
    size_t found[MOST_PARTS] = {0};
    const size_t count = count_cases(file);
    ck_assert_uint_le(room->count, MOST_PARTS);
    for (size_t i = 0; i < count; i++) { /* reading the file is what takes the time */
        use_case(file, (int)i);
        const char *spec = text(golden, "spec");
        for (size_t p = 0; p < room->count; p++)
            found[p] += strcspn(spec, " ") == strlen(room->parts[p]->name) &&
                        strncmp(spec, room->parts[p]->name, strcspn(spec, " ")) == 0;
        free_file();
    }
    for (size_t p = 0; p < room->count; p++)
        ck_assert_msg(found[p] >= 3 || works_on_whole_data(room, p), "%s has %zu cases in %s",
                      room->parts[p]->name, found[p], file);
}

START_TEST(every_optimizer_and_schedule_is_there)
{
    check_covered("optimizers.json", &nn_optimizer_room);
    check_covered("schedules.json", &nn_schedule_room);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_optimizers");
    TCase *optimizers = tcase_create("optimizers.json"),
          *schedules = tcase_create("schedules.json");
    TCase *coverage = tcase_create("coverage");
    const size_t count = count_cases("optimizers.json"), rates = count_cases("schedules.json");
    if (count == 0 || rates == 0)
        return EXIT_FAILURE;
    tcase_add_checked_fixture(optimizers, NULL, free_file);
    tcase_add_loop_test(optimizers, twenty_steps_are_those_of_keras, 0, (int)count);
    tcase_add_checked_fixture(schedules, NULL, free_file);
    tcase_add_loop_test(schedules, rates_are_those_of_keras, 0, (int)rates);
    tcase_set_timeout(coverage, 120); /* it reads the files over and over */
    tcase_add_test(coverage, every_optimizer_and_schedule_is_there);
    suite_add_tcase(suite, optimizers);
    suite_add_tcase(suite, schedules);
    suite_add_tcase(suite, coverage);
    return run_suite(suite);
}
