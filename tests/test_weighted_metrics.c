/* Weighted metrics: what a weight means, names and order, wherever metrics are measured, saved and watched; and
 * metrics' options that are told in other forms than Keras's. */
#include "allocate.h"
#include "fitting.h"
#include "keras_part.h"
#include "metric.h"
#include "own_parts.h"
#include "random.h"
#include "status.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the metrics alone ---- */

enum { ROWS = 120, WIDTH = 3, MOST_OF_A_ROW = 3 };

struct rows {
    size_t count;
    nn_real y[ROWS * MOST_OF_A_ROW * WIDTH], values[ROWS * MOST_OF_A_ROW * WIDTH];
    int32_t labels[ROWS * MOST_OF_A_ROW];
    double weight[ROWS * MOST_OF_A_ROW];
};

/* Weights are 0 ... MOST_OF_A_ROW, or not whole. */
static void fill(struct rows *rows, bool whole)
{
    nn_random random = nn_random_stream(43, NN_RANDOM_LAYER, 0, 0);
    rows->count = ROWS;
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        rows->y[i] = (nn_real)nn_random_uniform(&random);
        rows->values[i] = (nn_real)nn_random_below(&random, 2);
    }
    for (size_t i = 0; i < ROWS; i++) {
        rows->labels[i] = (int32_t)nn_random_below(&random, WIDTH);
        rows->weight[i] = whole ? (double)nn_random_below(&random, MOST_OF_A_ROW + 1)
                                : 2 * nn_random_uniform(&random);
    }
}

static void append(struct rows *rows, const struct rows *from, size_t row)
{
    for (size_t j = 0; j < WIDTH; j++) {
        rows->y[rows->count * WIDTH + j] = from->y[row * WIDTH + j];
        rows->values[rows->count * WIDTH + j] = from->values[row * WIDTH + j];
    }
    rows->labels[rows->count++] = from->labels[row];
}

/* The same rows, each as often as its weight says. */
static void repeat(struct rows *repeated, const struct rows *rows)
{
    repeated->count = 0;
    for (size_t i = 0; i < rows->count; i++)
        for (size_t k = 0; k < (size_t)rows->weight[i]; k++)
            append(repeated, rows, i);
}

/* Over all rows, so many at a time. */
static double result_of(const nn_part *part, const struct rows *rows, const double *weight,
                        size_t at_once)
{
    const nn_metric *metric = nn_metric_of(part);
    const bool of_values = (metric->targets & NN_TARGET_VALUES) != 0;
    double *state = calloc(metric->state_count(part->self, WIDTH), sizeof(*state));
    ck_assert_ptr_nonnull(state);
    for (size_t at = 0; at < rows->count; at += at_once) {
        const size_t left = rows->count - at, count = left < at_once ? left : at_once;
        const nn_target target = {
            .kind = of_values ? NN_TARGET_VALUES : NN_TARGET_LABELS,
            .values = of_values ? rows->values + at * WIDTH : NULL,
            .labels = of_values ? NULL : rows->labels + at,
        };
        metric->update(part->self, state, count, WIDTH, rows->y + at * WIDTH, &target,
                       weight != NULL ? weight + at : NULL);
    }
    const double result = metric->result(part->self, WIDTH, state);
    free(state);
    return result;
}

static nn_part sample_of(int index)
{
    nn_part part;
    OK(nn_part_parse(&part, &nn_metric_room, nn_metric_room.parts[index]->sample));
    return part;
}

START_TEST(a_weight_is_how_often_a_row_is_there)
{
    static struct rows rows, repeated;
    nn_part part = sample_of(_i);
    if (strcmp(part.type->name, "r2_score") ==
        0) { /* the adjusted one counts rows whatever they weigh */
        nn_part_free(&part);
        OK(nn_part_parse(&part, &nn_metric_room, "r2_score"));
    }
    fill(&rows, true);
    repeat(&repeated, &rows);
    const double weighted = result_of(&part, &rows, rows.weight, 32);
    const double again = result_of(&part, &repeated, NULL, 32);
    ck_assert(isfinite(weighted) && fabs(weighted - again) <= 1e-12 * (1 + fabs(again)));
    ck_assert(result_of(&part, &rows, NULL, 32) != weighted);
    nn_part_free(&part);
}
END_TEST

