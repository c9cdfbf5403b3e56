/* What training lets one see and do, of models with several inputs and outputs: callbacks, backups, views, rows
 * that a function reads, gradients and layers' outputs by name. */
#include "fitting.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DATA_ROWS = 30, X = 5, Y = 5, A = 2, B = 3, SIZE = 2, KIND = 3 };

static float x[DATA_ROWS][X], y[DATA_ROWS][Y];
static nn_dataset *data;

static nn_dataset *dataset_of(const void *inputs, const void *targets, size_t rows)
{
    nn_dataset *made;
    OK(nn_dataset_from_arrays(&made, rows, inputs, NN_FLOAT32, X, targets, NN_FLOAT32, Y));
    return made;
}

static void setup(void)
{
    for (size_t row = 0; row < DATA_ROWS; row++) {
        for (size_t i = 0; i < X; i++)
            x[row][i] = noise(row * X + i);
        for (size_t i = 0; i < SIZE; i++)
            y[row][i] = noise(500 + row * SIZE + i);
        for (size_t i = 0; i < KIND; i++)
            y[row][SIZE + i] = row * 7 % KIND == i ? 1 : 0;
    }
    data = dataset_of(x, y, DATA_ROWS);
}

static void teardown(void)
{
    nn_dataset_free(data);
}

static nn_model *graph_with(const char *optimizer)
{
    static const double weights[] = {0.5, 2};
    nn_model *model = make_model(
        3,
        "input shape=(2) name=a; dense units=4 activation=tanh name=h; input shape=(3) name=b; "
        "dense units=4 name=m; add inputs=(h,m); dropout rate=0.3; dense units=2 name=size; "
        "concatenate inputs=(dropout,b); dense units=3 activation=softmax name=kind",
        NULL, NULL, NULL);
    OK(nn_model_set_outputs(model, "size, kind"));
    OK(nn_model_set_loss_weights(model, weights, 2));
    OK(nn_model_compile(model, optimizer, "mse; categorical_crossentropy",
                        "size/mae; kind/accuracy; kind/auc"));
    return model;
}

static nn_model *graph(void)
{
    return graph_with("sgd learning_rate=0.05 momentum=0.9");
}

/* Both are trained on alike, to the bit. */
static void assert_alike(const nn_dataset *a, const nn_dataset *b, nn_fit_options options)
{
    nn_model *models[] = {graph(), graph()};
    const nn_dataset *const sets[] = {a, b};
    double values[2][6];
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(nn_model_metric_count(models[i]), 6);
        OK(nn_fit(models[i], sets[i], &options, NULL));
        OK(nn_evaluate(models[i], sets[i], values[i], 6));
    }
    ck_assert(same_weights(models[0], models[1]));
    ck_assert_mem_eq(values[0], values[1], sizeof(values[0]));
    nn_model_free(models[0]);
    nn_model_free(models[1]);
}

/* ---- data ---- */

enum { CHOSEN = 11 };
static const size_t chosen[CHOSEN] = {7, 29, 0, 3, 3, 18, 22, 5, 11, 28, 1};

START_TEST(views_of_rows_side_by_side_are_cut_for_each_input)
{
    float some_x[CHOSEN][X], some_y[CHOSEN][Y];
    nn_dataset *view, *slice, *copies;
    for (size_t i = 0; i < CHOSEN; i++) {
        memcpy(some_x[i], x[chosen[i]], sizeof(some_x[i]));
        memcpy(some_y[i], y[chosen[i]], sizeof(some_y[i]));
    }
    nn_fit_options options = callback_options(3, 4, NULL, NULL);
    options.validation_split = 0.2;
    OK(nn_dataset_select(&view, data, chosen, CHOSEN));
    copies = dataset_of(some_x, some_y, CHOSEN);
    assert_alike(view, copies, options);
    nn_dataset_free(copies);
    OK(nn_dataset_slice(&slice, view, 2, 8));
    copies = dataset_of(some_x + 2, some_y + 2, 8);
    nn_dataset_free(view);
    assert_alike(slice, copies, options);
    nn_dataset_free(slice);
    nn_dataset_free(copies);
}
END_TEST

