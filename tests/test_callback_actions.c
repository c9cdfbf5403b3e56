/* What callbacks do to training, and what is refused of them. */
#include "callback.h"
#include "faults.h"
#include "fitting.h"
#include "path_template.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- what is refused ---- */

static const struct {
    const char *callbacks;
    nn_status status;
    const char *text;
} refused[] = {
    {"early_stopping", NN_ERR_INVALID, "monitor is val_loss, which isn't measured (is there"},
    {"early_stopping monitor=los", NN_ERR_INVALID, "known: loss, accuracy"},
    {"early_stopping monitor=none", NN_ERR_INVALID, "monitor is none"},
    {"early_stopping mode=best", NN_ERR_INVALID, "auto, min, max"},
    {"early_stopping patience=-1", NN_ERR_INVALID, "patience"},
    {"early_stopping min_delta=inf", NN_ERR_INVALID, "min_delta"},
    {"early_stopping baseline=high", NN_ERR_INVALID, "baseline"},
    {"early_stopping verbose=2", NN_ERR_INVALID, "verbose"},
    {"reduce_lr_on_plateau monitor=loss factor=1", NN_ERR_INVALID, "factor is 1"},
    {"reduce_lr_on_plateau monitor=loss factor=-0.1", NN_ERR_INVALID, "factor"},
    {"reduce_lr_on_plateau monitor=loss min_lr=-1", NN_ERR_INVALID, "min_lr"},
    {"reduce_lr_on_plateau monitor=val_accuracy", NN_ERR_INVALID, "isn't measured"},
    {"reduce_lr_on_plateau monitor=learning_rate", NN_ERR_INVALID, "mode=min or mode=max"},
    {"learning_rate_scheduler", NN_ERR_INVALID, "schedule"},
    {"learning_rate_scheduler schedule=0.1", NN_ERR_INVALID, "schedule"},
    {"learning_rate_scheduler schedule=polynomial_decay(initial_learning_rate=0.1,decay_steps=2) "
     "verbose=2",
     NN_ERR_INVALID, "verbose"},
    {"swap_ema_weights", NN_ERR_STATE, "compile with use_ema=true"},
    {"swap_ema_weights swap_on_epoch=1", NN_ERR_INVALID, "swap_on_epoch"},
    {"terminate_on_nan raise_error=1", NN_ERR_INVALID, "raise_error"},
    {"model_checkpoint", NN_ERR_INVALID, "filepath"},
    {"model_checkpoint filepath=''", NN_ERR_INVALID, "filepath is empty"},
    {"model_checkpoint filepath=x save_weights_only=true", NN_ERR_UNSUPPORTED, "whole model"},
    {"model_checkpoint filepath=x save_freq=0", NN_ERR_INVALID, "save_freq is 0"},
    {"model_checkpoint filepath=x save_freq=2.5", NN_ERR_INVALID, "save_freq is 2.5"},
    {"model_checkpoint filepath=x save_freq=batch", NN_ERR_INVALID, "save_freq is batch"},
    {"model_checkpoint filepath=x save_best_only=true", NN_ERR_INVALID, "val_loss"},
    {"model_checkpoint filepath=x save_best_only=true save_freq=1 monitor=val_loss", NN_ERR_INVALID,
     "at the end of a batch; known: loss, accuracy"},
    {"model_checkpoint filepath='{epoch:02d}-{val_loss:.2f}'", NN_ERR_INVALID,
     "{val_loss} isn't known there; known: epoch, loss, accuracy"},
    {"model_checkpoint filepath='{batch}'", NN_ERR_INVALID, "{batch} isn't known"},
    {"model_checkpoint filepath='{epoch:02'", NN_ERR_INVALID, "isn't understood"},
    {"model_checkpoint filepath='{epoch!r}'", NN_ERR_INVALID, "isn't understood"},
    {"model_checkpoint filepath='{loss:d}'", NN_ERR_INVALID, "no whole number"},
    {"model_checkpoint filepath='{loss:.3}'", NN_ERR_INVALID, "a precision needs a type"},
    {"model_checkpoint filepath='{loss:.99999f}'", NN_ERR_INVALID, "isn't understood"},
    {"model_checkpoint filepath='{loss:99999f}'", NN_ERR_INVALID, "isn't understood"},
    {"model_checkpoint filepath='{}'", NN_ERR_INVALID, "has no name"},
    {"model_checkpoint filepath='a}b'", NN_ERR_INVALID, "'}' without '{'"},
    {"model_checkpoint filepath='{'", NN_ERR_INVALID, "has no name"},
    {"model_checkpoint filepath=/dev/null/x/y", NN_ERR_IO, "/dev/null/x can't be made"},
    {"model_checkpoint filepath=/tmp", NN_ERR_IO, "/tmp"},
    {"backup_and_restore", NN_ERR_INVALID, "backup_dir"},
    {"backup_and_restore backup_dir=''", NN_ERR_INVALID, "backup_dir is empty"},
    {"backup_and_restore backup_dir=x save_freq=false", NN_ERR_INVALID, "save_freq"},
    {"backup_and_restore backup_dir=/dev/null/x", NN_ERR_IO, "/dev/null"},
};

