/* Datasets when any allocation or file call fails: nothing leaks, and the status says why. */
#include "dataset.h"
#include "faults.h"
#include "idx_files.h"
#include "suite.h"
#include <zlib.h>

static nn_status load_files(void)
{
    nn_dataset *data = (nn_dataset *)&data;
    nn_status status = nn_dataset_load_idx(&data, images_path, labels_path);
    ck_assert(status == NN_OK || data == NULL);
    nn_dataset_free(data);
    return status;
}

static nn_status use_arrays(void)
{
    const float x[3] = {1, 2, 3};
    nn_dataset *data = (nn_dataset *)&data, *part = (nn_dataset *)&part;
    nn_status status = nn_dataset_from_arrays(&data, 3, x, NN_FLOAT32, 1, x, NN_FLOAT32, 1);
    ck_assert(status == NN_OK || data == NULL);
    if (status == NN_OK)
        status = nn_dataset_add_column(data, "sample_weight", x, NN_FLOAT32, 1);
    if (status == NN_OK)
        status = nn_dataset_set_class_names(data, (const char *[]){"a", "b"}, 2);
    if (status == NN_OK) {
        status = nn_dataset_set_class_names(data, (const char *[]){"c"}, 1);
        ck_assert_str_eq(nn_dataset_class_name(data, 0), status == NN_OK ? "c" : "a");
    }
    if (status == NN_OK) {
        status = nn_dataset_slice(&part, data, 1, 1);
        ck_assert(status == NN_OK || part == NULL);
        nn_dataset_free(part);
    }
    nn_dataset_free(data);
    return status;
}

/* Goes through every fault of one kind; returns how many made the work fail. */
static size_t go_through(nn_status (*work)(void), void (*arm)(size_t, bool), bool once,
                         nn_status expected)
{
    size_t failures = 0;
    for (size_t k = 1;; k++) {
        arm(k, once);
        nn_status status = work();
        bool reached = faults_calls() >= k;
        faults_reset();
        nothing_leaks();
        ck_assert_msg(status == NN_OK || status == expected, "call %zu: status %d", k, status);
        if (!reached) {
            ck_assert_int_eq(status, NN_OK);
            return failures;
        }
        failures += status != NN_OK;
    }
}

START_TEST(nothing_leaks_when_any_allocation_fails)
{
    const bytes images = images_3x2x2(), zipped = gzip_of(images);
    const bytes labels = gzip_of(idx_file(1, (uint32_t[]){3}));
    write_file(labels_path, labels.data, labels.size);
    for (int once = 0; once < 2; once++) {
        write_file(images_path, images.data, images.size);
        /* dataset, input file twice, values twice, zlib's state */
        ck_assert_uint_ge(go_through(load_files, faults_fail_allocation, once, NN_ERR_NO_MEMORY),
                          6);
        write_file(images_path, zipped.data, zipped.size);
        ck_assert_uint_ge(go_through(load_files, faults_fail_allocation, once, NN_ERR_NO_MEMORY),
                          7);
        /* dataset, a column's name, names twice, slice, the slice's names */
        ck_assert_uint_eq(go_through(use_arrays, faults_fail_allocation, once, NN_ERR_NO_MEMORY),
                          6);
    }
}
END_TEST

START_TEST(nothing_leaks_when_any_file_call_fails)
{
    const bytes images = images_3x2x2(), zipped = gzip_of(images);
    const bytes labels = gzip_of(idx_file(1, (uint32_t[]){3}));
    write_file(labels_path, labels.data, labels.size);
    for (int once = 0; once < 2; once++) {
        for (int zip = 0; zip < 2; zip++) {
            const bytes *file = zip ? &zipped : &images;
            write_file(images_path, file->data, file->size);
            /* for both files: open, read, read at the end; a close that fails loses nothing */
            ck_assert_uint_ge(go_through(load_files, faults_fail_io, once, NN_ERR_IO), 6);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data_faults");
    TCase *tcase = add_case(suite, "faults", make_directory, remove_directory);
    tcase_add_test(tcase, nothing_leaks_when_any_allocation_fails);
    tcase_add_test(tcase, nothing_leaks_when_any_file_call_fails);
    return run_suite(suite);
}
