/* What a fit trains on: the rows of a batch, weights of rows and classes, the rows that validate. */
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

/* ---- batches and weights of rows, against plain loops ---- */

/* A linear model on one input, y = w x + b, trained by plain loops in double. */
struct line {
    double w, b;
};

static void step_line(struct line *line, double rate, size_t rows, const float *x, const float *t,
                      const float *weight)
{
    double dw = 0, db = 0;
    for (size_t i = 0; i < rows; i++) {
        const double factor = weight != NULL ? (double)weight[i] : 1;
        const double error = line->w * (double)x[i] + line->b - (double)t[i];
        dw += factor * 2 * error * (double)x[i] / (double)rows;
        db += factor * 2 * error / (double)rows;
    }
    line->w -= rate * dw;
    line->b -= rate * db;
}

static void assert_line(const nn_model *model, struct line line)
{
    float w, b;
    OK(nn_model_get_weights(model, "dense/kernel", &w, 1));
    OK(nn_model_get_weights(model, "dense/bias", &b, 1));
    ck_assert_double_eq_tol((double)w, line.w, 2e-6); /* a few roundings of values around 1 */
    ck_assert_double_eq_tol((double)b, line.b, 2e-6);
}

enum { LINE_ROWS = 7 };

static void fill_line(float *x, float *t)
{
    for (size_t i = 0; i < LINE_ROWS; i++) {
        x[i] = noise(i);
        t[i] = 2 * noise(i) + 1 + noise(100 + i);
    }
}

static nn_model *line_model(const char *optimizer)
{
    return make_model(0, "dense units=1 kernel_initializer=ones input_shape=(1)", optimizer,
                      "mean_squared_error", NULL);
}

START_TEST(last_batch_is_divided_by_its_own_row_count)
{
    float x[LINE_ROWS], t[LINE_ROWS];
    nn_dataset *rows;
    nn_model *model = line_model("sgd learning_rate=0.1");
    struct line line = {1, 0};
    fill_line(x, t);
    OK(nn_dataset_from_arrays(&rows, LINE_ROWS, x, NN_FLOAT32, 1, t, NN_FLOAT32, 1));
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = 3;
    options.shuffle = 0;
    OK(nn_fit(model, rows, &options, NULL));
    step_line(&line, 0.1, 3, x, t, NULL);
    step_line(&line, 0.1, 3, x + 3, t + 3, NULL);
    step_line(&line, 0.1, 1, x + 6, t + 6, NULL);
    assert_line(model, line);
    nn_dataset_free(rows);
    nn_model_free(model);
}
END_TEST

/* sum(w l) / rows is what Keras minimizes: a weight of 2 is a row given twice, but for the divisor. */
START_TEST(sample_weight_of_2_is_a_row_given_twice)
{
    float x[LINE_ROWS + 1], t[LINE_ROWS + 1];
    float weight[LINE_ROWS] = {1, 1, 2, 1, 1, 1, 1};
    nn_dataset *weighted, *doubled;
    struct line line = {1, 0};
    fill_line(x, t);
    x[LINE_ROWS] = x[2];
    t[LINE_ROWS] = t[2];
    OK(nn_dataset_from_arrays(&weighted, LINE_ROWS, x, NN_FLOAT32, 1, t, NN_FLOAT32, 1));
    OK(nn_dataset_add_column(weighted, "sample_weight", weight, NN_FLOAT32, 1));
    OK(nn_dataset_from_arrays(&doubled, LINE_ROWS + 1, x, NN_FLOAT32, 1, t, NN_FLOAT32, 1));
    nn_model *by_weight = line_model("sgd learning_rate=0.07"); /* 0.01 x 7 rows */
    nn_model *by_rows = line_model("sgd learning_rate=0.08");   /* 0.01 x 8 rows */
    for (size_t i = 0; i < 5; i++) {
        double weighted_loss, doubled_loss;
        OK(nn_train_on_batch(by_weight, weighted, &weighted_loss, 1));
        OK(nn_train_on_batch(by_rows, doubled, &doubled_loss, 1));
        step_line(&line, 0.07, LINE_ROWS, x, t, weight);
        ck_assert_double_eq_tol(LINE_ROWS * weighted_loss, (LINE_ROWS + 1) * doubled_loss, 1e-5);
    }
    assert_line(by_weight, line);
    assert_line(by_rows, line);
    nn_dataset_free(weighted);
    nn_dataset_free(doubled);
    nn_model_free(by_weight);
    nn_model_free(by_rows);
}
END_TEST