START_TEST(what_cannot_be_meant_is_refused)
{
    const long blocks = faults_live_blocks();
    nn_model *model = blob_model(1);
    nn_fit_options options = callback_options(1, 32, NULL, NULL);
    options.callbacks = refused[_i].callbacks;
    FAILS(nn_fit(model, data, &options, NULL), refused[_i].status, refused[_i].text);
    OK(nn_fit(model, data, NULL, NULL));
    nn_model_free(model);
    ck_assert_int_eq(faults_live_blocks(), blocks);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
    static const char *const names[] = {"loss"};
    static const double values[] = {1e300};
    const nn_path_fields fields = {.epoch = 1, .count = 1, .names = names, .values = values};
    char path[12];
    OK(nn_path_template_fill("{epoch:011d}", &fields, path, sizeof(path)));
    ck_assert_str_eq(path, "00000000001");
    FAILS(nn_path_template_fill("{epoch:012d}", &fields, path, sizeof(path)), NN_ERR_INVALID,
          "longer than 11 bytes");
    FAILS(nn_path_template_fill("0123456789ab", &fields, path, sizeof(path)), NN_ERR_INVALID,
          "longer");
    FAILS(nn_path_template_fill("{loss:.64f}", &fields, path, sizeof(path)), NN_ERR_INVALID,
          "longer");
}
END_TEST

START_TEST(a_place_that_cannot_be_written_is_refused_before_training)
{
    static const char *const callbacks[] = {
        "model_checkpoint filepath='/dev/null/checkpoints/{epoch}.safetensors'",
        "backup_and_restore backup_dir=/dev/null/backup", /* which is no directory */
    };
    nn_model *model = blob_model(1);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    size_t count;
    float *before = weights_of(model, &count);
    options.callbacks = callbacks[_i];
    FAILS(nn_fit(model, data, &options, NULL), NN_ERR_IO, "/dev/null");
    float *after = weights_of(model, &count);
    ck_assert_mem_eq(before, after, count * sizeof(*before));
    free(before);
    free(after);
    nn_model_free(model);
}
END_TEST

/* ---- early_stopping, learning rates ---- */

START_TEST(early_stopping_ends_with_the_best_weights)
{
    nn_model *model = blob_model(1), *best = blob_model(1);
    nn_history *history;
    nn_fit_options options = callback_options(50, 16, NULL, NULL);
    options.validation_split = 0.2;
    options.callbacks = "early_stopping monitor=val_loss patience=2 restore_best_weights=true "
                        "min_delta=0.01";
    ck_assert_int_eq(nn_fit(model, data, &options, &history), NN_STOPPED);
    const size_t epochs = epochs_in(history);
    ck_assert_uint_ge(epochs, 3);
    ck_assert_uint_lt(epochs, 50);
    options.epochs = epochs - 2;
    options.callbacks = NULL;
    OK(nn_fit(best, data, &options, NULL));
    ck_assert(same_weights(model, best));
    nn_history_free(history);
    nn_model_free(model);
    nn_model_free(best);
}
END_TEST

static nn_status fail_at_epoch_3(const nn_event *event, void *user)
{
    (void)user;
    return event->kind == NN_EVENT_EPOCH_END && event->epoch == 3 ? (nn_status)-77 : NN_OK;
}

START_TEST(after_a_failure_no_weights_are_restored)
{
    nn_model *model = blob_model(1), *four = blob_model(1);
    nn_fit_options options = callback_options(9, 16, fail_at_epoch_3, NULL);
    options.callbacks = "early_stopping monitor=accuracy mode=min restore_best_weights=true "
                        "patience=5";
    ck_assert_int_eq(nn_fit(model, data, &options, NULL), -77);
    options = callback_options(4, 16, NULL, NULL);
    OK(nn_fit(four, data, &options, NULL));
    ck_assert(same_weights(model, four));
    nn_model_free(model);
    nn_model_free(four);
}
END_TEST

