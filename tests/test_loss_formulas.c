/* Losses and their gradients, alone and with the activation they fuse with, against plain formulas in double. */
#include "formulas.h"
#include "loss.h"
#include "suite.h"
#include <math.h>
#include <string.h>

struct loss_case {
    const char *spec;
    bool from_logits;
    double smoothing;
};

static const struct loss_case loss_cases[] = {
    {"mean_squared_error", false, 0},
    {"binary_crossentropy", false, 0},
    {"binary_crossentropy label_smoothing=0.2", false, 0.2},
    {"binary_crossentropy from_logits=true", true, 0},
    {"binary_crossentropy from_logits=true label_smoothing=0.2", true, 0.2},
    {"categorical_crossentropy", false, 0},
    {"categorical_crossentropy label_smoothing=0.2", false, 0.2},
    {"categorical_crossentropy from_logits=true", true, 0},
    {"categorical_crossentropy from_logits=true label_smoothing=0.2", true, 0.2},
    {"sparse_categorical_crossentropy", false, 0},
    {"sparse_categorical_crossentropy from_logits=true", true, 0},
};

static double clip(double p)
{
    /* the library clips in float */
    const double low = (double)(nn_real)1e-7, high = (double)(nn_real)(1 - 1e-7);
    return p < low ? low : p > high ? high : p;
}

/* Keras's formulas for one row of outputs y (probabilities, or logits); t: target values. */
static double loss_in_double(const struct loss_case *loss, size_t width, const double *y,
                             const double *t)
{
    double sum = 0;
    if (loss->spec[0] == 'm') {
        for (size_t j = 0; j < width; j++)
            sum += (y[j] - t[j]) * (y[j] - t[j]);
        return sum / (double)width;
    }
    if (loss->spec[0] == 'b') {
        for (size_t j = 0; j < width; j++) {
            const double wanted = t[j] * (1 - loss->smoothing) + 0.5 * loss->smoothing;
            /* log sigmoid(z) = -log(1 + e^-z), stable on both sides */
            const double log_p =
                loss->from_logits ? fmin(y[j], 0) - log1p(exp(-fabs(y[j]))) : log(clip(y[j]));
            const double log_q =
                loss->from_logits ? fmin(-y[j], 0) - log1p(exp(-fabs(y[j]))) : log(1 - clip(y[j]));
            sum -= wanted * log_p + (1 - wanted) * log_q;
        }
        return sum / (double)width;
    }
    double maximum = y[0], total = 0;
    for (size_t j = 0; j < width; j++)
        maximum = fmax(maximum, y[j]);
    for (size_t j = 0; j < width; j++)
        total += loss->from_logits ? exp(y[j] - maximum) : y[j];
    for (size_t j = 0; j < width; j++) {
        const double wanted = t[j] * (1 - loss->smoothing) + loss->smoothing / (double)width;
        const double log_p =
            loss->from_logits ? y[j] - maximum - log(total) : log(clip(y[j] / total));
        sum -= wanted * log_p;
    }
    return sum;
}

/* Random targets for a loss: yes or no, one-hot or labels; the same as values in t. */
struct targets {
    nn_real values[VALUES];
    int32_t labels[VALUES];
    double t[VALUES];
    nn_target target;
};

static void make_targets(struct targets *targets, const nn_loss *loss, size_t rows, size_t width,
                         bool soft)
{
    nn_random random = stream_of(31);
    *targets = (struct targets){.target = {.kind = loss->target}};
    const bool classes = loss->check_width != NULL;
    for (size_t i = 0; i < rows; i++) {
        targets->labels[i] = (int32_t)nn_random_below(&random, width);
        for (size_t j = 0; j < width; j++) {
            double t =
                classes ? targets->labels[i] == (int32_t)j : (double)nn_random_below(&random, 2);
            if (soft)
                t = next_value(&random, 0, 1);
            targets->values[i * width + j] = (nn_real)t;
            targets->t[i * width + j] = (double)(nn_real)t;
        }
    }
    if (loss->target == NN_TARGET_LABELS)
        targets->target.labels = targets->labels;
    else
        targets->target.values = targets->values;
}

static void to_double(const nn_real *from, size_t count, double *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (double)from[i];
}

/* Outputs in (0, 1), summing to 1 or not; as logits in [-6, 6). */
static void make_outputs(const struct loss_case *loss, size_t count, nn_real *y)
{
    nn_random random = stream_of(32);
    for (size_t i = 0; i < count; i++)
        y[i] = (nn_real)(loss->from_logits ? next_value(&random, -6, 6)
                                           : next_value(&random, 0.02, 0.98));
}

