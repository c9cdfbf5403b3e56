/* What every loss owes whoever trains with it: losses and gradients stay finite at the ends of an output's
 * range, a NaN shows, batches of 0 and 1 stand for -1 and 1 where margins count. The numbers themselves are
 * compared in test_golden_losses.c and test_gradients_losses.c. */
#include "loss.h"
#include "suite.h"
#include <math.h>

enum { ROWS = 2, WIDTH = 3, VALUES = ROWS * WIDTH };

static const nn_real one_hot[VALUES] = {0, 1, 0, 0, 1, 0};
static const int32_t labels[ROWS] = {1, 1};
static const nn_real weight[ROWS] = {1, 2};

/* Losses and gradients of a batch of 2 rows of 3. */
static void run(const char *spec, const nn_real *y, const nn_real *values, double *loss,
                nn_real *dy)
{
    nn_part part;
    OK(nn_part_parse(&part, &nn_loss_room, spec));
    const nn_loss *type = nn_loss_of(&part);
    const nn_target target = {.kind = type->target, .values = values, .labels = labels};
    type->forward(part.self, ROWS, WIDTH, y, &target, loss);
    type->backward(part.self, ROWS, WIDTH, y, &target, weight, dy);
    nn_part_free(&part);
}

static void check_finite(const char *spec, const nn_real *y)
{
    double loss[ROWS];
    nn_real dy[VALUES];
    run(spec, y, one_hot, loss, dy);
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_msg(isfinite(loss[i]), "%s: loss %zu is %g", spec, i, loss[i]);
    for (size_t i = 0; i < VALUES; i++)
        ck_assert_msg(isfinite(dy[i]), "%s: gradient %zu is %g", spec, i, (double)dy[i]);
}

START_TEST(sure_outputs_have_finite_losses_and_gradients)
{
    static const nn_real sure[VALUES] = {0, 1, 0, 1, 0, 0}; /* right and wrong */
    check_finite(nn_loss_room.parts[_i]->sample, sure);
    check_finite(nn_loss_room.parts[_i]->name, sure);
}
END_TEST

START_TEST(huge_outputs_dont_overflow)
{
    static const char *const specs[] = {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
        "cosine_similarity",
        "binary_crossentropy",
        "binary_crossentropy from_logits=true",
        "binary_focal_crossentropy from_logits=true",
        "binary_focal_crossentropy from_logits=true gamma=0.5",
        "categorical_crossentropy from_logits=true",
        "sparse_categorical_crossentropy from_logits=true",
        "categorical_focal_crossentropy from_logits=true",
        "categorical_focal_crossentropy from_logits=true gamma=0.5",
        "kl_divergence",
        "hinge",
        "squared_hinge",
        "categorical_hinge",
        "perceptron",
    };
    static const nn_real sizes[] = {20, 100, 1000, (nn_real)1e20};
    for (size_t i = 0; i < COUNT(specs); i++)
        for (size_t j = 0; j < COUNT(sizes); j++) {
            const nn_real z = sizes[j];
            const nn_real y[VALUES] = {-z, z, 0, z, -z, 0};
            check_finite(specs[i], y);
        }
}
END_TEST

START_TEST(outputs_of_nothing_but_zeros_are_no_division_by_zero)
{
    static const char *const specs[] = {
        "cosine_similarity",
        "poisson",
        "kl_divergence",
        "mean_squared_logarithmic_error",
        "dice",
        "dice axis=-1",
        "tversky",
        "binary_focal_crossentropy gamma=0.5",
    };
    static const nn_real zeros[VALUES] = {0};
    double loss[ROWS];
    nn_real dy[VALUES];
    for (size_t i = 0; i < COUNT(specs); i++) {
        check_finite(specs[i], zeros);
        run(specs[i], zeros, zeros, loss, dy); /* and targets */
        for (size_t j = 0; j < VALUES; j++)
            ck_assert_msg(isfinite(loss[j / WIDTH]) && isfinite(dy[j]), "%s", specs[i]);
    }
}
END_TEST

START_TEST(a_nan_in_a_row_is_a_nan_in_its_loss)
{
    const char *specs[] = {nn_loss_room.parts[_i]->sample, nn_loss_room.parts[_i]->name};
    for (size_t s = 0; s < COUNT(specs); s++)
        for (size_t at = 0; at < VALUES; at++) {
            nn_real y[VALUES] = {(nn_real)0.2, (nn_real)0.3, (nn_real)0.5,
                                 (nn_real)0.2, (nn_real)0.3, (nn_real)0.5};
            nn_real dy[VALUES];
            double loss[ROWS];
            y[at] = NAN;
            run(specs[s], y, one_hot, loss, dy);
            ck_assert_msg(isnan(loss[at / WIDTH]), "%s: NaN at %zu is lost", specs[s], at);
        }
}
END_TEST

