/* Reductions of losses, and rows that a loss ignores, wherever training and files meet them. What they come to
 * is compared with Keras in test_golden_loss_reductions.c. */
#include "allocate.h"
#include "fitting.h"
#include "json.h"
#include "keras_part.h"
#include "loss.h"
#include "saved_model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { INPUTS = 3, OUTPUTS = 3, MOST_ROWS = 700 };

static float x[MOST_ROWS * INPUTS], y[MOST_ROWS * OUTPUTS], row_weight[MOST_ROWS];
static int32_t labels[MOST_ROWS];

static void fill(void)
{
    for (size_t i = 0; i < MOST_ROWS; i++) {
        for (size_t j = 0; j < INPUTS; j++)
            x[i * INPUTS + j] = noise(i * INPUTS + j);
        for (size_t j = 0; j < OUTPUTS; j++)
            y[i * OUTPUTS + j] = noise(7919 + i * OUTPUTS + j);
        labels[i] = (int32_t)(i % 4) - 1;
        row_weight[i] = 1 + noise(31337 + i);
    }
}

static nn_dataset *valued(size_t rows, bool weighted)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, rows, x, NN_FLOAT32, INPUTS, y, NN_FLOAT32, OUTPUTS));
    if (weighted)
        OK(nn_dataset_add_column(data, "sample_weight", row_weight, NN_FLOAT32, 1));
    return data;
}

static nn_dataset *labelled(size_t rows)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, rows, x, NN_FLOAT32, INPUTS, labels, NN_INT32, 1));
    return data;
}

static nn_model *dense(const char *optimizer, const char *loss, const char *metrics)
{
    return make_model(3, "dense units=4 activation=tanh input_shape=(3); dense units=3", optimizer,
                      loss, metrics);
}

static nn_model *classifier(const char *optimizer, const char *loss, const char *metrics)
{
    return make_model(3,
                      "dense units=4 activation=tanh input_shape=(3); dense units=3 "
                      "activation=softmax",
                      optimizer, loss, metrics);
}

static void check_near(double found, double expected, double share)
{
    ck_assert_msg(fabs(found - expected) <= share * fabs(expected), "%.9g, expected %.9g", found,
                  expected);
}

static double evaluate(const nn_model *model, const nn_dataset *data)
{
    double value;
    OK(nn_evaluate(model, data, &value, 1));
    return value;
}

/* ---- what is refused ---- */

START_TEST(none_is_refused_for_every_loss_with_what_there_is)
{
    for (size_t i = 0; i < nn_loss_room.count; i++) {
        char spec[96];
        nn_part part;
        snprintf(spec, sizeof spec, "%s reduction=none", nn_loss_room.parts[i]->name);
        FAILS(nn_part_parse(&part, &nn_loss_room, spec), NN_ERR_INVALID,
              "reduction is none, expected one of: sum_over_batch_size, mean, sum, "
              "mean_with_sample_weight");
        snprintf(spec, sizeof spec, "%s reduction=average", nn_loss_room.parts[i]->name);
        FAILS(nn_part_parse(&part, &nn_loss_room, spec), NN_ERR_INVALID, "expected one of");
    }
}
END_TEST

START_TEST(solvers_take_means_alone)
{
    static const char *const refused[] = {"mean_squared_error reduction=sum",
                                          "mean_squared_error reduction=mean_with_sample_weight"};
    static const char *const solvers[] = {"lbfgs", "least_squares"};
    for (size_t s = 0; s < COUNT(solvers); s++) {
        nn_model *model =
            make_model(1, "dense units=3 input_shape=(3)", solvers[s], "mse reduction=mean", NULL);
        for (size_t i = 0; i < COUNT(refused); i++)
            FAILS(nn_model_compile(model, solvers[s], refused[i], NULL), NN_ERR_UNSUPPORTED,
                  "minimizes the mean of their losses");
        nn_model_free(model);
    }
    nn_model *model = classifier("lbfgs", "sparse_categorical_crossentropy", NULL);
    FAILS(nn_model_compile(model, "lbfgs", "sparse_categorical_crossentropy ignore_class=-1", NULL),
          NN_ERR_UNSUPPORTED, "ignore_class");
    nn_model_free(model);
}
END_TEST