START_TEST(views_have_the_columns_of_inputs_and_outputs_by_name)
{
    float a[DATA_ROWS][A], b[DATA_ROWS][B], found[2 * B];
    for (size_t row = 0; row < DATA_ROWS; row++) {
        memcpy(a[row], x[row], sizeof(a[row]));
        memcpy(b[row], x[row] + A, sizeof(b[row]));
    }
    nn_dataset *whole, *part, *view, *again, *wanted;
    OK(nn_dataset_from_arrays(&whole, DATA_ROWS, NULL, NN_FLOAT32, 0, y, NN_FLOAT32, Y));
    OK(nn_dataset_slice(&part, whole, 0, DATA_ROWS));
    nn_dataset_free(whole);
    OK(nn_dataset_add_column(part, "a", a, NN_FLOAT32, A));
    OK(nn_dataset_add_column(part, "b", b, NN_FLOAT32, B));
    OK(nn_dataset_select(&view, part, chosen, CHOSEN));
    nn_dataset_free(part); /* whose names the view has */
    OK(nn_dataset_slice(&again, view, 1, CHOSEN - 1));
    OK(nn_dataset_get_values(again, "b", 0, 2, found));
    ck_assert(found[0] == x[29][A] && found[B] == x[0][A]);
    OK(nn_dataset_select(&wanted, data, chosen + 1, CHOSEN - 1));
    nn_dataset_free(view);
    assert_alike(again, wanted, callback_options(3, 4, NULL, NULL));
    nn_dataset_free(again);
    nn_dataset_free(wanted);
}
END_TEST

static nn_status read_rows(void *user, const size_t *rows, size_t *count, void *to_x, void *to_y,
                           float *sample_weight)
{
    size_t *next = user;
    ck_assert_ptr_null(sample_weight);
    if (rows == NULL && *count > DATA_ROWS - *next)
        *count = DATA_ROWS - *next;
    for (size_t i = 0; i < *count; i++) {
        const size_t row = rows != NULL ? rows[i] : (*next)++;
        memcpy((float *)to_x + i * X, x[row], sizeof(x[row]));
        memcpy((float *)to_y + i * Y, y[row], sizeof(y[row]));
    }
    return NN_OK;
}

static nn_status restart(void *user)
{
    *(size_t *)user = 0;
    return NN_OK;
}

static nn_dataset *read_dataset(size_t *next, bool stream)
{
    nn_dataset *made;
    const nn_row_reader reader = {
        .struct_size = sizeof(reader),
        .rows = stream ? 0 : DATA_ROWS,
        .x_type = NN_FLOAT32,
        .x_width = X,
        .y_type = NN_FLOAT32,
        .y_width = Y,
        .stream = stream,
        .read = read_rows,
        .restart = stream ? restart : NULL,
        .user = next,
    };
    OK(nn_dataset_from_function(&made, &reader));
    return made;
}

START_TEST(a_function_reads_rows_of_several_inputs_and_outputs)
{
    size_t next = 0;
    nn_fit_options options = callback_options(3, 7, NULL, NULL);
    nn_dataset *read = read_dataset(&next, false), *stream = read_dataset(&next, true);
    options.validation_split = 0.3;
    assert_alike(read, data, options);
    options = callback_options(3, 7, NULL, NULL);
    options.shuffle = 0;
    assert_alike(stream, data, options);
    nn_dataset *view, *wanted;
    OK(nn_dataset_select(&view, read, chosen, CHOSEN));
    OK(nn_dataset_select(&wanted, data, chosen, CHOSEN));
    assert_alike(view, wanted, options);
    FAILS(nn_dataset_add_column(read, "b", x, NN_FLOAT32, B), NN_ERR_UNSUPPORTED,
          "read by a function");
    nn_dataset_free(view);
    nn_dataset_free(wanted);
    nn_dataset_free(stream);
    nn_dataset_free(read);
}
END_TEST

START_TEST(a_confusion_matrix_is_counted_of_rows_that_are_read)
{
    size_t wanted[Y * Y], found[Y * Y], next = 0;
    nn_model *model = make_model(1, "dense units=5 activation=softmax input_shape=(5)", "sgd",
                                 "categorical_crossentropy", NULL);
    nn_dataset *stream = read_dataset(&next, true);
    OK(nn_confusion_matrix(model, data, wanted, Y));
    OK(nn_confusion_matrix(model, stream, found, Y));
    ck_assert_mem_eq(wanted, found, sizeof(wanted));
    nn_dataset_free(stream);
    nn_model_free(model);
}
END_TEST

/* ---- callbacks ---- */

static nn_status stop_at(const nn_event *event, void *user)
{
    size_t *left = user;
    return event->kind == NN_EVENT_BATCH_END && --*left == 0 ? NN_STOPPED : NN_OK;
}

static const char with_progress[] =
    "early_stopping monitor=val_kind_accuracy patience=50 restore_best_weights=true; "
    "reduce_lr_on_plateau monitor=size_loss patience=1 factor=0.7; gradient_norms";

