/* Training and evaluation: what a fit learns, in which order it sees the rows, and that its sums are
 * those of plain loops in double. */
#include "fitting.h"
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

static nn_fit_options options_for(size_t epochs, size_t batch_size)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = epochs;
    options.batch_size = batch_size;
    return options;
}

/* The values of a column of a history, which has that many. */
static const double *column(const nn_history *history, const char *name, size_t epochs)
{
    const double *values;
    size_t count;
    OK(nn_history_get(history, name, &values, &count));
    ck_assert_uint_eq(count, epochs);
    return values;
}

/* ---- fit ---- */

START_TEST(fit_learns_a_separable_problem)
{
    nn_model *model = blob_model(1);
    nn_history *history;
    double values[2];
    const nn_fit_options options = options_for(40, 16);
    OK(nn_fit(model, data, &options, &history));
    OK(nn_evaluate(model, data, values, 2));
    ck_assert(values[1] == 1);
    ck_assert(values[0] < 0.1);
    const double *loss = column(history, "loss", 40);
    ck_assert(loss[39] < 0.2 * loss[0]);
    ck_assert(column(history, "accuracy", 40)[39] == 1);
    nn_history_free(history);
    nn_model_free(model);
}
END_TEST

START_TEST(history_has_every_quantity_after_every_epoch)
{
    static const char *const names[] = {"loss", "accuracy", "val_loss", "val_accuracy"};
    nn_model *model = blob_model(1);
    nn_dataset *train = slice_of(data, 0, 70), *validation = slice_of(data, 70, 20);
    nn_history *history;
    nn_fit_options options = options_for(35, 16); /* more than the first columns have room for */
    options.validation_data = validation;
    OK(nn_fit(model, train, &options, &history));
    ck_assert_uint_eq(nn_history_count(history), 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_str_eq(nn_history_name(history, i), names[i]);
        column(history, names[i], 35);
    }
    ck_assert_ptr_null(nn_history_name(history, 4));
    double values[2];
    const double *none;
    size_t count;
    OK(nn_evaluate(model, validation, values, 2));
    /* another split of the rows: the products' last bits may differ */
    ck_assert_double_eq_tol(column(history, "val_loss", 35)[34], values[0], 1e-6);
    ck_assert(column(history, "val_accuracy", 35)[34] == values[1]);
    FAILS(nn_history_get(history, "lose", &none, &count), NN_ERR_INVALID,
          "known: loss, accuracy, val_loss, val_accuracy");
    nn_history_free(history);
    nn_dataset_free(train);
    nn_dataset_free(validation);
    nn_model_free(model);
}
END_TEST

static nn_model *model_with_dropout(uint64_t seed)
{
    return make_model(seed,
                      "dense units=16 activation=relu input_shape=(2); dropout rate=0.3;"
                      "dense units=3 activation=softmax",
                      "sgd learning_rate=0.05 momentum=0.9 nesterov=true",
                      "sparse_categorical_crossentropy", NULL);
}

START_TEST(second_fit_goes_on_where_the_first_ended)
{
    nn_model *once = model_with_dropout(3), *twice = model_with_dropout(3);
    const nn_fit_options six = options_for(6, 16), three = options_for(3, 16);
    nn_history *whole, *first, *second;
    OK(nn_fit(once, data, &six, &whole));
    OK(nn_fit(twice, data, &three, &first));
    OK(nn_fit(twice, data, &three, &second));
    ck_assert(same_weights(once, twice));
    const double *losses = column(whole, "loss", 6);
    ck_assert(memcmp(losses, column(first, "loss", 3), 3 * sizeof(double)) == 0);
    ck_assert(memcmp(losses + 3, column(second, "loss", 3), 3 * sizeof(double)) == 0);
    nn_history_free(whole);
    nn_history_free(first);
    nn_history_free(second);
    nn_model_free(once);
    nn_model_free(twice);
}
END_TEST

START_TEST(equal_seeds_give_equal_bits_and_others_do_not)
{
    nn_model *a = model_with_dropout(3), *b = model_with_dropout(3), *c = model_with_dropout(4);
    const nn_fit_options options = options_for(3, 16);
    nn_model *const all[] = {a, b, c};
    for (size_t i = 0; i < 3; i++)
        OK(nn_fit(all[i], data, &options, NULL));
    ck_assert(same_weights(a, b));
    ck_assert(!same_weights(a, c));
    for (size_t i = 0; i < 3; i++)
        nn_model_free(all[i]);
}
END_TEST

static nn_status keep_first_loss(const nn_event *event, void *user)
{
    if (event->kind == NN_EVENT_BATCH_END && event->batch == 0)
        ((double *)user)[event->epoch] = event->values[0];
    return NN_OK;
}

/* With a learning rate of 0 the mean over an epoch tells whether each row was seen once, and the first
 * batch's loss which rows it had. */