/* The rate that a callback set stays with the model: it is saved, cloned and fitted on with; compiling
 * starts anew. */
START_TEST(the_learning_rate_is_kept_with_the_model)
{
    nn_model *model = blob_model(1), *loaded, *clone;
    nn_history *history;
    nn_fit_options options = callback_options(3, 16, NULL, NULL);
    options.callbacks = "reduce_lr_on_plateau monitor=loss mode=max patience=1 factor=0.5";
    OK(nn_fit(model, data, &options, &history));
    const double *rates;
    size_t count, length;
    OK(nn_history_get(history, "learning_rate", &rates, &count));
    ck_assert_uint_eq(count, 3);
    ck_assert(rates[0] == 0.1 && rates[1] == 0.1 && rates[2] == 0.05);
    nn_history_free(history);
    OK(nn_model_save_to_memory(model, NULL, 0, &length));
    void *bytes = malloc(length);
    OK(nn_model_save_to_memory(model, bytes, length, &length));
    OK(nn_model_load_from_memory(&loaded, bytes, length));
    OK(nn_model_clone(&clone, model));
    free(bytes);
    nn_model *const models[] = {model, loaded, clone};
    for (size_t i = 0; i < 3; i++) {
        OK(nn_fit(models[i], data, &options, &history));
        OK(nn_history_get(history, "learning_rate", &rates, &count));
        ck_assert(rates[0] == 0.025 && rates[1] == 0.025 && rates[2] == 0.0125);
        nn_history_free(history);
    }
    ck_assert(same_weights(model, loaded) && same_weights(model, clone));
    OK(nn_model_compile(model, "sgd learning_rate=0.1 momentum=0.9",
                        "sparse_categorical_crossentropy", NULL));
    OK(nn_fit(model, data, &options, &history));
    OK(nn_history_get(history, "learning_rate", &rates, &count));
    ck_assert(rates[0] == 0.1);
    nn_history_free(history);
    for (size_t i = 0; i < 3; i++)
        nn_model_free(models[i]);
}
END_TEST

static const char halving[] =
    "learning_rate_scheduler schedule=exponential_decay(initial_learning_rate=0.1, decay_steps=1, "
    "decay_rate=0.5)";

START_TEST(a_scheduler_asks_by_epochs)
{
    nn_model *model = blob_model(1);
    nn_history *history;
    const double *rates;
    size_t count;
    nn_fit_options options = callback_options(3, 16, NULL, NULL);
    options.initial_epoch = 1;
    options.callbacks = halving;
    OK(nn_fit(model, data, &options, &history));
    OK(nn_history_get(history, "learning_rate", &rates, &count));
    ck_assert_uint_eq(count, 3);
    ck_assert(rates[0] == 0.05 && rates[1] == 0.025 && rates[2] == 0.0125);
    ck_assert(nn_model_learning_rate(model) == 0.0125);
    nn_history_free(history);
    nn_model_free(model);
}
END_TEST

START_TEST(what_sets_the_learning_rate_needs_one_that_is_no_schedule)
{
    static const char *const callbacks[] = {halving, "reduce_lr_on_plateau monitor=loss"};
    nn_model *model =
        make_model(1, "dense units=3 activation=softmax input_shape=(2)",
                   "sgd learning_rate=cosine_decay(initial_learning_rate=0.1, decay_steps=9)",
                   "sparse_categorical_crossentropy", NULL);
    float *weights = weights_of(model, NULL);
    nn_fit_options options = callback_options(3, 16, NULL, NULL);
    for (size_t i = 0; i < 2; i++) {
        options.callbacks = callbacks[i];
        FAILS(nn_fit(model, data, &options, NULL), NN_ERR_STATE, "cosine_decay's");
        ck_assert(has_weights(model, weights));
    }
    free(weights);
    nn_model_free(model);
}
END_TEST

/* ---- swap_ema_weights ---- */

static nn_model *averaged_model(void)
{
    return make_model(1,
                      "dense units=8 activation=tanh input_shape=(2); dense units=3 "
                      "activation=softmax",
                      "sgd learning_rate=0.1 use_ema=true ema_momentum=0.9",
                      "sparse_categorical_crossentropy", "accuracy");
}

