/* Training that is interrupted and goes on from a backup, and callbacks that save. */
#include "faults.h"
#include "fitting.h"
#include "model_file.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static blobs points;
static nn_dataset *data;
static char directory[] = "/tmp/nn_backup_XXXXXX";
static char path[128], text[512];

static void setup(void)
{
    faults_reset(); /* its file calls, which sync nothing, for thousands of backups */
    fill_blobs(&points);
    data = blob_dataset(&points);
    memcpy(strrchr(directory, '_') + 1, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/a/backup", directory);
}

/* Removes what is in the directory, which nothing but the tests' files is. */
static size_t clear(const char *name)
{
    size_t count = 0;
    char entry_path[512];
    DIR *stream = opendir(name);
    if (stream == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(entry_path, sizeof(entry_path), "%s/%s", name, entry->d_name);
        count += 1;
        if (unlink(entry_path) != 0) {
            clear(entry_path);
            rmdir(entry_path);
        }
    }
    closedir(stream);
    return count;
}

static void teardown(void)
{
    nn_dataset_free(data);
    clear(directory);
    rmdir(directory);
}

static bool exists(const char *name)
{
    struct stat found;
    return stat(name, &found) == 0;
}

/* ---- going on ---- */

/* Stops, or fails, at a batch's end or an epoch's, counted over the whole training. */
struct interruption {
    nn_event_kind kind;
    size_t left;
    nn_status status;
};

static nn_status interrupt(const nn_event *event, void *user)
{
    struct interruption *interruption = user;
    if (event->kind != interruption->kind || interruption->left == 0)
        return NN_OK;
    return --interruption->left == 0 ? interruption->status : NN_OK;
}

static const char *const with_progress =
    "early_stopping monitor=val_loss patience=4 restore_best_weights=true min_delta=0.001; "
    "reduce_lr_on_plateau monitor=loss mode=max patience=2 factor=0.7; gradient_norms";

static nn_model *dropping_model(void)
{
    return make_model(1,
                      "dense units=8 activation=tanh input_shape=(2); dropout rate=0.2; "
                      "dense units=3 activation=softmax",
                      "sgd learning_rate=0.3 momentum=0.9", "sparse_categorical_crossentropy",
                      "accuracy");
}

static nn_fit_options long_options(void)
{
    nn_fit_options options = callback_options(12, 16, NULL, NULL);
    options.validation_split = 0.2; /* 72 rows to train on: 4 batches and one of 8 rows */
    options.callbacks = text;
    return options;
}

static const struct {
    const char *backup;
    size_t steps_per_epoch;
    struct interruption interruption;
} interruptions[] = {
    {"", 0, {NN_EVENT_EPOCH_END, 1, NN_STOPPED}},
    {"", 0, {NN_EVENT_EPOCH_END, 3, NN_STOPPED}},
    {"", 0, {NN_EVENT_BATCH_END, 17, NN_STOPPED}},
    {"", 0, {NN_EVENT_BATCH_END, 17, (nn_status)-1234}},
    {"", 0, {NN_EVENT_EPOCH_BEGIN, 4, (nn_status)-1234}},
    {"", 2, {NN_EVENT_EPOCH_END, 3, NN_STOPPED}},
    {"", 2, {NN_EVENT_BATCH_END, 9, NN_STOPPED}},
    {"save_freq=1", 0, {NN_EVENT_BATCH_END, 1, NN_STOPPED}},
    {"save_freq=1", 0, {NN_EVENT_BATCH_END, 17, NN_STOPPED}},
    {"save_freq=1", 0, {NN_EVENT_BATCH_END, 20, NN_STOPPED}},
    {"save_freq=3", 0, {NN_EVENT_BATCH_END, 17, NN_STOPPED}},
    {"save_freq=3 double_checkpoint=true", 0, {NN_EVENT_BATCH_END, 14, (nn_status)-1234}},
    {"save_freq=3", 3, {NN_EVENT_BATCH_END, 13, NN_STOPPED}},
    {"save_freq=7", 2, {NN_EVENT_EPOCH_END, 6, NN_STOPPED}},
};

static double value_of(const nn_history *history, const char *name, size_t from_end)
{
    const double *values;
    size_t count;
    OK(nn_history_get(history, name, &values, &count));
    ck_assert_uint_lt(from_end, count);
    return values[count - 1 - from_end];
}

START_TEST(a_resumed_training_is_an_uninterrupted_one_bit_for_bit)
{
    nn_model *whole = dropping_model(), *parts = dropping_model();
    nn_history *whole_history, *history;
    nn_fit_options options = long_options();
    options.steps_per_epoch = interruptions[_i].steps_per_epoch;
    snprintf(text, sizeof(text), "%s", with_progress);
    const nn_status status = nn_fit(whole, data, &options, &whole_history);
    ck_assert_msg(status == NN_OK || status == NN_STOPPED, "%s", nn_error_message());
    /* the backup stands before the others, whose progress it must have nevertheless */
    snprintf(text, sizeof(text), "backup_and_restore backup_dir='%s' %s; %s", path,
             interruptions[_i].backup, with_progress);
    struct interruption interruption = interruptions[_i].interruption;
    options.callback = interrupt;
    options.callback_user = &interruption;
    ck_assert_int_eq(nn_fit(parts, data, &options, NULL), interruption.status);
    ck_assert_uint_eq(interruption.left, 0);
    ck_assert(exists(path));
    nn_model_free(parts);
    parts = dropping_model(); /* as in a new process */
    options.callback = NULL;
    options.verbose = 0;
    ck_assert_int_eq(nn_fit(parts, data, &options, &history), status);
    ck_assert(same_weights(whole, parts));
    ck_assert(!exists(path)); /* it came to its end */
    const size_t epochs = epochs_in(history);
    ck_assert_uint_gt(epochs, 0);
    ck_assert_uint_le(epochs, epochs_in(whole_history));
    for (size_t i = 0; i < nn_history_count(history); i++)
        for (size_t epoch = 0; epoch < epochs; epoch++) {
            const char *name = nn_history_name(history, i);
            ck_assert_msg(value_of(history, name, epoch) == value_of(whole_history, name, epoch),
                          "%s, epoch %zu before the last: %.17g, not %.17g", name, epoch,
                          value_of(history, name, epoch), value_of(whole_history, name, epoch));
        }
    /* and goes on alike */
    OK(nn_fit(whole, data, NULL, NULL));
    OK(nn_fit(parts, data, NULL, NULL));
    ck_assert(same_weights(whole, parts));
    nn_history_free(history);
    nn_history_free(whole_history);
    nn_model_free(whole);
    nn_model_free(parts);
}
END_TEST

/* ---- optimizers ---- */

static nn_model *optimized(const char *optimizer)
{
    return make_model(1,
                      trains(optimizer) == ANY_MODEL
                          ? "dense units=8 activation=tanh input_shape=(2); dropout rate=0.2; "
                            "dense units=3 activation=softmax"
                          : "dense units=8 activation=tanh input_shape=(2); "
                            "dense units=3 activation=softmax",
                      optimizer, "sparse_categorical_crossentropy", "accuracy");
}

/* What an optimizer keeps, down to steps that are accumulated and averages that are shown at the time. */
static void check_optimizer(const char *optimizer)
{
    static const struct interruption at[] = {{NN_EVENT_BATCH_END, 8, NN_STOPPED},
                                             {NN_EVENT_EPOCH_END, 2, NN_STOPPED},
                                             {NN_EVENT_BATCH_END, 12, (nn_status)-1234}};
    const char *more =
        strstr(optimizer, "use_ema=true") != NULL ? "; swap_ema_weights swap_on_epoch=true" : "";
    if (strstr(optimizer, "decay(") == NULL)
        more = *more != '\0' ? "; swap_ema_weights swap_on_epoch=true; reduce_lr_on_plateau "
                               "monitor=loss mode=max patience=1 factor=0.7"
                             : "; reduce_lr_on_plateau monitor=loss mode=max patience=1 factor=0.7";
    nn_fit_options options = long_options();
    options.epochs = 4;
    nn_model *whole = optimized(optimizer);
    snprintf(text, sizeof(text), "gradient_norms%s", more);
    OK(nn_fit(whole, data, &options, NULL));
    for (size_t i = 0; i < COUNT(at); i++) {
        struct interruption interruption = at[i];
        if (trains(optimizer) != ANY_MODEL && interruption.kind != NN_EVENT_EPOCH_END)
            continue; /* an epoch is one batch */
        snprintf(text, sizeof(text),
                 "backup_and_restore backup_dir='%s' save_freq=1; gradient_norms%s", path, more);
        options.callback = interrupt;
        options.callback_user = &interruption;
        nn_model *parts = optimized(optimizer);
        ck_assert_int_eq(nn_fit(parts, data, &options, NULL), interruption.status);
        nn_model_free(parts);
        parts = optimized(optimizer);
        options.callback = NULL;
        OK(nn_fit(parts, data, &options, NULL));
        ck_assert_msg(same_weights(whole, parts), "%s", optimizer);
        ck_assert(nn_model_learning_rate(whole) == nn_model_learning_rate(parts));
        nn_model *other;
        OK(nn_model_clone(&other, whole)); /* and all that it keeps is the same */
        OK(nn_fit(other, data, NULL, NULL));
        OK(nn_fit(parts, data, NULL, NULL));
        ck_assert_msg(same_weights(other, parts), "%s", optimizer);
        nn_model_free(other);
        nn_model_free(parts);
    }
    nn_model_free(whole);
}

START_TEST(a_resumed_training_has_all_that_its_optimizer_keeps)
{
    const nn_part_type *type = nn_optimizer_room.parts[_i];
    char spec[512];
    if (trains(type->name) == LINEAR_MODEL)
        return; /* it is done in an epoch and keeps nothing */
    check_optimizer(type->name);
    check_optimizer(type->sample);
    for (size_t i = 0; common_options[i] != NULL; i++) {
        snprintf(spec, sizeof(spec), "%s %s", type->name, common_options[i]);
        if (takes(type->name, common_options[i]))
            check_optimizer(spec);
    }
}
END_TEST

START_TEST(a_backup_of_an_optimizer_that_keeps_something_else_is_refused)
{
    nn_model *model = optimized("adam use_ema=true");
    nn_fit_options options = callback_options(2, 32, NULL, NULL);
    snprintf(text, sizeof(text), "backup_and_restore backup_dir='%s' delete_checkpoint=false",
             path);
    options.callbacks = text;
    OK(nn_fit(model, data, &options, NULL));
    nn_model_free(model);
    model = optimized("adam gradient_accumulation_steps=2"); /* as many numbers */
    FAILS(nn_fit(model, data, &options, NULL), NN_ERR_SHAPE, "another optimizer");
    nn_model_free(model);
}
END_TEST

/* Leaves a backup of two epochs behind. */
static void leave_backup(const char *options_text)
{
    nn_model *model = blob_model(1);
    struct interruption interruption = {NN_EVENT_EPOCH_END, 2, NN_STOPPED};
    nn_fit_options options = callback_options(5, 32, interrupt, &interruption);
    snprintf(text, sizeof(text), "backup_and_restore backup_dir='%s' %s", path, options_text);
    options.callbacks = text;
    ck_assert_int_eq(nn_fit(model, data, &options, NULL), NN_STOPPED);
    nn_model_free(model);
}

static void backup_file(char *file, size_t size, const char *name)
{
    snprintf(file, size, "%s/%s.safetensors", path, name);
}

START_TEST(a_backup_is_a_model_file_too)
{
    char file[256];
    nn_model *loaded, *model = blob_model(1);
    leave_backup("");
    backup_file(file, sizeof(file), "latest");
    OK(nn_model_load(&loaded, file));
    nn_fit_options options = callback_options(2, 32, NULL, NULL);
    OK(nn_fit(model, data, &options, NULL));
    ck_assert(same_weights(model, loaded));
    nn_model_free(loaded);
    nn_model_free(model);
}
END_TEST

START_TEST(a_training_that_had_ended_is_not_run_again)
{
    nn_model *model = blob_model(1);
    nn_history *history;
    nn_fit_options options = callback_options(2, 32, NULL, NULL);
    snprintf(text, sizeof(text), "backup_and_restore backup_dir='%s' delete_checkpoint=false",
             path);
    options.callbacks = text;
    OK(nn_fit(model, data, &options, NULL));
    ck_assert(exists(path));
    float *weights = weights_of(model, NULL);
    nn_model_free(model);
    model = blob_model(1);
    OK(nn_fit(model, data, &options, &history));
    ck_assert_uint_eq(epochs_in(history), 0);
    ck_assert(has_weights(model, weights));
    free(weights);
    nn_history_free(history);
    nn_model_free(model);
}
END_TEST

START_TEST(a_backup_of_another_training_is_refused)
{
    leave_backup("");
    nn_model *models[] = {
        make_model(1, "dense units=9 input_shape=(2); dense units=3 activation=softmax",
                   "sgd momentum=0.9", "sparse_categorical_crossentropy", "accuracy"),
        make_model(
            1, "dense units=8 activation=tanh input_shape=(2); dense units=3 activation=softmax",
            "sgd", "sparse_categorical_crossentropy", "accuracy"),
        make_model(
            1, "dense units=8 activation=tanh input_shape=(2); dense units=3 activation=softmax",
            "sgd momentum=0.9", "sparse_categorical_crossentropy", NULL),
    };
    static const nn_status statuses[] = {NN_ERR_SHAPE, NN_ERR_SHAPE, NN_ERR_FORMAT};
    static const char *const words[] = {"another model", "another optimizer", "metrics"};
    nn_fit_options options = callback_options(5, 32, NULL, NULL);
    options.callbacks = text;
    for (size_t i = 0; i < 3; i++) {
        float *weights = weights_of(models[i], NULL);
        FAILS(nn_fit(models[i], data, &options, NULL), statuses[i], words[i]);
        ck_assert(has_weights(models[i], weights));
        ck_assert(exists(path));
        OK(nn_fit(models[i], data, NULL, NULL));
        free(weights);
        nn_model_free(models[i]);
    }
}
END_TEST

static void overwrite(const char *name, long at, char byte)
{
    FILE *file = fopen(name, "r+");
    ck_assert_ptr_nonnull(file);
    fseek(file, at, SEEK_SET);
    fputc(byte, file);
    fclose(file);
}

START_TEST(a_damaged_backup_is_refused_or_the_previous_one_is_taken)
{
    char file[256];
    nn_model *model = blob_model(1);
    nn_history *history;
    nn_fit_options options = callback_options(5, 32, NULL, NULL);
    options.callbacks = text;
    leave_backup("");
    backup_file(file, sizeof(file), "latest");
    overwrite(file, 300, '~');
    FAILS(nn_fit(model, data, &options, NULL), NN_ERR_FORMAT, "latest.safetensors");
    nn_model *plain = blob_model(2);
    OK(nn_model_save(plain, file)); /* no backup at all */
    FAILS(nn_fit(model, data, &options, NULL), NN_ERR_FORMAT, "without a backup");
    nn_model_free(plain);
    clear(path);
    leave_backup("double_checkpoint=true");
    overwrite(file, 300, '~');
    OK(nn_fit(model, data, &options, &history));
    ck_assert_uint_eq(epochs_in(history), 4); /* from the first epoch's end */
    ck_assert(!exists(path));
    nn_history_free(history);
    nn_model_free(model);
}
END_TEST

/* What nn_fit would not have written: with a good checksum, for the reader to see. */
START_TEST(a_backup_that_cannot_be_is_refused)
{
#define DIGITS_32 "00000000000000000000000000000000"
#define TOTALS DIGITS_32 DIGITS_32 DIGITS_32 /* sums, rows, accuracy, norms */
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"epoch\":1,\"batch\":0,\"totals\":\"" TOTALS "\",\"callbacks\":[]}",
        "{\"epoch\":-1,\"batch\":0,\"position\":0,\"totals\":\"" TOTALS "\",\"callbacks\":[]}",
        "{\"epoch\":1.5,\"batch\":0,\"position\":0,\"totals\":\"" TOTALS "\",\"callbacks\":[]}",
        "{\"epoch\":1,\"batch\":4,\"position\":0,\"totals\":\"" TOTALS "\",\"callbacks\":[]}",
        "{\"epoch\":1,\"batch\":0,\"position\":3,\"totals\":\"" TOTALS "\",\"callbacks\":[]}",
        "{\"epoch\":1,\"batch\":0,\"position\":99999999,\"totals\":\"" TOTALS "\"}",
        "{\"epoch\":1,\"batch\":0,\"position\":0,\"totals\":\"00\",\"callbacks\":[]}",
        "{\"epoch\":1,\"batch\":0,\"position\":0,\"totals\":7,\"callbacks\":[]}",
        "{\"epoch\":1,\"batch\":0,\"position\":0,\"totals\":\"x" DIGITS_32 DIGITS_32
        "0000000000000000000000000000000\"}",
    };
    static const char *const good[] = {
        "{\"epoch\":1,\"batch\":3,\"position\":2,\"totals\":\"" TOTALS "\",\"callbacks\":[]}",
        "{\"epoch\":1,\"batch\":0,\"position\":0,\"totals\":\"" TOTALS "\",\"callbacks\":[1,{}]}",
        "{\"epoch\":9,\"batch\":0,\"position\":0,\"totals\":\"" TOTALS "\",\"callbacks\":3}",
    };
    char file[256];
    nn_fit_options options = callback_options(3, 32, NULL, NULL);
    leave_backup("");
    options.callbacks = text;
    backup_file(file, sizeof(file), "latest");
    nn_model *saved = blob_model(2);
    const long blocks = faults_live_blocks();
    for (size_t i = 0; i < COUNT(bad); i++) {
        char *progress = strdup(bad[i]);
        const nn_model_training training = {.progress = progress};
        nn_model *model = blob_model(1);
        float *weights = weights_of(model, NULL);
        OK(nn_model_save_training(saved, &training, file));
        FAILS(nn_fit(model, data, &options, NULL), NN_ERR_FORMAT, "backup");
        ck_assert(has_weights(model, weights));
        free(weights);
        free(progress);
        nn_model_free(model);
    }
    for (size_t i = 0; i < COUNT(good); i++) {
        char *progress = strdup(good[i]);
        const nn_model_training training = {.progress = progress};
        nn_model *model = blob_model(1);
        ck_assert_int_eq(mkdir(path, 0700) == 0 || i == 0, 1);
        OK(nn_model_save_training(saved, &training, file));
        OK(nn_fit(model, data, &options, NULL));
        free(progress);
        nn_model_free(model);
    }
    ck_assert_int_eq(faults_live_blocks(), blocks);
    nn_model_free(saved);
}
END_TEST