START_TEST(a_loss_and_its_gradient_are_kerass_formula)
{
    static const size_t widths[] = {2, 3, 13};
    const struct loss_case *loss_case = &loss_cases[_i];
    nn_part part = make(&nn_loss_room, loss_case->spec);
    const nn_loss *loss = nn_loss_of(&part);
    for (size_t w = 0; w < 2 * COUNT(widths); w++) {
        const size_t width = widths[w / 2], rows = VALUES / width;
        nn_real y[VALUES], dy[VALUES], weight[VALUES];
        double values[VALUES], got[VALUES];
        static struct targets targets;
        make_targets(&targets, loss, rows, width, w % 2 == 1 && loss->target == NN_TARGET_VALUES);
        make_outputs(loss_case, rows * width, y);
        to_double(y, rows * width, values);
        for (size_t i = 0; i < rows; i++)
            weight[i] = (nn_real)(i % 3) / 2;
        loss->forward(part.self, rows, width, y, &targets.target, got);
        loss->backward(part.self, rows, width, y, &targets.target, weight, dy);
        for (size_t i = 0; i < rows; i++) {
            double *row = values + i * width;
            const double *t = targets.t + i * width;
            const double wanted = loss_in_double(loss_case, width, row, t);
            check_value(got[i], wanted, relative(wanted, 1e-6), loss_case->spec, i);
            for (size_t j = 0; j < width; j++) {
                const double step = 1e-6, at = row[j];
                row[j] = at + step;
                const double above = loss_in_double(loss_case, width, row, t);
                row[j] = at - step;
                const double below = loss_in_double(loss_case, width, row, t);
                row[j] = at;
                const double slope = (double)weight[i] * (above - below) / (2 * step);
                check_value((double)dy[i * width + j], slope, relative(slope, 3e-6),
                            loss_case->spec, i * width + j);
            }
        }
    }
    nn_part_free(&part);
}
END_TEST

static void activate_in_double(const nn_loss *loss, size_t width, const double *z, double *y)
{
    if (loss->check_width == NULL) {
        for (size_t j = 0; j < width; j++)
            y[j] = sigmoid_of(z[j]);
        return;
    }
    double maximum = z[0], sum = 0;
    for (size_t j = 1; j < width; j++)
        maximum = fmax(maximum, z[j]);
    for (size_t j = 0; j < width; j++)
        sum += y[j] = exp(z[j] - maximum);
    for (size_t j = 0; j < width; j++)
        y[j] /= sum;
}

/* The loss of activation(z); without the clipping that a fused loss does without. */
static double fused_in_double(const struct loss_case *loss_case, const nn_loss *loss, size_t width,
                              const double *z, const double *t)
{
    struct loss_case of_logits = *loss_case;
    double y[WIDTH];
    if (!loss_case->from_logits) {
        of_logits.from_logits = true;
        return loss_in_double(&of_logits, width, z, t);
    }
    activate_in_double(loss, width, z, y); /* whose output is taken as logits again */
    return loss_in_double(&of_logits, width, y, t);
}

START_TEST(a_fused_loss_is_that_of_the_activations_output)
{
    const struct loss_case *loss_case = &loss_cases[_i];
    nn_part part = make(&nn_loss_room, loss_case->spec);
    const nn_loss *loss = nn_loss_of(&part);
    if (loss->fuses_with == NULL) {
        nn_part_free(&part);
        return;
    }
    nn_real z[VALUES], y[VALUES], in_place[VALUES], wanted_y[VALUES], dz[VALUES], weight[ROWS];
    double values[VALUES], got[ROWS], again[ROWS];
    static struct targets targets;
    nn_random random = stream_of(33);
    make_targets(&targets, loss, ROWS, WIDTH, false);
    for (size_t i = 0; i < VALUES; i++)
        in_place[i] = z[i] = (nn_real)next_value(&random, -5, 5);
    for (size_t i = 0; i < ROWS; i++)
        weight[i] = (nn_real)(i % 3) / 2;
    to_double(z, VALUES, values);
    loss->fused_forward(part.self, ROWS, WIDTH, z, y, &targets.target, got);
    loss->fused_forward(part.self, ROWS, WIDTH, in_place, in_place, &targets.target, again);
    ck_assert_mem_eq(y, in_place, sizeof y); /* y may be z */
    ck_assert_mem_eq(got, again, sizeof got);
    loss->fuses_with->forward(NULL, ROWS, WIDTH, z, wanted_y);
    ck_assert_mem_eq(y, wanted_y, sizeof y);
    loss->fused_backward(part.self, ROWS, WIDTH, y, &targets.target, weight, dz);
    for (size_t i = 0; i < ROWS; i++) {
        double *row = values + i * WIDTH;
        const double *t = targets.t + i * WIDTH;
        const double wanted = fused_in_double(loss_case, loss, WIDTH, row, t);
        check_value(got[i], wanted, relative(wanted, 1e-6), loss_case->spec, i);
        for (size_t j = 0; j < WIDTH; j++) {
            const double step = 1e-6, at = row[j];
            row[j] = at + step;
            const double above = fused_in_double(loss_case, loss, WIDTH, row, t);
            row[j] = at - step;
            const double below = fused_in_double(loss_case, loss, WIDTH, row, t);
            row[j] = at;
            check_value((double)dz[i * WIDTH + j], (double)weight[i] * (above - below) / (2 * step),
                        2e-6, loss_case->spec, i * WIDTH + j);
        }
    }
    nn_part_free(&part);
}
END_TEST

