/* Activations that are layers of their own: names, what a loss does of them, what they refuse; and noise, whose
 * numbers can't be Keras's, against the moments that its formulas have. */
#include "fitting.h"
#include "layer.h"
#include "model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- names ---- */

START_TEST(layers_are_named_as_keras_names_them)
{
    static const char *const layers[] = {"relu max_value=6 input_shape=3",
                                         "relu",
                                         "leaky_relu",
                                         "leaky_relu",
                                         "elu",
                                         "elu",
                                         "softmax",
                                         "softmax",
                                         "identity",
                                         "identity",
                                         "activation activation=relu"};
    static const char *const names[] = {"re_lu",    "re_lu_1",    "leaky_re_lu", "leaky_re_lu_1",
                                        "elu",      "elu_1",      "softmax",     "softmax_1",
                                        "identity", "identity_1", "activation"};
    nn_model *model;
    OK(nn_model_create(&model));
    for (size_t i = 0; i < COUNT(layers); i++) {
        OK(nn_model_add(model, layers[i]));
        ck_assert_str_eq(nn_model_layer_name(model, i), names[i]);
    }
    nn_model_free(model);
}
END_TEST

/* ---- what a loss does ---- */

static nn_model *trained(const char *layers, const char *loss, bool fused)
{
    static blobs points;
    fill_blobs(&points);
    nn_dataset *data = blob_dataset(&points);
    nn_model *model = make_model(4, layers, "sgd learning_rate=0.1 momentum=0.9", loss, NULL);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    ck_assert_int_eq(model->outputs[0].fused, fused);
    options.epochs = 3;
    OK(nn_fit(model, data, &options, NULL));
    nn_dataset_free(data);
    return model;
}

START_TEST(a_loss_does_a_final_softmax_layer_as_it_does_the_activation)
{
    static const char loss[] = "sparse_categorical_crossentropy";
    static const char *const ends[] = {"dense units=3; softmax", "dense units=3; softmax axis=1",
                                       "dense units=3; softmax; identity",
                                       "dense units=3; identity; softmax"};
    nn_model *wanted =
        trained("dense units=8 activation=tanh input_shape=2; dense units=3 activation=softmax",
                loss, true);
    for (size_t i = 0; i < COUNT(ends); i++) {
        char layers[160];
        size_t count, other;
        snprintf(layers, sizeof layers, "dense units=8 activation=tanh input_shape=2; %s", ends[i]);
        nn_model *model = trained(layers, loss, true);
        float *a = weights_of(wanted, &count), *b = weights_of(model, &other);
        ck_assert_uint_eq(count, other);
        ck_assert_msg(memcmp(a, b, count * sizeof *a) == 0, "%s", ends[i]);
        free(a);
        free(b);
        nn_model_free(model);
    }
    nn_model_free(wanted);
    /* what is penalized is the softmax, not what goes into it */
    nn_model_free(
        trained("dense units=3 input_shape=2; softmax activity_regularizer=l2", loss, false));
    nn_model_free(trained("dense units=3 input_shape=2; softmax; identity activity_regularizer=l2",
                          loss, false));
}
END_TEST