START_TEST(weights_of_1_change_no_bit)
{
    static struct rows rows;
    double ones[ROWS];
    nn_part part = sample_of(_i);
    fill(&rows, true);
    for (size_t i = 0; i < ROWS; i++)
        ones[i] = 1;
    ck_assert(result_of(&part, &rows, ones, 32) == result_of(&part, &rows, NULL, 32));
    nn_part_free(&part);
}
END_TEST

START_TEST(weighted_rows_may_be_split_in_any_way)
{
    static const size_t splits[] = {1, 7, 32, 100};
    static struct rows rows;
    nn_part part = sample_of(_i);
    fill(&rows, false);
    const double whole = result_of(&part, &rows, rows.weight, ROWS);
    ck_assert(isfinite(whole));
    for (size_t i = 0; i < COUNT(splits); i++)
        ck_assert(result_of(&part, &rows, rows.weight, splits[i]) == whole);
    nn_part_free(&part);
}
END_TEST

START_TEST(rows_that_weigh_nothing_are_a_result_of_0)
{
    static struct rows rows;
    const double nothing[ROWS] = {0};
    nn_part part = sample_of(_i);
    fill(&rows, true);
    const double result = result_of(&part, &rows, nothing, 32);
    ck_assert_msg(result == 0 && !signbit(result), "%s is %g", part.type->name, result);
    nn_part_free(&part);
}
END_TEST

/* Sums of the same weights in different orders differ in rounding; rates stay in [0, 1] and reach the ends. */
START_TEST(rates_of_odd_weights_stay_rates)
{
    static const char *const ones[] = {"recall thresholds=0",
                                       "precision thresholds=0",
                                       "precision_at_recall recall=1 num_thresholds=50",
                                       "recall_at_precision precision=1 num_thresholds=50",
                                       "sensitivity_at_specificity specificity=0",
                                       "specificity_at_sensitivity sensitivity=0"};
    static const char *const zeros[] = {"false_negatives thresholds=0",
                                        "true_negatives thresholds=0"};
    static struct rows rows;
    nn_part part;
    fill(&rows, false);
    for (size_t i = 0; i < ROWS * WIDTH; i++) /* every output says yes, and rightly */
        rows.values[i] = rows.y[i] > 0;
    for (size_t i = 0; i < ROWS; i++)
        rows.weight[i] = rows.weight[i] * rows.weight[i] / 3;
    for (size_t i = 0; i < 4; i++) {
        OK(nn_part_parse(&part, &nn_metric_room, ones[i]));
        ck_assert_msg(result_of(&part, &rows, rows.weight, 32) == 1, "%s", ones[i]);
        nn_part_free(&part);
    }
    for (size_t i = 0; i < COUNT(zeros); i++) {
        OK(nn_part_parse(&part, &nn_metric_room, zeros[i]));
        ck_assert_msg(result_of(&part, &rows, rows.weight, 32) == 0, "%s", zeros[i]);
        nn_part_free(&part);
    }
    fill(&rows, false);
    for (size_t i = 4; i < COUNT(ones); i++) {
        OK(nn_part_parse(&part, &nn_metric_room, ones[i]));
        ck_assert_msg(result_of(&part, &rows, rows.weight, 32) == 1, "%s", ones[i]);
        nn_part_free(&part);
    }
}
END_TEST