/* ---- validation ---- */

/* NaN in the last rows would reach the weights of a fit that trained on any of them. */
START_TEST(validation_split_takes_the_end_and_never_trains_on_it)
{
    enum { KEPT = 67 }; /* floor(90 x 0.75) */
    nn_model *split = blob_model(1), *sliced = blob_model(1);
    nn_dataset *begin = slice_of(data, 0, KEPT), *end = slice_of(data, KEPT, BLOB_ROWS - KEPT);
    nn_history *split_history, *sliced_history;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 2;
    options.validation_data = end;
    OK(nn_fit(sliced, begin, &options, &sliced_history));
    options.validation_data = NULL;
    options.validation_split = 0.25;
    OK(nn_fit(split, data, &options, &split_history));
    ck_assert(same_weights(split, sliced));
    ck_assert(last_of(split_history, "val_loss", 2) == last_of(sliced_history, "val_loss", 2));
    nn_history_free(split_history);

    for (size_t i = KEPT; i < BLOB_ROWS; i++)
        points.x[i][0] = NAN;
    nn_model *poisoned = blob_model(1);
    OK(nn_fit(poisoned, data, &options, &split_history));
    ck_assert(same_weights(poisoned, sliced));
    ck_assert(isnan(last_of(split_history, "val_loss", 2)));
    nn_history_free(split_history);
    nn_history_free(sliced_history);
    nn_dataset_free(begin);
    nn_dataset_free(end);
    nn_model_free(split);
    nn_model_free(sliced);
    nn_model_free(poisoned);
}
END_TEST

START_TEST(validation_data_overrides_the_split)
{
    nn_model *plain = blob_model(1), *both = blob_model(1);
    nn_dataset *other = slice_of(data, 3, 11);
    nn_history *history;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    OK(nn_fit(plain, data, &options, NULL));
    options.validation_data = other;
    options.validation_split = 0.5;
    OK(nn_fit(both, data, &options, &history));
    ck_assert(same_weights(plain, both)); /* all rows, and validation changes nothing */
    double values[2];
    OK(nn_evaluate(both, other, values, 2));
    ck_assert(last_of(history, "val_loss", 1) == values[0]);
    nn_history_free(history);
    nn_dataset_free(other);
    nn_model_free(plain);
    nn_model_free(both);
}
END_TEST

/* ---- class weights and names ---- */

static const double class_weight[BLOB_CLASSES] = {1, 0.25, 3}; /* exact in float */

