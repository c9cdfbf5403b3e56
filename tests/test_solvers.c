/* Training with optimizers that work on whole data. What they find is compared with scikit-learn's in
 * test_golden_solvers.c. */
#include "faults.h"
#include "fitting.h"
#include "line_search.h"
#include "model.h"
#include "status.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 700, INPUTS = 5 };

static float x[ROWS * INPUTS], t[2 * ROWS];
static int32_t labels[ROWS];
static nn_dataset *linear, *classes; /* rows for a line with noise, and for three classes */

static void setup(void)
{
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = noise(i);
    for (size_t i = 0; i < ROWS; i++) {
        t[2 * i] = 3 * x[INPUTS * i] - x[INPUTS * i + 1] + 0.5f + 0.1f * noise(9 * i);
        t[2 * i + 1] = x[INPUTS * i + 4] - 2 + 0.1f * noise(11 * i);
        labels[i] = x[INPUTS * i] + noise(5 * i) > 0 ? 2 : x[INPUTS * i + 1] > 0;
    }
    OK(nn_dataset_from_arrays(&linear, ROWS, x, NN_FLOAT32, INPUTS, t, NN_FLOAT32, 2));
    OK(nn_dataset_from_arrays(&classes, ROWS, x, NN_FLOAT32, INPUTS, labels, NN_INT32, 1));
}

static void teardown(void)
{
    nn_dataset_free(linear);
    nn_dataset_free(classes);
}

static nn_model *linear_model(const char *optimizer)
{
    return make_model(1, "dense units=2 input_shape=(5)", optimizer, "mse", "mae");
}

static nn_model *class_model(const char *optimizer)
{
    return make_model(1,
                      "dense units=4 activation=tanh input_shape=(5); dense units=3 "
                      "activation=softmax",
                      optimizer, "sparse_categorical_crossentropy", "accuracy");
}

static const struct {
    const char *layers, *optimizer, *loss, *message;
} unfit[] = {
    {"dense units=3 input_shape=(2); dense units=1", "least_squares", "mse",
     "both 'dense' and 'dense_1' are trained: train this model with adam or lbfgs"},
    {"dense units=3 activation=relu input_shape=(2)", "least_squares", "mse",
     "layer 'dense' has activation relu: leave the activation out"},
    {"dense units=3 input_shape=(2); activation activation=tanh", "least_squares", "mse",
     "changes what it gives: put it before 'dense'"},
    {"dense units=3 input_shape=(2)", "least_squares", "mae",
     "minimizes mean_squared_error, and the loss is mean_absolute_error: compile with that loss"},
    {"flatten input_shape=(2,2)", "least_squares", "mse", "no layer of this model is trained"},
    {"dense units=2 input_shape=(2) name=a; dense units=2 name=b; add inputs=(a,b)",
     "least_squares", "mse", "this one has branches"},
    {"dropout rate=0.5 input_shape=(2); dense units=2", "least_squares", "mse",
     "layer 'dropout', a dropout, gives something else in each pass or batch: leave it out"},
    {"dense units=2 input_shape=(2) kernel_regularizer=l2", "least_squares", "mse",
     "layer 'dense' has a regularizer or a constraint: use its own ridge"},
    {"dense units=2 input_shape=(2) activity_regularizer=l2", "least_squares", "mse",
     "layer 'dense' has a regularizer or a constraint: use its own ridge"},
    {"dense units=2 input_shape=(2) bias_constraint=non_neg", "lbfgs", "mse",
     "dense/bias has one: leave it out"},
    {"batch_normalization input_shape=(2); dense units=2", "lbfgs", "mse",
     "layer 'batch_normalization', a batch_normalization, gives something else in each pass or"},
    {"dropout rate=0.5 input_shape=(2); dense units=2", "lbfgs", "mse",
     "train this model with adam"},
};

START_TEST(models_that_it_can_not_train_are_refused_with_a_remedy)
{
    nn_model *model = make_model(1, unfit[_i].layers, NULL, NULL, NULL);
    FAILS(nn_model_compile(model, unfit[_i].optimizer, unfit[_i].loss, NULL), NN_ERR_UNSUPPORTED,
          unfit[_i].message);
    OK(nn_model_compile(model, "sgd", unfit[_i].loss, NULL));
    nn_model_free(model);
}
END_TEST