START_TEST(a_directory_with_something_else_in_it_stays)
{
    char file[256];
    leave_backup("");
    snprintf(file, sizeof(file), "%s/notes", path);
    fclose(fopen(file, "w"));
    nn_model *model = blob_model(1);
    nn_fit_options options = callback_options(5, 32, NULL, NULL);
    options.callbacks = text;
    OK(nn_fit(model, data, &options, NULL));
    ck_assert(exists(file));
    ck_assert_uint_eq(clear(path), 1);
    nn_model_free(model);
}
END_TEST

/* ---- what fails ---- */

static nn_status fit_with_everything(nn_model *model)
{
    nn_fit_options options = callback_options(3, 32, NULL, NULL);
    options.validation_split = 0.2;
    snprintf(text, sizeof(text),
             "backup_and_restore backup_dir='%s' save_freq=2 double_checkpoint=true; %s; "
             "model_checkpoint filepath='%s/m/{epoch:02d}-{val_loss:.3f}.safetensors'",
             path, with_progress, directory);
    options.callbacks = text;
    return nn_fit(model, data, &options, NULL);
}

/* Of a training from its beginning (0) or from a backup (1). */
static void fail_each_call(bool allocation, int from_backup)
{
    for (size_t k = 1, failed = 1; failed; k++) {
        clear(directory);
        if (from_backup) {
            nn_model *model = blob_model(1);
            faults_fail_allocation(SIZE_MAX, true);
            struct interruption interruption = {NN_EVENT_BATCH_END, 5, NN_STOPPED};
            nn_fit_options options = callback_options(3, 32, interrupt, &interruption);
            options.validation_split = 0.2;
            fit_with_everything(model); /* for its text */
            clear(directory);
            options.callbacks = text;
            nn_model_free(model);
            model = blob_model(1);
            ck_assert_int_eq(nn_fit(model, data, &options, NULL), NN_STOPPED);
            nn_model_free(model);
        }
        const long blocks = faults_live_blocks(), files = faults_open_files();
        nn_model *model = blob_model(1);
        if (allocation)
            faults_fail_allocation(k, true);
        else
            faults_fail_io(k, true);
        const nn_status status = fit_with_everything(model);
        failed = faults_calls() >= k;
        faults_reset();
        const nn_status expected = allocation ? NN_ERR_NO_MEMORY : NN_ERR_IO;
        /* what can't be synced or removed along the way isn't worth a failure */
        if (failed && (allocation || status != NN_OK))
            ck_assert_msg(status == expected, "call %zu: %d %s", k, (int)status,
                          nn_error_message());
        else
            ck_assert_msg(status == NN_OK, "call %zu: %s", k, nn_error_message());
        ck_assert_int_eq(faults_open_files(), files);
        OK(nn_fit(model, data, NULL, NULL));
        nn_model_free(model);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_uint_lt(k, 3000);
    }
}

