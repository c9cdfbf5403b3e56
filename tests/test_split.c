/* Views of chosen rows, and splits for training and testing against scikit-learn's. */
#include "faults.h"
#include "fitting.h"
#include "golden_file.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 12 };

static float x[ROWS][2], sample_weight[ROWS];
static int32_t label[ROWS];
static nn_dataset *data;

static void setup(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        x[i][0] = (float)i;
        x[i][1] = (float)(100 + i);
        label[i] = (int32_t)(i % 3);
        sample_weight[i] = (float)(i + 1) / 4;
    }
    OK(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, 2, label, NN_INT32, 1));
    OK(nn_dataset_add_column(data, "sample_weight", sample_weight, NN_FLOAT32, 1));
}

static void teardown(void)
{
    nn_dataset_free(data);
}

static void assert_rows(const nn_dataset *part, const size_t *rows, size_t count)
{
    float values[2 * ROWS], labels[ROWS], weights[ROWS];
    ck_assert_uint_eq(nn_dataset_rows(part), count);
    OK(nn_dataset_get_values(part, "x", 0, count, values));
    OK(nn_dataset_get_values(part, "y", 0, count, labels));
    OK(nn_dataset_get_values(part, "sample_weight", 0, count, weights));
    for (size_t i = 0; i < count; i++) {
        ck_assert(values[2 * i] == x[rows[i]][0] && values[2 * i + 1] == x[rows[i]][1]);
        ck_assert(labels[i] == (float)label[rows[i]]);
        ck_assert(weights[i] == sample_weight[rows[i]]);
    }
}

START_TEST(views_of_views_are_views_of_their_rows)
{
    static const size_t chosen[] = {7, 2, 2, 11, 0}, again[] = {3, 0}, twice[] = {11, 7};
    static const size_t from_slice[] = {3, 0, 2}, of_slice[] = {7, 4, 6}, inner[] = {2, 11};
    nn_dataset *view, *second, *slice, *third;
    OK(nn_dataset_select(&view, data, chosen, 5));
    assert_rows(view, chosen, 5);
    OK(nn_dataset_slice(&slice, view, 2, 2)); /* rows 2 and 11 */
    assert_rows(slice, inner, 2);
    OK(nn_dataset_select(&second, view, again, 2));
    nn_dataset_free(view);
    assert_rows(second, twice, 2);
    assert_rows(slice, inner, 2);
    OK(nn_dataset_slice(&third, slice, 1, 1));
    nn_dataset_free(slice);
    assert_rows(third, inner + 1, 1);
    nn_dataset_free(third);
    OK(nn_dataset_slice(&slice, data, 4, 6));
    OK(nn_dataset_select(&third, slice, from_slice, 3));
    nn_dataset_free(slice);
    assert_rows(third, of_slice, 3);
    nn_dataset_free(second);
    nn_dataset_free(third);
}
END_TEST

/* A column that is added to a view has the view's rows. */
START_TEST(a_column_added_to_a_view_is_the_views)
{
    static const size_t chosen[] = {7, 2, 11}, again[] = {2, 0};
    static const float weights[] = {3, 4, 5};
    float found[2];
    nn_dataset *plain, *view, *second;
    OK(nn_dataset_from_arrays(&plain, ROWS, x, NN_FLOAT32, 2, label, NN_INT32, 1));
    OK(nn_dataset_select(&view, plain, chosen, 3));
    OK(nn_dataset_add_column(view, "sample_weight", weights, NN_FLOAT32, 1));
    OK(nn_dataset_select(&second, view, again, 2));
    nn_dataset_free(view);
    nn_dataset_free(plain);
    OK(nn_dataset_get_values(second, "sample_weight", 0, 2, found));
    ck_assert(found[0] == 5 && found[1] == 3);
    OK(nn_dataset_get_values(second, "y", 0, 2, found));
    ck_assert(found[0] == 2 && found[1] == 1);
    nn_dataset_free(second);
}
END_TEST

