/* What csv_logger and progress_bar write, and what they do when they can't. */
#include "faults.h"
#include "fitting.h"
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static blobs points;
static nn_dataset *data;
static char directory[] = "/tmp/nn_callbacks_XXXXXX";
static char path[64], callbacks[128];

static void setup(void)
{
    fill_blobs(&points);
    data = blob_dataset(&points);
    memcpy(strrchr(directory, '_') + 1, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/log.csv", directory);
    snprintf(callbacks, sizeof(callbacks), "csv_logger filename='%s'", path);
}

static void teardown(void)
{
    nn_dataset_free(data);
    unlink(path);
    rmdir(directory);
}

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

/* ---- csv_logger ---- */

static void assert_file(const char *expected)
{
    char text[2048];
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(text, expected);
}

/* Outputs of 0 for targets of 0.5 and -0.25: every value is exact. */
static nn_model *zero_model(nn_dataset **exact)
{
    static const float x[4] = {1, 2, 3, 4}, t[4] = {0.5f, 0.5f, -0.25f, -0.25f};
    OK(nn_dataset_from_arrays(exact, 4, x, NN_FLOAT32, 1, t, NN_FLOAT32, 1));
    return make_model(0, "dense units=1 kernel_initializer=zeros input_shape=(1)",
                      "sgd learning_rate=0", "mean_squared_error", "mae");
}

START_TEST(csv_logger_writes_an_epoch_a_row_sorted_by_name)
{
    nn_dataset *exact;
    nn_model *model = zero_model(&exact);
    nn_fit_options options = callback_options(2, 4, NULL, NULL);
    options.validation_split = 0.5;
    options.callbacks = callbacks;
    OK(nn_fit(model, exact, &options, NULL));
    assert_file("epoch,loss,mae,val_loss,val_mae\n"
                "0,0.25,0.5,0.0625,0.25\n"
                "1,0.25,0.5,0.0625,0.25\n");
    OK(nn_model_compile(model, "sgd learning_rate=0", "mse", "mean_absolute_error; acc"));
    options.validation_split = 0;
    options.epochs = 1;
    OK(nn_fit(model, exact, &options, NULL)); /* replaces the file */
    assert_file("epoch,acc,loss,mean_absolute_error\n0,0,0.15625,0.375\n");
    nn_model_free(model);
    nn_dataset_free(exact);
}
END_TEST

START_TEST(csv_logger_appends_with_a_separator)
{
    char specs[128];
    nn_dataset *exact;
    nn_model *model = zero_model(&exact);
    nn_fit_options options = callback_options(1, 4, NULL, NULL);
    snprintf(specs, sizeof(specs), "csv_logger filename='%s' separator='; ' append=true", path);
    options.callbacks = specs;
    OK(nn_fit(model, exact, &options, NULL)); /* no file yet: it begins with a header */
    options.initial_epoch = 1;
    OK(nn_fit(model, exact, &options, NULL));
    assert_file("epoch; loss; mae\n0; 0.15625; 0.375\n1; 0.15625; 0.375\n");
    nn_model_free(model);
    nn_dataset_free(exact);
}
END_TEST

START_TEST(csv_logger_that_cannot_write_stops_fit_before_training)
{
    nn_model *model = blob_model(1);
    float *before = weights_of(model, NULL);
    nn_history *history;
    struct answer answer = {NN_EVENT_BATCH_END, 9, 9, NN_OK, {0}};
    nn_fit_options options = callback_options(1, 32, answer_once, &answer);
    snprintf(callbacks, sizeof(callbacks), "csv_logger filename='%s/none/log.csv'", directory);
    options.callbacks = callbacks;
    FAILS(nn_fit(model, data, &options, &history), NN_ERR_IO, "/none/log.csv: No such file");
    ck_assert_uint_eq(epochs_in(history), 0);
    ck_assert_uint_eq(answer.events[NN_EVENT_BATCH_END], 0);
    ck_assert(has_weights(model, before));
    options.callbacks = "csv_logger filename=/dev/full";
    FAILS(nn_fit(model, data, &options, NULL), NN_ERR_IO, "/dev/full: No space left");
    nn_history_free(history);
    free(before);
    nn_model_free(model);
}
END_TEST

START_TEST(csv_logger_survives_every_failing_call)
{
    for (int once = 0; once <= 1; once++)
        for (size_t k = 1;; k++) {
            nn_model *model = blob_model(1);
            nn_history *history;
            nn_fit_options options = callback_options(3, 32, NULL, NULL);
            options.callbacks = callbacks;
            const long files = faults_open_files();
            faults_fail_io(k, once);
            nn_status status = nn_fit(model, data, &options, &history);
            const bool failed = faults_calls() >= k;
            faults_reset();
            ck_assert_int_eq(status, failed ? NN_ERR_IO : NN_OK);
            ck_assert_int_eq(faults_open_files(), files);
            /* open, a write an epoch, close */
            ck_assert_uint_eq(epochs_in(history), k == 1 ? 0 : k <= 4 ? k - 1 : 3);
            OK(nn_fit(model, data, NULL, NULL));
            nn_history_free(history);
            nn_model_free(model);
            if (!failed) {
                ck_assert_uint_eq(k, 6);
                break;
            }
        }
}
END_TEST

/* ---- progress_bar ---- */

/* Fits the exact model with standard output on a file, which it keeps open. */
static nn_status fit_printing_to(int file, nn_fit_options *options)
{
    nn_dataset *exact;
    nn_model *model = zero_model(&exact);
    fflush(stdout);
    const int standard_output = dup(STDOUT_FILENO);
    dup2(file, STDOUT_FILENO);
    nn_status status = nn_fit(model, exact, options, NULL);
    fflush(stdout);
    dup2(standard_output, STDOUT_FILENO);
    close(standard_output);
    nn_model_free(model);
    nn_dataset_free(exact);
    return status;
}

/* What the fit printed to a file. */
static void printed_by(nn_fit_options *options, char *text, size_t size)
{
    const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(file, 0);
    OK(fit_printing_to(file, options));
    const ssize_t length = pread(file, text, size - 1, 0);
    ck_assert_int_ge(length, 0);
    text[length] = '\0';
    close(file);
}

START_TEST(nothing_is_printed_unasked)
{
    char text[256];
    nn_fit_options options = callback_options(2, 2, NULL, NULL);
    options.validation_split = 0.5;
    printed_by(&options, text, sizeof(text));
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(lines_are_printed_an_epoch_each)
{
    static const char *const specs[] = {NULL, NULL, "progress_bar style=lines"};
    static const int verbose[] = {1, 2, 0}; /* 1 draws a bar, but not on a file */
    char text[512];
    double seconds[2];
    int end = 0;
    nn_fit_options options = callback_options(2, 2, NULL, NULL);
    options.initial_epoch = 3;
    options.validation_split = 0.5;
    options.verbose = verbose[_i];
    options.callbacks = specs[_i];
    printed_by(&options, text, sizeof(text));
    sscanf(text,
           "Epoch 4/5 - %lfs - loss: 0.2500 - mae: 0.5000 - val_loss: 0.0625 - val_mae: 0.2500\n"
           "Epoch 5/5 - %lfs - loss: 0.2500 - mae: 0.5000 - val_loss: 0.0625 - val_mae: 0.2500%n",
           &seconds[0], &seconds[1], &end);
    ck_assert_msg(end > 0 && strcmp(text + end, "\n") == 0, "printed: %s", text);
}
END_TEST

/* What the fit printed to a terminal. */
static nn_status drawn_by(nn_fit_options *options, char *text, size_t size)
{
    int terminal, screen;
    size_t length = 0;
    ck_assert_int_eq(openpty(&screen, &terminal, NULL, NULL, NULL), 0);
    nn_status status = fit_printing_to(terminal, options);
    ck_assert_int_eq(tcflush(terminal, TCIFLUSH), 0);
    close(terminal);
    for (ssize_t got; (got = read(screen, text + length, size - 1 - length)) > 0;)
        length += (size_t)got; /* until the other end is gone, which is EIO */
    text[length] = '\0';
    close(screen);
    return status;
}

/* A bare container may have no pseudo terminals. */
static bool has_terminals(void)
{
    int terminal, screen;
    if (openpty(&screen, &terminal, NULL, NULL, NULL) != 0)
        return false;
    close(terminal);
    close(screen);
    return true;
}

START_TEST(bar_is_drawn_on_a_terminal_and_its_line_ended)
{
    if (!has_terminals()) {
        printf("SKIPPED: no pseudo terminals here\n");
        return;
    }
    char text[4096];
    nn_fit_options options = callback_options(2, 2, NULL, NULL);
    options.verbose = 1;
    OK(drawn_by(&options, text, sizeof(text)));
    const char *first = strstr(text, "Epoch 1/2\r\n\r1/2 [==========>.........] ");
    const char *second = strstr(text, "Epoch 2/2\r\n\r1/2 [");
    const char *ended = strstr(text, "\r2/2 [====================] ");
    ck_assert_msg(first == text && second != NULL && ended != NULL && ended < second, "%s", text);
    ck_assert_ptr_nonnull(strstr(ended, "/step - loss: 0.1562 - mae: 0.3750"));
    ck_assert_str_eq(text + strlen(text) - 2, "\r\n");

    struct answer answer = {NN_EVENT_BATCH_END, 0, 0, NN_STOPPED, {0}};
    options.callback = answer_once;
    options.callback_user = &answer;
    ck_assert_int_eq(drawn_by(&options, text, sizeof(text)), NN_STOPPED);
    ck_assert_ptr_nonnull(strstr(text, "\r1/2 [==========>.........] "));
    ck_assert_str_eq(text + strlen(text) - 2, "\r\n");
}
END_TEST

START_TEST(output_that_cannot_be_written_does_not_end_training)
{
    nn_fit_options options = callback_options(2, 2, NULL, NULL);
    const int full = open("/dev/full", O_WRONLY);
    options.verbose = 2;
    OK(fit_printing_to(full, &options));
    __fpurge(stdout); /* what didn't get out */
    clearerr(stdout);
    close(full);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("callback_output");
    TCase *tests = tcase_create("callback_output");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, csv_logger_writes_an_epoch_a_row_sorted_by_name);
    tcase_add_test(tests, csv_logger_appends_with_a_separator);
    tcase_add_test(tests, csv_logger_that_cannot_write_stops_fit_before_training);
    tcase_add_test(tests, csv_logger_survives_every_failing_call);
    tcase_add_test(tests, nothing_is_printed_unasked);
    tcase_add_loop_test(tests, lines_are_printed_an_epoch_each, 0, 3);
    tcase_add_test(tests, bar_is_drawn_on_a_terminal_and_its_line_ended);
    tcase_add_test(tests, output_that_cannot_be_written_does_not_end_training);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
