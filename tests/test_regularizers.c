/* Regularizers and constraints in training, and frozen layers. Their values are compared with Keras's in
 * test_golden_regularizers.c, their gradients with differences in test_gradients_regularizers.c. */
#include "faults.h"
#include "fitting.h"
#include "model.h"
#include "workspace.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static blobs points;
static nn_dataset *data;

static void setup(void)
{
    fill_blobs(&points);
    data = blob_dataset(&points);
}

static void teardown(void)
{
    nn_dataset_free(data);
}

static const char loss_name[] = "sparse_categorical_crossentropy";

static nn_model *compiled(const char *layers, const char *optimizer)
{
    return make_model(3, layers, optimizer, loss_name, NULL);
}

static nn_status fit(nn_model *model, size_t epochs, size_t batch_size)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = epochs;
    options.batch_size = batch_size;
    return nn_fit(model, data, &options, NULL);
}

/* ---- options ---- */

static const struct {
    const char *layer;
    nn_status status;
    const char *message;
} refused[] = {
    {"kernel_constraint=max_norm(axis=2)", NN_ERR_SHAPE,
     "dense: constraint of kernel: axis is 2, but a weight of shape (4, 3) has axes -2 ... 1"},
    {"kernel_constraint=unit_norm(axis=-3)", NN_ERR_SHAPE, "axis is -3"},
    {"bias_constraint=min_max_norm(axis=1)", NN_ERR_SHAPE,
     "constraint of bias: axis is 1, but a weight of shape (3,) has axes -1 ... 0"},
    {"kernel_constraint=max_norm(axis=8)", NN_ERR_INVALID, "axis is 8, expected a number in"},
    {"kernel_constraint=min_max_norm(min_value=2)", NN_ERR_INVALID,
     "max_value is 1, expected at least min_value, which is 2"},
    {"bias_regularizer=orthogonal_regularizer", NN_ERR_SHAPE,
     "orthogonal_regularizer needs 2 dimensions, but bias has 1"},
    {"kernel_regularizer=l3", NN_ERR_INVALID, "unknown regularizer 'l3'; did you mean 'l1'?"},
    {"kernel_regularizer=l2(l2=-1)", NN_ERR_INVALID, "kernel_regularizer: l2: l2 is -1"},
    {"kernel_regularizer=l2(l1=1)", NN_ERR_INVALID, "unknown option 'l1'"},
    {"kernel_constraint=l2", NN_ERR_INVALID, "unknown constraint 'l2'"},
    {"kernel_regularizer=orthogonal_regularizer(mode=all)", NN_ERR_INVALID,
     "mode is all, expected one of: rows, columns"},
    {"trainable=0", NN_ERR_INVALID, "trainable is 0, expected true or false"},
};

START_TEST(what_cannot_be_is_refused_with_the_reason)
{
    char layer[128];
    nn_model *model;
    OK(nn_model_create(&model));
    snprintf(layer, sizeof layer, "dense units=3 input_shape=4 %s", refused[_i].layer);
    FAILS(nn_model_add(model, layer), refused[_i].status, refused[_i].message);
    OK(nn_model_add(model, "dense units=3 input_shape=4"));
    nn_model_free(model);
}
END_TEST

START_TEST(outputs_of_two_dimensions_are_no_matrix)
{
    nn_model *model;
    OK(nn_model_create(&model));
    FAILS(nn_model_add(model, "dense units=3 input_shape=(2,4) activity_regularizer=orthogonal"),
          NN_ERR_SHAPE,
          "activity_regularizer: orthogonal_regularizer needs 2 dimensions, but a batch of outputs "
          "has 3");
    OK(nn_model_add(model, "dense units=3 input_shape=(2,4) activity_regularizer=l2"));
    nn_model_free(model);
}
END_TEST

START_TEST(an_alias_and_none_are_read)
{
    nn_model *model = compiled("dense units=3 input_shape=2 kernel_regularizer=orthogonal "
                               "bias_regularizer=none kernel_constraint=none",
                               "sgd");
    ck_assert_str_eq(model->parameters[0].regularizer->type->name, "orthogonal_regularizer");
    ck_assert_ptr_null(model->parameters[0].constraint);
    ck_assert_ptr_null(model->parameters[1].regularizer);
    nn_model_free(model);
}
END_TEST