/* Training on a view is training on a copy of its rows. */
START_TEST(a_view_trains_as_its_rows_do)
{
    static blobs points, copied;
    size_t rows[60];
    float weights[BLOB_ROWS], copied_weights[60];
    fill_blobs(&points);
    for (size_t i = 0; i < 60; i++) {
        rows[i] = (i * 37 + 5) % BLOB_ROWS;
        memcpy(copied.x[i], points.x[rows[i]], sizeof(points.x[0]));
        copied.label[i] = points.label[rows[i]];
    }
    for (size_t i = 0; i < BLOB_ROWS; i++)
        weights[i] = (float)(i % 5) / 2;
    for (size_t i = 0; i < 60; i++)
        copied_weights[i] = weights[rows[i]];
    nn_dataset *whole = blob_dataset(&points), *view, *copy;
    OK(nn_dataset_add_column(whole, "sample_weight", weights, NN_FLOAT32, 1));
    OK(nn_dataset_select(&view, whole, rows, 60));
    OK(nn_dataset_from_arrays(&copy, 60, copied.x, NN_FLOAT32, 2, copied.label, NN_INT32, 1));
    OK(nn_dataset_add_column(copy, "sample_weight", copied_weights, NN_FLOAT32, 1));
    nn_model *models[2] = {blob_model(1), blob_model(1)};
    double values[2][2];
    for (size_t i = 0; i < 2; i++) {
        nn_fit_options options = callback_options(3, 16, NULL, NULL);
        options.validation_split = 0.25;
        options.shuffle = 1;
        OK(nn_fit(models[i], i == 0 ? view : copy, &options, NULL));
        options.shuffle = 0;
        OK(nn_fit(models[i], i == 0 ? view : copy, &options, NULL));
        OK(nn_evaluate(models[i], i == 0 ? view : copy, values[i], 2));
    }
    ck_assert(same_weights(models[0], models[1]));
    ck_assert(values[0][0] == values[1][0] && values[0][1] == values[1][1]);
    nn_model_free(models[0]);
    nn_model_free(models[1]);
    nn_dataset_free(view);
    nn_dataset_free(whole);
    nn_dataset_free(copy);
}
END_TEST

/* ---- splits ---- */

static nn_dataset *dataset_of_classes(const json_t *counts, int32_t **labels, float **numbers)
{
    size_t rows = 0, at_row = 0;
    nn_dataset *made;
    for (size_t i = 0; i < json_array_size(counts); i++)
        rows += (size_t)at(counts, i);
    *labels = reserve(rows, sizeof **labels);
    *numbers = reserve(rows, sizeof **numbers);
    for (size_t i = 0; i < json_array_size(counts); i++)
        for (size_t j = 0; j < (size_t)at(counts, i); j++)
            (*labels)[at_row++] = (int32_t)i - 1; /* -1 is a class, too */
    for (size_t i = 0; i < rows; i++)
        (*numbers)[i] = (float)i;
    OK(nn_dataset_from_arrays(&made, rows, *numbers, NN_FLOAT32, 1, *labels, NN_INT32, 1));
    return made;
}

/* Counts the part's rows by class, and marks them as seen. */
static void count_part(const nn_dataset *part, const int32_t *labels, size_t *counts, bool *seen,
                       bool *in_order)
{
    const size_t rows = nn_dataset_rows(part);
    float *numbers = reserve(rows, sizeof *numbers), *found = reserve(rows, sizeof *found);
    OK(nn_dataset_get_values(part, "x", 0, rows, numbers));
    OK(nn_dataset_get_values(part, "y", 0, rows, found));
    *in_order = true;
    for (size_t i = 0; i < rows; i++) {
        const size_t row = (size_t)numbers[i];
        ck_assert(!seen[row]);
        seen[row] = true;
        ck_assert(found[i] == (float)labels[row]);
        counts[labels[row] + 1]++;
        *in_order = *in_order && (i == 0 || numbers[i] > numbers[i - 1]);
    }
    free(numbers);
    free(found);
}