/* The mean of constant targets isn't found by the first row, which counts for nothing. */
START_TEST(r2_of_constant_targets_doesnt_see_rows_without_weight)
{
    static struct rows rows;
    nn_part part;
    OK(nn_part_parse(&part, &nn_metric_room, "r2_score"));
    fill(&rows, false);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        rows.values[i] = (nn_real)(i < WIDTH ? 1e6 : 0.1);
    rows.weight[0] = 0;
    for (size_t at_once = 1; at_once <= ROWS; at_once += ROWS - 1)
        ck_assert(result_of(&part, &rows, rows.weight, at_once) == 0); /* constant, and not met */
    nn_part_free(&part);
}
END_TEST

/* ---- in a model ---- */

static float weights[BLOB_ROWS];
static nn_dataset *weighted_data;

static void set_up(void)
{
    setup();
    for (size_t i = 0; i < BLOB_ROWS; i++)
        weights[i] = (float)((7 * i) % 5 * (i % 3) * (i % 3)) / 4; /* the first class has none */
    weighted_data = blob_dataset(&points);
    OK(nn_dataset_add_column(weighted_data, "sample_weight", weights, NN_FLOAT32, 1));
}

static void tear_down(void)
{
    nn_dataset_free(weighted_data);
    teardown();
}

static const char sparse_loss[] = "sparse_categorical_crossentropy";

static nn_model *model_with(const char *metrics)
{
    nn_model *model = blob_model(1);
    OK(nn_model_compile(model, "sgd learning_rate=0.1", sparse_loss, metrics));
    return model;
}

START_TEST(a_weighted_metric_is_named_as_in_keras_and_comes_last)
{
    nn_model *model =
        model_with("accuracy weighted=true; precision; recall weighted=true name=hits; "
                   "precision weighted=true name=own; accuracy; "
                   "f1_score average=macro weighted=false");
    static const char *const names[] = {
        "loss", "precision", "accuracy", "f1_score", "weighted_accuracy", "hits", "own"};
    ck_assert_uint_eq(nn_model_metric_count(model), COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++)
        ck_assert_str_eq(nn_model_metric_name(model, i), names[i]);
    nn_model_free(model);
}
END_TEST

static const struct {
    const char *metrics, *message;
} refused[] = {
    {"accuracy weighted=true; accuracy weighted=true",
     "metric accuracy is given twice: tell them apart by name="},
    {"accuracy weighted=3", "accuracy: weighted is 3, expected true or false"},
    {"accuracy weighted=true weighted=false", "accuracy: option weighted is given twice"},
    {"accuracy; accuracy weighted=true; recall name=weighted_accuracy",
     "two columns of the history would be named weighted_accuracy: rename an output or a metric"},
    {"accuracy wieghted=true", "did you mean 'weighted'?"},
    {"precision thresholds=(0.3,0.5)",
     "thresholds is a tuple, expected a number: for several thresholds give several metrics, told "
     "apart by name=..."},
    {"true_positives thresholds=(0.3)", "for several thresholds give several metrics"},
    {"binary_accuracy threshold=(0.3,0.5)", "threshold is a tuple, expected a number"},
    {"auc thresholds=(0.5,0.25)", "thresholds has 0.25 after 0.5, expected rising numbers"},
    {"auc thresholds=(0.5,1.5)", "thresholds is 1.5, expected a number in [0, 1]"},
    {"auc thresholds=(0.25,0.5) num_thresholds=9",
     "num_thresholds is 9, but thresholds has 2 and there is one more at each end: leave "
     "num_thresholds out"},
};

START_TEST(what_cant_be_is_refused_with_reason_and_remedy)
{
    nn_model *model = blob_model(1);
    FAILS(nn_model_compile(model, "sgd", sparse_loss, refused[_i].metrics), NN_ERR_INVALID,
          refused[_i].message);
    ck_assert_uint_eq(nn_model_metric_count(model), 2); /* as compiled before */
    nn_model_free(model);
}
END_TEST

START_TEST(help_tells_of_every_metrics_options)
{
    char text[4096];
    size_t length;
    OK(nn_help("metric accuracy", text, sizeof(text), &length));
    ck_assert(length < sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "weighted"));
    ck_assert_ptr_nonnull(strstr(text, "name"));
}
END_TEST