START_TEST(a_label_of_no_class_is_only_the_ignored_one)
{
    static const char *const refused[] = {"sparse_categorical_crossentropy",
                                          "sparse_categorical_crossentropy ignore_class=-2",
                                          "sparse_categorical_crossentropy ignore_class=255"};
    nn_dataset *data = labelled(8);
    for (size_t i = 0; i < COUNT(refused); i++) {
        nn_model *model = classifier("sgd", refused[i], NULL);
        FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_INVALID, "label -1 in row 0");
        nn_model_free(model);
    }
    nn_dataset_free(data);
}
END_TEST

/* ---- what they come to ---- */

START_TEST(a_sum_is_the_mean_times_the_rows)
{
    nn_dataset *data = valued(10, true);
    nn_model *mean = dense("sgd", "mean_squared_error", NULL),
             *sum = dense("sgd", "mean_squared_error reduction=sum", NULL),
             *weighted = dense("sgd", "mean_squared_error reduction=mean_with_sample_weight", NULL);
    double weights = 0;
    float g[12], scaled[12];
    for (size_t i = 0; i < 10; i++)
        weights += (double)row_weight[i];
    check_near(evaluate(sum, data), 10 * evaluate(mean, data), 1e-12);
    check_near(evaluate(weighted, data), 10 * evaluate(mean, data) / weights, 1e-12);
    OK(nn_model_compute_gradients(mean, data, NULL, 0));
    OK(nn_model_compute_gradients(sum, data, NULL, 0));
    OK(nn_model_get_gradients(mean, "dense/kernel", g, 12));
    OK(nn_model_get_gradients(sum, "dense/kernel", scaled, 12));
    for (size_t i = 0; i < 12; i++)
        ck_assert_double_le(fabs((double)scaled[i] - 10 * (double)g[i]), 1e-5);
    nn_model_free(mean);
    nn_model_free(sum);
    nn_model_free(weighted);
    nn_dataset_free(data);
}
END_TEST

/* Weights that sum to nothing have no mean; a step leaves the model as it is. */
START_TEST(rows_that_weigh_nothing_give_no_loss)
{
    static const float nothing[6] = {0};
    nn_dataset *data = valued(6, false);
    OK(nn_dataset_add_column(data, "sample_weight", nothing, NN_FLOAT32, 1));
    nn_model *model = dense("sgd", "mean_squared_error reduction=mean_with_sample_weight", NULL),
             *same = dense("sgd", "mean_squared_error", NULL);
    double loss;
    OK(nn_train_on_batch(model, data, &loss, 1));
    ck_assert_double_eq(loss, 0);
    ck_assert(same_weights(model, same));
    nn_model_free(model);
    nn_model_free(same);
    nn_dataset_free(data);
}
END_TEST

