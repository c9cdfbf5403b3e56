/* Initializers, activations, losses, dropout and optimizers against plain formulas in double. */
#include "activation.h"
#include "allocate.h"
#include "initializer.h"
#include "layer.h"
#include "loss.h"
#include "optimizer.h"
#include "suite.h"
#include "variance_scaling.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static nn_part make(const nn_room *room, const char *spec)
{
    nn_part part;
    OK(nn_part_parse(&part, room, spec));
    return part;
}

/* wanted may be NaN or infinite */
static void check_value(double got, double wanted, double tolerance, const char *about, size_t at)
{
    const bool right = isnan(wanted)   ? isnan(got)
                       : isinf(wanted) ? got == wanted
                                       : fabs(got - wanted) <= tolerance;
    if (!right)
        ck_abort_msg("%s: value %zu is %.9g, expected %.9g within %g", about, at, got, wanted,
                     tolerance);
}

static double relative(double wanted, double tolerance)
{
    return tolerance * fmax(1, fabs(wanted));
}

/* A fixed stream of values in [low, high). */
static double next_value(nn_random *random, double low, double high)
{
    return low + (high - low) * nn_random_uniform(random);
}

static nn_random stream(uint64_t seed)
{
    return nn_random_stream(seed, NN_RANDOM_LAYER, 0, 0);
}

/* ---- initializers ---- */

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
    nn_random random = stream(1);
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

/* ---- activations ---- */

enum { ROWS = 37, WIDTH = 13, VALUES = ROWS * WIDTH };

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

