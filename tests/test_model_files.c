/* Saving to and loading from files: no failure loses the old one or leaves another. */
#include "faults.h"
#include "model.h"
#include "saved_model.h"
#include "suite.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64], path[128];

static void set_up(void)
{
    strcpy(directory, "/tmp/test_formats_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/model.safetensors", directory);
}

static void tear_down(void)
{
    faults_reset();
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0); /* fails if a temporary file was left */
}

static size_t count_files(void)
{
    DIR *open = opendir(directory);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(open);
    return count;
}

static file read_path(void)
{
    file f = {NULL, 0};
    struct stat status;
    FILE *stream = fopen(path, "rb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(fstat(fileno(stream), &status), 0);
    f.size = (size_t)status.st_size;
    f.bytes = malloc(f.size + 1);
    ck_assert_uint_eq(fread(f.bytes, 1, f.size, stream), f.size);
    fclose(stream);
    return f;
}

static void check_path_holds(file expected)
{
    file f = read_path();
    ck_assert_uint_eq(f.size, expected.size);
    ck_assert_mem_eq(f.bytes, expected.bytes, f.size);
    free(f.bytes);
}

START_TEST(a_file_holds_what_memory_holds)
{
    nn_model *model = small_model(), *loaded;
    file f = save(model);
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    check_path_holds(f);
    ck_assert_int_eq(nn_model_load(&loaded, path), NN_OK);
    check_same_predictions(model, loaded, path);
    nn_model_free(model);
    nn_model_free(loaded);
    free(f.bytes);
}
END_TEST

START_TEST(a_larger_file_comes_back)
{
    nn_model *model = new_model("dense units=300 input_shape=300"), *loaded;
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    ck_assert_int_eq(nn_model_load(&loaded, path), NN_OK);
    check_same_predictions(model, loaded, path);
    nn_model_free(model);
    nn_model_free(loaded);
}
END_TEST

static nn_status save_each_epoch(const nn_event *event, void *user)
{
    size_t *saved = user;
    if (event->kind != NN_EVENT_EPOCH_END)
        return NN_OK;
    ++*saved;
    return nn_model_save(event->model, path);
}

START_TEST(a_callback_saves_the_model_that_is_being_fitted)
{
    float x[4][2] = {{0, 1}, {1, 0}, {0.5f, -1}, {-2, 0.25f}}, y[4][2] = {{1, 0}, {0, 1}};
    size_t saved = 0;
    nn_dataset *data;
    nn_model *model = small_model(), *loaded;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 3;
    options.batch_size = 2;
    options.callback = save_each_epoch;
    options.callback_user = &saved;
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 4, x, NN_FLOAT32, 2, y, NN_FLOAT32, 2), NN_OK);
    ck_assert_int_eq(nn_fit(model, data, &options, NULL), NN_OK);
    ck_assert_uint_eq(saved, 3);
    ck_assert_int_eq(nn_model_load(&loaded, path), NN_OK);
    check_same_predictions(model, loaded, path);
    ck_assert_uint_eq(loaded->epochs_started, 3);
    ck_assert_int_eq(nn_fit(model, data, &options, NULL), NN_OK);
    ck_assert_int_eq(nn_fit(loaded, data, &options, NULL), NN_OK);
    check_same_predictions(model, loaded, "a second fit");
    nn_dataset_free(data);
    nn_model_free(model);
    nn_model_free(loaded);
}
END_TEST

START_TEST(a_relative_path_is_saved_beside_itself)
{
    nn_model *model = small_model();
    ck_assert_int_eq(chdir(directory), 0);
    ck_assert_int_eq(nn_model_save(model, "model.safetensors"), NN_OK);
    ck_assert_uint_eq(count_files(), 1);
    ck_assert_int_eq(chdir("/"), 0);
    nn_model_free(model);
}
END_TEST

START_TEST(saving_over_a_file_keeps_its_permissions)
{
    static const mode_t modes[] = {0600, 0664, 0666, 0640, 0200};
    struct stat status;
    nn_model *model = small_model();
    mode_t mask = umask(027);
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0640);
    for (size_t i = 0; i < COUNT(modes); i++) {
        ck_assert_int_eq(chmod(path, modes[i]), 0);
        ck_assert_int_eq(nn_model_save(model, path), NN_OK);
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_int_eq(status.st_mode & 0777, modes[i]);
    }
    umask(mask);
    nn_model_free(model);
}
END_TEST

