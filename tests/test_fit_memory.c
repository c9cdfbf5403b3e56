/* Training when memory runs out, and how much it asks for when it doesn't. */
#include "faults.h"
#include "fitting.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static blobs points;
static nn_dataset *data;
static char directory[] = "/tmp/nn_fit_memory_XXXXXX";
static char path[64], callbacks[128];

static void setup(void)
{
    static const char *const names[] = {"east", "north", "south"};
    fill_blobs(&points);
    data = blob_dataset(&points);
    OK(nn_dataset_set_class_names(data, names, 3));
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

/* A fit with everything that takes memory. */
static nn_status fit_all(nn_model *model)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    nn_history *history;
    options.epochs = 2;
    options.validation_split = 0.2;
    options.callbacks = callbacks;
    nn_status status = nn_fit(model, data, &options, &history);
    nn_history_free(history);
    return status;
}

static nn_status evaluate_all(nn_model *model)
{
    double values[2];
    return nn_evaluate(model, data, values, 2);
}

static nn_status confuse_all(nn_model *model)
{
    size_t counts[BLOB_CLASSES * BLOB_CLASSES] = {7};
    nn_status status = nn_confusion_matrix(model, data, counts, BLOB_CLASSES);
    ck_assert(status == NN_OK || counts[0] == 7);
    return status;
}

static nn_status step_on_all(nn_model *model)
{
    double values[2];
    return nn_train_on_batch(model, data, values, 2);
}

static nn_status (*const works[])(nn_model *) = {fit_all, evaluate_all, confuse_all, step_on_all};

/* After every failure the model goes on, and if it hadn't begun to train, as if nothing had been. */
START_TEST(every_failing_allocation_is_a_clean_failure)
{
    nn_model *reference = blob_model(1);
    OK(works[_i](reference));
    for (int once = 0; once <= 1; once++)
        for (size_t k = 1, failed = 1; failed; k++) {
            const long blocks = faults_live_blocks(), files = faults_open_files();
            nn_model *model = blob_model(1);
            float *before = weights_of(model, NULL);
            faults_fail_allocation(k, once);
            const nn_status status = works[_i](model);
            failed = faults_calls() >= k;
            faults_reset();
            ck_assert_msg(status == (failed ? NN_ERR_NO_MEMORY : NN_OK), "allocation %zu: %s", k,
                          nn_error_message());
            ck_assert_int_eq(faults_open_files(), files);
            if (failed) {
                const bool untouched = has_weights(model, before);
                OK(works[_i](model));
                ck_assert(!untouched || same_weights(model, reference));
            }
            free(before);
            nn_model_free(model);
            ck_assert_int_eq(faults_live_blocks(), blocks);
            ck_assert_uint_lt(k, 1000);
        }
    nn_model_free(reference);
}
END_TEST

/* Allocations of a fit of a fresh model. */
static size_t count_allocations(size_t rows, size_t epochs, bool validation)
{
    float *x = calloc(rows, 2 * sizeof(*x));
    int32_t *labels = calloc(rows, sizeof(*labels));
    nn_dataset *zeros;
    nn_model *model = blob_model(1);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    OK(nn_dataset_from_arrays(&zeros, rows, x, NN_FLOAT32, 2, labels, NN_INT32, 1));
    options.batch_size = 4;
    options.epochs = epochs;
    options.validation_data = validation ? zeros : NULL;
    faults_fail_allocation(SIZE_MAX, true);
    OK(nn_fit(model, zeros, &options, NULL));
    const size_t calls = faults_calls();
    faults_reset();
    nn_dataset_free(zeros);
    nn_model_free(model);
    free(x);
    free(labels);
    return calls;
}

START_TEST(batches_and_epochs_allocate_nothing)
{
    for (int validation = 0; validation <= 1; validation++) {
        const size_t ten_batches = count_allocations(40, 1, validation);
        ck_assert_uint_gt(ten_batches, 0);
        ck_assert_uint_eq(count_allocations(400, 1, validation), ten_batches);
        ck_assert_uint_eq(count_allocations(40, 30, validation), ten_batches);
    }
}
END_TEST

START_TEST(warm_train_on_batch_allocates_nothing)
{
    nn_model *model = blob_model(1);
    double values[2];
    OK(nn_train_on_batch(model, data, values, 2));
    faults_fail_allocation(1, false);
    for (size_t i = 0; i < 3; i++)
        OK(nn_train_on_batch(model, data, values, 2));
    ck_assert_uint_eq(faults_calls(), 0);
    faults_reset();
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fit_memory");
    TCase *tests = tcase_create("fit_memory");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, every_failing_allocation_is_a_clean_failure, 0, COUNT(works));
    tcase_add_test(tests, batches_and_epochs_allocate_nothing);
    tcase_add_test(tests, warm_train_on_batch_allocates_nothing);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