/* ---- values that golden ones don't have ---- */

static double penalty_of(const char *spec, size_t rows, size_t width, const nn_real *x,
                         nn_real *gradient)
{
    nn_part part;
    size_t needed;
    OK(nn_part_parse(&part, &nn_regularizer_room, spec));
    ck_assert(nn_regularizer_scratch(&part, rows, width, &needed));
    nn_real *scratch = calloc(needed + 1, sizeof *scratch);
    const double penalty = nn_regularizer_of(&part)->penalty(part.self, rows, width, x, scratch);
    nn_regularizer_of(&part)->add_gradient(part.self, rows, width, x, scratch, 1, gradient);
    free(scratch);
    nn_part_free(&part);
    return penalty;
}

START_TEST(where_keras_has_no_number_there_is_none_to_add)
{
    static const struct {
        const char *spec;
        size_t rows, width;
        nn_real x[4];
    } cases[] = {
        {"l1_l2", 2, 2, {1, 2, 3, 4}},                               /* both factors are 0 */
        {"l1_l2", 2, 2, {INFINITY, 1, 1, 1}},                        /* not 0 times that */
        {"orthogonal_regularizer", 1, 4, {1, 2, 3, 4}},              /* no pair */
        {"orthogonal_regularizer mode=columns", 4, 1, {1, 2, 3, 4}}, /* likewise */
        {"orthogonal_regularizer", 2, 2, {0, 0, 3, 4}},              /* no direction */
        {"orthogonal_regularizer mode=columns factor=3", 2, 2, {0, 1, 0, 4}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_real gradient[4] = {0};
        ck_assert_double_eq(
            penalty_of(cases[i].spec, cases[i].rows, cases[i].width, cases[i].x, gradient), 0);
        for (size_t j = 0; j < 4 && isfinite(cases[i].x[0]); j++)
            ck_assert_double_eq((double)gradient[j], 0);
    }
}
END_TEST

START_TEST(a_nan_stays_one)
{
    const nn_real x[4] = {1, 2, NAN, 4};
    for (size_t i = 0; i < nn_regularizer_room.count; i++) {
        nn_real gradient[4] = {0};
        const char *sample = nn_regularizer_room.parts[i]->sample;
        ck_assert_msg(isnan(penalty_of(sample, 2, 2, x, gradient)), "%s", sample);
        ck_assert_msg(isnan(gradient[2]), "%s", sample);
    }
    for (size_t i = 0; i < nn_constraint_room.count; i++) {
        nn_part part;
        nn_real w[4];
        const nn_shape shape = {.rank = 2, .dimensions = {2, 2}};
        memcpy(w, x, sizeof w);
        OK(nn_part_parse(&part, &nn_constraint_room, nn_constraint_room.parts[i]->sample));
        nn_constraint_of(&part)->project(part.self, &shape, w);
        ck_assert_msg(isnan(w[2]) && isfinite(w[0]), "%s", part.type->name);
        nn_part_free(&part);
    }
}
END_TEST

/* ---- training ---- */

static const char penalized[] =
    "dense units=8 activation=tanh input_shape=2 kernel_regularizer=l1_l2(l1=0.01, l2=0.1) "
    "activity_regularizer=orthogonal(factor=0.1, mode=columns) kernel_constraint=max_norm;"
    "dense units=3 activation=softmax kernel_regularizer=orthogonal bias_regularizer=l2(l2=0.2) "
    "activity_regularizer=l2";

START_TEST(a_step_reports_the_loss_before_it_with_all_penalties)
{
    nn_model *model = compiled(penalized, _i == 0 ? "sgd" : "sgd momentum=0.9");
    for (size_t step = 0; step < 5; step++) {
        double evaluated, trained;
        OK(nn_evaluate(model, data, &evaluated, 1));
        OK(nn_train_on_batch(model, data, &trained, 1));
        ck_assert_double_eq_tol(trained, evaluated, 1e-6 * trained);
    }
    nn_model_free(model);
}
END_TEST

START_TEST(an_evaluation_counts_the_penalty_on_weights_once_whatever_its_rows)
{
    enum { ROWS = 600 }; /* more than an evaluation takes at once, and no multiple of that */
    static float x[ROWS][2];
    static int32_t labels[ROWS];
    static const char layers[] = "dense units=3 activation=softmax input_shape=2";
    nn_dataset *rows;
    double with, without, penalty = 0;
    for (size_t i = 0; i < ROWS; i++) {
        x[i][0] = noise(2 * i), x[i][1] = noise(2 * i + 1);
        labels[i] = (int32_t)(i % 3);
    }
    OK(nn_dataset_from_arrays(&rows, ROWS, x, NN_FLOAT32, 2, labels, NN_INT32, 1));
    nn_model *bare = make_model(3, layers, "sgd", loss_name, NULL);
    nn_model *model = make_model(
        3, "dense units=3 activation=softmax input_shape=2 kernel_regularizer=l2(l2=0.5)", "sgd",
        loss_name, NULL);
    OK(nn_evaluate(bare, rows, &without, 1));
    OK(nn_evaluate(model, rows, &with, 1));
    for (size_t i = 0; i < 6; i++)
        penalty += 0.5 * pow((double)model->weights[model->parameters[0].offset + i], 2);
    ck_assert_double_gt(penalty, 0.01);
    ck_assert_double_eq_tol(with, without + penalty, 1e-6 * with);
    nn_model_free(bare);
    nn_model_free(model);
    nn_dataset_free(rows);
}
END_TEST

START_TEST(after_every_step_the_weights_are_as_constrained)
{
    nn_model *model = compiled("dense units=8 activation=tanh input_shape=2 "
                               "kernel_constraint=max_norm(max_value=0.5) bias_constraint=non_neg;"
                               "dense units=3 activation=softmax kernel_constraint=unit_norm",
                               _i == 0 ? "sgd learning_rate=0.5" : "sgd momentum=0.9");
    for (size_t step = 0; step < 10; step++) {
        float kernel[2][8], bias[8], last[8][3];
        OK(nn_train_on_batch(model, data, NULL, 0));
        OK(nn_model_get_weights(model, "dense/kernel", kernel[0], 16));
        OK(nn_model_get_weights(model, "dense/bias", bias, 8));
        OK(nn_model_get_weights(model, "dense_1/kernel", last[0], 24));
        for (size_t j = 0; j < 8; j++) {
            ck_assert_double_le(hypot(kernel[0][j], kernel[1][j]), 0.5 + 1e-6);
            ck_assert_float_ge(bias[j], 0);
        }
        for (size_t j = 0; j < 3; j++) {
            double squares = 0;
            for (size_t i = 0; i < 8; i++)
                squares += (double)last[i][j] * (double)last[i][j];
            ck_assert_double_eq_tol(sqrt(squares), 1, 1e-6);
        }
    }
    nn_model_free(model);
}
END_TEST

/* Large enough for products, slabs and constraints to be shared among threads. */
static float *train_large(size_t threads, size_t *count, double *loss)
{
    enum { ROWS = 128, INPUTS = 300 };
    static float x[ROWS][INPUTS];
    static int32_t labels[ROWS];
    nn_dataset *rows;
    nn_model *model =
        make_model(3,
                   "dense units=260 activation=relu input_shape=300 "
                   "kernel_regularizer=l1_l2(l1=1e-5, l2=1e-4) "
                   "kernel_constraint=max_norm(max_value=0.9) activity_regularizer=l1(l1=1e-5);"
                   "dense units=256 activation=tanh kernel_regularizer=orthogonal(factor=0.1) "
                   "kernel_constraint=min_max_norm(axis=1) activity_regularizer=orthogonal;"
                   "dense units=10 activation=softmax kernel_constraint=non_neg",
                   "sgd momentum=0.9", loss_name, NULL);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < INPUTS; j++)
            x[i][j] = noise(i * INPUTS + j);
        labels[i] = (int32_t)(i % 10);
    }
    OK(nn_set_num_threads(threads));
    OK(nn_dataset_from_arrays(&rows, ROWS, x, NN_FLOAT32, INPUTS, labels, NN_INT32, 1));
    for (size_t step = 0; step < 4; step++)
        OK(nn_train_on_batch(model, rows, loss, 1));
    float *weights = weights_of(model, count);
    nn_model_free(model);
    nn_dataset_free(rows);
    return weights;
}