START_TEST(a_resumed_training_has_all_outputs_losses_and_metrics)
{
    char directory[] = "/tmp/nn_graph_XXXXXX", callbacks[512];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    nn_model *whole = graph(), *parts = graph();
    nn_history *histories[2];
    nn_fit_options options = callback_options(6, 5, NULL, NULL);
    options.validation_split = 0.3;
    options.callbacks = with_progress;
    OK(nn_fit(whole, data, &options, &histories[0]));
    size_t left = 12; /* in the midst of an epoch of 5 */
    snprintf(callbacks, sizeof(callbacks), "backup_and_restore backup_dir='%s/b' save_freq=1; %s",
             directory, with_progress);
    options.callbacks = callbacks;
    options.callback = stop_at;
    options.callback_user = &left;
    ck_assert_int_eq(nn_fit(parts, data, &options, NULL), NN_STOPPED);
    nn_model_free(parts);
    parts = graph();
    options.callback = NULL;
    OK(nn_fit(parts, data, &options, &histories[1]));
    ck_assert(same_weights(whole, parts));
    ck_assert_uint_eq(epochs_in(histories[1]), 4);
    for (size_t i = 0; i < nn_history_count(histories[0]); i++) {
        const char *name = nn_history_name(histories[0], i);
        const double *wanted, *found;
        size_t count;
        OK(nn_history_get(histories[0], name, &wanted, &count));
        OK(nn_history_get(histories[1], name, &found, &count));
        for (size_t epoch = 0; epoch < count; epoch++)
            ck_assert_msg(found[epoch] == wanted[epoch + 2], "%s after %zu: %.17g, not %.17g", name,
                          epoch, found[epoch], wanted[epoch + 2]);
    }
    for (size_t i = 0; i < 2; i++)
        nn_history_free(histories[i]);
    nn_model_free(whole);
    nn_model_free(parts);
    rmdir(directory);
}
END_TEST

START_TEST(the_history_has_columns_of_outputs_then_of_callbacks)
{
    static const char *const names[] = {"loss",
                                        "size_loss",
                                        "kind_loss",
                                        "size_mae",
                                        "kind_accuracy",
                                        "kind_auc",
                                        "h/gradient_norm",
                                        "m/gradient_norm",
                                        "size/gradient_norm",
                                        "kind/gradient_norm"};
    nn_model *model = graph();
    nn_history *history;
    nn_fit_options options = callback_options(2, 30, NULL, NULL);
    options.callbacks = "gradient_norms";
    OK(nn_fit(model, data, &options, &history));
    ck_assert_uint_eq(nn_history_count(history), COUNT(names));
    for (size_t i = 0; i < nn_history_count(history); i++) {
        ck_assert_str_eq(nn_history_name(history, i), names[i]);
        ck_assert(last_of(history, names[i], 2) > 0);
    }
    nn_history_free(history);
    nn_model_free(model);
}
END_TEST

/* Weights that stay as they are stop early: the first epoch is the best, and if that meets a baseline, the
 * waiting begins after it. A baseline far off on one side tells which side is better. */
static void check_monitor(const char *monitor, bool higher)
{
    char callbacks[256];
    nn_model *model = graph_with("sgd learning_rate=0");
    nn_history *history;
    nn_fit_options options = callback_options(4, 30, NULL, NULL);
    options.validation_split = 0.3;
    snprintf(callbacks, sizeof(callbacks), "early_stopping monitor=%s patience=2 baseline=%s",
             monitor, higher ? "-1000" : "1000");
    options.callbacks = callbacks;
    ck_assert_int_eq(nn_fit(model, data, &options, &history), NN_STOPPED);
    ck_assert_uint_eq(epochs_in(history), 3); /* the first met the baseline, two waited */
    nn_history_free(history);
    snprintf(callbacks, sizeof(callbacks), "early_stopping monitor=%s patience=2 baseline=%s",
             monitor, higher ? "1000" : "-1000");
    ck_assert_int_eq(nn_fit(model, data, &options, &history), NN_STOPPED);
    ck_assert_uint_eq(epochs_in(history), 2); /* no epoch met it */
    nn_history_free(history);
    nn_model_free(model);
}

START_TEST(what_is_better_is_known_of_each_outputs_quantities)
{
    check_monitor("val_loss", false);
    check_monitor("val_size_loss", false);
    check_monitor("val_kind_loss", false);
    check_monitor("val_size_mae", false);
    check_monitor("val_kind_accuracy", true);
    check_monitor("val_kind_auc", true);
    nn_model *model = graph();
    nn_fit_options options = callback_options(1, 30, NULL, NULL);
    options.callbacks = "early_stopping monitor=accuracy";
    FAILS(nn_fit(model, data, &options, NULL), NN_ERR_INVALID,
          "known: loss, size_loss, kind_loss, size_mae, kind_accuracy, kind_auc");
    nn_model_free(model);
}
END_TEST

/* ---- gradients and outputs ---- */

