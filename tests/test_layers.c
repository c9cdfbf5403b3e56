/* What layers promise beyond their formulas, which test_gradients_layers and test_golden_layers check: batches that
 * they can train on, moving statistics, noise, what is learned from data, whole numbers, NaN, threads. */
#include "allocate.h"
#include "faults.h"
#include "fitting.h"
#include "layer.h"
#include "model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 7, INPUTS = 3 };

static float inputs[ROWS * INPUTS], targets[ROWS * 2];

static nn_dataset *some_data(size_t rows)
{
    nn_dataset *data;
    for (size_t i = 0; i < COUNT(inputs); i++)
        inputs[i] = noise(i);
    for (size_t i = 0; i < COUNT(targets); i++)
        targets[i] = noise(1000 + i);
    OK(nn_dataset_from_arrays(&data, rows, inputs, NN_FLOAT32, INPUTS, targets, NN_FLOAT32, 2));
    return data;
}

static const char with_statistics[] =
    "dense units=4 input_shape=(3);batch_normalization;dense units=2";

static nn_model *statistics_model(void)
{
    return make_model(3, with_statistics, "sgd learning_rate=0.1 momentum=0.5", "mse", NULL);
}

/* ---- batches of one row ---- */

START_TEST(batch_normalization_refuses_batches_of_one_row)
{
    nn_model *model = statistics_model();
    nn_dataset *data = some_data(ROWS), *one = slice_of(data, 0, 1);
    float *before = weights_of(model, NULL);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = 1;
    FAILS(nn_fit(model, data, &options, NULL), NN_ERR_INVALID,
          "batch_normalization can't train on batches of 1 row");
    FAILS(nn_fit(model, one, NULL, NULL), NN_ERR_INVALID, "Use a batch_size of at least 2");
    FAILS(nn_train_on_batch(model, one, NULL, 0), NN_ERR_INVALID, "layer_normalization");
    ck_assert(has_weights(model, before));
    float y[2];
    double loss;
    OK(nn_predict(model, inputs, 1, y)); /* which is no training */
    OK(nn_evaluate(model, one, &loss, 1));
    nn_dataset *two = slice_of(data, 0, 2);
    OK(nn_train_on_batch(model, two, NULL, 0));
    nn_dataset_free(two);
    free(before);
    nn_model_free(model);

    /* a row of several positions has a variance of its own */
    model = make_model(3,
                       "reshape target_shape=(3,1) input_shape=(3);batch_normalization;flatten;"
                       "dense units=2",
                       "sgd", "mse", NULL);
    OK(nn_fit(model, data, &options, NULL));
    nn_model_free(model);
    nn_dataset_free(one);
    nn_dataset_free(data);
}
END_TEST

/* Steps of a fit without shuffling, by hand. */
static void step_on(nn_model *model, const nn_dataset *data, size_t first, size_t count)
{
    nn_dataset *part = slice_of(data, first, count);
    OK(nn_train_on_batch(model, part, NULL, 0));
    nn_dataset_free(part);
}

START_TEST(a_single_last_row_joins_the_batch_before)
{
    nn_model *fitted = statistics_model(), *stepped = statistics_model();
    nn_dataset *data = some_data(ROWS);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    nn_history *history;
    options.batch_size = 3;
    options.shuffle = 0;
    OK(nn_fit(fitted, data, &options, &history));
    step_on(stepped, data, 0, 3);
    step_on(stepped, data, 3, 4);
    ck_assert(same_weights(fitted, stepped));
    nn_history_free(history);
    /* two rows are enough for a batch */
    options.batch_size = 5;
    OK(nn_fit(fitted, data, &options, NULL));
    step_on(stepped, data, 0, 5);
    step_on(stepped, data, 5, 2);
    ck_assert(same_weights(fitted, stepped));
    nn_model_free(fitted);
    nn_model_free(stepped);

    /* without such a layer it is a batch */
    fitted = make_model(3, "dense units=2 input_shape=(3)", "sgd", "mse", NULL);
    stepped = make_model(3, "dense units=2 input_shape=(3)", "sgd", "mse", NULL);
    options.batch_size = 3;
    OK(nn_fit(fitted, data, &options, NULL));
    step_on(stepped, data, 0, 3);
    step_on(stepped, data, 3, 3);
    step_on(stepped, data, 6, 1);
    ck_assert(same_weights(fitted, stepped));
    nn_model_free(fitted);
    nn_model_free(stepped);
    nn_dataset_free(data);
}
END_TEST