START_TEST(any_number_of_threads_gives_the_same_bits)
{
    static const size_t threads[] = {2, 3, 8};
    size_t count;
    double loss, other;
    float *alone = train_large(1, &count, &loss);
    for (size_t i = 0; i < COUNT(threads); i++) {
        float *weights = train_large(threads[i], &count, &other);
        ck_assert_mem_eq(weights, alone, count * sizeof *alone);
        ck_assert_mem_eq(&loss, &other, sizeof loss);
        free(weights);
    }
    free(alone);
}
END_TEST

static size_t allocations(size_t epochs, size_t batch_size)
{
    nn_model *model = compiled(penalized, "sgd momentum=0.9");
    faults_fail_allocation(SIZE_MAX, true);
    OK(fit(model, epochs, batch_size));
    const size_t calls = faults_calls();
    faults_reset();
    nn_model_free(model);
    return calls;
}

START_TEST(penalties_allocate_nothing_in_an_epoch)
{
    ck_assert_uint_eq(allocations(1, 2), allocations(7, 2));
    ck_assert_uint_eq(allocations(1, 2), allocations(1, 45));
}
END_TEST

START_TEST(every_failing_allocation_is_a_clean_failure)
{
    for (size_t k = 1, failed = 1; failed; k++) {
        const long blocks = faults_live_blocks();
        double value;
        nn_model *model = compiled(penalized, "sgd momentum=0.9");
        faults_fail_allocation(k, true);
        nn_status status = nn_train_on_batch(model, data, &value, 1);
        if (status == NN_OK)
            status = nn_evaluate(model, data, &value, 1);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        nn_model_free(model);
        ck_assert_int_eq(faults_live_blocks(), blocks);
    }
}
END_TEST

