/* Callbacks: when they are told what, and what they may do to the model being trained. */
#include "faults.h"
#include "fitting.h"
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

/* ---- events ---- */

/* Writes every event as a word: "train", "epoch 5", "batch 5.0", ... */
static nn_status record(const nn_event *event, void *user)
{
    static const char *const words[] = {"", "train", "epoch", "batch", "end", "done"};
    char *text = user;
    ck_assert_uint_eq(event->struct_size, sizeof(*event));
    ck_assert_ptr_nonnull(event->model);
    ck_assert_uint_eq(event->epochs, 7);
    ck_assert_uint_eq(event->batches, 2);
    sprintf(text + strlen(text), "%s %zu.%zu:%zu", words[event->kind], event->epoch, event->batch,
            event->count);
    for (size_t i = 0; i < event->count; i++)
        sprintf(text + strlen(text), "%c%s", i == 0 ? ' ' : ',', event->names[i]);
    strcat(text, "\n");
    return NN_OK;
}

START_TEST(events_come_in_order_with_their_numbers)
{
    char text[1024] = "";
    nn_model *model = blob_model(1);
    nn_fit_options options = callback_options(2, 60, record, text);
    options.initial_epoch = 5;
    options.validation_split = 0.1; /* 81 rows to train on: batches of 60 and 21 */
    OK(nn_fit(model, data, &options, NULL));
    ck_assert_str_eq(text, "train 5.0:0\n"
                           "epoch 5.0:0\n"
                           "batch 5.0:2 loss,accuracy\n"
                           "batch 5.1:2 loss,accuracy\n"
                           "end 5.0:4 loss,accuracy,val_loss,val_accuracy\n"
                           "epoch 6.0:0\n"
                           "batch 6.0:2 loss,accuracy\n"
                           "batch 6.1:2 loss,accuracy\n"
                           "end 6.0:4 loss,accuracy,val_loss,val_accuracy\n"
                           "done 7.0:0\n");
    nn_model_free(model);
}
END_TEST

/* Answers with a status at one event, and counts events. */
struct answer {
    nn_event_kind kind;
    size_t epoch, batch;
    nn_status status;
    size_t events[NN_EVENT_TRAIN_END + 1];
};

static nn_status answer_once(const nn_event *event, void *user)
{
    struct answer *answer = user;
    answer->events[event->kind]++;
    return event->kind == answer->kind && event->epoch == answer->epoch &&
                   event->batch == answer->batch
               ? answer->status
               : NN_OK;
}

START_TEST(stop_after_a_batch_stops_exactly_there)
{
    struct answer answer = {NN_EVENT_BATCH_END, 1, 3, NN_STOPPED, {0}};
    nn_model *stopped = blob_model(1), *stepped = blob_model(1);
    nn_history *history;
    nn_fit_options options = callback_options(3, 10, answer_once, &answer);
    options.shuffle = 0;
    ck_assert_int_eq(nn_fit(stopped, data, &options, &history), NN_STOPPED);
    ck_assert_uint_eq(epochs_in(history), 1);
    ck_assert_uint_eq(answer.events[NN_EVENT_BATCH_END], 9 + 4);
    ck_assert_uint_eq(answer.events[NN_EVENT_EPOCH_END], 1);
    ck_assert_uint_eq(answer.events[NN_EVENT_TRAIN_END], 1);
    for (size_t i = 0; i < 9 + 4; i++) {
        nn_dataset *batch = slice_of(data, i % 9 * 10, 10);
        OK(nn_train_on_batch(stepped, batch, NULL, 0));
        nn_dataset_free(batch);
    }
    ck_assert(same_weights(stopped, stepped));
    nn_history_free(history);
    nn_model_free(stopped);
    nn_model_free(stepped);
}
END_TEST

