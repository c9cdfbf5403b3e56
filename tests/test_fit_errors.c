/* What a fit refuses, before it has changed anything, and how it comes back from divergence. */
#include "fitting.h"
#include <math.h>
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

/* ---- bad input ---- */

/* The fit fails before anything was trained: the weights stay, bit for bit, and no history is left. */
#define REFUSES(model, dataset, options, expected, text)                                           \
    do {                                                                                           \
        float *before = weights_of(model, NULL);                                                   \
        nn_history *history = (nn_history *)(uintptr_t)&points;                                    \
        FAILS(nn_fit(model, dataset, options, &history), expected, text);                          \
        ck_assert_ptr_null(history);                                                               \
        ck_assert(has_weights(model, before));                                                     \
        free(before);                                                                              \
    } while (0)

START_TEST(labels_out_of_range_are_found_before_training)
{
    nn_model *model = blob_model(1);
    double values[2];
    points.label[88] = 3;
    REFUSES(model, data, NULL, NN_ERR_INVALID, "label 3 in row 88");
    FAILS(nn_evaluate(model, data, values, 2), NN_ERR_INVALID, "label 3 in row 88");
    FAILS(nn_train_on_batch(model, data, values, 2), NN_ERR_INVALID, "label 3 in row 88");
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.validation_split = 0.1; /* rows 81 ... 89: number 7 of them */
    REFUSES(model, data, &options, NN_ERR_INVALID, "validation data: column 'y': label 3 in row 7");
    points.label[88] = 1;
    points.label[0] = -1;
    REFUSES(model, data, NULL, NN_ERR_INVALID, "label -1 in row 0");
    points.label[0] = 0;
    OK(nn_fit(model, data, NULL, NULL));
    nn_model_free(model);
}
END_TEST