static float *average_of(nn_model *model)
{
    OK(nn_model_swap_ema_weights(model));
    float *average = weights_of(model, NULL);
    OK(nn_model_swap_ema_weights(model));
    return average;
}

struct seen {
    const float *at_epoch_end; /* after the second epoch */
    nn_status status;          /* of the second epoch's validation */
};

static nn_status look(const nn_event *event, void *user)
{
    const struct seen *seen = user;
    if (event->kind == NN_EVENT_EPOCH_END && event->epoch == 1)
        ck_assert(has_weights(event->model, seen->at_epoch_end));
    return event->kind == NN_EVENT_TEST_BATCH_END && event->epoch == 1 ? seen->status : NN_OK;
}

/* It validates with the average, trains on with the weights, shows the average to others if asked to, and
 * leaves the weights in their place, whatever happens. */
START_TEST(the_average_is_in_the_weights_place_for_validation)
{
    nn_dataset *train = slice_of(data, 0, 60), *test = slice_of(data, 60, 30);
    nn_model *plain = averaged_model();
    nn_fit_options options = callback_options(2, 16, NULL, NULL);
    OK(nn_fit(plain, train, &options, NULL));
    float *weights = weights_of(plain, NULL), *average = average_of(plain);
    ck_assert(memcmp(weights, average, sizeof(*weights)) != 0);
    double with_average[2];
    OK(nn_model_swap_ema_weights(plain));
    OK(nn_evaluate(plain, test, with_average, 2));
    OK(nn_model_swap_ema_weights(plain));
    static const char *const callbacks[] = {
        "swap_ema_weights", "swap_ema_weights swap_on_epoch=true",
        "early_stopping patience=9; swap_ema_weights swap_on_epoch=true; swap_ema_weights"};
    static const nn_status statuses[] = {NN_OK, NN_STOPPED, (nn_status)-1234};
    for (size_t i = 0; i < 9; i++) {
        nn_model *model = averaged_model();
        nn_history *history;
        struct seen seen = {i / 3 == 0 ? weights : average, statuses[i % 3]};
        options = callback_options(2, 16, look, &seen);
        options.all_events = 1;
        options.validation_data = test;
        options.callbacks = callbacks[i / 3];
        ck_assert_int_eq(nn_fit(model, train, &options, &history), seen.status);
        if (i % 3 != 2)
            ck_assert_double_eq_tol(last_of(history, "val_loss", 2), with_average[0], 1e-6);
        ck_assert(has_weights(model, weights));
        float *kept = average_of(model);
        OK(nn_model_swap_ema_weights(plain));
        ck_assert(has_weights(plain, kept));
        OK(nn_model_swap_ema_weights(plain));
        free(kept);
        nn_history_free(history);
        nn_model_free(model);
    }
    free(weights);
    free(average);
    nn_model_free(plain);
    nn_dataset_free(train);
    nn_dataset_free(test);
}
END_TEST

/* The best epoch's copy was of what it was measured with. */
START_TEST(early_stopping_brings_the_average_back_that_it_saw)
{
    static const char *const callbacks[] = {
        "swap_ema_weights swap_on_epoch=true; early_stopping patience=1 restore_best_weights=true "
        "min_delta=1000",
        "early_stopping patience=1 restore_best_weights=true min_delta=1000; "
        "swap_ema_weights swap_on_epoch=true"};
    nn_model *one = averaged_model();
    nn_fit_options options = callback_options(1, 18, NULL, NULL);
    options.validation_split = 0.2;
    OK(nn_fit(one, data, &options, NULL));
    float *weights[] = {average_of(one), weights_of(one, NULL)};
    options.epochs = 9;
    for (size_t i = 0; i < 2; i++) {
        nn_model *model = averaged_model();
        options.callbacks = callbacks[i];
        ck_assert_int_eq(nn_fit(model, data, &options, NULL), NN_STOPPED);
        ck_assert(has_weights(model, weights[i]));
        nn_model_free(model);
        free(weights[i]);
    }
    nn_model_free(one);
}
END_TEST

/* ---- directions ---- */

