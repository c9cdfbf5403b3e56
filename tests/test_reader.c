/* Datasets whose rows a function reads: by their numbers, or as a stream. */
#include "faults.h"
#include "fitting.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static blobs points;
static float weights[BLOB_ROWS];
static nn_dataset *arrays;

/* What a reader of the blobs is, and what was asked of it. */
struct reading {
    size_t rows, next; /* a stream's */
    size_t reads, restarts, releases;
    size_t fail_at; /* the read that fails, from 1; 0: none */
    nn_status status;
    const char *message_of; /* a model file that isn't there */
};

static nn_status read_rows(void *user, const size_t *rows, size_t *count, void *x, void *y,
                           float *sample_weight)
{
    struct reading *reading = user;
    nn_model *model;
    if (++reading->reads == reading->fail_at) {
        if (reading->message_of != NULL)
            return nn_model_load(&model, reading->message_of);
        return reading->status;
    }
    if (rows == NULL && *count > reading->rows - reading->next)
        *count = reading->rows - reading->next;
    for (size_t i = 0; i < *count; i++) {
        const size_t row = rows != NULL ? rows[i] : reading->next++;
        ck_assert_uint_lt(row, BLOB_ROWS);
        memcpy((float *)x + 2 * i, points.x[row], sizeof(points.x[row]));
        ((int32_t *)y)[i] = points.label[row];
        if (sample_weight != NULL)
            sample_weight[i] = weights[row];
    }
    return NN_OK;
}

static nn_status restart(void *user)
{
    struct reading *reading = user;
    reading->restarts++;
    reading->next = 0;
    return NN_OK;
}

static void release(void *user)
{
    ((struct reading *)user)->releases++;
}

static nn_row_reader reader_of(struct reading *reading, bool stream, size_t rows)
{
    return (nn_row_reader){
        .struct_size = sizeof(nn_row_reader),
        .rows = rows,
        .x_type = NN_FLOAT32,
        .x_width = 2,
        .y_type = NN_INT32,
        .y_width = 1,
        .sample_weight = 1,
        .stream = stream,
        .read = read_rows,
        .restart = stream ? restart : NULL,
        .release = release,
        .user = reading,
    };
}

static nn_dataset *dataset_of(struct reading *reading, bool stream, size_t rows)
{
    nn_dataset *data;
    const nn_row_reader reader = reader_of(reading, stream, rows);
    OK(nn_dataset_from_function(&data, &reader));
    return data;
}

static void setup(void)
{
    fill_blobs(&points);
    for (size_t i = 0; i < BLOB_ROWS; i++)
        weights[i] = (float)(1 + i % 4) / 2;
    arrays = blob_dataset(&points);
    OK(nn_dataset_add_column(arrays, "sample_weight", weights, NN_FLOAT32, 1));
}

static void teardown(void)
{
    nn_dataset_free(arrays);
}

/* ---- the same as arrays ---- */

static void assert_same_training(const nn_dataset *data, const nn_dataset *as,
                                 nn_fit_options options, int shuffle_of_arrays)
{
    nn_model *models[2] = {blob_model(1), blob_model(1)};
    nn_history *histories[2];
    double values[2][2];
    for (size_t i = 0; i < 2; i++) {
        options.shuffle = i == 0 ? 1 : shuffle_of_arrays;
        OK(nn_fit(models[i], i == 0 ? data : as, &options, &histories[i]));
        OK(nn_evaluate(models[i], i == 0 ? data : as, values[i], 2));
    }
    ck_assert(same_weights(models[0], models[1]));
    ck_assert(values[0][0] == values[1][0] && values[0][1] == values[1][1]);
    for (size_t i = 0; i < nn_history_count(histories[0]); i++) {
        const double *a, *b;
        size_t count, same_count;
        OK(nn_history_get(histories[0], nn_history_name(histories[0], i), &a, &count));
        OK(nn_history_get(histories[1], nn_history_name(histories[0], i), &b, &same_count));
        ck_assert_uint_eq(count, same_count);
        ck_assert(memcmp(a, b, count * sizeof(*a)) == 0);
    }
    for (size_t i = 0; i < 2; i++) {
        nn_history_free(histories[i]);
        nn_model_free(models[i]);
    }
}