/* ---- frozen layers ---- */

static const char three_layers[] = "dense units=8 activation=tanh input_shape=2 trainable=false;"
                                   "dense units=5 activation=tanh;"
                                   "dense units=3 activation=softmax";

START_TEST(a_frozen_layer_keeps_its_weights_and_the_others_learn)
{
    nn_model *model = compiled(three_layers, _i == 0 ? "sgd" : "sgd momentum=0.9 nesterov=true");
    float before[16], after[16], last[15], learned[15];
    ck_assert_uint_eq(nn_model_parameter_count(model), 24 + 45 + 18);
    ck_assert_uint_eq(nn_model_trainable_count(model), 45 + 18);
    OK(nn_model_get_weights(model, "dense/kernel", before, 16));
    OK(nn_model_get_weights(model, "dense_2/kernel", last, 15));
    OK(fit(model, 2, 8));
    OK(nn_model_get_weights(model, "dense/kernel", after, 16));
    OK(nn_model_get_weights(model, "dense_2/kernel", learned, 15));
    ck_assert_mem_eq(before, after, sizeof before);
    ck_assert_mem_ne(last, learned, sizeof last);
    nn_model_free(model);
}
END_TEST

START_TEST(the_others_learn_as_if_it_were_their_input)
{
    static const char head[] = "dense units=3 activation=softmax";
    nn_model *whole = compiled("dense units=8 activation=tanh input_shape=2 trainable=false; dense "
                               "units=3 activation=softmax",
                               "sgd momentum=0.9");
    nn_model *front =
        make_model(3, "dense units=8 activation=tanh input_shape=2", NULL, NULL, NULL);
    float kernel[24], bias[8], features[BLOB_ROWS][8], a[24], b[24];
    char layer[64];
    nn_dataset *rows;
    snprintf(layer, sizeof layer, "%s input_shape=8", head);
    nn_model *back = make_model(3, layer, "sgd momentum=0.9", loss_name, NULL);
    OK(nn_model_get_weights(whole, "dense/kernel", kernel, 16));
    OK(nn_model_set_weights(front, "dense/kernel", kernel, 16));
    OK(nn_model_get_weights(whole, "dense/bias", bias, 8));
    OK(nn_model_set_weights(front, "dense/bias", bias, 8));
    OK(nn_model_get_weights(whole, "dense_1/kernel", kernel, 24));
    OK(nn_model_set_weights(back, "dense/kernel", kernel, 24));
    OK(nn_predict(front, points.x[0], BLOB_ROWS, features[0]));
    OK(nn_dataset_from_arrays(&rows, BLOB_ROWS, features, NN_FLOAT32, 8, points.label, NN_INT32,
                              1));
    for (size_t step = 0; step < 5; step++) {
        OK(nn_train_on_batch(whole, data, NULL, 0));
        OK(nn_train_on_batch(back, rows, NULL, 0));
    }
    OK(nn_model_get_weights(whole, "dense_1/kernel", a, 24));
    OK(nn_model_get_weights(back, "dense/kernel", b, 24));
    ck_assert_mem_eq(a, b, sizeof a);
    ck_assert_mem_ne(a, kernel, sizeof a);
    nn_model_free(whole);
    nn_model_free(front);
    nn_model_free(back);
    nn_dataset_free(rows);
}
END_TEST

