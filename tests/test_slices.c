/* Slices of datasets: their rows, class names and references. */
#include "dataset.h"
#include "idx_files.h"
#include "suite.h"
#include <pthread.h>

START_TEST(slices_show_their_rows)
{
    int32_t x[20], y[10];
    for (int32_t i = 0; i < 20; i++)
        x[i] = 100 + i;
    for (int32_t i = 0; i < 10; i++)
        y[i] = i;
    nn_dataset *data, *part, *inner;
    OK(nn_dataset_from_arrays(&data, 10, x, NN_INT32, 2, y, NN_INT32, 1));
    OK(nn_dataset_slice(&part, data, 3, 6));
    OK(nn_dataset_slice(&inner, part, 2, 4)); /* rows 5 ... 8 */
    ck_assert_ptr_eq(inner->whole, data);
    ck_assert_uint_eq(nn_dataset_rows(part), 6);
    ck_assert_uint_eq(nn_dataset_rows(inner), 4);
    float values[8], labels[4];
    OK(nn_dataset_get_values(inner, "x", 0, 4, values));
    OK(nn_dataset_get_values(inner, "y", 0, 4, labels));
    for (size_t i = 0; i < 8; i++)
        ck_assert_float_eq(values[i], (float)(110 + i));
    for (size_t i = 0; i < 4; i++)
        ck_assert_float_eq(labels[i], (float)(5 + i));
    ck_assert_int_eq(nn_dataset_get_values(inner, "x", 3, 2, values), NN_ERR_INVALID);

    nn_dataset *none = data;
    ck_assert_int_eq(nn_dataset_slice(&none, part, 0, 0), NN_ERR_INVALID);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(nn_dataset_slice(&none, part, 0, 7), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_slice(&none, part, 6, 1), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_slice(&none, part, 5, SIZE_MAX), NN_ERR_INVALID);
    FAILS(nn_dataset_slice(&none, part, SIZE_MAX, 2), NN_ERR_INVALID, "6 rows");
    nn_dataset_free(data);
    nn_dataset_free(part);
    nn_dataset_free(inner);
}
END_TEST

START_TEST(the_order_of_freeing_does_not_matter)
{
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const bytes images = images_3x2x2();
    for (size_t i = 0; i < 6; i++) {
        nn_dataset *data[3];
        data[0] = load_idx(&images, NULL);
        OK(nn_dataset_slice(&data[1], data[0], 0, 3));
        OK(nn_dataset_slice(&data[2], data[1], 0, 2));
        for (size_t j = 0; j < 3; j++) {
            for (size_t k = j; k < 3; k++) /* whoever is left has its values */
                has_idx_values(data[orders[i][k]], "x", 3);
            nn_dataset_free(data[orders[i][j]]);
        }
        nothing_leaks();
    }
}
END_TEST

static void *slice_and_free(void *whole)
{
    for (int i = 0; i < 2000; i++) {
        nn_dataset *part, *inner;
        if (nn_dataset_slice(&part, whole, 1, 2) != NN_OK ||
            nn_dataset_slice(&inner, part, 1, 1) != NN_OK)
            return whole;
        nn_dataset_free(part);
        nn_dataset_free(inner);
    }
    nn_dataset_free(whole);
    return NULL;
}

START_TEST(slices_are_made_and_freed_by_4_threads_at_once)
{
    const bytes images = images_3x2x2();
    nn_dataset *data = load_idx(&images, NULL);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, slice_and_free, nn_dataset_retain(data)),
                         0);
    nn_dataset_free(data); /* the threads' references keep it */
    for (size_t i = 0; i < 4; i++) {
        void *result;
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_null(result);
    }
    nothing_leaks();
}
END_TEST

START_TEST(class_names_are_copied_and_handed_to_slices)
{
    const float x[2] = {0, 1};
    char shirt[] = "shirt";
    nn_dataset *data, *part, *inner;
    OK(nn_dataset_from_arrays(&data, 2, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0));
    ck_assert_uint_eq(nn_dataset_class_count(data), 0);
    ck_assert_ptr_null(nn_dataset_class_name(data, 0));
    ck_assert_int_eq(
        nn_dataset_set_class_names(data, (const char *[]){shirt, "", "b\xc3\xb6tchen"}, 3), NN_OK);
    shirt[0] = 'X';
    ck_assert_uint_eq(nn_dataset_class_count(data), 3);
    ck_assert_str_eq(nn_dataset_class_name(data, 0), "shirt");
    ck_assert_str_eq(nn_dataset_class_name(data, 1), "");
    ck_assert_str_eq(nn_dataset_class_name(data, 2), "b\xc3\xb6tchen");
    ck_assert_ptr_null(nn_dataset_class_name(data, 3));
    ck_assert_ptr_null(nn_dataset_class_name(data, SIZE_MAX));

    OK(nn_dataset_slice(&part, data, 1, 1));
    const char *kept = nn_dataset_class_name(part, 0);
    OK(nn_dataset_set_class_names(data, (const char *[]){"bag"}, 1));
    ck_assert_str_eq(kept, "shirt");
    ck_assert_uint_eq(nn_dataset_class_count(part), 3);
    OK(nn_dataset_slice(&inner, part, 0, 1));
    nn_dataset_free(part);
    ck_assert_str_eq(nn_dataset_class_name(inner, 0), "shirt");
    ck_assert_str_eq(nn_dataset_class_name(data, 0), "bag");
    ck_assert_uint_eq(nn_dataset_class_count(data), 1);

    FAILS(nn_dataset_set_class_names(data, (const char *[]){"a", NULL}, 2), NN_ERR_INVALID,
          "name 1 is NULL");
    ck_assert_int_eq(nn_dataset_set_class_names(data, (const char *[]){"\xc3("}, 1),
                     NN_ERR_INVALID);
    expect_message("UTF-8", "the call before");
    ck_assert_str_eq(nn_dataset_class_name(data, 0), "bag");
    const char *swapped[] = {nn_dataset_class_name(inner, 2), nn_dataset_class_name(inner, 0)};
    OK(nn_dataset_set_class_names(inner, swapped, 2)); /* its own */
    ck_assert_str_eq(nn_dataset_class_name(inner, 1), "shirt");
    OK(nn_dataset_set_class_names(inner, NULL, 0));
    ck_assert_uint_eq(nn_dataset_class_count(inner), 0);
    nn_dataset_free(data);
    nn_dataset_free(inner);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("slices");
    TCase *tcase = add_case(suite, "slices", make_directory, remove_directory);
    tcase_add_test(tcase, slices_show_their_rows);
    tcase_add_test(tcase, the_order_of_freeing_does_not_matter);
    tcase_add_test(tcase, slices_are_made_and_freed_by_4_threads_at_once);
    tcase_add_test(tcase, class_names_are_copied_and_handed_to_slices);
    return run_suite(suite);
}