START_TEST(rows_by_number_train_as_arrays_do)
{
    struct reading reading = {0};
    nn_dataset *data = dataset_of(&reading, false, BLOB_ROWS);
    nn_fit_options options = callback_options(3, 16, NULL, NULL);
    assert_same_training(data, arrays, options, 1);
    options.validation_split = 0.3; /* views */
    options.steps_per_epoch = 2;
    assert_same_training(data, arrays, options, 1);
    nn_dataset *parts[2][3];
    static const size_t chosen[] = {70, 3, 3, 41, 12, 8, 9, 60};
    for (size_t i = 0; i < 2; i++) {
        const nn_dataset *whole = i == 0 ? data : arrays;
        OK(nn_dataset_slice(&parts[i][0], whole, 7, 60));
        OK(nn_dataset_train_test_split(&parts[i][1], &parts[i][2], parts[i][0], 0.25, 3, 0));
        nn_dataset_free(parts[i][0]);
        OK(nn_dataset_select(&parts[i][0], whole, chosen, 8));
    }
    options = callback_options(2, 7, NULL, NULL);
    nn_dataset_free(data);
    ck_assert_uint_eq(reading.releases, 0);
    for (size_t j = 0; j < 3; j++)
        assert_same_training(parts[0][j], parts[1][j], options, 1);
    for (size_t i = 0; i < 6; i++)
        nn_dataset_free(parts[i / 3][i % 3]);
    ck_assert_uint_eq(reading.releases, 1);
    ck_assert_uint_eq(reading.restarts, 0);
}
END_TEST

/* Of known length, and of unknown one: with a last batch that is short, and one that is none. */
START_TEST(a_stream_trains_as_arrays_in_their_order_do)
{
    static const size_t lengths[] = {90, 0}, batches[] = {16, 15, 90, 100};
    for (size_t i = 0; i < 8; i++) {
        struct reading reading = {.rows = BLOB_ROWS}, second = {.rows = 30};
        nn_dataset *data = dataset_of(&reading, true, lengths[i / 4]);
        nn_dataset *validation = dataset_of(&second, true, i / 4 == 0 ? 30 : 0);
        nn_dataset *validation_arrays = slice_of(arrays, 0, 30);
        nn_model *models[2] = {blob_model(1), blob_model(1)};
        nn_fit_options options = callback_options(3, batches[i % 4], NULL, NULL);
        double last[2];
        for (size_t j = 0; j < 2; j++) {
            nn_history *history;
            options.shuffle = j == 0;
            options.validation_data = j == 0 ? validation : validation_arrays;
            OK(nn_fit(models[j], j == 0 ? data : arrays, &options, &history));
            last[j] = last_of(history, "val_loss", 3);
            nn_history_free(history);
        }
        ck_assert(same_weights(models[0], models[1]));
        ck_assert(last[0] == last[1]);
        /* with nothing left at an epoch's end there is another look, and a new pass */
        ck_assert_uint_ge(reading.restarts, 3);
        ck_assert_uint_eq(second.restarts, 3);
        for (size_t j = 0; j < 2; j++)
            nn_model_free(models[j]);
        nn_dataset_free(data);
        nn_dataset_free(validation);
        nn_dataset_free(validation_arrays);
        ck_assert_uint_eq(reading.releases, 1);
    }
}
END_TEST