START_TEST(data_that_does_not_fit_the_model_is_refused)
{
    const float *x = points.x[0], *y = points.one_hot[0];
    const struct {
        size_t rows, x_width;
        const void *y;
        nn_dtype y_type;
        size_t y_width;
        const char *loss;
        nn_status status;
        const char *texts[2];
    } cases[] = {
        {60,
         3,
         points.label,
         NN_INT32,
         1,
         "sparse_categorical_crossentropy",
         NN_ERR_SHAPE,
         {"shape (2,) = 2", "shape (3,) = 3"}},
        {90,
         2,
         y,
         NN_FLOAT32,
         1,
         "sparse_categorical_crossentropy",
         NN_ERR_INVALID,
         {"int32 or uint8", "float32"}},
        {90,
         2,
         points.label,
         NN_INT32,
         1,
         "categorical_crossentropy",
         NN_ERR_SHAPE,
         {"shape (3,) = 3", "shape (1,) = 1"}},
        {45,
         2,
         points.label,
         NN_INT32,
         2,
         "sparse_categorical_crossentropy",
         NN_ERR_SHAPE,
         {"outputs of shape (3,)", "shape (2,)"}},
        {60,
         2,
         y,
         NN_FLOAT32,
         4,
         "mean_squared_error",
         NN_ERR_SHAPE,
         {"shape (3,) = 3", "shape (4,) = 4"}},
        {90,
         2,
         NULL,
         NN_FLOAT32,
         0,
         "mean_squared_error",
         NN_ERR_INVALID,
         {"there are no targets", "training data"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_model *model = blob_model(1);
        nn_dataset *bad, *good;
        double value;
        const bool labels = strncmp(cases[i].loss, "sparse", 6) == 0;
        OK(nn_model_compile(model, "sgd", cases[i].loss, NULL));
        OK(nn_dataset_from_arrays(&bad, cases[i].rows, x, NN_FLOAT32, cases[i].x_width, cases[i].y,
                                  cases[i].y_type, cases[i].y_width));
        OK(nn_dataset_from_arrays(&good, BLOB_ROWS, x, NN_FLOAT32, 2,
                                  labels ? (const void *)points.label : y,
                                  labels ? NN_INT32 : NN_FLOAT32, labels ? 1 : BLOB_CLASSES));
        for (size_t j = 0; j < 2; j++)
            REFUSES(model, bad, NULL, cases[i].status, cases[i].texts[j]);
        FAILS(nn_evaluate(model, bad, &value, 1), cases[i].status, cases[i].texts[0]);
        FAILS(nn_train_on_batch(model, bad, &value, 1), cases[i].status, cases[i].texts[0]);
        nn_fit_options options = NN_FIT_OPTIONS_INIT;
        options.validation_data = bad;
        REFUSES(model, good, &options, cases[i].status, "validation data: ");
        nn_dataset_free(bad);
        nn_dataset_free(good);
        nn_model_free(model);
    }
}
END_TEST

static const double three_weights[] = {1, 2, 3};
static const double bad_weights[] = {1, -1, 1};

static const struct {
    nn_fit_options options;
    nn_status status;
    const char *text;
} bad_options[] = {
#define GOOD .struct_size = sizeof(nn_fit_options), .epochs = 1, .batch_size = 32
#define BAD .struct_size = sizeof(nn_fit_options)
    {{BAD, .epochs = 0, .batch_size = 32}, NN_ERR_INVALID, "epochs is 0"},
    {{BAD, .epochs = 1, .batch_size = 0}, NN_ERR_INVALID, "batch_size is 0"},
    {{BAD, .epochs = 2, .batch_size = 1, .initial_epoch = SIZE_MAX - 1},
     NN_ERR_INVALID,
     "too large"},
    {{GOOD, .validation_split = 1.0}, NN_ERR_INVALID, "validation_split is 1"},
    {{GOOD, .validation_split = -1}, NN_ERR_INVALID, "validation_split is -1"},
    {{GOOD, .validation_split = NAN}, NN_ERR_INVALID, "validation_split is nan"},
    {{GOOD, .validation_split = 0.999}, NN_ERR_INVALID, "leaves none to train on"},
    {{GOOD, .verbose = 7}, NN_ERR_INVALID, "verbose is 7"},
    {{GOOD, .verbose = -1}, NN_ERR_INVALID, "verbose is -1"},
    {{GOOD, .callbacks = "csv_loger filename=x"}, NN_ERR_INVALID, "did you mean 'csv_logger'"},
    {{GOOD, .callbacks = "csv_logger"}, NN_ERR_INVALID, "filename"},
    {{GOOD, .callbacks = "progress_bar style=round"}, NN_ERR_INVALID, "callbacks: "},
    {{GOOD, .callbacks = "csv_logger filename=("}, NN_ERR_INVALID, "callbacks: "},
    {{GOOD, .class_weight = three_weights, .class_weight_count = 2},
     NN_ERR_SHAPE,
     "class_weight has 2 values, but there are 3 classes"},
    {{GOOD, .class_weight = three_weights}, NN_ERR_SHAPE, "class_weight has 0 values"},
    {{GOOD, .class_weight_count = 3}, NN_ERR_INVALID, "class_weight is NULL"},
    {{GOOD, .class_weight = bad_weights, .class_weight_count = 3},
     NN_ERR_INVALID,
     "class_weight of class 1 is -1"},
    {{GOOD, .validation_freq = -1}, NN_ERR_INVALID, "validation_freq is -1"},
    {{.struct_size = sizeof(nn_fit_options) - 4, .epochs = 1, .batch_size = 32},
     NN_ERR_INVALID,
     "struct_size is"},
    {{.struct_size = 0, .epochs = 1, .batch_size = 32}, NN_ERR_INVALID, "struct_size is 0"},
};

START_TEST(bad_options_are_refused)
{
    nn_model *model = blob_model(1);
    REFUSES(model, data, &bad_options[_i].options, bad_options[_i].status, bad_options[_i].text);
    OK(nn_fit(model, data, NULL, NULL));
    nn_model_free(model);
}
END_TEST

START_TEST(options_of_older_and_newer_programs_are_understood)
{
    struct {
        nn_fit_options options;
        char tail[16];
    } newer = {NN_FIT_OPTIONS_INIT, {0}};
    nn_fit_options older = NN_FIT_OPTIONS_INIT, plain = NN_FIT_OPTIONS_INIT;
    nn_model *models[4];
    for (size_t i = 0; i < 4; i++)
        models[i] = blob_model(1);
    plain.epochs = 3;
    OK(nn_fit(models[0], data, &plain, NULL));
    older.struct_size = offsetof(nn_fit_options, batch_size);
    older.epochs = 3;
    older.batch_size = 0; /* beyond what the program knows: not read, and so for what follows */
    older.verbose = 7;
    older.callbacks = "nonsense";
    OK(nn_fit(models[1], data, &older, NULL));
    older.struct_size = offsetof(nn_fit_options, all_events); /* the first version's */
    older.batch_size = 32;
    older.verbose = 0;
    older.callbacks = NULL;
    older.all_events = 9;
    older.validation_freq = -1;
    older.steps_per_epoch = 1;
    OK(nn_fit(models[3], data, &older, NULL));
    newer.options.struct_size = sizeof(newer);
    newer.options.epochs = 3;
    OK(nn_fit(models[2], data, &newer.options, NULL));
    ck_assert(same_weights(models[0], models[1]));
    ck_assert(same_weights(models[0], models[2]));
    ck_assert(same_weights(models[0], models[3]));
    newer.tail[15] = 1;
    REFUSES(models[2], data, &newer.options, NN_ERR_VERSION, "isn't zero");
    for (size_t i = 0; i < 4; i++)
        nn_model_free(models[i]);
}
END_TEST

START_TEST(calls_in_the_wrong_state_or_with_wrong_counts_are_refused)
{
    nn_model *fresh = make_model(0, "dense units=3 input_shape=(2)", NULL, NULL, NULL);
    nn_model *model = blob_model(1);
    nn_history *history;
    double values[4];
    FAILS(nn_fit(fresh, data, NULL, &history), NN_ERR_STATE, "nn_model_compile");
    ck_assert_ptr_null(history);
    FAILS(nn_evaluate(fresh, data, values, 2), NN_ERR_STATE, "nn_model_compile");
    FAILS(nn_train_on_batch(fresh, data, values, 2), NN_ERR_STATE, "nn_model_compile");
    FAILS(nn_evaluate(model, data, values, 1), NN_ERR_INVALID, "count is 1, but there are 2");
    FAILS(nn_evaluate(model, data, values, 3), NN_ERR_INVALID, "count is 3");
    FAILS(nn_train_on_batch(model, data, values, 1), NN_ERR_INVALID, "count is 1");
    FAILS(nn_train_on_batch(model, data, NULL, 2), NN_ERR_INVALID, "values is NULL");
    FAILS(nn_fit(NULL, data, NULL, NULL), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_fit(model, NULL, NULL, NULL), NN_ERR_INVALID, "data is NULL");
    FAILS(nn_evaluate(model, NULL, values, 2), NN_ERR_INVALID, "data is NULL");
    FAILS(nn_evaluate(model, data, NULL, 2), NN_ERR_INVALID, "values is NULL");
    OK(nn_train_on_batch(model, data, NULL, 0));
    nn_model_free(fresh);
    nn_model_free(model);
    nn_history_free(NULL);
    ck_assert_uint_eq(nn_history_count(NULL), 0);
}
END_TEST

/* ---- divergence ---- */

/* At the end of an epoch: keep the weights, as the fit should come back to them; after the second,
 * poison the inputs, so that the third can't end. */
struct poison {
    float *weights;
    double value;
};

static nn_status keep_and_poison(const nn_event *event, void *user)
{
    struct poison *poison = user;
    if (event->kind != NN_EVENT_EPOCH_END)
        return NN_OK;
    free(poison->weights);
    poison->weights = weights_of(event->model, NULL);
    if (event->epoch == 1)
        points.x[40][0] = (float)poison->value;
    return NN_OK;
}

START_TEST(divergence_goes_back_to_the_last_whole_epoch)
{
    static const double values[] = {NAN, INFINITY};
    struct poison poison = {NULL, values[_i]};
    nn_history *history;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 5;
    options.batch_size = 9;
    options.shuffle = 0;
    options.callback = keep_and_poison;
    options.callback_user = &poison;
    nn_dataset *rows;
    OK(nn_dataset_from_arrays(&rows, BLOB_ROWS, points.x, NN_FLOAT32, 2, points.one_hot, NN_FLOAT32,
                              BLOB_CLASSES));
    const float clean = points.x[40][0];
    nn_model *linear = make_model(1, "dense units=3 input_shape=(2)", "sgd momentum=0.9",
                                  "mean_squared_error", NULL);
    FAILS(nn_fit(linear, rows, &options, &history), NN_ERR_NONFINITE, "epoch 2, batch 4");
    ck_assert(has_weights(linear, poison.weights));
    last_of(history, "loss", 2);
    nn_history_free(history);
    free(poison.weights);

    /* It goes on as if the lost epoch had never been: momentum too is back. */
    points.x[40][0] = clean;
    nn_model *other = make_model(1, "dense units=3 input_shape=(2)", "sgd momentum=0.9",
                                 "mean_squared_error", NULL);
    options.callback = NULL;
    options.epochs = 2;
    OK(nn_fit(linear, rows, &options, NULL));
    options.epochs = 4;
    OK(nn_fit(other, rows, &options, NULL));
    ck_assert(same_weights(linear, other));
    nn_dataset_free(rows);
    nn_model_free(linear);
    nn_model_free(other);
}
END_TEST

static nn_status stop_at_once(const nn_event *event, void *user)
{
    (void)user;
    return event->kind == NN_EVENT_BATCH_END ? NN_STOPPED : NN_OK;
}

START_TEST(too_large_a_learning_rate_is_told_and_undone)
{
    nn_model *model = make_model(1, "dense units=3 input_shape=(2)", "sgd learning_rate=1e38",
                                 "mean_squared_error", NULL);
    nn_history *history;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    float *before = weights_of(model, NULL);
    for (size_t i = 0; i < BLOB_ROWS; i++)
        points.one_hot[i][i % BLOB_CLASSES] = 1000; /* the first step is too large for float */
    nn_dataset *rows;
    OK(nn_dataset_from_arrays(&rows, BLOB_ROWS, points.x, NN_FLOAT32, 2, points.one_hot, NN_FLOAT32,
                              BLOB_CLASSES));
    FAILS(nn_fit(model, rows, &options, &history), NN_ERR_NONFINITE, "epoch 0, batch 1");
    ck_assert(has_weights(model, before));
    ck_assert_uint_eq(nn_history_count(history), 1);
    nn_history_free(history);

    /* The only step of an epoch, and the step after which a callback stops, are looked at too. */
    options.batch_size = BLOB_ROWS;
    FAILS(nn_fit(model, rows, &options, NULL), NN_ERR_NONFINITE, "epoch 0, batch 0");
    ck_assert(has_weights(model, before));
    options.batch_size = 9;
    options.callback = stop_at_once;
    FAILS(nn_fit(model, rows, &options, NULL), NN_ERR_NONFINITE, "epoch 0, batch 0");
    ck_assert(has_weights(model, before));

    options.callback = NULL;
    OK(nn_model_compile(model, "sgd", "mean_squared_error", NULL));
    OK(nn_fit(model, rows, &options, NULL));
    free(before);
    nn_dataset_free(rows);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fit_errors");
    TCase *tests = tcase_create("fit_errors");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, labels_out_of_range_are_found_before_training);
    tcase_add_test(tests, data_that_does_not_fit_the_model_is_refused);
    tcase_add_loop_test(tests, bad_options_are_refused, 0, COUNT(bad_options));
    tcase_add_test(tests, options_of_older_and_newer_programs_are_understood);
    tcase_add_test(tests, calls_in_the_wrong_state_or_with_wrong_counts_are_refused);
    tcase_add_loop_test(tests, divergence_goes_back_to_the_last_whole_epoch, 0, 2);
    tcase_add_test(tests, too_large_a_learning_rate_is_told_and_undone);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