/* What Keras's metrics say of themselves; the counts say nothing. */
START_TEST(every_metric_says_what_is_better)
{
    static const char lower[] =
        " binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy "
        "kl_divergence poisson hinge squared_hinge categorical_hinge mean_squared_error "
        "root_mean_squared_error mean_absolute_error mean_absolute_percentage_error "
        "mean_squared_logarithmic_error log_cosh_error ";
    static const char unknown[] = " true_positives true_negatives false_positives false_negatives ";
    for (size_t i = 0; i < nn_metric_room.count; i++) {
        const nn_metric *metric = (const nn_metric *)nn_metric_room.parts[i];
        char name[80];
        snprintf(name, sizeof(name), " %s ", metric->part.name);
        ck_assert_msg(metric->direction == (strstr(unknown, name) != NULL ? NN_DIRECTION_UNKNOWN
                                            : strstr(lower, name) != NULL ? NN_LOWER_IS_BETTER
                                                                          : NN_HIGHER_IS_BETTER),
                      "%s", metric->part.name);
    }
}
END_TEST

/* ---- terminate_on_nan ---- */

START_TEST(terminate_on_nan_makes_a_stop_of_what_is_a_failure)
{
    static const struct {
        const char *callbacks;
        nn_status status;
    } cases[] = {{NULL, NN_ERR_NONFINITE},
                 {"terminate_on_nan", NN_STOPPED},
                 {"terminate_on_nan raise_error=true", NN_ERR_NONFINITE},
                 {"terminate_on_nan raise_error=true; terminate_on_nan", NN_STOPPED}};
    points.x[40][0] = NAN;
    nn_dataset *clean = slice_of(data, 0, 32);
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_model *model = blob_model(1);
        OK(nn_fit(model, clean, NULL, NULL));
        float *weights = weights_of(model, NULL);
        nn_history *history;
        nn_fit_options options = callback_options(3, 32, NULL, NULL);
        options.callbacks = cases[i].callbacks;
        ck_assert_int_eq(nn_fit(model, data, &options, &history), cases[i].status);
        ck_assert_uint_eq(epochs_in(history), 0);
        ck_assert(has_weights(model, weights));
        free(weights);
        nn_history_free(history);
        nn_model_free(model);
    }
    nn_dataset_free(clean);
}
END_TEST

/* ---- events, steps, validation ---- */

static nn_status record(const nn_event *event, void *user)
{
    static const char *const words[] = {"",     "train", "epoch", "batch",  "end",   "done",
                                        "next", "test",  "probe", "probed", "tested"};
    char *text = user;
    sprintf(text + strlen(text), "%s %zu.%zu/%zu", words[event->kind], event->epoch, event->batch,
            event->batches);
    for (size_t i = 0; i < event->count; i++)
        sprintf(text + strlen(text), "%c%s", i == 0 ? ' ' : ',', event->names[i]);
    strcat(text, "\n");
    return NN_OK;
}

START_TEST(all_events_come_in_order_when_asked_for)
{
    char text[4096] = "";
    nn_model *model = blob_model(1);
    nn_fit_options options = callback_options(2, 30, record, text);
    options.all_events = 1;
    options.validation_freq = 2;
    options.validation_batch_size = 8;
    options.validation_split = 0.1; /* 81 rows and 9 */
    options.steps_per_epoch = 2;
    OK(nn_fit(model, data, &options, NULL));
    ck_assert_str_eq(text, "train 0.0/2\n"
                           "epoch 0.0/2\n"
                           "next 0.0/2\nbatch 0.0/2 loss,accuracy\n"
                           "next 0.1/2\nbatch 0.1/2 loss,accuracy\n"
                           "end 0.0/2 loss,accuracy\n"
                           "epoch 1.0/2\n" /* the pass has one batch left */
                           "next 1.0/2\nbatch 1.0/2 loss,accuracy\n"
                           "test 1.0/2\n"
                           "probe 1.0/2\nprobed 1.0/2 loss,accuracy\n"
                           "probe 1.1/2\nprobed 1.1/2 loss,accuracy\n"
                           "tested 1.0/2 loss,accuracy\n"
                           "end 1.0/2 loss,accuracy,val_loss,val_accuracy\n"
                           "done 2.0/2\n");
    nn_model_free(model);
}
END_TEST

struct answer {
    nn_event_kind kind;
    nn_status status;
    size_t ends;
};

static nn_status answer(const nn_event *event, void *user)
{
    struct answer *given = user;
    given->ends += event->kind == NN_EVENT_TRAIN_END;
    return event->kind == given->kind ? given->status : NN_OK;
}