START_TEST(steps_are_taken_of_a_stream_without_an_end)
{
    struct reading reading = {.rows = BLOB_ROWS};
    nn_row_reader reader = reader_of(&reading, true, 0);
    reader.restart = NULL;
    nn_dataset *data;
    OK(nn_dataset_from_function(&data, &reader));
    nn_model *model = blob_model(1), *stepped = blob_model(1);
    nn_history *history;
    nn_fit_options options = callback_options(2, 10, NULL, NULL);
    options.steps_per_epoch = 3;
    OK(nn_fit(model, data, &options, NULL)); /* rows 0 ... 59 */
    for (size_t i = 0; i < 6; i++) {
        nn_dataset *batch = slice_of(arrays, 10 * i, 10);
        OK(nn_train_on_batch(stepped, batch, NULL, 0));
        nn_dataset_free(batch);
    }
    ck_assert(same_weights(model, stepped));
    ck_assert_uint_eq(reading.next, 60);
    options.epochs = 9;
    options.steps_per_epoch = 2; /* 20 rows, 10 rows, then none */
    FAILS(nn_fit(model, data, &options, &history), NN_ERR_INVALID, "no rows left");
    ck_assert_uint_eq(epochs_in(history), 2);
    nn_history_free(history);
    nn_model_free(model);
    nn_model_free(stepped);
    nn_dataset_free(data);
}
END_TEST

static nn_status stop_at(const nn_event *event, void *user)
{
    return event->kind == NN_EVENT_BATCH_END && event->epoch == 2 &&
                   event->batch == *(const size_t *)user
               ? NN_STOPPED
               : NN_OK;
}

START_TEST(a_resumed_stream_goes_on_where_it_was)
{
    char directory[] = "/tmp/nn_reader_XXXXXX", text[128];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(text, sizeof(text), "backup_and_restore backup_dir='%s' save_freq=1", directory);
    for (size_t batch = 0; batch < 3; batch++) {
        nn_model *models[2] = {blob_model(1), blob_model(1)};
        nn_fit_options options = callback_options(5, 16, NULL, NULL);
        options.steps_per_epoch = 4; /* of 6 batches of a pass */
        for (size_t i = 0; i < 2; i++) {
            struct reading reading = {.rows = BLOB_ROWS};
            nn_dataset *data = dataset_of(&reading, true, batch == 1 ? 0 : BLOB_ROWS);
            options.callbacks = NULL;
            options.callback = NULL;
            if (i == 1) {
                options.callbacks = text;
                options.callback = stop_at;
                options.callback_user = &batch;
                ck_assert_int_eq(nn_fit(models[1], data, &options, NULL), NN_STOPPED);
                nn_model_free(models[1]);
                models[1] = blob_model(1);
                options.callback = NULL;
                nn_dataset_free(data);
                reading = (struct reading){.rows = BLOB_ROWS};
                data = dataset_of(&reading, true, batch == 1 ? 0 : BLOB_ROWS);
            }
            OK(nn_fit(models[i], data, &options, NULL));
            nn_dataset_free(data);
        }
        ck_assert(same_weights(models[0], models[1]));
        nn_model_free(models[0]);
        nn_model_free(models[1]);
    }
    ck_assert(access(directory, F_OK) != 0);
}
END_TEST

/* ---- failures ---- */

START_TEST(a_failing_read_ends_the_call_with_its_code)
{
    static const struct {
        nn_status status;
        const char *message_of, *text;
    } cases[] = {{(nn_status)-1234, NULL, "the reader's read failed with status -1234"},
                 {NN_ERR_IO, "/nonexistent/file", "the reader's read: /nonexistent/file"}};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 1; k <= 9; k++) {
            struct reading reading = {
                .fail_at = k, .status = cases[i].status, .message_of = cases[i].message_of};
            nn_dataset *data = dataset_of(&reading, false, BLOB_ROWS);
            nn_model *model = blob_model(1);
            nn_history *history;
            nn_fit_options options = callback_options(2, 32, NULL, NULL);
            options.validation_data = data;
            FAILS(nn_fit(model, data, &options, &history), cases[i].status, cases[i].text);
            /* 3 batches and 1 of validation an epoch */
            ck_assert_uint_eq(epochs_in(history), (k - 1) / 4);
            nn_history_free(history);
            reading.fail_at = reading.reads + 1;
            FAILS(nn_train_on_batch(model, data, NULL, 0), cases[i].status, cases[i].text);
            double values[2];
            reading.fail_at = reading.reads + 1;
            FAILS(nn_evaluate(model, data, values, 2), cases[i].status, cases[i].text);
            OK(nn_fit(model, arrays, NULL, NULL));
            nn_model_free(model);
            nn_dataset_free(data);
            if (k == 8)
                break;
        }
}
END_TEST