/* The walk back ends at the first layer that is trained; a frozen one behind it only hands on. */
START_TEST(no_gradient_is_wanted_before_the_first_layer_that_is_trained)
{
    nn_model *model = compiled("dense units=8 activation=tanh input_shape=2 trainable=false;"
                               "dense units=5 activation=tanh trainable=false;"
                               "dense units=5 activation=tanh;"
                               "dense units=3 activation=softmax trainable=false",
                               "sgd momentum=0.9");
    nn_workspace *workspace;
    OK(nn_workspace_create(&workspace, model, 4, NN_TO_TRAIN));
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(workspace->nodes[i].backward, i >= 2);
        ck_assert_int_eq(workspace->nodes[i].dy != NULL, i >= 2);
    }
    ck_assert_uint_ge(model->trainable_size, 45);
    ck_assert_uint_lt(model->trainable_size, 45 + 32); /* of the flat run, with its gaps */
    nn_workspace_free(workspace);
    nn_model_free(model);
}
END_TEST

static void expect_summary(const nn_model *model, const char *line)
{
    char text[8192];
    OK(nn_model_summary(model, text, sizeof text, NULL));
    ck_assert_msg(strstr(text, line) != NULL, "\"%s\" isn't in\n%s", line, text);
}

START_TEST(freezing_moves_no_value_and_asks_for_a_compilation)
{
    nn_model *model = compiled(penalized, "sgd momentum=0.9");
    OK(fit(model, 1, 8));
    float *before = weights_of(model, NULL);
    float y[BLOB_ROWS][3], again[BLOB_ROWS][3];
    double value;
    OK(nn_predict(model, points.x[0], BLOB_ROWS, y[0]));
    expect_summary(model, " Trainable params: 51 ");
    OK(nn_model_set_trainable(model, "dense", 1)); /* as it is */
    OK(nn_evaluate(model, data, &value, 1));
    OK(nn_model_set_trainable(model, "dense", 0));
    ck_assert(has_weights(model, before));
    ck_assert_uint_eq(nn_model_trainable_count(model), 27);
    ck_assert_uint_eq(nn_model_metric_count(model), 0);
    expect_summary(model, " Trainable params: 27 ");
    expect_summary(model, " Non-trainable params: 24 ");
    OK(nn_predict(model, points.x[0], BLOB_ROWS, again[0]));
    ck_assert_mem_eq(y, again, sizeof y);
    FAILS(fit(model, 1, 8), NN_ERR_STATE, "nn_model_compile");
    FAILS(nn_evaluate(model, data, &value, 1), NN_ERR_STATE, "nn_model_compile");
    OK(nn_model_compile(model, "sgd momentum=0.9", loss_name, NULL));
    OK(fit(model, 1, 8));
    float kernel[16];
    OK(nn_model_get_weights(model, "dense/kernel", kernel, 16));
    ck_assert_mem_eq(kernel, before, sizeof kernel);
    ck_assert(!has_weights(model, before));
    free(before);
    nn_model_free(model);
}
END_TEST

