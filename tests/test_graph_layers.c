/* What layers promise, in models with several inputs and outputs: whole numbers, what is learned from data,
 * batches, moving statistics, what they add to the loss. */
#include "fitting.h"
#include "model.h"
#include <math.h>
#include <stdlib.h>

enum { ROWS = 10, WORDS = 2, MORE = 3, ALL = WORDS + MORE };

static int32_t words[ROWS][WORDS];
static float more[ROWS][MORE], x[ROWS][ALL], y[ROWS][1];

static void setup(void)
{
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < WORDS; i++)
            x[r][i] = (float)(words[r][i] = (int32_t)((r * 3 + i) % 4));
        for (size_t i = 0; i < MORE; i++)
            x[r][WORDS + i] = more[r][i] = 5 * noise(r * MORE + i) + (float)i;
        y[r][0] = noise(300 + r);
    }
}

static nn_dataset *named(void)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, ROWS, NULL, NN_FLOAT32, 0, y, NN_FLOAT32, 1));
    OK(nn_dataset_add_column(data, "more", more, NN_FLOAT32, MORE));
    OK(nn_dataset_add_column(data, "words", words, NN_INT32, WORDS));
    return data;
}

static nn_dataset *side_by_side(void)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, ALL, y, NN_FLOAT32, 1));
    return data;
}

static nn_model *model_of(const char *layers, const char *optimizer)
{
    return make_model(5, layers, optimizer, "mse", NULL);
}

/* ---- whole numbers ---- */

START_TEST(whole_numbers_are_checked_in_the_input_that_holds_them)
{
    nn_model *model = model_of(
        "input shape=(2) name=words; input shape=(3) name=more; reshape target_shape=(2,1) "
        "inputs=words; embedding input_dim=4 output_dim=2; flatten name=f; "
        "concatenate inputs=(f,more); dense units=1",
        "sgd");
    nn_dataset *apart = named(), *beside = side_by_side();
    double loss, same;
    OK(nn_evaluate(model, apart, &loss, 1)); /* more holds any numbers */
    OK(nn_evaluate(model, beside, &same, 1));
    ck_assert_double_eq(loss, same);
    OK(nn_train_on_batch(model, apart, NULL, 0));
    words[7][1] = 4;
    x[7][1] = 1.5f;
    FAILS(nn_fit(model, apart, NULL, NULL), NN_ERR_INVALID,
          "embedding takes whole numbers 0 to 3, the inputs have 4 in row 7");
    FAILS(nn_train_on_batch(model, beside, NULL, 0), NN_ERR_INVALID, "have 1.5 in row 7");
    FAILS(nn_evaluate(model, beside, &loss, 1), NN_ERR_INVALID, "in row 7");
    nn_dataset_free(apart);
    nn_dataset_free(beside);
    nn_model_free(model);
}
END_TEST

/* ---- learning from data ---- */

static const char two_to_adapt[] =
    "input shape=(2) name=words; input shape=(3) name=more; rescaling scale=2 offset=1 "
    "inputs=words; normalization name=a inputs=rescaling; normalization name=b inputs=more; "
    "concatenate inputs=(a,b); dense units=1";

/* mean and variance of factor value + offset of a column of x */
static void check_learned(const nn_model *model, const char *mean_name, const char *variance_name,
                          size_t first, size_t width, double factor, double offset)
{
    float mean[MORE], variance[MORE];
    OK(nn_model_get_weights(model, mean_name, mean, width));
    OK(nn_model_get_weights(model, variance_name, variance, width));
    for (size_t i = 0; i < width; i++) {
        double sum = 0, squares = 0;
        for (size_t r = 0; r < ROWS; r++)
            sum += (factor * (double)x[r][first + i] + offset) / ROWS;
        for (size_t r = 0; r < ROWS; r++)
            squares += pow(factor * (double)x[r][first + i] + offset - sum, 2) / ROWS;
        ck_assert_double_eq_tol((double)mean[i], sum, 1e-6 * fmax(1, fabs(sum)));
        ck_assert_double_eq_tol((double)variance[i], squares, 1e-6 * fmax(1, squares));
    }
}