START_TEST(what_is_read_is_checked)
{
    struct reading reading = {0};
    nn_dataset *data = dataset_of(&reading, false, BLOB_ROWS);
    nn_model *model = blob_model(1);
    points.label[50] = 3;
    FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_INVALID, "label 3 in row ");
    points.label[50] = 0;
    weights[50] = -1;
    FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_INVALID, "isn't a finite weight");
    weights[50] = NAN;
    FAILS(nn_train_on_batch(model, data, NULL, 0), NN_ERR_INVALID, "isn't a finite weight");
    weights[50] = 1;
    points.x[50][1] = INFINITY;
    FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_NONFINITE, "isn't finite");
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

/* Row i is of tokens i % 5 and 4 - i % 5, but for one that is wrong. */
static nn_status read_tokens(void *user, const size_t *rows, size_t *count, void *x, void *y,
                             float *sample_weight)
{
    const size_t *wrong = user;
    (void)sample_weight;
    for (size_t i = 0; i < *count; i++) {
        ((uint8_t *)x)[2 * i] = (uint8_t)(rows[i] == *wrong ? 5 : rows[i] % 5);
        ((uint8_t *)x)[2 * i + 1] = (uint8_t)(4 - rows[i] % 5);
        ((float *)y)[i] = (float)(rows[i] % 5);
    }
    return NN_OK;
}

START_TEST(tokens_that_are_read_are_checked_as_they_come)
{
    enum { ROWS = 40 };
    size_t wrong = ROWS;
    const nn_row_reader reader = {.struct_size = sizeof(reader),
                                  .rows = ROWS,
                                  .x_type = NN_UINT8,
                                  .x_width = 2,
                                  .y_type = NN_FLOAT32,
                                  .y_width = 1,
                                  .read = read_tokens,
                                  .user = &wrong};
    nn_dataset *data;
    nn_model *model = make_model(1,
                                 "embedding input_dim=5 output_dim=3 input_shape=(2); flatten; "
                                 "dense units=1",
                                 "sgd", "mse", NULL);
    double loss;
    OK(nn_dataset_from_function(&data, &reader));
    OK(nn_fit(model, data, NULL, NULL));
    OK(nn_evaluate(model, data, &loss, 1));
    wrong = 33;
    FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_INVALID,
          "whole numbers 0 to 4, the inputs have 5");
    FAILS(nn_evaluate(model, data, &loss, 1), NN_ERR_INVALID, "the inputs have 5 in row 33");
    FAILS(nn_train_on_batch(model, data, NULL, 0), NN_ERR_INVALID, "the inputs have 5");
    FAILS(nn_model_adapt(model, NULL, data), NN_ERR_UNSUPPORTED, "read by a function");
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

/* A view's own rows count, not those at their places in the whole. */
START_TEST(tokens_of_a_view_are_those_of_its_rows)
{
    static const float tokens[4] = {7, 1, 0, 2}, targets[4] = {0, 1, 0, 2};
    static const size_t good[6] = {3, 1, 2, 2, 3, 1}, bad[2] = {1, 0};
    nn_dataset *whole, *part;
    nn_model *model = make_model(1,
                                 "embedding input_dim=5 output_dim=3 input_shape=(1); flatten; "
                                 "dense units=1",
                                 "sgd", "mse", NULL);
    OK(nn_dataset_from_arrays(&whole, 4, tokens, NN_FLOAT32, 1, targets, NN_FLOAT32, 1));
    OK(nn_dataset_select(&part, whole, good, 6));
    OK(nn_fit(model, part, NULL, NULL));
    nn_dataset_free(part);
    OK(nn_dataset_select(&part, whole, bad, 2));
    FAILS(nn_fit(model, part, NULL, NULL), NN_ERR_INVALID, "the inputs have 7 in row 1");
    nn_dataset_free(part);
    nn_dataset_free(whole);
    nn_model_free(model);
}
END_TEST