START_TEST(freezing_and_unfreezing_leaves_a_model_as_it_was)
{
    nn_model *model = compiled(three_layers, "sgd momentum=0.9");
    nn_model *other = compiled(three_layers, "sgd momentum=0.9");
    OK(nn_model_set_trainable(model, "dense_1", 0));
    OK(nn_model_set_trainable(model, "dense", 1));
    OK(nn_model_set_trainable(model, NULL, 0));
    ck_assert_uint_eq(nn_model_trainable_count(model), 0);
    OK(nn_model_set_trainable(model, NULL, 1));
    ck_assert_uint_eq(nn_model_trainable_count(model), nn_model_parameter_count(model));
    OK(nn_model_set_trainable(model, "dense", 0));
    OK(nn_model_compile(model, "sgd momentum=0.9", loss_name, NULL));
    ck_assert(same_weights(model, other));
    OK(fit(model, 3, 8));
    OK(fit(other, 3, 8));
    ck_assert(same_weights(model, other));
    nn_model_free(model);
    nn_model_free(other);
}
END_TEST

START_TEST(a_layer_is_frozen_before_the_model_is_built_as_well)
{
    nn_model *model =
        make_model(3, "dense units=8 activation=tanh input_shape=2", NULL, NULL, NULL);
    OK(nn_model_set_trainable(model, "dense", 0));
    OK(nn_model_add(model, "dense units=5 activation=tanh"));
    OK(nn_model_add(model, "dense units=3 activation=softmax"));
    OK(nn_model_compile(model, "sgd momentum=0.9", loss_name, NULL));
    nn_model *other = compiled(three_layers, "sgd momentum=0.9");
    OK(fit(model, 2, 8));
    OK(fit(other, 2, 8));
    ck_assert(same_weights(model, other));
    nn_model_free(model);
    nn_model_free(other);
}
END_TEST

START_TEST(a_model_without_anything_to_train_is_fitted_and_measured)
{
    nn_model *model = compiled("dense units=3 activation=softmax input_shape=2 trainable=false "
                               "kernel_regularizer=l2(l2=9) activity_regularizer=l2",
                               _i == 0 ? "sgd" : "sgd momentum=0.9");
    float *before = weights_of(model, NULL);
    double evaluated, trained;
    OK(nn_evaluate(model, data, &evaluated, 1));
    OK(nn_train_on_batch(model, data, &trained, 1));
    ck_assert_double_eq_tol(trained, evaluated, 1e-6 * trained);
    ck_assert_double_lt(evaluated, 3); /* no penalty on weights that aren't trained */
    OK(fit(model, 2, 8));
    ck_assert(has_weights(model, before));
    free(before);
    nn_model_free(model);
}
END_TEST

static nn_status freeze_in_callback(const nn_event *event, void *user)
{
    (void)user;
    FAILS(nn_model_set_trainable(event->model, NULL, 0), NN_ERR_STATE, "a callback can't change");
    return NN_OK;
}

START_TEST(set_trainable_refuses_what_cannot_be)
{
    nn_model *model;
    OK(nn_model_create(&model));
    FAILS(nn_model_set_trainable(NULL, NULL, 0), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_set_trainable(model, NULL, 0), NN_ERR_STATE, "no layers");
    OK(nn_model_add(model, "dense units=3 activation=softmax input_shape=2 name=out"));
    FAILS(nn_model_set_trainable(model, "dense", 0), NN_ERR_INVALID,
          "no layer is named 'dense'; known: out");
    FAILS(nn_model_set_trainable(model, "out", 2), NN_ERR_INVALID,
          "trainable is 2, expected 0 or 1");
    OK(nn_model_compile(model, "sgd", loss_name, NULL));
    nn_fit_options options = callback_options(1, 32, freeze_in_callback, NULL);
    OK(nn_fit(model, data, &options, NULL));
    ck_assert_uint_eq(nn_model_trainable_count(model), 9);
    nn_model_free(model);
}
END_TEST