START_TEST(each_branch_learns_from_its_own_input)
{
    nn_dataset *apart = named(), *beside = side_by_side();
    nn_model *model = model_of(two_to_adapt, "sgd"), *other = model_of(two_to_adapt, "sgd");
    double loss;
    OK(nn_model_adapt(model, "b", apart));
    check_learned(model, "b/mean", "b/variance", WORDS, MORE, 1, 0);
    OK(nn_model_adapt(model, "a", beside));
    check_learned(model, "a/mean", "a/variance", 0, WORDS, 2, 1);
    OK(nn_model_adapt(other, NULL, beside));
    ck_assert(same_weights(model, other));
    OK(nn_evaluate(model, apart, &loss, 1));
    ck_assert(isfinite(loss));
    nn_model_free(model);
    nn_model_free(other);
    nn_dataset_free(apart);
    nn_dataset_free(beside);
}
END_TEST

START_TEST(a_layer_that_has_not_learned_is_refused_only_where_it_is_needed)
{
    nn_model *model = model_of(
        "input shape=(2) name=words; input shape=(3) name=more; pca n_components=2 name=a "
        "inputs=words; pca n_components=2 name=b inputs=more; normalization name=of_a inputs=a; "
        "add inputs=(of_a,b); dense units=1",
        "sgd");
    nn_dataset *data = named();
    double loss;
    float prediction[ROWS];
    FAILS(nn_evaluate(model, data, &loss, 1), NN_ERR_STATE, "a: ");
    FAILS(nn_model_adapt(model, "of_a", data), NN_ERR_STATE, "a: ");
    OK(nn_model_adapt(model, "b", data)); /* a isn't before it */
    FAILS(nn_model_adapt(model, "of_a", data), NN_ERR_STATE, "a: ");
    FAILS(nn_predict(model, x[0], ROWS, prediction), NN_ERR_STATE, "a: ");
    OK(nn_model_adapt(model, "a", data));
    OK(nn_model_adapt(model, "of_a", data));
    OK(nn_evaluate(model, data, &loss, 1));
    OK(nn_predict(model, x[0], ROWS, prediction));
    ck_assert(isfinite(loss));
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

START_TEST(data_to_learn_from_is_checked)
{
    nn_model *model = model_of(two_to_adapt, "sgd");
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, ROWS, NULL, NN_FLOAT32, 0, NULL, NN_FLOAT32, 0));
    FAILS(nn_model_adapt(model, NULL, data), NN_ERR_INVALID, "data: there are no inputs");
    OK(nn_dataset_add_column(data, "more", more, NN_FLOAT32, MORE));
    FAILS(nn_model_adapt(model, NULL, data), NN_ERR_INVALID, "no column 'words'");
    OK(nn_dataset_add_column(data, "words", more, NN_FLOAT32, MORE));
    FAILS(nn_model_adapt(model, NULL, data), NN_ERR_SHAPE, "words");
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

/* Affine layers are done while the only input is gathered: also before a layer that learns. */
START_TEST(a_layer_learns_behind_an_input_that_is_rescaled)
{
    static const char *const models[] = {
        "input shape=(5) name=in; rescaling scale=2 offset=1; normalization name=n; dense units=1",
        "rescaling scale=2 offset=1 input_shape=(5); normalization name=n; dense units=1",
        /* two readers */
        "input shape=(5) name=in; rescaling scale=2 offset=1 name=r; normalization name=n; "
        "add inputs=(n,in); dense units=1",
        "input shape=(5) name=in; normalization name=n; rescaling scale=2 offset=1 name=r "
        "inputs=in; add inputs=(n,r); dense units=1",
    };
    nn_dataset *data = side_by_side();
    for (size_t i = 0; i < COUNT(models); i++) {
        nn_model *model = model_of(models[i], "sgd");
        OK(nn_model_adapt(model, NULL, data));
        const bool rescaled = i + 1 < COUNT(models);
        float mean[ALL];
        OK(nn_model_get_weights(model, "n/mean", mean, ALL));
        for (size_t j = 0; j < ALL; j++) {
            double sum = 0;
            for (size_t r = 0; r < ROWS; r++)
                sum += (double)x[r][j] / ROWS;
            ck_assert_double_eq_tol((double)mean[j], rescaled ? 2 * sum + 1 : sum, 1e-5);
        }
        nn_model_free(model);
    }
    nn_dataset_free(data);
}
END_TEST