static double sigmoid_of(double z)
{
    return 1 / (1 + exp(-z));
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
    nn_random random = stream(21);
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
    nn_random random = stream(22);
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

static void softmax_in_double(size_t width, const nn_real *z, double *p)
{
    double maximum = (double)z[0], sum = 0;
    for (size_t j = 1; j < width; j++)
        maximum = fmax(maximum, (double)z[j]);
    for (size_t j = 0; j < width; j++)
        sum += p[j] = exp((double)z[j] - maximum);
    for (size_t j = 0; j < width; j++)
        p[j] /= sum;
}

START_TEST(softmax_is_its_formula_row_by_row)
{
    static const size_t widths[] = {1, 2, 3, 10, 16, 37};
    nn_part part = make(&nn_activation_room, "softmax");
    const nn_activation *softmax = nn_activation_of(&part);
    for (size_t w = 0; w < COUNT(widths); w++) {
        const size_t width = widths[w], rows = VALUES / width;
        nn_real z[VALUES], y[VALUES], dy[VALUES], dz[VALUES], in_place[VALUES];
        double p[VALUES];
        nn_random random = stream(23);
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

/* ---- losses ---- */

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
    nn_random random = stream(31);
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
    nn_random random = stream(32);
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
    nn_random random = stream(33);
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

/* ---- dropout ---- */

enum { DROPPED = 20000 };

/* What dropout keeps of ones, with the layer's stream of that model's seed and step. */
static void drop(const char *spec, uint64_t seed, uint64_t step, nn_real *y)
{
    static nn_real ones[DROPPED], kept[DROPPED];
    const nn_shape shape = nn_shape_1d(DROPPED / 10);
    nn_part part = make(&nn_layer_room, spec);
    for (size_t i = 0; i < DROPPED; i++)
        ones[i] = 1;
    nn_layer_of(&part)->forward(
        part.self, &(nn_layer_call){.rows = 10,
                                    .input = &shape,
                                    .output = &shape,
                                    .training = true,
                                    .x = ones,
                                    .y = y,
                                    .kept = kept,
                                    .random = nn_random_stream(seed, NN_RANDOM_LAYER, 1, step)});
    nn_part_free(&part);
}

START_TEST(dropout_drops_its_share_and_scales_the_rest)
{
    static const double rates[] = {0, 0.1, 0.5, 0.9, 1};
    static nn_real y[DROPPED];
    for (size_t r = 0; r < COUNT(rates); r++) {
        char spec[64];
        double zeros = 0;
        snprintf(spec, sizeof spec, "dropout rate=%g", rates[r]);
        drop(spec, 1, 0, y);
        for (size_t i = 0; i < DROPPED; i++) {
            zeros += y[i] == 0;
            if (y[i] != 0)
                check_value((double)y[i], 1 / (1 - rates[r]), 1e-6, spec, i);
        }
        /* 5 standard errors of the share; none where the rate is 0 or 1 */
        ck_assert_double_le(fabs(zeros / DROPPED - rates[r]),
                            5 * sqrt(rates[r] * (1 - rates[r]) / DROPPED));
    }
}
END_TEST

START_TEST(dropouts_own_seed_stands_for_the_models)
{
    static nn_real a[DROPPED], b[DROPPED];
    static const struct {
        const char *spec;
        uint64_t seed, step;
        bool same; /* as the first of its three */
    } cases[] = {
        {"dropout rate=0.5", 1, 0, true},        {"dropout rate=0.5", 2, 0, false},
        {"dropout rate=0.5", 1, 1, false},       {"dropout rate=0.5 seed=7", 1, 0, true},
        {"dropout rate=0.5 seed=7", 2, 0, true}, {"dropout rate=0.5 seed=8", 1, 0, false},
        {"dropout rate=0.5 seed=7", 1, 0, true}, {"dropout rate=0.5 seed=7", 1, 1, false},
        {"dropout rate=0.5", 7, 0, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        drop(cases[i].spec, cases[i].seed, cases[i].step, i % 3 == 0 ? a : b);
        if (i % 3 != 0)
            ck_assert_msg((memcmp(a, b, sizeof a) == 0) == cases[i].same, "case %zu: %s", i,
                          cases[i].spec);
    }
}
END_TEST

/* ---- optimizers ---- */

static const struct {
    const char *spec;
    double rate, momentum;
    bool nesterov;
} sgd_cases[] = {
    {"sgd", 0.01, 0, false},
    {"sgd learning_rate=0.25", 0.25, 0, false},
    {"sgd learning_rate=0.1 nesterov=true", 0.1, 0, true}, /* without momentum it is the same */
    {"sgd learning_rate=0.1 momentum=0.9", 0.1, 0.9, false},
    {"sgd learning_rate=0.1 momentum=0.9 nesterov=true", 0.1, 0.9, true},
    {"sgd learning_rate=0 momentum=1", 0, 1, false},
};

START_TEST(sgd_is_kerass_rule_step_by_step)
{
    enum { N = 101, STEPS = 20 };
    const double rate = sgd_cases[_i].rate, momentum = sgd_cases[_i].momentum;
    nn_part part = make(&nn_optimizer_room, sgd_cases[_i].spec);
    const nn_optimizer *sgd = nn_optimizer_of(&part);
    nn_real weights[N], gradients[N], velocity[N] = {0};
    double w[N], v[N] = {0};
    nn_random random = stream(51);
    const char *const *slots = sgd->slots(part.self);
    if (momentum > 0)
        ck_assert_str_eq(*slots++, "momentum");
    ck_assert_ptr_null(*slots);
    for (size_t i = 0; i < N; i++)
        w[i] = (double)(weights[i] = (nn_real)next_value(&random, -1, 1));
    for (uint64_t step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < N; i++) {
            gradients[i] = (nn_real)next_value(&random, -1, 1);
            const double g = (double)gradients[i];
            v[i] = momentum * v[i] - rate * g;
            w[i] += sgd_cases[_i].nesterov ? momentum * v[i] - rate * g : v[i];
        }
        ck_assert_double_eq(nn_optimizer_rate(&part, step), rate);
        sgd->step(part.self, &(nn_optimizer_step){.count = N,
                                                  .iteration = step,
                                                  .learning_rate = rate,
                                                  .weights = weights,
                                                  .gradients = gradients,
                                                  .slots = {velocity}});
    }
    for (size_t i = 0; i < N; i++)
        check_value((double)weights[i], w[i], relative(w[i], 5e-6), sgd_cases[_i].spec, i);
    nn_part_free(&part);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parts");
    TCase *tcase = tcase_create("initializers");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, random_initializers_have_their_moments_and_bounds, 0,
                        COUNT(random_initializers));
    tcase_add_test(tcase, a_seed_gives_the_same_numbers_and_another_gives_others);
    tcase_add_test(tcase, constant_initializers_are_constant);
    tcase_add_test(tcase, fans_are_counted_as_keras_counts_them);
    tcase_add_test(tcase, an_orthogonal_weight_has_orthonormal_rows_or_columns);
    tcase_add_test(tcase, an_initializer_refuses_bounds_in_the_wrong_order);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("activations");
    tcase_add_loop_test(tcase, an_activation_is_its_formula_for_all_numbers, 0, COUNT(functions));
    tcase_add_loop_test(tcase, an_activations_derivative_is_its_formulas, 0, COUNT(functions));
    tcase_add_test(tcase, softmax_is_its_formula_row_by_row);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("losses");
    tcase_add_loop_test(tcase, a_loss_and_its_gradient_are_kerass_formula, 0, COUNT(loss_cases));
    tcase_add_loop_test(tcase, a_fused_loss_is_that_of_the_activations_output, 0,
                        COUNT(loss_cases));
    tcase_add_loop_test(tcase, sure_outputs_and_huge_logits_give_finite_losses_and_gradients, 0,
                        COUNT(loss_cases));
    tcase_add_loop_test(tcase, a_nan_in_the_output_is_a_nan_in_the_loss, 0, COUNT(loss_cases));
    tcase_add_test(tcase, losses_over_classes_refuse_one_output);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("dropout");
    tcase_add_test(tcase, dropout_drops_its_share_and_scales_the_rest);
    tcase_add_test(tcase, dropouts_own_seed_stands_for_the_models);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("optimizers");
    tcase_add_loop_test(tcase, sgd_is_kerass_rule_step_by_step, 0, COUNT(sgd_cases));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
