/* The search along a line, and lbfgs by itself on a bent valley. */
#include "fitting.h"
#include "line_search.h"
#include "model.h"
#include "status.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the line search ---- */

struct line {
    double (*value)(double t);
    double (*slope)(double t);
    size_t evaluations, fail_at;
};

static nn_status evaluate_line(void *user, nn_line_point *point)
{
    struct line *line = user;
    if (++line->evaluations == line->fail_at)
        return nn_model_set_seed(NULL, 0); /* any failure */
    point->value = line->value(point->step);
    point->slope = line->slope(point->step);
    return NN_OK;
}

static double parabola(double t)
{
    return (t - 3) * (t - 3);
}
static double parabola_slope(double t)
{
    return 2 * (t - 3);
}
static double waves(double t)
{
    return -sin(5 * t) + 0.1 * t * t;
}
static double waves_slope(double t)
{
    return -5 * cos(5 * t) + 0.2 * t;
}
static double wall(double t)
{
    return t < 1e-3 ? t * t - 1e-3 * t : (double)NAN;
}
static double wall_slope(double t)
{
    return t < 1e-3 ? 2 * t - 1e-3 : (double)INFINITY;
}
static double hill(double t)
{
    return t;
} /* whose slope, as told, leads down */
static double hill_slope(double t)
{
    (void)t;
    return -1;
}
static double down(double t)
{
    return -t;
}

static const struct {
    double (*value)(double t), (*slope)(double t);
    double first;
} lines[] = {
    {parabola, parabola_slope, 1},   {parabola, parabola_slope, 1e-6},
    {parabola, parabola_slope, 1e6}, {parabola, parabola_slope, 3},
    {waves, waves_slope, 1},         {waves, waves_slope, 100},
    {waves, waves_slope, 1e-4},      {wall, wall_slope, 1e30},
    {wall, wall_slope, 1e-5},
};

static nn_line_search search_of(struct line *line, size_t most)
{
    return (nn_line_search){.evaluate = evaluate_line, .user = line, .max_evaluations = most};
}

START_TEST(a_search_meets_the_strong_wolfe_conditions)
{
    struct line line = {.value = lines[_i].value, .slope = lines[_i].slope};
    const nn_line_search search = search_of(&line, 30);
    const nn_line_point start = {.value = line.value(0), .slope = line.slope(0)};
    nn_line_point found;
    OK(nn_line_search_run(&search, &start, lines[_i].first, &found));
    ck_assert_double_gt(found.step, 0);
    ck_assert_double_le(found.value, start.value + 1e-4 * found.step * start.slope);
    ck_assert_double_le(fabs(found.slope), 0.9 * fabs(start.slope));
    ck_assert_double_eq(found.value, line.value(found.step));
}
END_TEST

START_TEST(a_search_in_vain_ends_where_it_began)
{
    struct line line = {.value = hill, .slope = hill_slope};
    nn_line_search search = search_of(&line, 12);
    const nn_line_point start = {.slope = -1};
    nn_line_point found;
    OK(nn_line_search_run(&search, &start, 1, &found));
    ck_assert_double_eq(found.step, 0);
    ck_assert_uint_eq(line.evaluations, 12);
    line = (struct line){.value = down, .slope = hill_slope};
    search = search_of(&line, 5); /* downhill for ever: the lowest point that was seen */
    OK(nn_line_search_run(&search, &start, 1, &found));
    ck_assert_double_eq(found.step, 256);
    line = (struct line){.value = parabola, .slope = parabola_slope, .fail_at = 1};
    FAILS(nn_line_search_run(&search, &(nn_line_point){.value = 9, .slope = -6}, 1, &found),
          NN_ERR_INVALID, "model is NULL");
}
END_TEST

/* Values that rounding lifts by less than they may lie apart don't hide a slope that has all but gone. */
static double noisy(double t)
{
    return t == 0 ? 1 : 1 + 1e-9;
}
static double noisy_slope(double t)
{
    return 1e-6 * (t - 1);
}