/* ---- batches and moving statistics ---- */

static const char with_statistics[] =
    "input shape=(2) name=words; input shape=(3) name=more; batch_normalization name=a "
    "inputs=words; batch_normalization name=b momentum=0.5 inputs=more; concatenate inputs=(a,b); "
    "dense units=1";

START_TEST(statistics_of_both_branches_move_and_a_last_row_joins)
{
    nn_model *fitted = model_of(with_statistics, "sgd momentum=0.5");
    nn_model *stepped = model_of(with_statistics, "sgd momentum=0.5");
    nn_dataset *data = named();
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.shuffle = 0;
    options.batch_size = 1;
    FAILS(nn_fit(fitted, data, &options, NULL), NN_ERR_INVALID,
          "a can't train on batches of 1 row");
    options.batch_size = 3;
    OK(nn_fit(fitted, data, &options, NULL));
    static const size_t first[] = {0, 3, 6}, count[] = {3, 3, 4};
    for (size_t i = 0; i < COUNT(first); i++) {
        nn_dataset *part = slice_of(data, first[i], count[i]);
        OK(nn_train_on_batch(stepped, part, NULL, 0));
        nn_dataset_free(part);
    }
    ck_assert(same_weights(fitted, stepped));
    float mean[MORE];
    OK(nn_model_get_weights(fitted, "b/moving_mean", mean, MORE));
    for (size_t j = 0; j < MORE; j++) {
        double expected = 0;
        for (size_t i = 0; i < COUNT(first); i++) {
            double sum = 0;
            for (size_t r = 0; r < count[i]; r++)
                sum += (double)more[first[i] + r][j] / (double)count[i];
            expected = 0.5 * expected + 0.5 * sum;
        }
        ck_assert_double_eq_tol((double)mean[j], expected, 1e-6);
    }
    nn_model_free(fitted);
    nn_model_free(stepped);
    nn_dataset_free(data);
}
END_TEST

/* ---- what layers add to the loss ---- */

static const char with_penalty[] =
    "input shape=(2) name=words; input shape=(3) name=more; dense units=3 inputs=words name=w "
    "kernel_regularizer=l2(l2=0.125) activity_regularizer=l1(l1=0.5); activity_regularization "
    "l1=0.25 l2=0.5 inputs=w name=p; add inputs=(p,more) name=s; "
    "dense units=1 name=first; dense units=1 inputs=p name=second";

static nn_model *penalized(const char *layers, const char *optimizer)
{
    static const double weights[] = {0.5, 2};
    nn_model *model = make_model(5, layers, NULL, NULL, NULL);
    OK(nn_model_set_outputs(model, "first, second"));
    OK(nn_model_set_loss_weights(model, weights, 2));
    OK(nn_model_compile(model, optimizer, "mse; mae", NULL));
    return model;
}

static nn_dataset *two_targets(void)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, ALL, NULL, NN_FLOAT32, 0));
    OK(nn_dataset_add_column(data, "first", y, NN_FLOAT32, 1));
    OK(nn_dataset_add_column(data, "second", y, NN_FLOAT32, 1));
    return data;
}

/* Of the kernel and, twice, of the outputs of dense w. */
static double penalty_of(const nn_model *model)
{
    float kernel[WORDS * 3], bias[3];
    double penalty = 0;
    OK(nn_model_get_weights(model, "w/kernel", kernel, COUNT(kernel)));
    OK(nn_model_get_weights(model, "w/bias", bias, 3));
    for (size_t r = 0; r < ROWS; r++)
        for (size_t j = 0; j < 3; j++) {
            double z = (double)bias[j];
            for (size_t i = 0; i < WORDS; i++)
                z += (double)x[r][i] * (double)kernel[i * 3 + j];
            penalty += (0.5 * fabs(z) + 0.25 * fabs(z) + 0.5 * z * z) / ROWS;
        }
    for (size_t i = 0; i < COUNT(kernel); i++)
        penalty += 0.125 * (double)kernel[i] * (double)kernel[i];
    return penalty;
}