static const struct {
    const char *spec, *message;
} refused[] = {
    {"lbfgs weight_decay=0.1", "weight_decay is for optimizers that step over batches"},
    {"lbfgs clipnorm=1", "clipnorm is for optimizers"},
    {"lbfgs use_ema=true", "use_ema is for optimizers"},
    {"least_squares clipvalue=1", "clipvalue is for optimizers"},
    {"least_squares global_clipnorm=1", "global_clipnorm is for optimizers"},
    {"least_squares loss_scale_factor=2", "loss_scale_factor is for optimizers"},
    {"least_squares gradient_accumulation_steps=2", "gradient_accumulation_steps is for"},
    {"least_squares ridge=-1", "ridge is -1, expected a number >= 0"},
    {"lbfgs history_size=0", "history_size is 0"},
    {"lbfgs history_size=33", "history_size is 33"},
    {"lbfgs max_iter=0", "max_iter is 0"},
    {"lbfgs tol=-1", "tol is -1"},
};

START_TEST(options_that_it_has_no_use_for_are_refused)
{
    nn_part part;
    FAILS(nn_part_parse(&part, &nn_optimizer_room, refused[_i].spec), NN_ERR_INVALID,
          refused[_i].message);
}
END_TEST

static const char *const solvers[] = {"least_squares", "least_squares ridge=2", "lbfgs",
                                      "lbfgs max_iter=4 history_size=2"};

static nn_model *model_for(const char *optimizer)
{
    return trains(optimizer) == LINEAR_MODEL ? linear_model(optimizer) : class_model(optimizer);
}

static const nn_dataset *data_for(const char *optimizer)
{
    return trains(optimizer) == LINEAR_MODEL ? linear : classes;
}

/* All rows are one batch, in their own order. */
START_TEST(batch_size_and_shuffle_change_nothing)
{
    nn_fit_options options = callback_options(3, 32, NULL, NULL);
    nn_model *one = model_for(solvers[_i]), *other = model_for(solvers[_i]);
    OK(nn_train_on_batch(other, data_for(solvers[_i]), NULL, 0)); /* a trainer that is there */
    OK(nn_model_compile(
        other, solvers[_i],
        trains(solvers[_i]) == LINEAR_MODEL ? "mse" : "sparse_categorical_crossentropy", NULL));
    float *start = weights_of(one, NULL);
    for (size_t i = 0, offset = 0; i < nn_model_weight_count(other); i++) {
        const size_t width = other->parameters[i].width;
        OK(nn_model_set_weights(other, nn_model_weight_name(other, i), start + offset, width));
        offset += width;
    }
    OK(nn_fit(one, data_for(solvers[_i]), &options, NULL));
    options.batch_size = 100000;
    options.shuffle = 0;
    OK(nn_fit(other, data_for(solvers[_i]), &options, NULL));
    ck_assert(same_weights(one, other));
    free(start);
    nn_model_free(one);
    nn_model_free(other);
}
END_TEST

struct events {
    size_t begins, epochs, batches, ends, batches_of_epoch;
};

static nn_status count_events(const nn_event *event, void *user)
{
    struct events *events = user;
    events->begins += event->kind == NN_EVENT_TRAIN_BEGIN;
    events->batches += event->kind == NN_EVENT_BATCH_END;
    events->epochs += event->kind == NN_EVENT_EPOCH_END;
    events->ends += event->kind == NN_EVENT_TRAIN_END;
    events->batches_of_epoch = event->batches;
    return NN_OK;
}

/* With the loss and metrics of the weights that an epoch ends with, and those of validation. */
START_TEST(fit_ends_by_itself_and_its_history_tells)
{
    const char *optimizer = solvers[_i];
    struct events events = {0};
    nn_fit_options options = callback_options(1000, 32, count_events, &events);
    nn_history *history;
    nn_model *model = model_for(optimizer);
    const double *losses, *checks;
    double evaluated[2];
    size_t epochs, count;
    options.validation_data = data_for(optimizer);
    OK(nn_fit(model, data_for(optimizer), &options, &history));
    OK(nn_history_get(history, "loss", &losses, &epochs));
    OK(nn_history_get(history, "val_loss", &checks, &count));
    ck_assert_uint_eq(events.begins, 1);
    ck_assert_uint_eq(events.ends, 1);
    ck_assert_uint_eq(events.batches_of_epoch, 1);
    ck_assert_uint_eq(events.epochs, epochs);
    ck_assert_uint_eq(events.batches, epochs);
    ck_assert_uint_lt(epochs, 500);
    ck_assert(trains(optimizer) != LINEAR_MODEL || epochs == 1);
    for (size_t i = 0; i < epochs; i++) {
        ck_assert_double_eq_tol(losses[i], checks[i], 1e-6);
        ck_assert(i == 0 || losses[i] <= losses[i - 1] + 1e-6);
    }
    OK(nn_evaluate(model, data_for(optimizer), evaluated, 2));
    ck_assert_double_eq_tol(losses[epochs - 1], evaluated[0], 1e-6);
    nn_history_free(history);
    OK(nn_fit(model, data_for(optimizer), &options, &history)); /* it is there already */
    ck_assert_uint_le(epochs_in(history), 2);
    nn_history_free(history);
    nn_model_free(model);
}
END_TEST