START_TEST(stop_at_other_events)
{
    static const struct {
        nn_event_kind kind;
        size_t epochs, batches;
    } cases[] = {
        {NN_EVENT_TRAIN_BEGIN, 0, 0}, {NN_EVENT_EPOCH_BEGIN, 0, 0}, {NN_EVENT_EPOCH_END, 1, 9}};
    for (size_t i = 0; i < 3; i++) {
        struct answer answer = {cases[i].kind, 0, 0, NN_STOPPED, {0}};
        nn_model *model = blob_model(1);
        nn_history *history;
        const nn_fit_options options = callback_options(3, 10, answer_once, &answer);
        ck_assert_int_eq(nn_fit(model, data, &options, &history), NN_STOPPED);
        ck_assert_uint_eq(epochs_in(history), cases[i].epochs);
        ck_assert_uint_eq(answer.events[NN_EVENT_BATCH_END], cases[i].batches);
        ck_assert_uint_eq(answer.events[NN_EVENT_TRAIN_END], 1);
        nn_history_free(history);
        nn_model_free(model);
    }
}
END_TEST

START_TEST(errors_of_a_callback_are_what_fit_returns)
{
    static const nn_event_kind kinds[] = {NN_EVENT_TRAIN_BEGIN, NN_EVENT_EPOCH_BEGIN,
                                          NN_EVENT_BATCH_END, NN_EVENT_EPOCH_END};
    for (size_t i = 0; i < 4; i++) {
        struct answer answer = {kinds[i], 0, 0, (nn_status)-1234, {0}};
        nn_model *model = blob_model(1);
        nn_history *history;
        const nn_fit_options options = callback_options(3, 10, answer_once, &answer);
        FAILS(nn_fit(model, data, &options, &history), (nn_status)-1234, "status -1234");
        ck_assert_uint_eq(epochs_in(history), kinds[i] == NN_EVENT_EPOCH_END);
        ck_assert_uint_eq(answer.events[NN_EVENT_TRAIN_END], i > 0); /* told of the beginning */
        nn_history_free(history);
        nn_model_free(model);
    }
}
END_TEST

static nn_status save_nowhere(const nn_event *event, void *user)
{
    if (event->kind == NN_EVENT_TRAIN_END)
        FAILS(nn_model_load(user, "/nonexistent/b"), NN_ERR_IO, "/nonexistent/b");
    return event->kind == NN_EVENT_EPOCH_END ? nn_model_save(event->model, "/nonexistent/a")
                                             : NN_OK;
}

START_TEST(message_is_that_of_the_first_failure)
{
    nn_model *model = blob_model(1), *loaded;
    const nn_fit_options options = callback_options(2, 32, save_nowhere, &loaded);
    FAILS(nn_fit(model, data, &options, NULL), NN_ERR_IO, "/nonexistent/a");
    nn_model_free(model);
}
END_TEST

/* ---- the model being trained ---- */

static nn_status use_model(const nn_event *event, void *user)
{
    static const float zeros[3];
    float y[BLOB_ROWS][BLOB_CLASSES], bias[3];
    double values[2];
    size_t length;
    nn_model *copy;
    nn_model *const model = event->model;
    if (user != NULL && event->kind == NN_EVENT_EPOCH_END)
        ++*(size_t *)user;
    OK(nn_predict(model, points.x[0], BLOB_ROWS, y[0]));
    OK(nn_evaluate(model, data, values, 2));
    OK(nn_model_get_weights(model, "dense_1/bias", bias, 3));
    OK(nn_model_save_to_memory(model, NULL, 0, &length));
    void *bytes = malloc(length);
    OK(nn_model_save_to_memory(model, bytes, length, &length));
    OK(nn_model_load_from_memory(&copy, bytes, length));
    ck_assert(same_weights(model, copy));
    free(bytes);
    nn_model_free(copy);
    OK(nn_model_clone(&copy, model));
    ck_assert(same_weights(model, copy));
    nn_model_free(copy);
    OK(nn_model_summary(model, NULL, 0, &length));
    FAILS(nn_model_set_weights(model, "dense_1/bias", zeros, 3), NN_ERR_STATE, "callback");
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_STATE, "callback");
    FAILS(nn_fit(model, data, NULL, NULL), NN_ERR_STATE, "callback");
    FAILS(nn_train_on_batch(model, data, NULL, 0), NN_ERR_STATE, "callback");
    FAILS(nn_model_add(model, "dense units=1"), NN_ERR_STATE, "callback");
    return NN_OK;
}