/* ---- moving statistics ---- */

START_TEST(moving_statistics_change_with_a_step_and_with_nothing_else)
{
    nn_model *model =
        make_model(3, "batch_normalization input_shape=(3) momentum=0.75;dense units=2",
                   "sgd learning_rate=0", "mse", NULL);
    nn_dataset *data = some_data(ROWS);
    float *before = weights_of(model, NULL), y[ROWS * 2], mean[3], variance[3];
    double loss;
    OK(nn_predict(model, inputs, ROWS, y));
    OK(nn_evaluate(model, data, &loss, 1));
    ck_assert(has_weights(model, before));
    inputs[4] = INFINITY; /* a loss that isn't finite makes no step */
    FAILS(nn_train_on_batch(model, data, NULL, 0), NN_ERR_NONFINITE, "isn't finite");
    ck_assert(has_weights(model, before));
    FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_NONFINITE, "isn't finite");
    ck_assert(has_weights(model, before));
    inputs[4] = noise(4);
    OK(nn_train_on_batch(model, data, NULL, 0));
    OK(nn_model_get_weights(model, "batch_normalization/moving_mean", mean, 3));
    OK(nn_model_get_weights(model, "batch_normalization/moving_variance", variance, 3));
    for (size_t j = 0; j < 3; j++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < ROWS; i++)
            sum += (double)inputs[i * 3 + j] / ROWS;
        for (size_t i = 0; i < ROWS; i++)
            squares += pow((double)inputs[i * 3 + j] - sum, 2) / ROWS;
        ck_assert_double_eq_tol((double)mean[j], 0.25 * sum, 1e-7);
        ck_assert_double_eq_tol((double)variance[j], 0.75 + 0.25 * squares, 1e-6);
    }
    free(before);
    nn_model_free(model);

    /* also where nothing is trained */
    model = make_model(3,
                       "batch_normalization input_shape=(3) center=false scale=false;reshape "
                       "target_shape=(3)",
                       "sgd", "mse", NULL);
    nn_dataset *wide;
    OK(nn_dataset_from_arrays(&wide, ROWS, inputs, NN_FLOAT32, 3, inputs, NN_FLOAT32, 3));
    before = weights_of(model, NULL);
    OK(nn_train_on_batch(model, wide, NULL, 0));
    ck_assert(!has_weights(model, before));
    free(before);
    nn_model_free(model);
    nn_dataset_free(wide);
    nn_dataset_free(data);
}
END_TEST

static const char frozen_first[] =
    "batch_normalization input_shape=(3) momentum=0.5 trainable=false;dense units=2";