static nn_status read_too_few(void *user, const size_t *rows, size_t *count, void *x, void *y,
                              float *sample_weight)
{
    (void)user, (void)rows, (void)x, (void)y, (void)sample_weight;
    --*count;
    return NN_OK;
}

static nn_status read_too_many(void *user, const size_t *rows, size_t *count, void *x, void *y,
                               float *sample_weight)
{
    (void)user, (void)rows, (void)x, (void)y, (void)sample_weight;
    ++*count;
    return NN_OK;
}

START_TEST(a_count_that_cannot_be_is_refused)
{
    struct reading reading = {0};
    nn_row_reader reader = reader_of(&reading, false, BLOB_ROWS);
    for (size_t i = 0; i < 3; i++) {
        nn_dataset *data;
        nn_model *model = blob_model(1);
        reader.read = i == 0 ? read_too_few : read_too_many;
        reader.stream = i == 2;
        OK(nn_dataset_from_function(&data, &reader));
        FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_INVALID, "rows, asked for were 32");
        nn_model_free(model);
        nn_dataset_free(data);
    }
}
END_TEST

START_TEST(bad_readers_and_uses_are_refused)
{
    struct reading reading = {0};
    nn_row_reader reader = reader_of(&reading, false, BLOB_ROWS);
    nn_dataset *data, *part, *other;
    struct {
        nn_row_reader reader;
        char tail[8];
    } newer = {reader, {0}};
#define REFUSED(change, text)                                                                      \
    do {                                                                                           \
        nn_row_reader bad = reader;                                                                \
        bad.change;                                                                                \
        FAILS(nn_dataset_from_function(&data, &bad), NN_ERR_INVALID, text);                        \
        ck_assert_ptr_null(data);                                                                  \
    } while (0)
    REFUSED(struct_size = 8, "struct_size is 8");
    REFUSED(struct_size = 1000000, "struct_size");
    REFUSED(rows = 0, "rows is 0");
    REFUSED(read = NULL, "read is NULL");
    REFUSED(restart = restart, "restart is for streams");
    REFUSED(x_type = (nn_dtype)9, "unknown type 9");
    REFUSED(y_type = (nn_dtype)9, "unknown type 9");
    REFUSED(x_width = 0, "width is 0");
    FAILS(nn_dataset_from_function(&data, NULL), NN_ERR_INVALID, "reader is NULL");
    FAILS(nn_dataset_from_function(NULL, &reader), NN_ERR_INVALID, "data is NULL");
    newer.reader.struct_size = sizeof(newer);
    OK(nn_dataset_from_function(&data, &newer.reader));
    newer.tail[3] = 1;
    FAILS(nn_dataset_from_function(&other, &newer.reader), NN_ERR_VERSION, "isn't zero");

    float values[2 * BLOB_ROWS];
    FAILS(nn_dataset_get_values(data, "x", 0, 1, values), NN_ERR_UNSUPPORTED, "by a function");
    FAILS(nn_dataset_train_test_split(&part, &other, data, 0.5, 0, 1), NN_ERR_UNSUPPORTED,
          "by a function");
    reader.sample_weight = 0;
    nn_dataset_free(data);
    OK(nn_dataset_from_function(&data, &reader));
    FAILS(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1), NN_ERR_UNSUPPORTED,
          "by a function");
    nn_dataset_free(data);

    nn_dataset *stream = dataset_of(&reading, true, 0);
    nn_model *model = blob_model(1);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    ck_assert_uint_eq(nn_dataset_rows(stream), 0);
    FAILS(nn_dataset_slice(&part, stream, 0, 1), NN_ERR_UNSUPPORTED, "has no views");
    FAILS(nn_dataset_select(&part, stream, (const size_t[]){0}, 1), NN_ERR_UNSUPPORTED, "no views");
    FAILS(nn_dataset_train_test_split(&part, &other, stream, 0.5, 0, 0), NN_ERR_UNSUPPORTED,
          "no views");
    FAILS(nn_train_on_batch(model, stream, NULL, 0), NN_ERR_UNSUPPORTED, "isn't known");
    FAILS(nn_fit(model, stream, NULL, NULL), NN_ERR_INVALID, "no rows left"); /* it is empty */
    FAILS(nn_evaluate(model, stream, (double[2]){0}, 2), NN_ERR_INVALID, "has no rows");
    options.validation_split = 0.5;
    FAILS(nn_fit(model, stream, &options, NULL), NN_ERR_UNSUPPORTED, "no views");
    options.validation_split = 0;
    options.validation_data = stream;
    FAILS(nn_fit(model, stream, &options, NULL), NN_ERR_INVALID, "the stream that is trained on");
    FAILS(nn_fit(model, arrays, &options, NULL), NN_ERR_INVALID, "validation data: the stream");
    nn_model_free(model);
    nn_dataset_free(stream);
}
END_TEST