START_TEST(a_failed_allocation_leaves_the_model_as_it_was)
{
    for (size_t k = 1, failed = 1; failed; k++) {
        nn_model *model = compiled(three_layers, "sgd momentum=0.9");
        float *before = weights_of(model, NULL);
        double value;
        faults_fail_allocation(k, true);
        const nn_status status = nn_model_set_trainable(model, "dense_1", 0);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        ck_assert_uint_eq(nn_model_trainable_count(model), failed ? 45 + 18 : 18);
        ck_assert(has_weights(model, before));
        if (failed)
            OK(nn_train_on_batch(model, data, &value, 1));
        free(before);
        nn_model_free(model);
    }
}
END_TEST

static nn_model *reloaded(const nn_model *model)
{
    nn_model *loaded;
    size_t length;
    OK(nn_model_save_to_memory(model, NULL, 0, &length));
    void *bytes = malloc(length);
    OK(nn_model_save_to_memory(model, bytes, length, NULL));
    OK(nn_model_load_from_memory(&loaded, bytes, length));
    free(bytes);
    return loaded;
}

START_TEST(what_is_frozen_is_saved_and_cloned)
{
    nn_model *model = compiled(penalized, "sgd momentum=0.9"), *copies[2];
    OK(nn_model_set_trainable(model, "dense", 0));
    OK(nn_model_compile(model, "sgd momentum=0.9", loss_name, NULL));
    OK(fit(model, 1, 8));
    copies[0] = reloaded(model);
    OK(nn_model_clone(&copies[1], model));
    OK(fit(model, 1, 8));
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(nn_model_trainable_count(copies[i]), 27);
        ck_assert(!same_weights(copies[i], model));
        OK(fit(copies[i], 1, 8));
        ck_assert(same_weights(copies[i], model));
        /* and now all of it */
        OK(nn_model_set_trainable(copies[i], "dense", 1));
        OK(nn_model_compile(copies[i], "sgd learning_rate=0.001", loss_name, NULL));
        OK(fit(copies[i], 1, 8));
        ck_assert_uint_eq(nn_model_trainable_count(copies[i]), 51);
    }
    ck_assert(same_weights(copies[0], copies[1]));
    nn_model_free(model);
    nn_model_free(copies[0]);
    nn_model_free(copies[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regularizers");
    TCase *tests = tcase_create("options and values");
    tcase_add_loop_test(tests, what_cannot_be_is_refused_with_the_reason, 0, (int)COUNT(refused));
    tcase_add_test(tests, outputs_of_two_dimensions_are_no_matrix);
    tcase_add_test(tests, an_alias_and_none_are_read);
    tcase_add_test(tests, where_keras_has_no_number_there_is_none_to_add);
    tcase_add_test(tests, a_nan_stays_one);
    suite_add_tcase(suite, tests);

    tests = tcase_create("training");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, a_step_reports_the_loss_before_it_with_all_penalties, 0, 2);
    tcase_add_test(tests, an_evaluation_counts_the_penalty_on_weights_once_whatever_its_rows);
    tcase_add_loop_test(tests, after_every_step_the_weights_are_as_constrained, 0, 2);
    tcase_add_test(tests, any_number_of_threads_gives_the_same_bits);
    tcase_add_test(tests, penalties_allocate_nothing_in_an_epoch);
    tcase_add_test(tests, every_failing_allocation_is_a_clean_failure);
    suite_add_tcase(suite, tests);

    tests = tcase_create("frozen layers");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, a_frozen_layer_keeps_its_weights_and_the_others_learn, 0, 2);
    tcase_add_test(tests, the_others_learn_as_if_it_were_their_input);
    tcase_add_test(tests, no_gradient_is_wanted_before_the_first_layer_that_is_trained);
    tcase_add_test(tests, freezing_moves_no_value_and_asks_for_a_compilation);
    tcase_add_test(tests, freezing_and_unfreezing_leaves_a_model_as_it_was);
    tcase_add_test(tests, a_layer_is_frozen_before_the_model_is_built_as_well);
    tcase_add_loop_test(tests, a_model_without_anything_to_train_is_fitted_and_measured, 0, 2);
    tcase_add_test(tests, set_trainable_refuses_what_cannot_be);
    tcase_add_test(tests, a_failed_allocation_leaves_the_model_as_it_was);
    tcase_add_test(tests, what_is_frozen_is_saved_and_cloned);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