START_TEST(every_failing_allocation_is_a_clean_failure)
{
    fail_each_call(true, _i);
}
END_TEST

START_TEST(every_failing_file_call_is_a_clean_failure)
{
    fail_each_call(false, _i);
}
END_TEST

/* Every whole backup along the way is good, whatever call failed after it. */
START_TEST(after_any_failure_the_backup_goes_on_to_the_same_end)
{
    nn_model *reference = blob_model(1);
    OK(fit_with_everything(reference));
    for (size_t k = 1, failed = 1; failed; k++) {
        clear(directory);
        nn_model *model = blob_model(1);
        faults_fail_io(k, false);
        fit_with_everything(model);
        failed = faults_calls() >= k;
        faults_reset();
        nn_model_free(model);
        model = blob_model(1);
        OK(fit_with_everything(model));
        ck_assert_msg(same_weights(model, reference), "call %zu", k);
        nn_model_free(model);
    }
    nn_model_free(reference);
}
END_TEST

/* Allocations of a fit with callbacks that act at every batch or epoch, but write nothing. */
static size_t count_allocations(size_t epochs)
{
    nn_model *model = blob_model(1);
    nn_fit_options options = callback_options(epochs, 8, NULL, NULL);
    options.validation_split = 0.2;
    options.callbacks = "early_stopping restore_best_weights=true patience=1000; terminate_on_nan; "
                        "reduce_lr_on_plateau patience=1 min_lr=0.001";
    faults_fail_allocation(SIZE_MAX, true);
    OK(nn_fit(model, data, &options, NULL));
    const size_t calls = faults_calls();
    faults_reset();
    nn_model_free(model);
    return calls;
}