START_TEST(shuffling_takes_every_row_once_in_a_new_order)
{
    nn_model *model = make_model(0, "dense units=3 activation=softmax input_shape=(2)",
                                 "sgd learning_rate=0", "sparse_categorical_crossentropy", NULL);
    for (int shuffle = 0; shuffle <= 1; shuffle++) {
        double first[3], value;
        nn_history *history;
        nn_fit_options options = options_for(3, 7);
        options.shuffle = shuffle;
        options.callback = keep_first_loss;
        options.callback_user = first;
        OK(nn_fit(model, data, &options, &history));
        OK(nn_evaluate(model, data, &value, 1));
        for (size_t epoch = 0; epoch < 3; epoch++)
            /* losses of the same rows within float's rounding; an exchanged row makes over 1e-4 */
            ck_assert_double_eq_tol(column(history, "loss", 3)[epoch], value, 1e-6);
        ck_assert((first[0] == first[1]) == (shuffle == 0));
        ck_assert((first[1] == first[2]) == (shuffle == 0));
        nn_history_free(history);
    }
    nn_model_free(model);
}
END_TEST

START_TEST(unshuffled_fit_is_train_on_batch_row_by_row)
{
    enum { BATCH = 16, EPOCHS = 2 };
    nn_model *fitted = blob_model(5), *stepped = blob_model(5);
    nn_history *history;
    nn_fit_options options = options_for(EPOCHS, BATCH);
    options.shuffle = 0;
    OK(nn_fit(fitted, data, &options, &history));
    for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
        double sums[2] = {0, 0};
        for (size_t at = 0; at < BLOB_ROWS; at += BATCH) {
            const size_t rows = BLOB_ROWS - at < BATCH ? BLOB_ROWS - at : BATCH; /* 10 at last */
            nn_dataset *batch = slice_of(data, at, rows);
            double values[2];
            OK(nn_train_on_batch(stepped, batch, values, 2));
            for (size_t i = 0; i < 2; i++)
                sums[i] += values[i] * (double)rows;
            nn_dataset_free(batch);
        }
        /* sums in double of the same numbers in another association */
        ck_assert_double_eq_tol(column(history, "loss", EPOCHS)[epoch], sums[0] / BLOB_ROWS, 1e-12);
        ck_assert_double_eq_tol(column(history, "accuracy", EPOCHS)[epoch], sums[1] / BLOB_ROWS,
                                1e-12);
    }
    ck_assert(same_weights(fitted, stepped));
    nn_history_free(history);
    nn_model_free(fitted);
    nn_model_free(stepped);
}
END_TEST

/* ---- evaluate ---- */

enum { MANY = 700, OUTPUTS = 3 }; /* more than a block of evaluation, and no multiple of one */

struct many {
    float x[MANY][2], values[MANY][OUTPUTS], weight[MANY], y[MANY][OUTPUTS];
    int32_t label[MANY];
};

static struct many *make_many(void)
{
    struct many *many = malloc(sizeof(*many));
    for (size_t i = 0; i < MANY; i++) {
        for (size_t j = 0; j < OUTPUTS; j++)
            many->values[i][j] = noise(10000 + OUTPUTS * i + j) > 0;
        many->x[i][0] = 2 * noise(2 * i);
        many->x[i][1] = 2 * noise(2 * i + 1);
        many->weight[i] = 1 + noise(5000 + i);
        many->label[i] = (int32_t)(i % OUTPUTS);
    }
    return many;
}

/* A row's loss, and whether it is right, from the prediction. */
static double label_loss(const struct many *many, size_t row)
{
    return -log((double)many->y[row][many->label[row]]);
}

static double binary_loss(const struct many *many, size_t row)
{
    double sum = 0;
    for (size_t j = 0; j < OUTPUTS; j++) {
        const double p = (double)many->y[row][j];
        sum -= many->values[row][j] > 0 ? log(p) : log(1 - p);
    }
    return sum / OUTPUTS;
}

static double squared_loss(const struct many *many, size_t row)
{
    double sum = 0;
    for (size_t j = 0; j < OUTPUTS; j++)
        sum += pow((double)many->y[row][j] - (double)many->values[row][j], 2);
    return sum / OUTPUTS;
}

static double label_right(const struct many *many, size_t row)
{
    const float *y = many->y[row], best = fmaxf(y[0], fmaxf(y[1], y[2]));
    return y[many->label[row]] == best;
}

static double binary_right(const struct many *many, size_t row)
{
    double sum = 0;
    for (size_t j = 0; j < OUTPUTS; j++)
        sum += (many->y[row][j] > 0.5f) == (many->values[row][j] > 0);
    return sum / OUTPUTS;
}

static double absolute_error(const struct many *many, size_t row)
{
    double sum = 0;
    for (size_t j = 0; j < OUTPUTS; j++)
        sum += fabs((double)many->y[row][j] - (double)many->values[row][j]);
    return sum / OUTPUTS;
}

static const struct {
    const char *activation, *loss, *metric;
    bool labels;
    double (*row_loss)(const struct many *, size_t);
    double (*row_metric)(const struct many *, size_t);
} evaluations[] = {
    {"softmax", "sparse_categorical_crossentropy", "accuracy", true, label_loss, label_right},
    {"sigmoid", "binary_crossentropy", "binary_accuracy", false, binary_loss, binary_right},
    {"tanh", "mean_squared_error", "mean_absolute_error", false, squared_loss, absolute_error},
};