START_TEST(the_loss_as_a_weighted_metric_is_the_loss_over_the_mean_weight)
{
    nn_model *model =
        model_with("sparse_categorical_crossentropy weighted=true; accuracy weighted=true;"
                   "accuracy");
    double values[4], plain[4], mean = 0;
    OK(nn_evaluate(model, weighted_data, values, COUNT(values)));
    OK(nn_evaluate(model, labelled, plain, COUNT(plain)));
    for (size_t i = 0; i < BLOB_ROWS; i++)
        mean += (double)weights[i] / BLOB_ROWS;
    ck_assert_double_eq_tol(values[2], values[0] / mean, 1e-6);
    ck_assert(values[1] == plain[1] && values[3] != plain[3]); /* accuracy, weighted_accuracy */
    ck_assert(plain[3] == plain[1]);                           /* no weights: the same */
    nn_model_free(model);
}
END_TEST

/* Its function knows nothing of weights. */
START_TEST(a_callers_own_metric_is_weighted_for_it)
{
    nn_model *model = two_layers("tanh", "sgd", "mse",
                                 "my_error weighted=true; mse weighted=true; my_error; mse");
    static const char *const names[] = {"loss", "my_error", "mse", "weighted_my_error",
                                        "weighted_mse"};
    double values[COUNT(names)];
    OK(nn_dataset_add_column(valued, "sample_weight", weights, NN_FLOAT32, 1));
    OK(nn_evaluate(model, valued, values, COUNT(values)));
    for (size_t i = 0; i < COUNT(names); i++)
        ck_assert_str_eq(nn_model_metric_name(model, i), names[i]);
    ck_assert_double_eq_tol(values[1], values[2], 1e-6);
    ck_assert_double_eq_tol(values[3], values[4], 1e-6);
    ck_assert(fabs(values[3] - values[1]) > 1e-4);
    nn_model_free(model);
}
END_TEST

/* ---- rows that a function reads ---- */

static size_t next_row;

static nn_status read_rows(void *user, const size_t *rows, size_t *count, void *x, void *y,
                           float *sample_weight)
{
    const bool stream = rows == NULL;
    (void)user;
    if (stream && *count > BLOB_ROWS - next_row)
        *count = BLOB_ROWS - next_row;
    for (size_t i = 0; i < *count; i++) {
        const size_t row = stream ? next_row++ : rows[i];
        memcpy((float *)x + 2 * i, points.x[row], sizeof(points.x[row]));
        ((int32_t *)y)[i] = points.label[row];
        sample_weight[i] = weights[row];
    }
    return NN_OK;
}

static nn_status restart(void *user)
{
    (void)user;
    next_row = 0;
    return NN_OK;
}

static nn_dataset *reader(bool stream)
{
    const nn_row_reader functions = {
        .struct_size = sizeof(functions),
        .rows = stream ? 0 : BLOB_ROWS,
        .x_type = NN_FLOAT32,
        .x_width = 2,
        .y_type = NN_INT32,
        .y_width = 1,
        .sample_weight = 1,
        .stream = stream,
        .read = read_rows,
        .restart = stream ? restart : NULL,
    };
    nn_dataset *data;
    OK(nn_dataset_from_function(&data, &functions));
    return data;
}

static void assert_same_history(const nn_history *a, const nn_history *b)
{
    ck_assert_uint_eq(nn_history_count(a), nn_history_count(b));
    for (size_t i = 0; i < nn_history_count(a); i++) {
        const double *of_a, *of_b;
        size_t count, count_b;
        OK(nn_history_get(a, nn_history_name(a, i), &of_a, &count));
        OK(nn_history_get(b, nn_history_name(b, i), &of_b, &count_b));
        ck_assert_str_eq(nn_history_name(a, i), nn_history_name(b, i));
        ck_assert(count == count_b && memcmp(of_a, of_b, count * sizeof(*of_a)) == 0);
    }
}