/* ---- memory ---- */

static nn_status fit_reader(nn_model *model, struct reading *reading, size_t epochs)
{
    nn_dataset *data;
    const nn_row_reader reader = reader_of(reading, false, BLOB_ROWS);
    nn_fit_options options = callback_options(epochs, 8, NULL, NULL);
    nn_status status = nn_dataset_from_function(&data, &reader);
    options.validation_split = 0.25;
    if (status == NN_OK)
        status = nn_fit(model, data, &options, NULL);
    nn_dataset_free(data);
    return status;
}

START_TEST(every_failing_allocation_is_a_clean_failure)
{
    for (size_t k = 1, failed = 1; failed; k++) {
        const long blocks = faults_live_blocks();
        struct reading reading = {0};
        nn_model *model = blob_model(1);
        faults_fail_allocation(k, true);
        const nn_status status = fit_reader(model, &reading, 2);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        OK(nn_fit(model, arrays, NULL, NULL));
        nn_model_free(model);
        ck_assert_int_eq(faults_live_blocks(), blocks);
    }
}
END_TEST

START_TEST(reading_allocates_nothing_as_training_goes_on)
{
    size_t calls[2];
    for (size_t i = 0; i < 2; i++) {
        struct reading reading = {0};
        nn_model *model = blob_model(1);
        faults_fail_allocation(SIZE_MAX, true);
        OK(fit_reader(model, &reading, i == 0 ? 1 : 25));
        calls[i] = faults_calls();
        faults_reset();
        nn_model_free(model);
    }
    ck_assert_uint_eq(calls[0], calls[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *tests = tcase_create("reader");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, rows_by_number_train_as_arrays_do);
    tcase_add_test(tests, a_stream_trains_as_arrays_in_their_order_do);
    tcase_add_test(tests, steps_are_taken_of_a_stream_without_an_end);
    tcase_add_test(tests, a_resumed_stream_goes_on_where_it_was);
    tcase_add_test(tests, a_failing_read_ends_the_call_with_its_code);
    tcase_add_test(tests, what_is_read_is_checked);
    tcase_add_test(tests, tokens_that_are_read_are_checked_as_they_come);
    tcase_add_test(tests, tokens_of_a_view_are_those_of_its_rows);
    tcase_add_test(tests, a_count_that_cannot_be_is_refused);
    tcase_add_test(tests, bad_readers_and_uses_are_refused);
    tcase_add_test(tests, every_failing_allocation_is_a_clean_failure);
    tcase_add_test(tests, reading_allocates_nothing_as_training_goes_on);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