START_TEST(callbacks_allocate_nothing_as_training_goes_on)
{
    ck_assert_uint_eq(count_allocations(30), count_allocations(1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backup");
    TCase *tests = tcase_create("backup");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_resumed_training_is_an_uninterrupted_one_bit_for_bit, 0,
                        COUNT(interruptions));
    tcase_add_loop_test(tests, a_resumed_training_has_all_that_its_optimizer_keeps, 0,
                        (int)nn_optimizer_room.count);
    tcase_add_test(tests, a_backup_of_an_optimizer_that_keeps_something_else_is_refused);
    tcase_add_test(tests, a_backup_is_a_model_file_too);
    tcase_add_test(tests, a_training_that_had_ended_is_not_run_again);
    tcase_add_test(tests, a_backup_of_another_training_is_refused);
    tcase_add_test(tests, a_damaged_backup_is_refused_or_the_previous_one_is_taken);
    tcase_add_test(tests, a_backup_that_cannot_be_is_refused);
    tcase_add_test(tests, a_directory_with_something_else_in_it_stays);
    tcase_add_loop_test(tests, every_failing_allocation_is_a_clean_failure, 0, 2);
    tcase_add_loop_test(tests, every_failing_file_call_is_a_clean_failure, 0, 2);
    tcase_add_test(tests, after_any_failure_the_backup_goes_on_to_the_same_end);
    tcase_add_test(tests, callbacks_allocate_nothing_as_training_goes_on);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