static const char both[] =
    "accuracy; accuracy weighted=true; f1_score average=macro weighted=true; auc weighted=true";

START_TEST(weights_that_a_function_reads_are_taken_in)
{
    nn_dataset *data = reader(_i == 1);
    nn_model *models[2] = {model_with(both), model_with(both)};
    nn_history *histories[2];
    double values[2][5];
    for (size_t i = 0; i < 2; i++) {
        const nn_dataset *used = i == 0 ? data : weighted_data;
        nn_fit_options options = NN_FIT_OPTIONS_INIT;
        options.epochs = 3;
        options.shuffle = 0;
        options.batch_size = 13;
        options.validation_data =
            _i == 1 ? weighted_data : used; /* a stream is read once at a time */
        OK(nn_fit(models[i], used, &options, &histories[i]));
        OK(nn_evaluate(models[i], used, values[i], COUNT(values[i])));
    }
    assert_same_history(histories[0], histories[1]);
    ck_assert(memcmp(values[0], values[1], sizeof(values[0])) == 0);
    ck_assert(values[0][1] != values[0][2]);
    for (size_t i = 0; i < 2; i++) {
        nn_history_free(histories[i]);
        nn_model_free(models[i]);
    }
    nn_dataset_free(data);
}
END_TEST

START_TEST(weighted_metrics_are_the_same_on_any_number_of_threads)
{
    nn_history *histories[2];
    nn_model *models[2];
    for (size_t i = 0; i < 2; i++) {
        nn_fit_options options = NN_FIT_OPTIONS_INIT;
        options.epochs = 2;
        options.validation_data = weighted_data;
        OK(nn_set_num_threads(i == 0 ? 1 : 5));
        models[i] = model_with(both);
        OK(nn_fit(models[i], weighted_data, &options, &histories[i]));
    }
    OK(nn_set_num_threads(0));
    assert_same_history(histories[0], histories[1]);
    for (size_t i = 0; i < 2; i++) {
        nn_history_free(histories[i]);
        nn_model_free(models[i]);
    }
}
END_TEST

/* ---- copies and files ---- */

static void assert_same_values(const nn_model *a, const nn_model *b, const nn_dataset *data)
{
    double of_a[16], of_b[16];
    const size_t count = nn_model_metric_count(a);
    ck_assert(count == nn_model_metric_count(b) && count <= COUNT(of_a));
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(nn_model_metric_name(a, i), nn_model_metric_name(b, i));
    OK(nn_evaluate(a, data, of_a, count));
    OK(nn_evaluate(b, data, of_b, count));
    ck_assert(memcmp(of_a, of_b, count * sizeof(*of_a)) == 0);
}

static void assert_copies_are_the_same(const nn_model *model, const nn_dataset *data)
{
    nn_model *clone, *loaded;
    nn_model *parts = parts_model();
    size_t length, again;
    OK(nn_model_clone(&clone, model));
    assert_same_values(model, clone, data);
    OK(nn_model_save_to_memory(model, NULL, 0, &length));
    char *bytes = malloc(length), *bytes_again = malloc(length);
    ck_assert(bytes != NULL && bytes_again != NULL);
    OK(nn_model_save_to_memory(model, bytes, length, &length));
    OK(nn_model_load_from_memory_with_parts(&loaded, bytes, length, parts));
    assert_same_values(model, loaded, data);
    OK(nn_model_save_to_memory(loaded, bytes_again, length, &again));
    ck_assert(again == length && memcmp(bytes, bytes_again, length) == 0);
    free(bytes);
    free(bytes_again);
    nn_model_free(clone);
    nn_model_free(loaded);
    nn_model_free(parts);
}