START_TEST(sure_outputs_and_huge_logits_give_finite_losses_and_gradients)
{
    const struct loss_case *loss_case = &loss_cases[_i];
    nn_part part = make(&nn_loss_room, loss_case->spec);
    const nn_loss *loss = nn_loss_of(&part);
    static const double sure[2][3] = {{0, 1, 0}, {1, 0, 0}}; /* right and wrong */
    nn_real y[6], dy[6];
    double got[2], values[6];
    const nn_real weight[2] = {1, 1};
    const int32_t labels[2] = {1, 1};
    const nn_real hot[6] = {0, 1, 0, 0, 1, 0};
    const nn_target target = {.kind = loss->target, .values = hot, .labels = labels};
    const double t[3] = {0, 1, 0};
    for (size_t i = 0; i < 6; i++) {
        const double p = sure[i / 3][i % 3];
        y[i] = (nn_real)(loss_case->from_logits ? (p > 0 ? 1000 : -1000) : p);
    }
    to_double(y, 6, values);
    loss->forward(part.self, 2, 3, y, &target, got);
    loss->backward(part.self, 2, 3, y, &target, weight, dy);
    for (size_t i = 0; i < 2; i++) {
        const double wanted = loss_in_double(loss_case, 3, values + 3 * i, t);
        check_value(got[i], wanted, relative(wanted, 1e-5), loss_case->spec, i);
    }
    for (size_t i = 0; i < 6; i++)
        ck_assert_msg(isfinite(dy[i]), "%s: gradient %zu isn't finite", loss_case->spec, i);
    for (size_t i = 0; i < 6 && loss->fuses_with != NULL; i++)
        values[i] = (double)(y[i] = sure[i / 3][i % 3] > 0 ? 1000 : -1000);
    if (loss->fuses_with != NULL) {
        loss->fused_forward(part.self, 2, 3, y, y, &target, got);
        loss->fused_backward(part.self, 2, 3, y, &target, weight, dy);
        for (size_t i = 0; i < 2; i++) {
            const double wanted = fused_in_double(loss_case, loss, 3, values + 3 * i, t);
            check_value(got[i], wanted, relative(wanted, 1e-5), loss_case->spec, i);
        }
        for (size_t i = 0; i < 6; i++)
            ck_assert_msg(isfinite(dy[i]), "%s: fused gradient %zu isn't finite", loss_case->spec,
                          i);
    }
    nn_part_free(&part);
}
END_TEST

START_TEST(a_nan_in_the_output_is_a_nan_in_the_loss)
{
    const struct loss_case *loss_case = &loss_cases[_i];
    nn_part part = make(&nn_loss_room, loss_case->spec);
    const nn_loss *loss = nn_loss_of(&part);
    for (size_t at = 0; at < 3; at++) {
        nn_real y[6] = {(nn_real)0.2, (nn_real)0.3, (nn_real)0.5,
                        (nn_real)0.2, (nn_real)0.3, (nn_real)0.5};
        nn_real fused[6];
        const int32_t labels[2] = {1, 1};
        const nn_real hot[6] = {0, 1, 0, 0, 1, 0};
        const nn_target target = {.kind = loss->target, .values = hot, .labels = labels};
        double got[2];
        y[at] = NAN;
        loss->forward(part.self, 2, 3, y, &target, got);
        ck_assert_msg(isnan(got[0]), "%s: NaN at %zu is lost", loss_case->spec, at);
        ck_assert(isfinite(got[1]));
        if (loss->fuses_with == NULL)
            continue;
        loss->fused_forward(part.self, 2, 3, y, fused, &target, got);
        ck_assert_msg(isnan(got[0]), "%s: NaN at %zu is lost when fused", loss_case->spec, at);
        ck_assert(isfinite(got[1]));
    }
    nn_part_free(&part);
}
END_TEST

START_TEST(losses_over_classes_refuse_one_output)
{
    for (size_t i = 0; i < nn_loss_room.count; i++) {
        nn_part part = make(&nn_loss_room, nn_loss_room.parts[i]->sample);
        const nn_loss *loss = nn_loss_of(&part);
        if (loss->check_width != NULL) {
            ck_assert_int_eq(loss->check_width(part.self, 1), NN_ERR_SHAPE);
            ck_assert_ptr_nonnull(strstr(nn_error_message(), part.type->name));
            ck_assert_ptr_nonnull(strstr(nn_error_message(), "binary_crossentropy"));
            OK(loss->check_width(part.self, 2));
        }
        nn_part_free(&part);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loss_formulas");
    TCase *tcase = add_case(suite, "losses", NULL, NULL);
    tcase_add_loop_test(tcase, a_loss_and_its_gradient_are_kerass_formula, 0, COUNT(loss_cases));
    tcase_add_loop_test(tcase, a_fused_loss_is_that_of_the_activations_output, 0,
                        COUNT(loss_cases));
    tcase_add_loop_test(tcase, sure_outputs_and_huge_logits_give_finite_losses_and_gradients, 0,
                        COUNT(loss_cases));
    tcase_add_loop_test(tcase, a_nan_in_the_output_is_a_nan_in_the_loss, 0, COUNT(loss_cases));
    tcase_add_test(tcase, losses_over_classes_refuse_one_output);
    return run_suite(suite);
}