START_TEST(rounding_does_not_end_a_search)
{
    struct line line = {.value = noisy, .slope = noisy_slope};
    nn_line_search search = search_of(&line, 20);
    const nn_line_point start = {.value = 1, .slope = -1e-6};
    nn_line_point found;
    OK(nn_line_search_run(&search, &start, 0.5, &found));
    ck_assert_double_eq(found.step, 0);
    search.noise = 1e-8;
    OK(nn_line_search_run(&search, &start, 1, &found));
    ck_assert_double_eq(found.step, 1);
}
END_TEST

/* ---- lbfgs by itself ---- */

struct function {
    nn_real weights[16];
    size_t evaluations;
};

/* sum of 100 (w_i+1 - w_i^2)^2 + (1 - w_i)^2; Rosenbrock 1960. */
static nn_status rosenbrock(void *user, double *loss, double *gradients)
{
    struct function *function = user;
    double sum = 0, unused[16];
    double *g = gradients != NULL ? gradients : unused;
    memset(g, 0, 16 * sizeof(*g));
    for (size_t i = 0; i + 1 < 16; i++) {
        const double w = (double)function->weights[i], next = (double)function->weights[i + 1];
        const double a = next - w * w, b = 1 - w;
        sum += 100 * a * a + b * b;
        g[i] += -400 * a * w - 2 * b;
        g[i + 1] += 200 * a;
    }
    function->evaluations++;
    *loss = sum;
    return NN_OK;
}

static void check_rosenbrock(const char *spec, size_t most_evaluations)
{
    struct function function = {.evaluations = 0};
    nn_shape shape = nn_shape_1d(16);
    const nn_segment segment = {.name = "w", .shape = &shape, .width = 16};
    double scalars[NN_OPTIMIZER_MAX_SCALARS] = {0};
    nn_part part;
    OK(nn_part_parse(&part, &nn_optimizer_room, spec));
    const nn_optimizer *optimizer = nn_optimizer_of(&part);
    nn_real *slots = calloc(16 * nn_optimizer_slot_count(&part), sizeof(*slots));
    nn_real *scratch = calloc(optimizer->scratch(part.self, &segment, 1), sizeof(*scratch));
    for (size_t i = 0; i < 16; i++)
        function.weights[i] = i % 2 == 0 ? (nn_real)-1.2 : 1;
    nn_problem problem = {
        .count = 16,
        .weights = function.weights,
        .slots = slots,
        .scalars = scalars,
        .segments = &segment,
        .segment_count = 1,
        .scratch = scratch,
        .learning_rate = 1,
        .begins = true,
        .evaluate = rosenbrock,
        .user = &function,
    };
    bool solved = false;
    double before = INFINITY, after;
    for (size_t epoch = 0; epoch < 500 && !solved; epoch++) {
        OK(optimizer->solve(part.self, &problem, &solved));
        rosenbrock(&function, &after, NULL);
        function.evaluations--;
        ck_assert_double_le(after, before + 1e-6);
        before = after;
        problem.begins = false;
    }
    ck_assert(solved);
    ck_assert_uint_le(function.evaluations, most_evaluations);
    for (size_t i = 0; i < 16; i++)
        ck_assert_double_eq_tol((double)function.weights[i], 1, 1e-3);
    free(slots);
    free(scratch);
    nn_part_free(&part);
}

START_TEST(lbfgs_goes_down_a_bent_valley)
{
    check_rosenbrock("lbfgs ftol=0", 200);
    check_rosenbrock("lbfgs ftol=0 max_iter=500", 200);
    check_rosenbrock("lbfgs ftol=0 history_size=3", 300);
    check_rosenbrock("lbfgs ftol=0 history_size=32 learning_rate=0.5", 300);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("line_search");
    TCase *tcase = add_case(suite, "the line search", NULL, NULL);
    tcase_add_loop_test(tcase, a_search_meets_the_strong_wolfe_conditions, 0, COUNT(lines));
    tcase_add_test(tcase, a_search_in_vain_ends_where_it_began);
    tcase_add_test(tcase, rounding_does_not_end_a_search);

    tcase = add_case(suite, "lbfgs by itself", NULL, NULL);
    tcase_add_test(tcase, lbfgs_goes_down_a_bent_valley);
    return run_suite(suite);
}