/* The penalty l2 w^2 on the mean of the squares of all rows and outputs is ridge = rows outputs l2 on their
 * sum, and neither is on the bias. */
START_TEST(lbfgs_with_a_penalty_is_least_squares_with_a_ridge)
{
    enum { RIDGE = 6 };
    static const char *const optimizers[] = {"least_squares ridge=6",
                                             "lbfgs max_iter=200 tol=1e-9 ftol=1e-15"};
    char layers[2][256];
    snprintf(layers[0], sizeof layers[0], "dense units=2 input_shape=(%d)", INPUTS);
    snprintf(layers[1], sizeof layers[1],
             "dense units=2 input_shape=(%d) kernel_regularizer=l2(l2=%.17g)", INPUTS,
             (double)RIDGE / (2 * ROWS));
    float *weights[2];
    size_t count;
    for (size_t i = 0; i < 2; i++) {
        nn_model *model = make_model(1, layers[i], optimizers[i], "mse", NULL);
        OK(nn_fit(model, linear, NULL, NULL));
        weights[i] = weights_of(model, &count);
        nn_model_free(model);
    }
    for (size_t i = 0; i < count; i++) /* weights of the order of 1 */
        ck_assert_float_eq_tol(weights[0][i], weights[1][i], 1e-4f);
    free(weights[0]);
    free(weights[1]);
}
END_TEST

START_TEST(a_batch_is_solved_as_data_is)
{
    nn_model *fitted = linear_model("least_squares"), *batch = linear_model("least_squares");
    double values[2], expected[2];
    OK(nn_fit(fitted, linear, NULL, NULL));
    OK(nn_train_on_batch(batch, linear, values, 2));
    ck_assert(same_weights(fitted, batch));
    OK(nn_evaluate(fitted, linear, expected, 2));
    ck_assert_double_eq_tol(values[0], expected[0], 1e-7);
    ck_assert_double_eq_tol(values[1], expected[1], 1e-7);
    nn_model_free(fitted);
    nn_model_free(batch);
}
END_TEST

START_TEST(a_smaller_rate_goes_part_of_the_way)
{
    nn_model *whole = linear_model("least_squares"), *half = linear_model("least_squares "
                                                                          "learning_rate=0.5");
    nn_fit_options options = callback_options(30, 32, NULL, NULL);
    nn_history *history;
    OK(nn_fit(whole, linear, &options, NULL));
    OK(nn_fit(half, linear, &options, &history));
    ck_assert_uint_eq(epochs_in(history), 30);
    for (size_t i = 0; i < whole->weights_size; i++)
        ck_assert_double_eq_tol((double)whole->weights[i], (double)half->weights[i], 1e-6);
    nn_history_free(history);
    nn_model_free(whole);
    nn_model_free(half);
    nn_model *still = class_model("lbfgs learning_rate=0");
    float *start = weights_of(still, NULL);
    OK(nn_fit(still, classes, &options, NULL));
    ck_assert(has_weights(still, start));
    free(start);
    nn_model_free(still);
}
END_TEST

START_TEST(data_that_is_not_finite_leaves_the_weights_alone)
{
    const char *optimizer = solvers[_i];
    nn_model *model = model_for(optimizer);
    float *start = weights_of(model, NULL);
    x[INPUTS * 300 + 2] = NAN;
    FAILS(nn_fit(model, data_for(optimizer), NULL, NULL), NN_ERR_NONFINITE,
          "the loss isn't finite in epoch 0, batch 0");
    ck_assert(has_weights(model, start));
    FAILS(nn_train_on_batch(model, data_for(optimizer), NULL, 0), NN_ERR_NONFINITE,
          "the weights are as before");
    ck_assert(has_weights(model, start));
    free(start);
    nn_model_free(model);
}
END_TEST

/* Zero weights of all rows, one row, and inputs that are all the same. */
START_TEST(data_with_nothing_in_it_is_solved)
{
    static float none[ROWS];
    nn_model *model = linear_model("least_squares");
    OK(nn_dataset_add_column(linear, "sample_weight", none, NN_FLOAT32, 1));
    OK(nn_fit(model, linear, NULL, NULL));
    for (size_t i = 0; i < model->weights_size; i++)
        ck_assert(model->weights[i] == 0);
    nn_dataset *same;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = 0.1f;
    OK(nn_dataset_from_arrays(&same, ROWS, x, NN_FLOAT32, INPUTS, t, NN_FLOAT32, 2));
    OK(nn_fit(model, same, NULL, NULL));
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++)
        sum += (double)t[2 * i];
    float kernel[2 * INPUTS], bias[2];
    OK(nn_model_get_weights(model, "dense/kernel", kernel, 2 * INPUTS));
    OK(nn_model_get_weights(model, "dense/bias", bias, 2));
    ck_assert_double_eq_tol((double)bias[0], sum / ROWS, 1e-6);
    for (size_t i = 0; i < 2 * INPUTS; i++)
        ck_assert_double_le(fabs((double)kernel[i]), 1e-6);
    nn_dataset_free(same);
    nn_model_free(model);
}
END_TEST