START_TEST(class_weight_is_the_sample_weight_of_the_class)
{
    static const char *const losses[] = {"sparse_categorical_crossentropy",
                                         "categorical_crossentropy"};
    float weight[BLOB_ROWS];
    for (size_t i = 0; i < BLOB_ROWS; i++)
        weight[i] = (float)class_weight[i % BLOB_CLASSES];
    for (size_t i = 0; i < 2; i++) {
        nn_dataset *plain, *weighted;
        nn_dataset **const made[] = {&plain, &weighted};
        for (size_t j = 0; j < 2; j++)
            OK(nn_dataset_from_arrays(made[j], BLOB_ROWS, points.x, NN_FLOAT32, 2,
                                      i == 0 ? (const void *)points.label : points.one_hot,
                                      i == 0 ? NN_INT32 : NN_FLOAT32, i == 0 ? 1 : BLOB_CLASSES));
        OK(nn_dataset_add_column(weighted, "sample_weight", weight, NN_FLOAT32, 1));
        nn_model *by_class = blob_model(1), *by_row = blob_model(1), *by_none = blob_model(1);
        nn_model *const models[] = {by_class, by_row, by_none};
        for (size_t j = 0; j < 3; j++)
            OK(nn_model_compile(models[j], "sgd", losses[i], NULL));
        nn_history *class_history, *row_history;
        nn_fit_options options = NN_FIT_OPTIONS_INIT;
        OK(nn_fit(by_row, weighted, &options, &row_history));
        OK(nn_fit(by_none, plain, &options, NULL));
        options.class_weight = class_weight;
        options.class_weight_count = BLOB_CLASSES;
        OK(nn_fit(by_class, plain, &options, &class_history));
        ck_assert(same_weights(by_class, by_row));
        ck_assert(!same_weights(by_class, by_none));
        ck_assert(last_of(class_history, "loss", 1) == last_of(row_history, "loss", 1));
        nn_history_free(class_history);
        nn_history_free(row_history);
        for (size_t j = 0; j < 3; j++)
            nn_model_free(models[j]);
        nn_dataset_free(plain);
        nn_dataset_free(weighted);
    }
}
END_TEST

/* One output is two classes; sample weights and class weights multiply. */
START_TEST(class_weight_of_one_output_has_two_classes)
{
    static const double two[] = {0.5, 2};
    float target[BLOB_ROWS], weight[BLOB_ROWS], product[BLOB_ROWS];
    nn_dataset *rows, *both;
    for (size_t i = 0; i < BLOB_ROWS; i++) {
        target[i] = points.label[i] == 2;
        weight[i] = i % 2 == 0 ? 1 : 4;
        product[i] = weight[i] * (float)two[points.label[i] == 2];
    }
    OK(nn_dataset_from_arrays(&rows, BLOB_ROWS, points.x, NN_FLOAT32, 2, target, NN_FLOAT32, 1));
    OK(nn_dataset_from_arrays(&both, BLOB_ROWS, points.x, NN_FLOAT32, 2, target, NN_FLOAT32, 1));
    OK(nn_dataset_add_column(rows, "sample_weight", product, NN_FLOAT32, 1));
    OK(nn_dataset_add_column(both, "sample_weight", weight, NN_FLOAT32, 1));
    nn_model *models[2];
    for (size_t i = 0; i < 2; i++)
        models[i] = make_model(1, "dense units=1 activation=sigmoid input_shape=(2)", "sgd",
                               "binary_crossentropy", NULL);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    OK(nn_fit(models[0], rows, &options, NULL));
    options.class_weight = two;
    options.class_weight_count = 2;
    OK(nn_fit(models[1], both, &options, NULL));
    ck_assert(same_weights(models[0], models[1]));
    nn_model_free(models[0]);
    nn_model_free(models[1]);
    nn_dataset_free(rows);
    nn_dataset_free(both);
}
END_TEST

START_TEST(fit_keeps_the_class_names_of_the_data)
{
    static const char *const names[] = {"east", "north", "south"};
    nn_model *model = blob_model(1);
    OK(nn_dataset_set_class_names(data, names, 3));
    OK(nn_fit(model, data, NULL, NULL));
    ck_assert_uint_eq(nn_model_class_count(model), 3);
    ck_assert_str_eq(nn_model_class_name(model, 2), "south");
    ck_assert_ptr_null(nn_model_class_name(model, 3));
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fit_data");
    TCase *tests = tcase_create("fit_data");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, last_batch_is_divided_by_its_own_row_count);
    tcase_add_test(tests, sample_weight_of_2_is_a_row_given_twice);
    tcase_add_test(tests, validation_split_takes_the_end_and_never_trains_on_it);
    tcase_add_test(tests, validation_data_overrides_the_split);
    tcase_add_test(tests, class_weight_is_the_sample_weight_of_the_class);
    tcase_add_test(tests, class_weight_of_one_output_has_two_classes);
    tcase_add_test(tests, fit_keeps_the_class_names_of_the_data);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