START_TEST(every_event_may_stop_or_fail)
{
    static const size_t epochs[] = {0, 0, 0, 0, 1, 2, 0, 1, 1, 1, 1};
    for (int kind = NN_EVENT_TRAIN_BEGIN; kind <= NN_EVENT_TEST_END; kind++)
        for (int failing = 0; failing <= 1; failing++) {
            struct answer given = {(nn_event_kind)kind, failing ? (nn_status)-77 : NN_STOPPED, 0};
            nn_model *model = blob_model(1);
            nn_history *history;
            nn_fit_options options = callback_options(2, 30, answer, &given);
            options.all_events = 1;
            options.validation_split = 0.2;
            const nn_status status = nn_fit(model, data, &options, &history);
            if (kind == NN_EVENT_TRAIN_END)
                ck_assert_int_eq(status, failing ? -77 : NN_OK);
            else
                ck_assert_int_eq(status, given.status);
            const bool counts =
                kind == NN_EVENT_TRAIN_END || kind == NN_EVENT_EPOCH_END || !failing;
            ck_assert_uint_eq(epochs_in(history), counts ? epochs[kind] : 0);
            ck_assert_uint_eq(given.ends, !(failing && kind == NN_EVENT_TRAIN_BEGIN));
            OK(nn_fit(model, data, NULL, NULL));
            nn_history_free(history);
            nn_model_free(model);
        }
}
END_TEST

/* Two epochs of half a pass are one of a whole. */
START_TEST(a_pass_goes_on_from_one_epoch_to_the_next)
{
    nn_model *whole = blob_model(1), *halves = blob_model(1);
    nn_fit_options options = callback_options(3, 15, NULL, NULL);
    OK(nn_fit(whole, data, &options, NULL));
    options.epochs = 6;
    options.steps_per_epoch = 3;
    OK(nn_fit(halves, data, &options, NULL));
    ck_assert(same_weights(whole, halves));
    nn_model_free(whole);
    nn_model_free(halves);
}
END_TEST

START_TEST(csv_logger_writes_na_without_validation)
{
    char path[] = "/tmp/nn_actions_XXXXXX", specs[128], text[512];
    const int file = mkstemp(path);
    nn_model *model = blob_model(1);
    nn_fit_options options = callback_options(2, 30, NULL, NULL);
    snprintf(specs, sizeof(specs), "csv_logger filename='%s'; reduce_lr_on_plateau monitor=loss",
             path);
    options.callbacks = specs;
    options.validation_freq = 2;
    options.validation_split = 0.2;
    OK(nn_fit(model, data, &options, NULL));
    const ssize_t length = read(file, text, sizeof(text) - 1);
    ck_assert_int_gt(length, 0);
    text[length] = '\0';
    ck_assert_ptr_nonnull(
        strstr(text, "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n0,"));
    ck_assert_ptr_nonnull(strstr(text, ",NA,NA\n1,"));
    ck_assert_ptr_null(strstr(strstr(text, "\n1,"), "NA"));
    close(file);
    unlink(path);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("callback_actions");
    TCase *tests = tcase_create("callback_actions");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_cannot_be_meant_is_refused, 0, COUNT(refused));
    tcase_add_test(tests, a_path_that_is_too_long_is_refused);
    tcase_add_loop_test(tests, a_place_that_cannot_be_written_is_refused_before_training, 0, 2);
    tcase_add_test(tests, early_stopping_ends_with_the_best_weights);
    tcase_add_test(tests, after_a_failure_no_weights_are_restored);
    tcase_add_test(tests, the_learning_rate_is_kept_with_the_model);
    tcase_add_test(tests, a_scheduler_asks_by_epochs);
    tcase_add_test(tests, what_sets_the_learning_rate_needs_one_that_is_no_schedule);
    tcase_add_test(tests, the_average_is_in_the_weights_place_for_validation);
    tcase_add_test(tests, early_stopping_brings_the_average_back_that_it_saw);
    tcase_add_test(tests, every_metric_says_what_is_better);
    tcase_add_test(tests, terminate_on_nan_makes_a_stop_of_what_is_a_failure);
    tcase_add_test(tests, all_events_come_in_order_when_asked_for);
    tcase_add_test(tests, every_event_may_stop_or_fail);
    tcase_add_test(tests, a_pass_goes_on_from_one_epoch_to_the_next);
    tcase_add_test(tests, csv_logger_writes_na_without_validation);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