/* It works in training as in prediction: nothing of it moves, and a row may come alone. */
START_TEST(frozen_statistics_are_used_and_stay)
{
    static const float mean[3] = {0.5f, -0.25f, 2}, variance[3] = {4, 0.5f, 1};
    nn_model *frozen = make_model(3, frozen_first, "sgd learning_rate=0", "mse", NULL);
    nn_dataset *data = some_data(ROWS);
    OK(nn_model_set_weights(frozen, "batch_normalization/moving_mean", mean, 3));
    OK(nn_model_set_weights(frozen, "batch_normalization/moving_variance", variance, 3));
    float *before = weights_of(frozen, NULL);
    double evaluated, trained;
    OK(nn_evaluate(frozen, data, &evaluated, 1));
    OK(nn_train_on_batch(frozen, data, &trained, 1));
    ck_assert_double_eq(evaluated, trained);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = 1;
    OK(nn_fit(frozen, data, &options, NULL));
    ck_assert(has_weights(frozen, before));

    /* a last row joins no batch: 3, 3 and 1 rows */
    nn_model *fitted = make_model(3, frozen_first, "sgd", "mse", NULL);
    nn_model *stepped = make_model(3, frozen_first, "sgd", "mse", NULL);
    options.batch_size = 3;
    options.shuffle = 0;
    OK(nn_fit(fitted, data, &options, NULL));
    step_on(stepped, data, 0, 3);
    step_on(stepped, data, 3, 3);
    step_on(stepped, data, 6, 1);
    ck_assert(same_weights(fitted, stepped));

    /* thawed, it is as if it had never been frozen */
    OK(nn_model_set_trainable(frozen, "batch_normalization", 1));
    OK(nn_model_compile(frozen, "sgd learning_rate=0", "mse", NULL));
    options.batch_size = 1;
    FAILS(nn_fit(frozen, data, &options, NULL), NN_ERR_INVALID, "can't train on batches of 1 row");
    OK(nn_train_on_batch(frozen, data, &trained, 1));
    ck_assert_double_ne(evaluated, trained);
    ck_assert(!has_weights(frozen, before));
    free(before);
    nn_model_free(frozen);
    nn_model_free(fitted);
    nn_model_free(stepped);
    nn_dataset_free(data);
}
END_TEST

START_TEST(a_clone_has_the_moving_statistics)
{
    nn_model *model = statistics_model(), *copy;
    nn_dataset *data = some_data(ROWS);
    OK(nn_train_on_batch(model, data, NULL, 0));
    OK(nn_model_clone(&copy, model));
    ck_assert(same_weights(model, copy));
    OK(nn_train_on_batch(model, data, NULL, 0));
    ck_assert(!same_weights(model, copy));
    OK(nn_train_on_batch(copy, data, NULL, 0));
    ck_assert(same_weights(model, copy));
    nn_model_free(model);
    nn_model_free(copy);
    nn_dataset_free(data);
}
END_TEST

/* ---- what layers add to the loss ---- */