struct job {
    const char *optimizer, *loss;
    const nn_dataset *data;
};

static nn_status compile_and_fit(nn_model *model, const struct job *job)
{
    NN_TRY(nn_model_compile(model, job->optimizer, job->loss, NULL));
    return nn_fit(model, job->data, NULL, NULL);
}

START_TEST(every_failing_allocation_is_a_clean_failure)
{
    const bool is_linear = trains(solvers[_i]) == LINEAR_MODEL;
    const struct job job = {.optimizer = solvers[_i],
                            .loss = is_linear ? "mse" : "sparse_categorical_crossentropy",
                            .data = data_for(solvers[_i])};
    for (size_t k = 1, failed = 1; failed; k++) {
        const long blocks = faults_live_blocks();
        nn_model *model = model_for(job.optimizer);
        float *before = weights_of(model, NULL);
        faults_fail_allocation(k, true);
        const nn_status status = compile_and_fit(model, &job);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_msg(status == (failed ? NN_ERR_NO_MEMORY : NN_OK), "allocation %zu: %s", k,
                      nn_error_message());
        ck_assert(status == NN_OK || has_weights(model, before));
        OK(compile_and_fit(model, &job));
        free(before);
        nn_model_free(model);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_uint_lt(k, 1000);
    }
}
END_TEST

/* A pair count or a pair that nothing good made. */
START_TEST(state_of_any_kind_is_survived)
{
    static const double counts[] = {-1, NAN, 0.5, 1e300, 7, INFINITY};
    for (size_t i = 0; i < COUNT(counts); i++) {
        nn_model *model = class_model("lbfgs history_size=4");
        double first, last[2];
        OK(nn_train_on_batch(model, classes, last, 2));
        first = last[0];
        model->scalars[0] = counts[i];
        for (size_t j = 0; j < model->slot_count * model->trainable_size; j++)
            model->slots[j] = i % 2 == 0 ? (nn_real)NAN : (nn_real)noise(j);
        for (size_t j = 0; j < 10; j++)
            OK(nn_train_on_batch(model, classes, last, 2));
        ck_assert_double_lt(last[0], first);
        nn_model_free(model);
    }
}
END_TEST

static nn_status read_stream(void *user, const size_t *rows, size_t *count, void *to_x, void *to_y,
                             float *weight)
{
    (void)user;
    (void)rows;
    (void)weight;
    memset(to_x, 0, *count * INPUTS * sizeof(float));
    memset(to_y, 0, *count * 2 * sizeof(float));
    return NN_OK;
}

START_TEST(a_stream_is_refused)
{
    nn_dataset *stream;
    nn_row_reader reader = {.struct_size = sizeof reader,
                            .read = read_stream,
                            .stream = 1,
                            .x_type = NN_FLOAT32,
                            .x_width = INPUTS,
                            .y_type = NN_FLOAT32,
                            .y_width = 2};
    OK(nn_dataset_from_function(&stream, &reader));
    nn_model *model = linear_model("least_squares");
    FAILS(nn_fit(model, stream, NULL, NULL), NN_ERR_UNSUPPORTED,
          "least_squares goes over all rows again and again, and they come as a stream");
    nn_dataset_free(stream);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("solvers");
    TCase *tests = tcase_create("solvers");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, models_that_it_can_not_train_are_refused_with_a_remedy, 0,
                        COUNT(unfit));
    tcase_add_loop_test(tests, options_that_it_has_no_use_for_are_refused, 0, COUNT(refused));
    tcase_add_loop_test(tests, batch_size_and_shuffle_change_nothing, 0, COUNT(solvers));
    tcase_add_loop_test(tests, fit_ends_by_itself_and_its_history_tells, 0, COUNT(solvers));
    tcase_add_test(tests, lbfgs_with_a_penalty_is_least_squares_with_a_ridge);
    tcase_add_test(tests, a_batch_is_solved_as_data_is);
    tcase_add_test(tests, a_smaller_rate_goes_part_of_the_way);
    tcase_add_loop_test(tests, data_that_is_not_finite_leaves_the_weights_alone, 0, COUNT(solvers));
    tcase_add_test(tests, data_with_nothing_in_it_is_solved);
    tcase_add_loop_test(tests, every_failing_allocation_is_a_clean_failure, 0, COUNT(solvers));
    tcase_add_test(tests, state_of_any_kind_is_survived);
    tcase_add_test(tests, a_stream_is_refused);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