static nn_dataset *many_dataset(const struct many *many, bool labels)
{
    nn_dataset *made;
    OK(nn_dataset_from_arrays(&made, MANY, many->x, NN_FLOAT32, 2,
                              labels ? (const void *)many->label : many->values,
                              labels ? NN_INT32 : NN_FLOAT32, labels ? 1 : OUTPUTS));
    return made;
}

START_TEST(evaluate_is_plain_loops_over_predict)
{
    struct many *many = make_many();
    char layers[128];
    snprintf(layers, sizeof(layers), "dense units=%d activation=%s input_shape=(2)", OUTPUTS,
             evaluations[_i].activation);
    nn_model *model = make_model(2, layers, "sgd", evaluations[_i].loss, evaluations[_i].metric);
    nn_dataset *plain = many_dataset(many, evaluations[_i].labels);
    nn_dataset *weighted = many_dataset(many, evaluations[_i].labels);
    OK(nn_dataset_add_column(weighted, "sample_weight", many->weight, NN_FLOAT32, 1));
    OK(nn_predict(model, many->x[0], MANY, many->y[0]));
    double loss = 0, weighted_loss = 0, metric = 0, values[2];
    for (size_t i = 0; i < MANY; i++) {
        loss += evaluations[_i].row_loss(many, i) / MANY;
        weighted_loss += (double)many->weight[i] * evaluations[_i].row_loss(many, i) / MANY;
        metric += evaluations[_i].row_metric(many, i) / MANY;
    }
    OK(nn_evaluate(model, plain, values, 2));
    ck_assert_double_eq_tol(values[0], loss, 1e-6); /* float outputs of around 1 */
    ck_assert_double_eq_tol(values[1], metric, 1e-6);
    OK(nn_evaluate(model, weighted, values, 2));
    ck_assert_double_eq_tol(values[0], weighted_loss, 1e-6); /* sum(w l) / rows */
    ck_assert_double_eq_tol(values[1], metric, 1e-6);        /* metrics aren't weighted */
    nn_dataset_free(plain);
    nn_dataset_free(weighted);
    nn_model_free(model);
    free(many);
}
END_TEST

START_TEST(evaluate_does_not_depend_on_how_the_rows_are_split)
{
    static const size_t ends[] = {0, 1, 18, 300, 699, MANY};
    struct many *many = make_many();
    nn_model *model = make_model(2, "dense units=3 activation=softmax input_shape=(2)", "sgd",
                                 "sparse_categorical_crossentropy", "accuracy");
    nn_dataset *whole = many_dataset(many, true);
    double all[2], sums[2] = {0, 0};
    OK(nn_evaluate(model, whole, all, 2));
    for (size_t i = 0; i + 1 < COUNT(ends); i++) {
        double values[2];
        nn_dataset *part = slice_of(whole, ends[i], ends[i + 1] - ends[i]);
        OK(nn_evaluate(model, part, values, 2));
        for (size_t j = 0; j < 2; j++)
            sums[j] += values[j] * (double)nn_dataset_rows(part) / MANY;
        nn_dataset_free(part);
    }
    ck_assert_double_eq_tol(sums[0], all[0], 1e-6); /* the products' last bits may differ */
    ck_assert_double_eq_tol(sums[1], all[1], 1e-12);
    nn_dataset_free(whole);
    nn_model_free(model);
    free(many);
}
END_TEST

START_TEST(metrics_count_rows_not_batches)
{
    nn_model *model =
        make_model(1, "dense units=3 activation=softmax input_shape=(2)", "sgd learning_rate=0",
                   "sparse_categorical_crossentropy", "accuracy");
    float y[BLOB_ROWS][BLOB_CLASSES];
    double right = 0;
    OK(nn_predict(model, points.x[0], BLOB_ROWS, y[0]));
    for (size_t i = 0; i < BLOB_ROWS; i++)
        right += y[i][points.label[i]] == fmaxf(y[i][0], fmaxf(y[i][1], y[i][2]));
    ck_assert(right > 0 && right < BLOB_ROWS);
    nn_history *history;
    nn_fit_options options = options_for(1, 89); /* 89 rows, then 1 */
    OK(nn_fit(model, data, &options, &history));
    ck_assert_double_eq_tol(column(history, "accuracy", 1)[0], right / BLOB_ROWS, 1e-12);
    nn_history_free(history);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("training");
    TCase *tests = tcase_create("training");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, fit_learns_a_separable_problem);
    tcase_add_test(tests, history_has_every_quantity_after_every_epoch);
    tcase_add_test(tests, second_fit_goes_on_where_the_first_ended);
    tcase_add_test(tests, equal_seeds_give_equal_bits_and_others_do_not);
    tcase_add_test(tests, shuffling_takes_every_row_once_in_a_new_order);
    tcase_add_test(tests, unshuffled_fit_is_train_on_batch_row_by_row);
    tcase_add_loop_test(tests, evaluate_is_plain_loops_over_predict, 0, COUNT(evaluations));
    tcase_add_test(tests, evaluate_does_not_depend_on_how_the_rows_are_split);
    tcase_add_test(tests, metrics_count_rows_not_batches);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