START_TEST(clones_and_files_keep_which_metrics_are_weighted)
{
    static const char *const metrics[] = {
        "accuracy weighted=true",
        "accuracy; accuracy weighted=true; precision class_id=1 name=p weighted=true; recall",
        "auc thresholds=(0.25,0.5) weighted=true; auc thresholds=0.5 name=one",
    };
    for (size_t i = 0; i < COUNT(metrics); i++) {
        nn_model *model = model_with(metrics[i]);
        assert_copies_are_the_same(model, weighted_data);
        nn_model_free(model);
    }
    nn_model *model = two_layers("my_swish", "sgd", "my_squares",
                                 "my_error; my_error weighted=true; my_error weighted=true name=e");
    OK(nn_dataset_add_column(valued, "sample_weight", weights, NN_FLOAT32, 1));
    assert_copies_are_the_same(model, valued);
    nn_model_free(model);
}
END_TEST

/* One with some of each output. */
START_TEST(files_of_several_outputs_keep_them_too)
{
    nn_model *model;
    nn_dataset *data;
    float y[BLOB_ROWS][4];
    for (size_t i = 0; i < BLOB_ROWS; i++)
        for (size_t j = 0; j < 4; j++)
            y[i][j] = noise(4 * i + j);
    OK(nn_model_create(&model));
    OK(nn_model_add(model, "dense units=4 activation=tanh input_shape=(2) name=h"));
    OK(nn_model_add(model, "dense units=3 name=a inputs=h"));
    OK(nn_model_add(model, "dense units=1 name=b inputs=h"));
    OK(nn_model_set_outputs(model, "a, b"));
    OK(nn_model_compile(model, "sgd", "mse",
                        "b/mae weighted=true; mae; a/r2_score weighted=true; a/mae weighted=true"));
    static const char *const names[] = {"loss",  "a_loss",     "b_loss",         "a_mae",
                                        "b_mae", "a_r2_score", "a_weighted_mae", "b_weighted_mae"};
    ck_assert_uint_eq(nn_model_metric_count(model), COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++)
        ck_assert_str_eq(nn_model_metric_name(model, i), names[i]);
    OK(nn_dataset_from_arrays(&data, BLOB_ROWS, points.x, NN_FLOAT32, 2, y, NN_FLOAT32, 4));
    OK(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1));
    assert_copies_are_the_same(model, data);
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

/* Keras's class takes a list alone. */
START_TEST(one_threshold_of_auc_is_written_as_a_list)
{
    nn_part part;
    nn_text text = NN_TEXT_INIT;
    OK(nn_part_parse(&part, &nn_metric_room, "auc thresholds=0.5"));
    OK(nn_keras_write_part(&part, &text));
    ck_assert_msg(strstr(text.data, "\"thresholds\":[0.5]") != NULL, "%s", text.data);
    nn_text_free(&text);
    nn_part_free(&part);
}
END_TEST

/* What Keras writes down for keras.metrics.Precision(thresholds=[0.3, 0.5]) and AUC(thresholds=[0.2, 0.5]). */
START_TEST(lists_in_keras_configs_are_refused_or_read)
{
    static const char precision[] =
        "{\"module\":\"keras.metrics\",\"class_name\":\"Precision\",\"config\":{\"name\":"
        "\"precision\","
        "\"dtype\":\"float32\",\"thresholds\":[0.3,0.5],\"top_k\":null,\"class_id\":null},"
        "\"registered_name\":null}";
    static const char auc[] =
        "{\"module\":\"keras.metrics\",\"class_name\":\"AUC\",\"config\":{\"name\":\"auc\","
        "\"dtype\":"
        "\"float32\",\"num_thresholds\":4,\"curve\":\"ROC\",\"summation_method\":\"interpolation\","
        "\"multi_label\":false,\"num_labels\":null,\"label_weights\":null,\"from_logits\":false,"
        "\"thresholds\":[0.2,0.5]},\"registered_name\":null}";
    nn_json *json;
    nn_part part;
    OK(nn_json_parse(&json, precision, strlen(precision), "config"));
    FAILS(nn_keras_read_part(&part, &nn_metric_room, json, NULL), NN_ERR_FORMAT,
          "for several thresholds give several metrics");
    nn_release(json);
    OK(nn_json_parse(&json, auc, strlen(auc), "config"));
    OK(nn_keras_read_part(&part, &nn_metric_room, json, NULL));
    nn_text text = NN_TEXT_INIT;
    nn_part_write(&part, false, &text);
    ck_assert_str_eq(text.data, "auc num_thresholds=4 thresholds=(0.2,0.5)");
    nn_text_free(&text);
    nn_part_free(&part);
    nn_release(json);
}
END_TEST