START_TEST(parts_have_the_rows_that_scikit_learn_gives_them)
{
    use_case("splits.json", _i);
    int32_t *labels;
    float *numbers;
    const json_t *counts = member(golden, "counts");
    nn_dataset *whole = dataset_of_classes(counts, &labels, &numbers), *train, *test;
    const double test_size = json_number_value(member(golden, "test_size"));
    for (int stratify = 0; stratify <= 1; stratify++)
        for (uint64_t seed = 0; seed < 3; seed++) {
            const nn_status status =
                nn_dataset_train_test_split(&train, &test, whole, test_size, seed, stratify);
            if (stratify && json_object_get(golden, "refused") != NULL) {
                ck_assert_int_eq(status, NN_ERR_INVALID);
                ck_assert(train == NULL && test == NULL);
                continue;
            }
            OK(status);
            const size_t rows = nn_dataset_rows(whole);
            size_t found[2][8] = {{0}};
            bool *seen = reserve(rows, sizeof *seen), in_order;
            count_part(train, labels, found[0], seen, &in_order);
            ck_assert(nn_dataset_rows(train) < 8 || !in_order);
            count_part(test, labels, found[1], seen, &in_order);
            ck_assert(nn_dataset_rows(test) < 8 || !in_order);
            for (size_t i = 0; i < rows; i++)
                ck_assert(seen[i]);
            ck_assert_uint_eq(nn_dataset_rows(train), (size_t)at(member(golden, "rows"), 0));
            ck_assert_uint_eq(nn_dataset_rows(test), (size_t)at(member(golden, "rows"), 1));
            for (size_t i = 0; stratify && i < json_array_size(counts); i++) {
                ck_assert_uint_eq(found[0][i], (size_t)at(member(golden, "train"), i));
                ck_assert_uint_eq(found[1][i], (size_t)at(member(golden, "test"), i));
            }
            free(seen);
            nn_dataset_free(train);
            nn_dataset_free(test);
        }
    nn_dataset_free(whole);
    free(labels);
    free(numbers);
}
END_TEST

START_TEST(ties_keep_every_share_to_within_a_row)
{
    static int32_t labels[97];
    static float numbers[97];
    nn_dataset *whole, *train, *test;
    size_t firsts = 0;
    for (size_t i = 0; i < 97; i++)
        labels[i] = (int32_t)(i % 7) - 1;
    OK(nn_dataset_from_arrays(&whole, 97, numbers, NN_FLOAT32, 1, labels, NN_INT32, 1));
    for (size_t i = 0; i < 97; i++)
        numbers[i] = (float)i;
    for (uint64_t seed = 0; seed < 20; seed++) {
        bool seen[97] = {false}, in_order;
        size_t counts[2][8] = {{0}};
        OK(nn_dataset_train_test_split(&train, &test, whole, 0.3, seed, 1));
        ck_assert_uint_eq(nn_dataset_rows(test), 30); /* ceil(29.1) */
        count_part(train, labels, counts[0], seen, &in_order);
        count_part(test, labels, counts[1], seen, &in_order);
        for (size_t i = 0; i < 7; i++) {
            const double all = (double)(counts[0][i] + counts[1][i]);
            ck_assert(fabs((double)counts[0][i] - all * 67 / 97) < 1);
            ck_assert(fabs((double)counts[1][i] - all * 30 / 97) < 1);
        }
        firsts += counts[1][1] == 4;
        nn_dataset_free(train);
        nn_dataset_free(test);
    }
    ck_assert(firsts > 0 && firsts < 20); /* chance decides */
    nn_dataset_free(whole);
}
END_TEST

START_TEST(equal_seeds_split_equally)
{
    nn_dataset *parts[3][2];
    float values[3][2 * ROWS];
    for (size_t i = 0; i < 3; i++) {
        OK(nn_dataset_train_test_split(&parts[i][0], &parts[i][1], data, 0.5, i / 2, 0));
        OK(nn_dataset_get_values(parts[i][0], "x", 0, 6, values[i]));
        OK(nn_dataset_get_values(parts[i][1], "x", 0, 6, values[i] + 12));
    }
    ck_assert(memcmp(values[0], values[1], sizeof(values[0])) == 0);
    ck_assert(memcmp(values[0], values[2], sizeof(values[0])) != 0);
    for (size_t i = 0; i < 6; i++)
        nn_dataset_free(parts[i / 2][i % 2]);
}
END_TEST