START_TEST(callback_may_read_the_model_but_not_change_it)
{
    nn_model *watched = blob_model(1), *alone = blob_model(1);
    size_t epochs = 0;
    nn_fit_options options = callback_options(2, 32, use_model, &epochs);
    options.validation_split = 0.2;
    OK(nn_fit(watched, data, &options, NULL));
    ck_assert_uint_eq(epochs, 2);
    options.callback = NULL;
    OK(nn_fit(alone, data, &options, NULL));
    ck_assert(same_weights(watched, alone));
    nn_model_free(watched);
    nn_model_free(alone);
}
END_TEST

static nn_status free_model(const nn_event *event, void *user)
{
    float y[BLOB_CLASSES];
    if (event->kind == *(const nn_event_kind *)user && event->epoch == 0 && event->batch == 0)
        nn_model_free(event->model);
    OK(nn_predict(event->model, points.x[0], 1, y)); /* it's still there */
    return NN_OK;
}

/* What is freed too early is for valgrind and AddressSanitizer to find; what isn't freed, for all. */
START_TEST(model_freed_in_its_own_callback_lives_until_fit_returns)
{
    nn_event_kind kind = (nn_event_kind)_i;
    const long blocks = faults_live_blocks();
    nn_model *model = blob_model(1);
    nn_history *history;
    const nn_fit_options options = callback_options(2, 32, free_model, &kind);
    OK(nn_fit(model, data, &options, &history));
    ck_assert_uint_eq(epochs_in(history), 2);
    nn_history_free(history);
    ck_assert_int_eq(faults_live_blocks(), blocks);
}
END_TEST

static nn_status free_datasets(const nn_event *event, void *user)
{
    nn_dataset **datasets = user;
    for (size_t i = 0; i < 3 && event->kind == NN_EVENT_TRAIN_BEGIN; i++)
        nn_dataset_free(datasets[i]);
    return NN_OK;
}

START_TEST(datasets_in_use_may_be_freed_in_any_order)
{
    static const size_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
    nn_model *reference = blob_model(1);
    nn_fit_options options = callback_options(2, 16, NULL, NULL);
    nn_dataset *train = slice_of(data, 0, 70), *validation = slice_of(data, 70, 20);
    options.validation_data = validation;
    OK(nn_fit(reference, train, &options, NULL));
    nn_dataset_free(train);
    nn_dataset_free(validation);
    const long blocks = faults_live_blocks();
    for (size_t i = 0; i < 3; i++) {
        nn_dataset *whole = blob_dataset(&points);
        nn_dataset *sets[3] = {whole, slice_of(whole, 0, 70), slice_of(whole, 70, 20)};
        nn_dataset *freed[3];
        for (size_t j = 0; j < 3; j++)
            freed[j] = sets[orders[i][j]];
        nn_model *model = blob_model(1);
        options.validation_data = sets[2];
        options.callback = free_datasets;
        options.callback_user = freed;
        OK(nn_fit(model, sets[1], &options, NULL));
        ck_assert(same_weights(model, reference));
        nn_model_free(model);
        ck_assert_int_eq(faults_live_blocks(), blocks);
    }
    nn_model_free(reference);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("callbacks");
    TCase *tests = tcase_create("callbacks");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, events_come_in_order_with_their_numbers);
    tcase_add_test(tests, stop_after_a_batch_stops_exactly_there);
    tcase_add_test(tests, stop_at_other_events);
    tcase_add_test(tests, errors_of_a_callback_are_what_fit_returns);
    tcase_add_test(tests, message_is_that_of_the_first_failure);
    tcase_add_test(tests, callback_may_read_the_model_but_not_change_it);
    tcase_add_loop_test(tests, model_freed_in_its_own_callback_lives_until_fit_returns,
                        NN_EVENT_TRAIN_BEGIN, NN_EVENT_EPOCH_END + 1);
    tcase_add_test(tests, datasets_in_use_may_be_freed_in_any_order);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