START_TEST(a_solver_looks_through_an_identity)
{
    nn_model *model =
        make_model(1, "dense units=1 input_shape=2; identity", "least_squares", "mse", NULL);
    nn_model_free(model);
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=1 input_shape=2"));
    OK(nn_model_add(model, "identity activity_regularizer=l2"));
    FAILS(nn_model_compile(model, "least_squares", "mse", NULL), NN_ERR_UNSUPPORTED,
          "layer 'identity' has a regularizer");
    nn_model_free(model);
    /* dropout is no steadier for a penalty on what it gives */
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dropout rate=0.5 input_shape=2 activity_regularizer=l2"));
    OK(nn_model_add(model, "dense units=1"));
    FAILS(nn_model_compile(model, "lbfgs", "mse", NULL), NN_ERR_UNSUPPORTED,
          "layer 'dropout', a dropout, gives something else in each pass");
    nn_model_free(model);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(what_a_layer_cannot_do_is_refused)
{
    static const struct {
        const char *layer;
        nn_status status;
        const char *message;
    } cases[] = {
        {"softmax axis=1 input_shape=(3,4)", NN_ERR_UNSUPPORTED,
         "softmax: axis is 1, but only the last axis, -1 or 2, is supported: a permute before "
         "brings another one there"},
        {"softmax axis=0 input_shape=4", NN_ERR_UNSUPPORTED,
         "the last axis, -1 or 1, is supported"},
        {"unit_normalization axis=-2 input_shape=(3,4)", NN_ERR_UNSUPPORTED, "axis is -2"},
        {"relu max_value=-1 input_shape=4", NN_ERR_INVALID, "max_value"},
        {"relu threshold=-1 input_shape=4", NN_ERR_INVALID, "threshold"},
        {"leaky_relu negative_slope=-1 input_shape=4", NN_ERR_INVALID, "negative_slope"},
        {"leaky_relu alpha=0.1 input_shape=4", NN_ERR_INVALID, "unknown option 'alpha'"},
        {"elu alpha=-1 input_shape=4", NN_ERR_INVALID, "alpha"},
        {"identity value=1 input_shape=4", NN_ERR_INVALID, "unknown option 'value'"},
        {"input shape=4 activity_regularizer=l2", NN_ERR_INVALID, "takes no activity_regularizer"},
        {"flatten input_shape=(2,4) activity_regularizer=l3", NN_ERR_INVALID,
         "unknown regularizer 'l3'"},
        {"relu input_shape=(2,4) activity_regularizer=orthogonal", NN_ERR_SHAPE,
         "activity_regularizer: orthogonal_regularizer needs 2 dimensions"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_model *model;
        OK(nn_model_create(&model));
        FAILS(nn_model_add(model, cases[i].layer), cases[i].status, cases[i].message);
        nn_model_free(model);
    }
    nn_model *model;
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=1 input_shape=4"));
    OK(nn_model_add(model, "softmax"));
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_SHAPE, "softmax over 1 value");
    nn_model_free(model);
}
END_TEST

/* ---- noise ---- */

enum { ROWS = 64, WIDTH = 1024, VALUES = ROWS * WIDTH };

static nn_real x[VALUES], y[VALUES];

/* y from x while training. */
static void add_noise(const char *spec)
{
    static nn_real kept[VALUES];
    const nn_shape shape = nn_shape_1d(WIDTH);
    nn_part part;
    nn_random numbers = nn_random_stream(21, NN_RANDOM_LAYER, 9, 0);
    for (size_t i = 0; i < VALUES; i++) /* none near 0, so that y / x is well known */
        x[i] = (nn_real)(0.5 + nn_random_uniform(&numbers)) * (i % 3 == 0 ? -1 : 1);
    OK(nn_part_parse(&part, &nn_layer_room, spec));
    nn_layer_of(&part)->forward(
        part.self, &(nn_layer_call){.rows = ROWS,
                                    .input = &shape,
                                    .output = &shape,
                                    .training = true,
                                    .x = x,
                                    .y = y,
                                    .kept = kept,
                                    .random = nn_random_stream(3, NN_RANDOM_LAYER, 1, 5)});
    nn_part_free(&part);
}

/* Five standard errors: of a mean of VALUES numbers, and of a share of them. */
static double mean_bound(double variance)
{
    return 5 * sqrt(variance / VALUES) + 1e-6;
}

/* Normal numbers: mean, variance (whose own is 2 variance^2 / n), how many lie within one standard deviation,
 * and that neighbours have nothing to do with each other. */
static void check_normal(const char *spec, const double *drawn, double mean, double variance)
{
    const double within_one = 0.6826894921370859;
    double sum = 0, squares = 0, products = 0, within = 0;
    for (size_t i = 0; i < VALUES; i++) {
        const double off = drawn[i] - mean;
        sum += drawn[i] / VALUES;
        squares += off * off / VALUES;
        products += i == 0 ? 0 : off * (drawn[i - 1] - mean) / VALUES;
        within += fabs(off) < sqrt(variance) ? 1.0 / VALUES : 0;
    }
    ck_assert_msg(fabs(sum - mean) <= mean_bound(variance), "%s: mean %g", spec, sum);
    ck_assert_msg(fabs(squares - variance) <= mean_bound(2 * variance * variance),
                  "%s: variance %g", spec, squares);
    ck_assert_msg(fabs(products) <= mean_bound(variance * variance), "%s: covariance %g", spec,
                  products);
    ck_assert_msg(fabs(within - within_one) <= mean_bound(within_one * (1 - within_one)),
                  "%s: %g of the numbers are within a standard deviation", spec, within);
}

static const double settings[] = {0.125, 0.5, 0.875};

static const char *spec_of(const char *layer, const char *option, int setting)
{
    static char spec[64];
    snprintf(spec, sizeof spec, "%s %s=%g", layer, option, settings[setting]);
    return spec;
}

/* Each value is kept x + kept_offset, or dropped. */
static void check_dropped(const char *spec, double rate, double kept, double kept_offset,
                          double dropped)
{
    double share = 0, pairs = 0;
    bool before = false;
    add_noise(spec);
    for (size_t i = 0; i < VALUES; i++) {
        const double as_kept = kept * (double)x[i] + kept_offset;
        const bool is_dropped = fabs((double)y[i] - dropped) < 2e-6 * (1 + fabs(dropped));
        ck_assert_msg(is_dropped || fabs((double)y[i] - as_kept) < 2e-6 * (1 + fabs(as_kept)),
                      "%s: %g becomes %g", spec, (double)x[i], (double)y[i]);
        share += is_dropped ? 1.0 / VALUES : 0;
        pairs += is_dropped && before ? 1.0 / VALUES : 0;
        before = is_dropped;
    }
    ck_assert_msg(fabs(share - rate) <= mean_bound(rate * (1 - rate)), "%s: %g are dropped", spec,
                  share);
    /* of pairs that overlap: the variance is at most three times that of as many pairs apart */
    ck_assert_msg(fabs(pairs - rate * rate) <=
                      mean_bound(3 * rate * rate * (1 - rate * rate)) + 1.0 / VALUES,
                  "%s: %g of the pairs are dropped", spec, pairs);
}

START_TEST(dropout_drops_its_share_and_scales_the_rest)
{
    const double rate = settings[_i];
    check_dropped(spec_of("dropout", "rate", _i), rate, 1 / (1 - rate), 0, 0);
}
END_TEST

START_TEST(alpha_dropout_has_its_constants)
{
    const double rate = settings[_i], instead = -1.6732632423543772 * 1.0507009873554805;
    const double a = 1 / sqrt((1 - rate) * (1 + rate * instead * instead));
    const double b = -a * instead * rate;
    check_dropped(spec_of("alpha_dropout", "rate", _i), rate, a, b, a * instead + b);
    /* mean 0 and variance 1 stay so: of x kept and of what stands instead */
    ck_assert_double_eq_tol(rate * (a * instead + b) + (1 - rate) * b, 0, 1e-12);
    ck_assert_double_eq_tol(rate * pow(a * instead + b, 2) + (1 - rate) * (a * a + b * b), 1,
                            1e-12);
}
END_TEST

START_TEST(gaussian_dropout_multiplies_by_normal_numbers)
{
    static double factors[VALUES];
    const char *spec = spec_of("gaussian_dropout", "rate", _i);
    add_noise(spec);
    for (size_t i = 0; i < VALUES; i++)
        factors[i] = (double)y[i] / (double)x[i];
    check_normal(spec, factors, 1, settings[_i] / (1 - settings[_i]));
}
END_TEST

START_TEST(gaussian_noise_adds_normal_numbers)
{
    static double terms[VALUES];
    const char *spec = spec_of("gaussian_noise", "stddev", _i);
    add_noise(spec);
    for (size_t i = 0; i < VALUES; i++)
        terms[i] = (double)y[i] - (double)x[i];
    check_normal(spec, terms, 0, settings[_i] * settings[_i]);
}
END_TEST

START_TEST(noise_is_for_training_alone)
{
    static const char *const layers[] = {"dropout rate=%g", "alpha_dropout rate=%g",
                                         "gaussian_dropout rate=%g", "gaussian_noise stddev=%g"};
    for (size_t l = 0; l < COUNT(layers); l++) {
        char line[96];
        float in[2 * 7], out[2 * 7];
        nn_model *model;
        const int length = snprintf(line, sizeof line, layers[l], settings[_i]);
        snprintf(line + length, sizeof line - (size_t)length, " input_shape=7");
        OK(nn_model_create(&model));
        OK(nn_model_add(model, line));
        for (size_t i = 0; i < COUNT(in); i++)
            in[i] = noise(i);
        OK(nn_predict(model, in, 2, out));
        ck_assert_mem_eq(in, out, sizeof in);
        nn_model_free(model);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("activation_layers");
    TCase *tcase = tcase_create("activation_layers");
    tcase_add_test(tcase, layers_are_named_as_keras_names_them);
    tcase_add_test(tcase, a_loss_does_a_final_softmax_layer_as_it_does_the_activation);
    tcase_add_test(tcase, a_solver_looks_through_an_identity);
    tcase_add_test(tcase, what_a_layer_cannot_do_is_refused);
    tcase_add_loop_test(tcase, dropout_drops_its_share_and_scales_the_rest, 0, COUNT(settings));
    tcase_add_loop_test(tcase, alpha_dropout_has_its_constants, 0, COUNT(settings));
    tcase_add_loop_test(tcase, gaussian_dropout_multiplies_by_normal_numbers, 0, COUNT(settings));
    tcase_add_loop_test(tcase, gaussian_noise_adds_normal_numbers, 0, COUNT(settings));
    tcase_add_loop_test(tcase, noise_is_for_training_alone, 0, COUNT(settings));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