/* ---- watched by callbacks ---- */

static nn_status fit_with(nn_model *model, const nn_dataset *data, const char *callbacks)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 3;
    options.validation_data = data;
    options.callbacks = callbacks;
    return nn_fit(model, data, &options, NULL);
}

START_TEST(callbacks_know_the_direction_of_a_weighted_metric)
{
    nn_model *model = model_with(both);
    OK(fit_with(model, weighted_data, "early_stopping monitor=val_weighted_accuracy patience=9"));
    OK(fit_with(model, weighted_data, "reduce_lr_on_plateau monitor=val_auc patience=9"));
    nn_model_free(model);
}
END_TEST

/* Nobody knows what is better, nor does Keras. */
START_TEST(a_metric_without_direction_is_watched_with_a_mode)
{
    nn_model *model = two_layers("tanh", "sgd", "mse", "my_error; true_positives weighted=true");
    static const char *const watched[] = {"val_my_error", "true_positives"};
    char callback[128];
    for (size_t i = 0; i < COUNT(watched); i++) {
        snprintf(callback, sizeof(callback), "early_stopping patience=9 monitor=%s", watched[i]);
        FAILS(fit_with(model, valued, callback), NN_ERR_INVALID,
              "should be small or large isn't known: give mode=min or mode=max");
        snprintf(callback, sizeof(callback), "early_stopping patience=9 monitor=%s mode=%s",
                 watched[i], i == 0 ? "min" : "max");
        OK(fit_with(model, valued, callback));
    }
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weighted metrics");
    const int count = (int)nn_metric_room.count;
    TCase *tests = add_case(suite, "alone", NULL, NULL);
    tcase_add_loop_test(tests, a_weight_is_how_often_a_row_is_there, 0, count);
    tcase_add_loop_test(tests, weights_of_1_change_no_bit, 0, count);
    tcase_add_loop_test(tests, weighted_rows_may_be_split_in_any_way, 0, count);
    tcase_add_loop_test(tests, rows_that_weigh_nothing_are_a_result_of_0, 0, count);
    tcase_add_test(tests, rates_of_odd_weights_stay_rates);
    tcase_add_test(tests, r2_of_constant_targets_doesnt_see_rows_without_weight);

    tests = add_case(suite, "in a model", set_up, tear_down);
    tcase_add_test(tests, a_weighted_metric_is_named_as_in_keras_and_comes_last);
    tcase_add_loop_test(tests, what_cant_be_is_refused_with_reason_and_remedy, 0, COUNT(refused));
    tcase_add_test(tests, help_tells_of_every_metrics_options);
    tcase_add_test(tests, the_loss_as_a_weighted_metric_is_the_loss_over_the_mean_weight);
    tcase_add_test(tests, a_callers_own_metric_is_weighted_for_it);
    tcase_add_loop_test(tests, weights_that_a_function_reads_are_taken_in, 0, 2);
    tcase_add_test(tests, weighted_metrics_are_the_same_on_any_number_of_threads);
    tcase_add_test(tests, clones_and_files_keep_which_metrics_are_weighted);
    tcase_add_test(tests, files_of_several_outputs_keep_them_too);
    tcase_add_test(tests, one_threshold_of_auc_is_written_as_a_list);
    tcase_add_test(tests, lists_in_keras_configs_are_refused_or_read);
    tcase_add_test(tests, callbacks_know_the_direction_of_a_weighted_metric);
    tcase_add_test(tests, a_metric_without_direction_is_watched_with_a_mode);
    return run_suite(suite);
}