START_TEST(what_a_layer_adds_is_in_the_loss_of_training_and_evaluation)
{
    nn_model *plain =
        make_model(3, "dense units=2 input_shape=(3)", "sgd learning_rate=0", "mse", NULL);
    nn_model *model = make_model(3,
                                 "dense units=2 input_shape=(3);activity_regularization l1=0.5 "
                                 "l2=0.25",
                                 "sgd learning_rate=0", "mse", NULL);
    nn_dataset *data = some_data(ROWS);
    double without, trained, evaluated, added = 0;
    float y[ROWS * 2], same[ROWS * 2];
    OK(nn_predict(plain, inputs, ROWS, y));
    OK(nn_predict(model, inputs, ROWS, same));
    ck_assert_mem_eq(y, same, sizeof y);
    for (size_t i = 0; i < COUNT(y); i++)
        added += (0.5 * fabs((double)y[i]) + 0.25 * (double)y[i] * (double)y[i]) / ROWS;
    OK(nn_evaluate(plain, data, &without, 1));
    OK(nn_evaluate(model, data, &evaluated, 1));
    OK(nn_train_on_batch(model, data, &trained, 1));
    ck_assert_double_gt(added, 0.1);
    ck_assert_double_eq_tol(evaluated, without + added, 1e-6);
    ck_assert_double_eq_tol(trained, without + added, 1e-6);
    nn_model_free(plain);
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

/* ---- noise ---- */

enum { NOISY = 40000, ROW = NOISY / 10 };

/* What a layer makes of x while training, with the layer's stream of that seed and step. */
static void add_noise(const char *spec, uint64_t seed, uint64_t step, const nn_real *x, nn_real *y)
{
    static nn_real kept[NOISY];
    const nn_shape shape = nn_shape_1d(ROW);
    nn_part part;
    OK(nn_part_parse(&part, &nn_layer_room, spec));
    nn_layer_of(&part)->forward(
        part.self, &(nn_layer_call){.rows = 10,
                                    .input = &shape,
                                    .output = &shape,
                                    .training = true,
                                    .x = x,
                                    .y = y,
                                    .kept = kept,
                                    .random = nn_random_stream(seed, NN_RANDOM_LAYER, 1, step)});
    nn_part_free(&part);
}

static void moments(const nn_real *values, double *mean, double *variance)
{
    *mean = *variance = 0;
    for (size_t i = 0; i < NOISY; i++)
        *mean += (double)values[i] / NOISY;
    for (size_t i = 0; i < NOISY; i++)
        *variance += ((double)values[i] - *mean) * ((double)values[i] - *mean) / NOISY;
}

START_TEST(noise_has_its_mean_and_variance)
{
    static nn_real x[NOISY], y[NOISY];
    static const struct {
        const char *spec;
        double x, mean, variance; /* of y, for an x */
    } cases[] = {
        {"gaussian_noise stddev=0.5", 3, 3, 0.25}, {"gaussian_noise stddev=1", -1, -1, 1},
        {"gaussian_noise stddev=0", 2, 2, 0},      {"gaussian_dropout rate=0.2", 2, 2, 4 * 0.25},
        {"gaussian_dropout rate=0.8", 1, 1, 4},    {"gaussian_dropout rate=0", 2, 2, 0},
        {"alpha_dropout rate=0", 2, 2, 0},
    };
    double mean, variance;
    for (size_t c = 0; c < COUNT(cases); c++) {
        for (size_t i = 0; i < NOISY; i++)
            x[i] = (nn_real)cases[c].x;
        add_noise(cases[c].spec, 1, 0, x, y);
        moments(y, &mean, &variance);
        /* 5 standard errors; that of a normal number's variance is sqrt(2 / n) of it */
        ck_assert_double_eq_tol(mean, cases[c].mean, 5 * sqrt(cases[c].variance / NOISY) + 1e-6);
        ck_assert_double_eq_tol(variance, cases[c].variance,
                                5 * cases[c].variance * sqrt(2.0 / NOISY) + 1e-10);
    }
    /* alpha_dropout keeps mean 0 and variance 1, and drops its share to one value */
    nn_random random = nn_random_stream(5, NN_RANDOM_LAYER, 2, 0);
    for (size_t i = 0; i < NOISY; i++)
        x[i] = (nn_real)nn_random_normal(&random);
    for (double rate = 0.1; rate < 1; rate += 0.4) {
        const double instead = -1.6732632423543772 * 1.0507009873554805;
        const double a = 1 / sqrt((1 - rate) * (1 + rate * instead * instead));
        const double dropped_to = a * instead * (1 - rate);
        char spec[64];
        size_t dropped = 0;
        snprintf(spec, sizeof spec, "alpha_dropout rate=%g", rate);
        add_noise(spec, 1, 0, x, y);
        moments(y, &mean, &variance);
        for (size_t i = 0; i < NOISY; i++) {
            const double kept = a * ((double)x[i] - instead * rate);
            const bool is_dropped = fabs((double)y[i] - dropped_to) < 1e-5;
            dropped += is_dropped;
            ck_assert(is_dropped || fabs((double)y[i] - kept) < 1e-5);
        }
        ck_assert_double_eq_tol((double)dropped / NOISY, rate, 5 * sqrt(rate * (1 - rate) / NOISY));
        ck_assert_double_eq_tol(mean, 0, 5 / sqrt(NOISY));
        ck_assert_double_eq_tol(variance, 1, 0.06);
    }
}
END_TEST

START_TEST(noise_is_that_of_its_seed_and_step)
{
    static nn_real x[NOISY], a[NOISY], b[NOISY];
    static const char *const specs[] = {"gaussian_noise stddev=0.5", "gaussian_dropout rate=0.3",
                                        "alpha_dropout rate=0.3"};
    for (size_t i = 0; i < NOISY; i++)
        x[i] = 1;
    for (size_t s = 0; s < COUNT(specs); s++) {
        char seeded[64];
        snprintf(seeded, sizeof seeded, "%s seed=9", specs[s]);
        add_noise(specs[s], 1, 0, x, a);
        add_noise(specs[s], 1, 0, x, b);
        ck_assert_mem_eq(a, b, sizeof a);
        add_noise(specs[s], 2, 0, x, b);
        ck_assert_mem_ne(a, b, sizeof a);
        add_noise(specs[s], 1, 1, x, b);
        ck_assert_mem_ne(a, b, sizeof a);
        add_noise(seeded, 1, 0, x, a);
        add_noise(seeded, 2, 0, x, b);
        ck_assert_mem_eq(a, b, sizeof a);
        add_noise(specs[s], 9, 0, x, b);
        ck_assert_mem_eq(a, b, sizeof a);
    }
}
END_TEST

/* ---- whole numbers ---- */

START_TEST(numbers_out_of_range_are_refused_in_data_and_nan_in_predictions)
{
    static const float wrong[] = {4, -1, 0.5f, 1e9f, NAN, INFINITY};
    float x[] = {0, 1, 2, 3, 3, 0}, y[3 * 8], t[] = {1, 2, 3};
    static const char *const layers[] = {
        "embedding input_dim=4 output_dim=4 input_shape=(2);flatten;dense units=1",
        "reshape target_shape=(2,1) input_shape=(2);category_encoding num_tokens=4 "
        "output_mode=one_hot;flatten;dense units=1",
        "category_encoding num_tokens=4 output_mode=count input_shape=(2);dense units=1",
    };
    for (size_t l = 0; l < COUNT(layers); l++) {
        nn_model *model = make_model(1, layers[l], "sgd", "mse", NULL);
        nn_dataset *data;
        double loss;
        OK(nn_dataset_from_arrays(&data, 3, x, NN_FLOAT32, 2, t, NN_FLOAT32, 1));
        OK(nn_fit(model, data, NULL, NULL));
        for (size_t w = 0; w < COUNT(wrong); w++) {
            x[3] = wrong[w];
            FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_INVALID, "in row 1");
            FAILS(nn_evaluate(model, data, &loss, 1), NN_ERR_INVALID, "takes whole numbers 0 to 3");
            OK(nn_predict(model, x, 3, y));
            const bool cut = wrong[w] == 0.5f; /* as Keras does */
            ck_assert(isfinite(y[0]) && isfinite(y[2]));
            ck_assert_msg((isnan(y[1]) != 0) != cut, "%s: %g gives %g", layers[l], (double)wrong[w],
                          (double)y[1]);
        }
        x[3] = 3;
        nn_dataset_free(data);
        /* and in the other types */
        const uint8_t bytes[] = {0, 1, 2, 3, 4, 0};
        const int32_t integers[] = {0, 1, 2, -1, 3, 0};
        OK(nn_dataset_from_arrays(&data, 3, bytes, NN_UINT8, 2, t, NN_FLOAT32, 1));
        FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_INVALID, "have 4 in row 2");
        nn_dataset_free(data);
        OK(nn_dataset_from_arrays(&data, 3, integers, NN_INT32, 2, t, NN_FLOAT32, 1));
        FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_INVALID, "have -1 in row 1");
        nn_dataset_free(data);
        nn_model_free(model);
    }
}
END_TEST