/* Keras's Mean over batches, weighted by their rows: 300 rows are 256 and 44. */
START_TEST(an_evaluation_weighs_batches_by_their_rows)
{
    nn_dataset *data = valued(300, true), *parts[2];
    nn_model *model = dense("sgd", "mean_squared_error reduction=sum", NULL);
    OK(nn_dataset_slice(&parts[0], data, 0, 256));
    OK(nn_dataset_slice(&parts[1], data, 256, 44));
    check_near(evaluate(model, data),
               (256 * evaluate(model, parts[0]) + 44 * evaluate(model, parts[1])) / 300, 1e-12);
    for (size_t i = 0; i < 2; i++)
        nn_dataset_free(parts[i]);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

/* Scaling the loss by a power of 2 while gradients are computed changes no bit. */
START_TEST(a_scaled_loss_steps_as_the_unscaled_one)
{
    static const char *const losses[] = {"mean_squared_error reduction=sum",
                                         "mean_squared_error reduction=mean_with_sample_weight"};
    nn_dataset *data = valued(20, true);
    for (size_t i = 0; i < COUNT(losses); i++) {
        nn_model *plain = dense("sgd clipvalue=100", losses[i], NULL),
                 *scaled = dense("sgd clipvalue=100 loss_scale_factor=1024", losses[i], NULL);
        for (size_t step = 0; step < 3; step++) {
            OK(nn_train_on_batch(plain, data, NULL, 0));
            OK(nn_train_on_batch(scaled, data, NULL, 0));
        }
        ck_assert(same_weights(plain, scaled));
        nn_model_free(plain);
        nn_model_free(scaled);
    }
    nn_dataset_free(data);
}
END_TEST

/* The mean of the batches' gradients, each with its own divisor. */
START_TEST(accumulated_gradients_keep_each_batchs_reduction)
{
    nn_dataset *data = valued(12, true), *parts[2];
    nn_model *model = dense("sgd learning_rate=0.5 gradient_accumulation_steps=2",
                            "mean_squared_error reduction=mean_with_sample_weight", NULL);
    float before[12], after[12], g[2][12];
    OK(nn_dataset_slice(&parts[0], data, 0, 8));
    OK(nn_dataset_slice(&parts[1], data, 8, 4));
    OK(nn_model_get_weights(model, "dense/kernel", before, 12));
    for (size_t i = 0; i < 2; i++) {
        OK(nn_model_compute_gradients(model, parts[i], NULL, 0));
        OK(nn_model_get_gradients(model, "dense/kernel", g[i], 12));
    }
    for (size_t i = 0; i < 2; i++)
        OK(nn_train_on_batch(model, parts[i], NULL, 0));
    OK(nn_model_get_weights(model, "dense/kernel", after, 12));
    for (size_t i = 0; i < 12; i++)
        ck_assert_double_le(
            fabs((double)(after[i] - before[i]) + 0.25 * (double)(g[0][i] + g[1][i])), 1e-6);
    for (size_t i = 0; i < 2; i++)
        nn_dataset_free(parts[i]);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

START_TEST(each_output_has_a_reduction_of_its_own)
{
    static const double shares[] = {0.5, 3};
    static float targets[9 * 6];
    nn_dataset *data;
    nn_model *model = make_model(5,
                                 "input_layer shape=(3) name=in; dense units=3 name=a inputs=in; "
                                 "dense units=3 name=b inputs=in",
                                 NULL, NULL, NULL);
    for (size_t i = 0; i < COUNT(targets); i++)
        targets[i] = noise(i);
    OK(nn_model_set_outputs(model, "a, b"));
    OK(nn_model_set_loss_weights(model, shares, 2));
    OK(nn_dataset_from_arrays(&data, 9, x, NN_FLOAT32, INPUTS, targets, NN_FLOAT32, 6));
    OK(nn_dataset_add_column(data, "sample_weight", row_weight, NN_FLOAT32, 1));
    double plain[3], reduced[3], weights = 0;
    float g[2][9];
    for (size_t i = 0; i < 9; i++)
        weights += (double)row_weight[i];
    OK(nn_model_compile(model, "sgd", "mse", NULL));
    OK(nn_model_compute_gradients(model, data, plain, 3));
    OK(nn_model_get_gradients(model, "a/kernel", g[0], 9));
    OK(nn_model_compile(model, "sgd", "mse reduction=sum; mse reduction=mean_with_sample_weight",
                        NULL));
    OK(nn_model_compute_gradients(model, data, reduced, 3));
    OK(nn_model_get_gradients(model, "a/kernel", g[1], 9));
    check_near(reduced[1], 9 * plain[1], 1e-12);
    check_near(reduced[2], 9 * plain[2] / weights, 1e-12);
    check_near(reduced[0], 0.5 * reduced[1] + 3 * reduced[2], 1e-12);
    for (size_t i = 0; i < 9; i++)
        ck_assert_double_le(fabs((double)g[1][i] - 9 * (double)g[0][i]), 1e-5);
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

START_TEST(any_number_of_threads_gives_the_same_bits)
{
    static const struct {
        const char *loss;
        bool classes;
    } cases[] = {
        {"mean_squared_error reduction=sum", false},
        {"mean_squared_error reduction=mean_with_sample_weight", false},
        {"sparse_categorical_crossentropy ignore_class=-1 reduction=mean_with_sample_weight", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_dataset *data = cases[i].classes ? labelled(MOST_ROWS) : valued(MOST_ROWS, true);
        nn_model *models[2];
        nn_fit_options options = NN_FIT_OPTIONS_INIT;
        options.epochs = 2;
        options.batch_size = 300;
        for (size_t m = 0; m < 2; m++) {
            models[m] =
                make_model(3,
                           cases[i].classes ? "dense units=200 activation=tanh input_shape=(3); "
                                              "dense units=3 activation=softmax"
                                            : "dense units=200 activation=tanh input_shape=(3); "
                                              "dense units=3",
                           "sgd learning_rate=1e-4", cases[i].loss, NULL);
            OK(nn_set_num_threads(m == 0 ? 1 : 4));
            OK(nn_fit(models[m], data, &options, NULL));
        }
        ck_assert(same_weights(models[0], models[1]));
        nn_model_free(models[0]);
        nn_model_free(models[1]);
        nn_dataset_free(data);
    }
    OK(nn_set_num_threads(2));
}
END_TEST

/* ---- rows that don't count ---- */

/* As if the rows weren't there, but for what metrics see. */
START_TEST(ignored_rows_change_nothing)
{
    static float some_x[8 * INPUTS];
    static int32_t some[8];
    size_t kept = 0;
    for (size_t i = 0; kept < 6 && i < 8; i++)
        if (labels[i] != -1) {
            memcpy(some_x + kept * INPUTS, x + i * INPUTS, INPUTS * sizeof(float));
            some[kept++] = labels[i];
        }
    nn_dataset *all = labelled(8), *those;
    OK(nn_dataset_from_arrays(&those, kept, some_x, NN_FLOAT32, INPUTS, some, NN_INT32, 1));
    nn_model *ignoring = classifier("sgd", "sparse_categorical_crossentropy ignore_class=-1",
                                    "sparse_categorical_crossentropy; "
                                    "sparse_top_k_categorical_accuracy k=3; accuracy"),
             *plain = classifier("sgd", "sparse_categorical_crossentropy", NULL);
    double values[4];
    size_t counts[9], total = 0;
    OK(nn_evaluate(ignoring, all, values, 4));
    check_near(values[0], evaluate(plain, those), 1e-6);
    ck_assert(isnan(values[1])); /* a loss of its own that knows of no other class */
    ck_assert_double_eq_tol(values[2], 6.0 / 8, 1e-12); /* Keras counts such rows as wrong */
    ck_assert_double_le(values[3], 6.0 / 8);
    OK(nn_confusion_matrix(ignoring, all, counts, 3));
    for (size_t i = 0; i < 9; i++)
        total += counts[i];
    ck_assert_uint_eq(total, 6);
    OK(nn_train_on_batch(plain, those, NULL, 0));
    OK(nn_train_on_batch(ignoring, all, NULL, 0));
    size_t count;
    float *a = weights_of(plain, &count), *b = weights_of(ignoring, &count);
    for (size_t i = 0; i < count; i++)
        ck_assert_double_le(fabs((double)a[i] - (double)b[i]), 1e-6);
    free(a);
    free(b);
    nn_model_free(ignoring);
    nn_model_free(plain);
    nn_dataset_free(all);
    nn_dataset_free(those);
}
END_TEST

START_TEST(a_batch_of_ignored_rows_makes_no_loss_and_class_weights_leave_them_out)
{
    static const double class_weight[] = {1, 2, 3};
    static const int32_t none[4] = {-1, -1, -1, -1};
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, 4, x, NN_FLOAT32, INPUTS, none, NN_INT32, 1));
    nn_model *model = classifier("sgd", "sparse_categorical_crossentropy ignore_class=-1", NULL),
             *same = classifier("sgd", "mse", NULL);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    nn_history *history;
    const double *loss;
    size_t count;
    options.class_weight = class_weight;
    options.class_weight_count = 3;
    OK(nn_fit(model, data, &options, &history));
    OK(nn_history_get(history, "loss", &loss, &count));
    ck_assert_double_eq(loss[0], 0);
    ck_assert(same_weights(model, same));
    nn_history_free(history);
    nn_model_free(model);
    nn_model_free(same);
    nn_dataset_free(data);
}
END_TEST

/* ---- files ---- */

START_TEST(a_saved_model_keeps_its_reduction)
{
    static const char *const losses[] = {
        "sparse_categorical_crossentropy from_logits=true ignore_class=-1 reduction=sum",
        "sparse_categorical_crossentropy ignore_class=2",
        "categorical_generalized_cross_entropy",
        "categorical_generalized_cross_entropy q=0.3 reduction=mean_with_sample_weight",
        "mean_squared_error reduction=sum",
        "huber delta=2 reduction=mean",
    };
    for (size_t i = 0; i < COUNT(losses); i++) {
        nn_model *model = classifier("sgd", losses[i], NULL);
        file f = save(model);
        nn_model *again = load(f);
        nn_text texts[2] = {NN_TEXT_INIT, NN_TEXT_INIT};
        nn_part_write(&model->outputs[0].loss, false, &texts[0]);
        nn_part_write(&again->outputs[0].loss, false, &texts[1]);
        ck_assert_str_eq(texts[0].data, texts[1].data);
        ck_assert((strstr(losses[i], "reduction") == NULL) ==
                  (strstr(texts[1].data, "reduction") == NULL));
        nn_text_free(&texts[0]);
        nn_text_free(&texts[1]);
        free(f.bytes);
        nn_model_free(model);
        nn_model_free(again);
    }
}
END_TEST

static nn_status squares(void *user, size_t rows, size_t width, const void *y_true,
                         const float *y_pred, double *loss)
{
    const float *t = y_true;
    (void)user;
    for (size_t i = 0; i < rows; i++) {
        loss[i] = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++)
            loss[i] += (double)(y_pred[j] - t[j]) * (double)(y_pred[j] - t[j]) / (double)width;
    }
    return NN_OK;
}

static nn_status squares_backward(void *user, size_t rows, size_t width, const void *y_true,
                                  const float *y_pred, float *gradient)
{
    const float *t = y_true;
    (void)user;
    for (size_t i = 0; i < rows * width; i++)
        gradient[i] = 2 * (y_pred[i] - t[i]) / (float)width;
    return NN_OK;
}

static const nn_custom_loss my_squares = {.struct_size = sizeof(nn_custom_loss),
                                          .name = "my_squares",
                                          .forward = squares,
                                          .backward = squares_backward};

START_TEST(a_callers_own_loss_has_a_reduction_and_keeps_it)
{
    nn_dataset *data = valued(10, true);
    nn_model *model = dense(NULL, NULL, NULL), *built_in = dense("sgd", "mse reduction=sum", NULL);
    OK(nn_model_register_loss(model, &my_squares));
    OK(nn_model_compile(model, "sgd", "my_squares reduction=sum", NULL));
    check_near(evaluate(model, data), evaluate(built_in, data), 1e-6);
    OK(nn_train_on_batch(model, data, NULL, 0));
    OK(nn_train_on_batch(built_in, data, NULL, 0));
    check_near(evaluate(model, data), evaluate(built_in, data), 1e-5);
    file f = save(model);
    nn_model *again;
    OK(nn_model_load_from_memory_with_parts(&again, f.bytes, f.size, model));
    ck_assert_double_eq(evaluate(again, data), evaluate(model, data));
    free(f.bytes);
    nn_model_free(again);
    nn_model_free(model);
    nn_model_free(built_in);
    nn_dataset_free(data);
}
END_TEST

/* As Keras 3.15 wrote them. */
static const struct {
    const char *json, *spec; /* NULL: refused */
} keras_wrote[] = {
    {"{\"module\": \"keras.losses\", \"class_name\": \"SparseCategoricalCrossentropy\", "
     "\"config\": "
     "{\"name\": \"sparse_categorical_crossentropy\", \"reduction\": \"sum\", \"from_logits\": "
     "false, \"ignore_class\": -1}, \"registered_name\": null}",
     "sparse_categorical_crossentropy reduction=sum ignore_class=-1"},
    {"{\"module\": \"keras.losses\", \"class_name\": \"CategoricalGeneralizedCrossEntropy\", "
     "\"config\": {\"name\": \"categorical_generalized_cross_entropy\", \"reduction\": "
     "\"sum_over_batch_size\", \"q\": 0.3}, \"registered_name\": null}",
     "categorical_generalized_cross_entropy q=0.3"},
    {"{\"module\": \"keras.losses\", \"class_name\": \"KLDivergence\", \"config\": {\"name\": "
     "\"kl_divergence\", \"reduction\": \"mean_with_sample_weight\"}, \"registered_name\": null}",
     "kl_divergence reduction=mean_with_sample_weight"},
    {"{\"module\": \"keras.src.losses.losses\", \"class_name\": \"LossFunctionWrapper\", "
     "\"config\": {\"name\": \"my_squares\", \"reduction\": \"sum\", \"fn\": {\"module\": "
     "\"builtins\", \"class_name\": \"function\", \"config\": \"my_squares\", "
     "\"registered_name\": \"function\"}}, \"registered_name\": \"LossFunctionWrapper\"}",
     "my_squares reduction=sum"},
    {"{\"module\": \"keras.losses\", \"class_name\": \"MeanSquaredError\", \"config\": {\"name\": "
     "\"mean_squared_error\", \"reduction\": null}, \"registered_name\": null}",
     NULL},
};

START_TEST(losses_are_read_and_written_as_keras_writes_them)
{
    const char *json = keras_wrote[_i].json, *spec = keras_wrote[_i].spec;
    nn_model *model = new_model("dense units=3 input_shape=(3)");
    nn_json *parsed;
    nn_part part;
    OK(nn_model_register_loss(model, &my_squares));
    OK(nn_json_parse(&parsed, json, strlen(json), "text"));
    if (spec == NULL) {
        FAILS(nn_keras_read_part_with(&part, &nn_loss_room, &model->custom, parsed, NULL),
              NN_ERR_FORMAT, "reduction is none, expected one of");
    } else {
        nn_text text = NN_TEXT_INIT, written = NN_TEXT_INIT;
        nn_json *back;
        nn_part same;
        OK(nn_keras_read_part_with(&part, &nn_loss_room, &model->custom, parsed, NULL));
        nn_part_write(&part, false, &text);
        ck_assert_str_eq(text.data, spec);
        OK(nn_keras_write_part(&part, &written));
        OK(nn_json_parse(&back, written.data, written.length, "text"));
        ck_assert_pstr_eq(nn_json_string(nn_json_get(back, "class_name")),
                          nn_json_string(nn_json_get(parsed, "class_name")));
        OK(nn_keras_read_part_with(&same, &nn_loss_room, &model->custom, back, NULL));
        nn_text_free(&text);
        nn_part_write(&same, false, &text);
        ck_assert_str_eq(text.data, spec);
        nn_part_free(&part);
        nn_part_free(&same);
        nn_release(back);
        nn_text_free(&text);
        nn_text_free(&written);
    }
    nn_release(parsed);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loss reductions");
    TCase *tests = tcase_create("loss reductions");
    tcase_add_checked_fixture(tests, fill, NULL);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, none_is_refused_for_every_loss_with_what_there_is);
    tcase_add_test(tests, solvers_take_means_alone);
    tcase_add_test(tests, a_label_of_no_class_is_only_the_ignored_one);
    tcase_add_test(tests, a_sum_is_the_mean_times_the_rows);
    tcase_add_test(tests, rows_that_weigh_nothing_give_no_loss);
    tcase_add_test(tests, an_evaluation_weighs_batches_by_their_rows);
    tcase_add_test(tests, a_scaled_loss_steps_as_the_unscaled_one);
    tcase_add_test(tests, accumulated_gradients_keep_each_batchs_reduction);
    tcase_add_test(tests, each_output_has_a_reduction_of_its_own);
    tcase_add_test(tests, any_number_of_threads_gives_the_same_bits);
    tcase_add_test(tests, ignored_rows_change_nothing);
    tcase_add_test(tests, a_batch_of_ignored_rows_makes_no_loss_and_class_weights_leave_them_out);
    tcase_add_test(tests, a_saved_model_keeps_its_reduction);
    tcase_add_test(tests, a_callers_own_loss_has_a_reduction_and_keeps_it);
    tcase_add_loop_test(tests, losses_are_read_and_written_as_keras_writes_them, 0,
                        (int)COUNT(keras_wrote));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