START_TEST(gradients_are_those_of_the_weighted_sum_of_losses)
{
    nn_model *model = graph_with("sgd learning_rate=1");
    double values[6], again[6];
    float *before[64], *gradients[64], after[64];
    OK(nn_model_compute_gradients(model, data, values, 6));
    for (size_t i = 0; i < nn_model_weight_count(model); i++) {
        const char *name = nn_model_weight_name(model, i);
        size_t shape[4] = {1, 1, 1, 1}, rank = nn_model_weight_shape(model, name, shape, 4);
        const size_t count = rank == 2 ? shape[0] * shape[1] : shape[0];
        ck_assert_uint_le(count, 64);
        before[i] = calloc(count, sizeof(float));
        gradients[i] = calloc(count, sizeof(float));
        OK(nn_model_get_weights(model, name, before[i], count));
        OK(nn_model_get_gradients(model, name, gradients[i], count));
    }
    OK(nn_train_on_batch(model, data, again, 6));
    ck_assert_mem_eq(values, again, sizeof(values));
    for (size_t i = 0; i < nn_model_weight_count(model); i++) {
        const char *name = nn_model_weight_name(model, i);
        size_t shape[4] = {1, 1, 1, 1}, rank = nn_model_weight_shape(model, name, shape, 4);
        const size_t count = rank == 2 ? shape[0] * shape[1] : shape[0];
        float largest = 0;
        OK(nn_model_get_weights(model, name, after, count));
        for (size_t j = 0; j < count; j++) {
            ck_assert_float_eq_tol(after[j], before[i][j] - gradients[i][j], 1e-6f);
            largest = fmaxf(largest, fabsf(gradients[i][j]));
        }
        ck_assert_float_gt(largest, 1e-3f);
        free(before[i]);
        free(gradients[i]);
    }
    nn_model_free(model);
}
END_TEST

START_TEST(layers_outputs_are_those_of_a_prediction)
{
    enum { HIDDEN = 4 };
    nn_model *model = graph();
    float outputs[DATA_ROWS][Y], size[DATA_ROWS][SIZE], kind[DATA_ROWS][KIND];
    float h[DATA_ROWS][HIDDEN], m[DATA_ROWS][HIDDEN], sum[DATA_ROWS][HIDDEN];
    float a[DATA_ROWS][A], b[DATA_ROWS][B], dropped[DATA_ROWS][HIDDEN];
    OK(nn_predict(model, x[0], DATA_ROWS, outputs[0]));
    OK(nn_model_layer_output(model, "size", x[0], DATA_ROWS, size[0]));
    OK(nn_model_layer_output(model, "kind", x[0], DATA_ROWS, kind[0]));
    OK(nn_model_layer_output(model, "h", x[0], DATA_ROWS, h[0]));
    OK(nn_model_layer_output(model, "m", x[0], DATA_ROWS, m[0]));
    OK(nn_model_layer_output(model, "add", x[0], DATA_ROWS, sum[0]));
    OK(nn_model_layer_output(model, "dropout", x[0], DATA_ROWS, dropped[0]));
    OK(nn_model_layer_output(model, "a", x[0], DATA_ROWS, a[0]));
    OK(nn_model_layer_output(model, "b", x[0], DATA_ROWS, b[0]));
    ck_assert_mem_eq(sum, dropped, sizeof(sum));
    for (size_t row = 0; row < DATA_ROWS; row++) {
        ck_assert_mem_eq(size[row], outputs[row], sizeof(size[row]));
        ck_assert_mem_eq(kind[row], outputs[row] + SIZE, sizeof(kind[row]));
        ck_assert_mem_eq(a[row], x[row], sizeof(a[row]));
        ck_assert_mem_eq(b[row], x[row] + A, sizeof(b[row]));
        for (size_t i = 0; i < HIDDEN; i++)
            ck_assert(sum[row][i] == h[row][i] + m[row][i]);
    }
    FAILS(nn_model_layer_output(model, "addd", x[0], DATA_ROWS, sum[0]), NN_ERR_INVALID,
          "did you mean 'add'");
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graph callbacks");
    TCase *tests = tcase_create("graph callbacks");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, views_of_rows_side_by_side_are_cut_for_each_input);
    tcase_add_test(tests, views_have_the_columns_of_inputs_and_outputs_by_name);
    tcase_add_test(tests, a_function_reads_rows_of_several_inputs_and_outputs);
    tcase_add_test(tests, a_confusion_matrix_is_counted_of_rows_that_are_read);
    tcase_add_test(tests, a_resumed_training_has_all_outputs_losses_and_metrics);
    tcase_add_test(tests, the_history_has_columns_of_outputs_then_of_callbacks);
    tcase_add_test(tests, what_is_better_is_known_of_each_outputs_quantities);
    tcase_add_test(tests, gradients_are_those_of_the_weighted_sum_of_losses);
    tcase_add_test(tests, layers_outputs_are_those_of_a_prediction);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