/* ---- shapes ---- */

START_TEST(layers_refuse_inputs_that_they_cannot_take)
{
    static const struct {
        const char *layer;
        nn_status status;
        const char *message;
    } cases[] = {
        {"batch_normalization axis=1 input_shape=(3,4)", NN_ERR_UNSUPPORTED, "axis is 1"},
        {"layer_normalization axis=1 input_shape=(3,4)", NN_ERR_UNSUPPORTED, "only the last axis"},
        {"group_normalization input_shape=(6)", NN_ERR_SHAPE,
         "6 channels can't be cut into 32 equal groups"},
        {"group_normalization groups=0 input_shape=(6)", NN_ERR_INVALID, "groups is 0"},
        {"normalization mean=1 input_shape=(6)", NN_ERR_INVALID, "both, or neither"},
        {"normalization mean=(1,2) variance=3 input_shape=(6)", NN_ERR_SHAPE,
         "mean has 2 values, variance 1"},
        {"normalization mean=(1,2) variance=(1,2) input_shape=(6)", NN_ERR_SHAPE,
         "expected 1 or 6"},
        {"normalization mean=1 variance=-1 input_shape=(6)", NN_ERR_INVALID, "variance 0 is -1"},
        {"pca n_components=7 input_shape=(6)", NN_ERR_SHAPE, "n_components is 7"},
        {"reshape target_shape=(4,-1) input_shape=(6)", NN_ERR_SHAPE, "can't be seen as (4, -1)"},
        {"reshape target_shape=(-1,-1) input_shape=(6)", NN_ERR_SHAPE, "can't be seen as"},
        {"reshape target_shape=(2,2) input_shape=(6)", NN_ERR_SHAPE, "(6,) = 6 values"},
        {"reshape target_shape=(7,-1) input_shape=(6)", NN_ERR_SHAPE, "can't be seen as"},
        {"reshape target_shape=(0,-1) input_shape=(6)", NN_ERR_SHAPE, "can't be seen as"},
        {"permute dims=(1,1) input_shape=(2,3)", NN_ERR_INVALID, "expected each of 1 to 2 once"},
        {"permute dims=(2,1) input_shape=(6)", NN_ERR_SHAPE, "dims names 2 axes"},
        {"repeat_vector n=2 input_shape=(2,3)", NN_ERR_SHAPE, "put a flatten before"},
        {"prelu shared_axes=(2) input_shape=(6)", NN_ERR_SHAPE, "shared axis 2"},
        {"prelu shared_axes=(0) input_shape=(6)", NN_ERR_SHAPE, "shared axis 0"},
        {"embedding input_dim=3 output_dim=2000000000 input_shape=(6)", NN_ERR_INVALID,
         "more than"},
        {"embedding input_dim=3 output_dim=1 input_shape=(1,1,1,1,1,1,1,1)", NN_ERR_SHAPE,
         "adds a dimension"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_model *model;
        OK(nn_model_create(&model));
        FAILS(nn_model_add(model, cases[i].layer), cases[i].status, cases[i].message);
        nn_model_free(model);
    }
}
END_TEST

/* ---- learning from data ---- */

enum { LEARNED_ROWS = 600 };

static uint8_t pixels[LEARNED_ROWS][2][3];

static nn_dataset *pixel_data(size_t rows)
{
    nn_dataset *data;
    for (size_t i = 0; i < sizeof pixels; i++)
        ((uint8_t *)pixels)[i] = (uint8_t)(128 + 100 * noise(i) + 20 * noise(i / 6));
    OK(nn_dataset_from_arrays(&data, rows, pixels, NN_UINT8, 6, NULL, NN_FLOAT32, 0));
    return data;
}

START_TEST(a_layer_learns_from_what_the_layers_before_make_of_the_data)
{
    nn_model *model = make_model(1,
                                 "rescaling scale=0.01 offset=-1 input_shape=(2,3);permute "
                                 "dims=(2,1);normalization;dropout rate=0.5;flatten;pca "
                                 "n_components=4 whiten=true name=p",
                                 NULL, NULL, NULL);
    nn_dataset *data = pixel_data(LEARNED_ROWS);
    float mean[2], variance[2], x[LEARNED_ROWS * 6];
    static float y[LEARNED_ROWS * 4];
    OK(nn_dataset_get_values(data, "x", 0, LEARNED_ROWS, x));
    FAILS(nn_predict(model, x, 1, y), NN_ERR_STATE, "p: its components aren't known");
    OK(nn_model_adapt(model, NULL, data));
    OK(nn_model_get_weights(model, "normalization/mean", mean, 2));
    OK(nn_model_get_weights(model, "normalization/variance", variance, 2));
    for (size_t c = 0; c < 2; c++) { /* the rows before permute are the channels after */
        double sum = 0, squares = 0, n = 3 * LEARNED_ROWS;
        for (size_t i = 0; i < LEARNED_ROWS; i++)
            for (size_t j = 0; j < 3; j++)
                sum += (0.01 * pixels[i][c][j] - 1) / n;
        for (size_t i = 0; i < LEARNED_ROWS; i++)
            for (size_t j = 0; j < 3; j++)
                squares += pow(0.01 * pixels[i][c][j] - 1 - sum, 2) / n;
        ck_assert_double_eq_tol((double)mean[c], sum, 1e-6);
        ck_assert_double_eq_tol((double)variance[c], squares, 1e-6);
    }
    /* whitened components have mean 0, variance 1 and no covariance */
    OK(nn_predict(model, x, LEARNED_ROWS, y));
    for (size_t a = 0; a < 4; a++)
        for (size_t b = 0; b <= a; b++) {
            double sum = 0, product = 0;
            for (size_t i = 0; i < LEARNED_ROWS; i++) {
                sum += (double)y[i * 4 + a] / LEARNED_ROWS;
                product += (double)y[i * 4 + a] * (double)y[i * 4 + b] / (LEARNED_ROWS - 1);
            }
            ck_assert_double_eq_tol(sum, 0, 1e-5);
            ck_assert_double_eq_tol(product, a == b, 1e-4);
        }
    /* again, from fewer rows: what was learned before is forgotten */
    nn_dataset *few = slice_of(data, 0, 5);
    nn_model *fresh = make_model(1,
                                 "rescaling scale=0.01 offset=-1 input_shape=(2,3);permute "
                                 "dims=(2,1);normalization;dropout rate=0.5;flatten;pca "
                                 "n_components=4 whiten=true name=p",
                                 NULL, NULL, NULL);
    OK(nn_model_adapt(model, "normalization", few));
    OK(nn_model_adapt(model, "p", few));
    OK(nn_model_adapt(fresh, NULL, few));
    ck_assert(same_weights(model, fresh));
    nn_model_free(fresh);
    nn_model_free(model);
    nn_dataset_free(few);
    nn_dataset_free(data);
}
END_TEST

START_TEST(a_model_that_has_not_learned_is_refused)
{
    nn_model *model =
        make_model(1, "pca n_components=2 input_shape=(3);normalization", "sgd", "mse", NULL);
    nn_dataset *data = some_data(ROWS);
    nn_predictor *predictor;
    double loss;
    FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_STATE, "pca: its components aren't known");
    FAILS(nn_train_on_batch(model, data, NULL, 0), NN_ERR_STATE, "call nn_model_adapt");
    FAILS(nn_evaluate(model, data, &loss, 1), NN_ERR_STATE, "pca");
    FAILS(nn_predictor_create(&predictor, model, 1), NN_ERR_STATE, "pca");
    FAILS(nn_model_adapt(model, "normalization", data), NN_ERR_STATE, "pca");
    OK(nn_model_adapt(model, "pca", data));
    OK(nn_fit(model, data, NULL, NULL));
    OK(nn_predictor_create(&predictor, model, 1));
    nn_predictor_free(predictor);
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

START_TEST(bad_data_to_learn_from_is_refused)
{
    nn_model *model, *empty;
    nn_dataset *data = some_data(ROWS), *one = slice_of(data, 0, 1);
    nn_dataset *pixel = pixel_data(ROWS);
    OK(nn_model_create(&empty));
    FAILS(nn_model_adapt(empty, NULL, data), NN_ERR_STATE, "no layers");
    FAILS(nn_model_adapt(NULL, NULL, data), NN_ERR_INVALID, "model is NULL");
    nn_model_free(empty);
    model = make_model(1,
                       "dense units=3 input_shape=(3);normalization mean=0 variance=1;"
                       "normalization;pca n_components=2",
                       NULL, NULL, NULL);
    float *before = weights_of(model, NULL);
    FAILS(nn_model_adapt(model, NULL, NULL), NN_ERR_INVALID, "data is NULL");
    FAILS(nn_model_adapt(model, "dense", data), NN_ERR_INVALID,
          "no layer 'dense' learns from data before training; those that do: normalization_1, pca");
    FAILS(nn_model_adapt(model, "normalization", data), NN_ERR_INVALID, "no layer");
    FAILS(nn_model_adapt(model, NULL, pixel), NN_ERR_SHAPE, "shape (3,) = 3 values");
    FAILS(nn_model_adapt(model, "pca", one), NN_ERR_INVALID, "1 row(s) of data for 2 components");
    inputs[5] = NAN;
    FAILS(nn_model_adapt(model, "normalization_1", data), NN_ERR_NONFINITE,
          "normalization_1: channel 0 has mean nan");
    FAILS(nn_model_adapt(model, "pca", data), NN_ERR_NONFINITE, "covariance isn't finite");
    ck_assert(has_weights(model, before));
    free(before);
    nn_model_free(model);
    model = make_model(1, "dense units=3 input_shape=(3)", NULL, NULL, NULL);
    inputs[5] = 0;
    OK(nn_model_adapt(model, NULL, data)); /* no layer learns: nothing to do */
    nn_model_free(model);
    nn_dataset_free(one);
    nn_dataset_free(pixel);
    nn_dataset_free(data);
}
END_TEST

START_TEST(a_failed_allocation_leaves_what_was_learned_as_it_was)
{
    static const char layers[] = "normalization input_shape=(3);pca n_components=2";
    nn_model *reference = make_model(1, layers, NULL, NULL, NULL);
    nn_dataset *data = some_data(ROWS);
    OK(nn_model_adapt(reference, NULL, data));
    for (size_t k = 1, failed = 1; failed; k++) {
        const long blocks = faults_live_blocks();
        nn_model *model = make_model(1, layers, NULL, NULL, NULL);
        float *before = weights_of(model, NULL);
        faults_fail_allocation(k, true);
        const nn_status status = nn_model_adapt(model, "pca", data);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        if (failed)
            ck_assert(has_weights(model, before));
        OK(nn_model_adapt(model, NULL, data));
        ck_assert(same_weights(model, reference));
        free(before);
        nn_model_free(model);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_uint_lt(k, 100);
    }
    nn_model_free(reference);
    nn_dataset_free(data);
}
END_TEST

START_TEST(steps_through_all_layers_allocate_nothing)
{
    nn_model *model = make_model(1,
                                 "normalization input_shape=(3);pca n_components=3;dense "
                                 "units=6;batch_normalization;prelu;gaussian_noise stddev=0.1;"
                                 "repeat_vector n=2;permute dims=(2,1);layer_normalization;"
                                 "group_normalization groups=2;rms_normalization;flatten;"
                                 "alpha_dropout rate=0.1;activity_regularization l2=0.1;"
                                 "unit_normalization;dense units=2",
                                 "sgd", "mse", NULL);
    nn_dataset *data = some_data(ROWS);
    float y[2];
    OK(nn_model_adapt(model, NULL, data));
    OK(nn_train_on_batch(model, data, NULL, 0));
    OK(nn_predict(model, inputs, 1, y));
    faults_fail_allocation(1, false);
    OK(nn_train_on_batch(model, data, NULL, 0));
    OK(nn_predict(model, inputs, 1, y));
    ck_assert_uint_eq(faults_calls(), 0);
    faults_reset();
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layers");
    TCase *tcase = tcase_create("layers");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, batch_normalization_refuses_batches_of_one_row);
    tcase_add_test(tcase, a_single_last_row_joins_the_batch_before);
    tcase_add_test(tcase, moving_statistics_change_with_a_step_and_with_nothing_else);
    tcase_add_test(tcase, frozen_statistics_are_used_and_stay);
    tcase_add_test(tcase, a_clone_has_the_moving_statistics);
    tcase_add_test(tcase, what_a_layer_adds_is_in_the_loss_of_training_and_evaluation);
    tcase_add_test(tcase, noise_has_its_mean_and_variance);
    tcase_add_test(tcase, noise_is_that_of_its_seed_and_step);
    tcase_add_test(tcase, numbers_out_of_range_are_refused_in_data_and_nan_in_predictions);
    tcase_add_test(tcase, layers_refuse_inputs_that_they_cannot_take);
    tcase_add_test(tcase, a_layer_learns_from_what_the_layers_before_make_of_the_data);
    tcase_add_test(tcase, a_model_that_has_not_learned_is_refused);
    tcase_add_test(tcase, bad_data_to_learn_from_is_refused);
    tcase_add_test(tcase, a_failed_allocation_leaves_what_was_learned_as_it_was);
    tcase_add_test(tcase, steps_through_all_layers_allocate_nothing);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