START_TEST(rows_of_equal_targets_are_of_one_class)
{
    static float one_hot[ROWS][3];
    nn_dataset *whole, *train, *test;
    float found[3 * ROWS];
    for (size_t i = 0; i < ROWS; i++)
        one_hot[i][i % 3] = 1;
    OK(nn_dataset_from_arrays(&whole, ROWS, x, NN_FLOAT32, 2, one_hot, NN_FLOAT32, 3));
    OK(nn_dataset_train_test_split(&train, &test, whole, 0.25, 4, 1));
    ck_assert_uint_eq(nn_dataset_rows(test), 3);
    OK(nn_dataset_get_values(test, "y", 0, 3, found));
    for (size_t j = 0; j < 3; j++)
        ck_assert(found[j] + found[3 + j] + found[6 + j] == 1);
    nn_dataset_free(whole);
    nn_dataset_free(train);
    nn_dataset_free(test);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    static const size_t beyond[] = {0, ROWS};
    nn_dataset *train, *test, *plain;
    OK(nn_dataset_from_arrays(&plain, ROWS, x, NN_FLOAT32, 2, NULL, NN_FLOAT32, 0));
    FAILS(nn_dataset_select(&train, data, beyond, 2), NN_ERR_INVALID, "rows[1] is 12");
    FAILS(nn_dataset_select(&train, data, beyond, 0), NN_ERR_INVALID, "count is 0");
    FAILS(nn_dataset_select(&train, data, NULL, 1), NN_ERR_INVALID, "rows is NULL");
    FAILS(nn_dataset_select(&train, NULL, beyond, 1), NN_ERR_INVALID, "whole is NULL");
    FAILS(nn_dataset_select(NULL, data, beyond, 1), NN_ERR_INVALID, "part is NULL");
    static const double sizes[] = {0, 1, -0.5, 2, NAN, INFINITY};
    for (size_t i = 0; i < 6; i++)
        FAILS(nn_dataset_train_test_split(&train, &test, data, sizes[i], 0, 0), NN_ERR_INVALID,
              "test_size is ");
    FAILS(nn_dataset_train_test_split(&train, &test, data, 0.95, 0, 0), NN_ERR_INVALID,
          "leaves none to train on");
    FAILS(nn_dataset_train_test_split(&train, &test, plain, 0.5, 0, 1), NN_ERR_INVALID,
          "no targets");
    FAILS(nn_dataset_train_test_split(&train, &test, data, 0.1, 0, 1), NN_ERR_INVALID,
          "2 rows to test on are less than the 3 classes");
    FAILS(nn_dataset_train_test_split(&train, NULL, data, 0.1, 0, 1), NN_ERR_INVALID, "test is");
    FAILS(nn_dataset_train_test_split(NULL, &test, data, 0.1, 0, 1), NN_ERR_INVALID, "train is");
    FAILS(nn_dataset_train_test_split(&train, &test, NULL, 0.1, 0, 1), NN_ERR_INVALID, "data is");
    nn_dataset_free(plain);
}
END_TEST

START_TEST(every_failing_allocation_is_a_clean_failure)
{
    static const char *const names[] = {"east", "north", "south"};
    OK(nn_dataset_set_class_names(data, names, 3));
    for (size_t k = 1, failed = 1; failed; k++) {
        const long blocks = faults_live_blocks();
        nn_dataset *train, *test;
        faults_fail_allocation(k, true);
        const nn_status status = nn_dataset_train_test_split(&train, &test, data, 0.4, 1, 1);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        ck_assert(failed == (train == NULL) && failed == (test == NULL));
        nn_dataset_free(train);
        nn_dataset_free(test);
        ck_assert_int_eq(faults_live_blocks(), blocks);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("split");
    TCase *tests = tcase_create("split");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, views_of_views_are_views_of_their_rows);
    tcase_add_test(tests, a_column_added_to_a_view_is_the_views);
    tcase_add_test(tests, a_view_trains_as_its_rows_do);
    tcase_add_test(tests, ties_keep_every_share_to_within_a_row);
    tcase_add_test(tests, equal_seeds_split_equally);
    tcase_add_test(tests, rows_of_equal_targets_are_of_one_class);
    tcase_add_test(tests, bad_arguments_are_refused);
    tcase_add_test(tests, every_failing_allocation_is_a_clean_failure);
    suite_add_tcase(suite, tests);
    TCase *cases = tcase_create("splits.json");
    tcase_add_checked_fixture(cases, NULL, free_file);
    tcase_add_loop_test(cases, parts_have_the_rows_that_scikit_learn_gives_them, 0,
                        (int)count_cases("splits.json"));
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