START_TEST(penalties_are_added_once_to_the_weighted_losses)
{
    nn_model *model = penalized(with_penalty, "sgd learning_rate=0");
    nn_dataset *data = two_targets();
    double evaluated[3], trained[3];
    OK(nn_evaluate(model, data, evaluated, 3));
    OK(nn_train_on_batch(model, data, trained, 3));
    const double expected = 0.5 * evaluated[1] + 2 * evaluated[2] + penalty_of(model);
    ck_assert_double_eq_tol(evaluated[0], expected, 1e-6 * expected);
    ck_assert_double_eq_tol(trained[0], expected, 1e-6 * expected);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

/* A power of two leaves every bit as it is, but only if everything that is added is scaled. */
START_TEST(a_scale_of_the_loss_scales_what_layers_add)
{
    static const char *const optimizers[][2] = {
        {"sgd learning_rate=0.1", "sgd learning_rate=0.1 loss_scale_factor=1024"},
        {"adam", "adam loss_scale_factor=1024"},
    };
    nn_dataset *data = two_targets();
    for (size_t i = 0; i < COUNT(optimizers); i++) {
        nn_model *plain = penalized(with_penalty, optimizers[i][0]);
        nn_model *scaled = penalized(with_penalty, optimizers[i][1]);
        float *before = weights_of(plain, NULL);
        for (int step = 0; step < 3; step++) {
            OK(nn_train_on_batch(plain, data, NULL, 0));
            OK(nn_train_on_batch(scaled, data, NULL, 0));
        }
        ck_assert(!has_weights(plain, before));
        ck_assert(same_weights(plain, scaled));
        free(before);
        nn_model_free(plain);
        nn_model_free(scaled);
    }
    nn_dataset_free(data);
}
END_TEST

/* ---- frozen branches ---- */

START_TEST(a_frozen_branch_stays_and_the_other_learns)
{
    nn_model *model = model_of(
        "input shape=(2) name=words; input shape=(3) name=more; batch_normalization name=a "
        "inputs=words trainable=false; dense units=3 name=b trainable=false kernel_regularizer=l2; "
        "batch_normalization name=c inputs=more; dense units=3 name=d kernel_constraint=max_norm("
        "max_value=0.5); add inputs=(b,d); dense units=1",
        "adam");
    static const char *const frozen[] = {"a/gamma",           "a/beta",   "a/moving_mean",
                                         "a/moving_variance", "b/kernel", "b/bias"};
    nn_dataset *data = named();
    float before[COUNT(frozen)][6], after[6], kernel[9], moved[MORE];
    for (size_t i = 0; i < COUNT(frozen); i++)
        OK(nn_model_get_weights(
            model, frozen[i], before[i],
            model->parameters[nn_model_find_parameter(model, frozen[i])].width));
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = 3;
    options.epochs = 3;
    OK(nn_fit(model, data, &options, NULL));
    for (size_t i = 0; i < COUNT(frozen); i++) {
        const size_t width = model->parameters[nn_model_find_parameter(model, frozen[i])].width;
        OK(nn_model_get_weights(model, frozen[i], after, width));
        ck_assert_mem_eq(before[i], after, width * sizeof(float));
    }
    OK(nn_model_get_weights(model, "c/moving_mean", moved, MORE));
    OK(nn_model_get_weights(model, "d/kernel", kernel, 9));
    for (size_t j = 0; j < 3; j++) {
        double squares = 0;
        for (size_t i = 0; i < 3; i++)
            squares += (double)kernel[i * 3 + j] * (double)kernel[i * 3 + j];
        ck_assert(moved[j] != 0);
        ck_assert_double_le(sqrt(squares), 0.5 + 1e-6);
    }
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graph_layers");
    TCase *tcase = tcase_create("graph_layers");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, whole_numbers_are_checked_in_the_input_that_holds_them);
    tcase_add_test(tcase, each_branch_learns_from_its_own_input);
    tcase_add_test(tcase, a_layer_that_has_not_learned_is_refused_only_where_it_is_needed);
    tcase_add_test(tcase, data_to_learn_from_is_checked);
    tcase_add_test(tcase, a_layer_learns_behind_an_input_that_is_rescaled);
    tcase_add_test(tcase, statistics_of_both_branches_move_and_a_last_row_joins);
    tcase_add_test(tcase, penalties_are_added_once_to_the_weighted_losses);
    tcase_add_test(tcase, a_scale_of_the_loss_scales_what_layers_add);
    tcase_add_test(tcase, a_frozen_branch_stays_and_the_other_learns);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