START_TEST(margins_take_0_and_1_for_minus_1_and_1)
{
    static const char *const specs[] = {"hinge", "squared_hinge", "perceptron"};
    static const nn_real y[VALUES] = {-2, 3, (nn_real)0.5, 1, (nn_real)-0.25, -1};
    static const nn_real bits[VALUES] = {0, 1, 0, 0, 1, 1}, signs[VALUES] = {-1, 1, -1, -1, 1, 1};
    static const nn_real mixed[VALUES] = {0, 1, 0, 0, 1, (nn_real)0.5};
    for (size_t i = 0; i < COUNT(specs); i++) {
        double a[ROWS], b[ROWS];
        nn_real da[VALUES], db[VALUES];
        run(specs[i], y, bits, a, da);
        run(specs[i], y, signs, b, db);
        ck_assert_mem_eq(a, b, sizeof a);
        ck_assert_mem_eq(da, db, sizeof da);
        run(specs[i], y, mixed, b, db); /* these stand for themselves: 0 pulls nowhere */
        ck_assert(db[0] == 0 && db[2] == 0 && db[3] == 0);
    }
}
END_TEST

START_TEST(a_perceptron_learns_from_an_output_of_zero)
{
    static const nn_real zeros[VALUES] = {0};
    double loss[ROWS];
    nn_real dy[VALUES];
    run("perceptron", zeros, one_hot, loss, dy);
    for (size_t i = 0; i < VALUES; i++) {
        const nn_real t = 2 * one_hot[i] - 1;
        ck_assert(dy[i] == -t * (weight[i / WIDTH] / WIDTH));
        ck_assert(loss[i / WIDTH] == 0);
    }
}
END_TEST

/* Below epsilon the length is epsilon, whatever y is: the loss is linear. */
START_TEST(a_direction_too_short_is_divided_by_epsilon)
{
    static const nn_real y[VALUES] = {(nn_real)1e-9, (nn_real)2e-9, 0, 0, (nn_real)-3e-9, 0};
    double loss[ROWS];
    nn_real dy[VALUES];
    run("cosine_similarity", y, one_hot, loss, dy);
    for (size_t i = 0; i < VALUES; i++) {
        const double wanted = -(double)(weight[i / WIDTH] * one_hot[i]) / NN_LOSS_EPSILON;
        ck_assert_double_le(fabs((double)dy[i] - wanted), 1e-6 * fabs(wanted));
    }
    ck_assert_double_eq_tol(loss[0], -0.02, 1e-8);
    ck_assert_double_eq_tol(loss[1], 0.03, 1e-8);
}
END_TEST

START_TEST(options_out_of_bounds_are_refused)
{
    static const char *const specs[] = {
        "huber delta=0",
        "huber delta=-1",
        "binary_focal_crossentropy alpha=1.5",
        "binary_focal_crossentropy gamma=-1",
        "binary_focal_crossentropy label_smoothing=2",
        "categorical_focal_crossentropy alpha=-1",
        "categorical_focal_crossentropy from_logits=3",
        "dice axis=0",
        "tversky axis=1",
        "tversky alpha=-1",
        "hinge delta=1",
        "mean_absolute_error reduction=none",
    };
    for (size_t i = 0; i < COUNT(specs); i++) {
        nn_part part;
        ck_assert_msg(nn_part_parse(&part, &nn_loss_room, specs[i]) == NN_ERR_INVALID, "%s",
                      specs[i]);
        ck_assert_ptr_null(part.type);
    }
}
END_TEST

START_TEST(names_are_those_of_keras)
{
    static const char *const names[][3] = {
        {"mean_squared_error", "mse", "MeanSquaredError"},
        {"mean_absolute_error", "mae", "MeanAbsoluteError"},
        {"mean_absolute_percentage_error", "mape", "MeanAbsolutePercentageError"},
        {"mean_squared_logarithmic_error", "msle", "MeanSquaredLogarithmicError"},
        {"binary_crossentropy", "bce", "BinaryCrossentropy"},
        {"kl_divergence", "kld", "KLDivergence"},
        {"log_cosh", "log_cosh", "LogCosh"},
        {"binary_focal_crossentropy", "binary_focal_crossentropy", "BinaryFocalCrossentropy"},
        {"squared_hinge", "squared_hinge", "SquaredHinge"},
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        const nn_part_type *type = nn_room_find(&nn_loss_room, names[i][0]);
        ck_assert_ptr_nonnull(type);
        ck_assert_ptr_eq(nn_room_find(&nn_loss_room, names[i][1]), type);
        ck_assert_ptr_eq(nn_room_find(&nn_loss_room, names[i][2]), type);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("losses");
    TCase *tcase = tcase_create("losses");
    const int losses = (int)nn_loss_room.count;
    tcase_add_loop_test(tcase, sure_outputs_have_finite_losses_and_gradients, 0, losses);
    tcase_add_test(tcase, huge_outputs_dont_overflow);
    tcase_add_test(tcase, outputs_of_nothing_but_zeros_are_no_division_by_zero);
    tcase_add_loop_test(tcase, a_nan_in_a_row_is_a_nan_in_its_loss, 0, losses);
    tcase_add_test(tcase, margins_take_0_and_1_for_minus_1_and_1);
    tcase_add_test(tcase, a_perceptron_learns_from_an_output_of_zero);
    tcase_add_test(tcase, a_direction_too_short_is_divided_by_epsilon);
    tcase_add_test(tcase, options_out_of_bounds_are_refused);
    tcase_add_test(tcase, names_are_those_of_keras);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