START_TEST(saving_through_a_link_replaces_what_it_leads_to)
{
    struct stat status;
    char target[128], link[128];
    nn_model *model = small_model();
    file f = save(model);
    snprintf(target, sizeof(target), "%s/sub", directory);
    ck_assert_int_eq(mkdir(target, 0700), 0);
    snprintf(target, sizeof(target), "%s/sub/real", directory);
    fclose(fopen(target, "w"));
    snprintf(link, sizeof(link), "%s/link", directory);
    ck_assert_int_eq(symlink("sub/real", link), 0);
    ck_assert_int_eq(symlink("link", path), 0);

    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    ck_assert_int_eq(lstat(path, &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
    ck_assert_int_eq(lstat(link, &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
    ck_assert_int_eq(lstat(target, &status), 0);
    ck_assert(S_ISREG(status.st_mode));
    check_path_holds(f);

    ck_assert_int_eq(unlink(target), 0);
    ck_assert_int_eq(unlink(link), 0);
    snprintf(target, sizeof(target), "%s/sub", directory);
    ck_assert_int_eq(rmdir(target), 0); /* fails if a temporary file was left */
    free(f.bytes);
    nn_model_free(model);
}
END_TEST

/* Lengths around the small file's own, and one far beyond, of which nothing but the start is. */
START_TEST(a_file_whose_length_is_not_what_its_header_tells_is_refused_unread)
{
    nn_model *model = small_model();
    file f = save(model);
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    const off_t size = (off_t)f.size, sizes[] = {size + 1, (off_t)3 << 30, size - 1, size / 2};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        nn_model *loaded = model;
        size_t before = faults_bytes_asked();
        ck_assert_int_eq(truncate(path, sizes[i]), 0);
        ck_assert_int_eq(nn_model_load(&loaded, path), NN_ERR_FORMAT);
        ck_assert_ptr_null(loaded);
        ck_assert_ptr_nonnull(strstr(nn_error_message(), path));
        ck_assert_uint_lt(faults_bytes_asked() - before, 100 * 1024);
    }
    for (off_t cut = size - 1; cut >= 0; cut--) {
        nn_model *loaded;
        ck_assert_int_eq(truncate(path, cut), 0);
        ck_assert_int_eq(nn_model_load(&loaded, path), NN_ERR_FORMAT);
    }
    free(f.bytes);
    nn_model_free(model);
}
END_TEST

START_TEST(loading_takes_the_file_s_data_once)
{
    nn_model *model = new_model("dense units=1000 input_shape=1000"), *loaded;
    file f = save(model);
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    size_t before = faults_bytes_asked();
    ck_assert_int_eq(nn_model_load(&loaded, path), NN_OK);
    /* the file's bytes and the weights, and little beside */
    ck_assert_uint_lt(faults_bytes_asked() - before, 2 * f.size + 100 * 1024);
    nn_model_free(loaded);
    nn_model_free(model);
    free(f.bytes);
}
END_TEST

/* Loads what another process writes to a pipe. */
static nn_status load_from_pipe(const unsigned char *bytes, size_t size, nn_model **model)
{
    int ends[2];
    char name[32];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t process = fork();
    ck_assert_int_ge(process, 0);
    if (process == 0) {
        close(ends[0]);
        while (size > 0) {
            ssize_t written = write(ends[1], bytes, size);
            if (written <= 0)
                break;
            bytes += written;
            size -= (size_t)written;
        }
        _exit(0);
    }
    close(ends[1]);
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    nn_status status = nn_model_load(model, name);
    close(ends[0]);
    waitpid(process, NULL, 0);
    return status;
}

START_TEST(a_model_comes_through_a_pipe)
{
    nn_model *model = new_model("dense units=300 input_shape=300"), *loaded;
    file f = save(model);
    ck_assert_int_eq(load_from_pipe(f.bytes, f.size, &loaded), NN_OK);
    check_same_predictions(model, loaded, "pipe");
    nn_model_free(loaded);

    long blocks = faults_live_blocks();
    const size_t cuts[] = {f.size - 1, f.size / 2, header_length(f) + 8, header_length(f), 45, 0};
    for (size_t i = 0; i < COUNT(cuts); i++)
        ck_assert_int_eq(load_from_pipe(f.bytes, cuts[i], &loaded), NN_ERR_FORMAT);
    unsigned char *longer = calloc(1, f.size + 1);
    memcpy(longer, f.bytes, f.size);
    ck_assert_int_eq(load_from_pipe(longer, f.size + 1, &loaded), NN_ERR_FORMAT);
    ck_assert_int_eq(faults_live_blocks(), blocks);
    free(longer);
    free(f.bytes);
    nn_model_free(model);
}
END_TEST

START_TEST(paths_that_cannot_be_written_or_read_are_named)
{
    static const char *const paths[] = {"/nonexistent/model", "/proc/model", "/tmp", "",
                                        "/dev/null"};
    nn_model *model = small_model(), *loaded;
    for (size_t i = 0; i < COUNT(paths); i++) {
        ck_assert_int_eq(nn_model_save(model, paths[i]), NN_ERR_IO);
        ck_assert_ptr_nonnull(strstr(nn_error_message(), paths[i]));
        if (i < 4) {
            ck_assert_int_eq(nn_model_load(&loaded, paths[i]), NN_ERR_IO);
            ck_assert_ptr_nonnull(strstr(nn_error_message(), paths[i]));
        }
    }
    ck_assert_int_eq(nn_model_save(model, NULL), NN_ERR_INVALID);
    ck_assert_int_eq(nn_model_save(NULL, path), NN_ERR_INVALID);
    ck_assert_int_eq(nn_model_load(&loaded, NULL), NN_ERR_INVALID);
    ck_assert_int_eq(nn_model_load(NULL, path), NN_ERR_INVALID);
    nn_model_free(model);
}
END_TEST

/* ---- every call that can fail, failed -------------------------------------------------------- */

/* Two models of which the first is in the file and the second is to replace it. */
static nn_model *other_model(void)
{
    nn_model *model = small_model();
    float bias[3] = {1, 2, 3};
    ck_assert_int_eq(nn_model_set_weights(model, "dense/bias", bias, 3), NN_OK);
    return model;
}

START_TEST(saving_survives_every_failed_allocation)
{
    nn_model *old = small_model(), *model = other_model();
    file old_file = save(old), new_file = save(model);
    size_t k;
    ck_assert_int_eq(nn_model_save(old, path), NN_OK);
    for (k = 1;; k++) {
        long blocks = faults_live_blocks(), files = faults_open_files();
        faults_fail_allocation(k, _i == 0);
        nn_status status = nn_model_save(model, path);
        bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_int_eq(faults_open_files(), files);
        ck_assert_uint_eq(count_files(), 1);
        check_path_holds(status == NN_OK ? new_file : old_file);
        if (!failed) {
            ck_assert_int_eq(status, NN_OK);
            break;
        }
        if (status != NN_OK)
            ck_assert_int_eq(status, NN_ERR_NO_MEMORY);
        ck_assert_int_eq(nn_model_save(old, path), NN_OK);
    }
    ck_assert_uint_gt(k, 10);
    nn_model_free(old);
    nn_model_free(model);
    free(old_file.bytes);
    free(new_file.bytes);
}
END_TEST

START_TEST(loading_survives_every_failed_allocation)
{
    nn_model *model = small_model(), *loaded;
    size_t k;
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    nn_model_free(model);
    for (k = 1;; k++) {
        long blocks = faults_live_blocks(), files = faults_open_files();
        faults_fail_allocation(k, _i == 0);
        nn_status status = nn_model_load(&loaded, path);
        bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        ck_assert(failed == (loaded == NULL));
        nn_model_free(loaded);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_int_eq(faults_open_files(), files);
        if (!failed)
            break;
    }
    ck_assert_uint_gt(k, 50);
}
END_TEST

START_TEST(saving_survives_every_failed_file_call)
{
    nn_model *old = small_model(), *model = other_model();
    file old_file = save(old), new_file = save(model);
    size_t k, refused = 0;
    ck_assert_int_eq(nn_model_save(old, path), NN_OK);
    for (k = 1;; k++) {
        long blocks = faults_live_blocks(), files = faults_open_files();
        faults_fail_io(k, true);
        nn_status status = nn_model_save(model, path);
        bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_int_eq(faults_open_files(), files);
        ck_assert_uint_eq(count_files(), 1);
        check_path_holds(status == NN_OK ? new_file : old_file);
        if (!failed)
            break;
        refused += status == NN_ERR_IO;
        ck_assert_int_eq(nn_model_save(old, path), NN_OK);
    }
    ck_assert_uint_eq(refused, 5); /* open, write, fsync, close, rename */
    nn_model_free(old);
    nn_model_free(model);
    free(old_file.bytes);
    free(new_file.bytes);
}
END_TEST

START_TEST(loading_survives_every_failed_file_call)
{
    nn_model *model = small_model(), *loaded;
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    nn_model_free(model);
    for (size_t k = 1;; k++) {
        long blocks = faults_live_blocks(), files = faults_open_files();
        faults_fail_io(k, true);
        nn_status status = nn_model_load(&loaded, path);
        bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status == NN_OK, loaded != NULL);
        /* open; read the start, the header, the data, the end; what close says of a file only read
         * is nothing */
        if (k < 6)
            ck_assert_int_eq(status, NN_ERR_IO);
        nn_model_free(loaded);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_int_eq(faults_open_files(), files);
        if (!failed)
            break;
    }
}
END_TEST

/* ---- the suite ------------------------------------------------------------------------------ */

int main(void)
{
    Suite *suite = suite_create("model files");
    TCase *tests = tcase_create("files");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_file_holds_what_memory_holds);
    tcase_add_test(tests, a_larger_file_comes_back);
    tcase_add_test(tests, a_callback_saves_the_model_that_is_being_fitted);
    tcase_add_test(tests, a_relative_path_is_saved_beside_itself);
    tcase_add_test(tests, saving_over_a_file_keeps_its_permissions);
    tcase_add_test(tests, saving_through_a_link_replaces_what_it_leads_to);
    tcase_add_test(tests, a_file_whose_length_is_not_what_its_header_tells_is_refused_unread);
    tcase_add_test(tests, loading_takes_the_file_s_data_once);
    tcase_add_test(tests, a_model_comes_through_a_pipe);
    tcase_add_test(tests, paths_that_cannot_be_written_or_read_are_named);
    tcase_add_loop_test(tests, saving_survives_every_failed_allocation, 0, 2);
    tcase_add_loop_test(tests, loading_survives_every_failed_allocation, 0, 2);
    tcase_add_test(tests, saving_survives_every_failed_file_call);
    tcase_add_test(tests, loading_survives_every_failed_file_call);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
