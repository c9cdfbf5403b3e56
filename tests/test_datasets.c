/* Datasets of arrays: their columns, what is refused, sample weights, batches gathered from them. */
#include "dataset.h"
#include "idx_files.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>

/* ---- arrays ---- */

START_TEST(arrays_are_described_and_read_in_their_own_type)
{
    const uint8_t x[] = {0, 1, 127, 128, 254, 255};
    const int32_t y[] = {-5, 0, 16777216};
    const float weights[] = {0.5f, 0.0f, 2.0f};
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, 3, x, NN_UINT8, 2, y, NN_INT32, 1));
    OK(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1));
    ck_assert_uint_eq(nn_dataset_rows(data), 3);
    ck_assert_uint_eq(nn_dataset_width(data, "x"), 2);
    ck_assert_uint_eq(nn_dataset_width(data, "y"), 1);
    ck_assert_uint_eq(nn_dataset_width(data, "sample_weight"), 1);
    ck_assert_uint_eq(nn_dataset_width(data, "z"), 0);
    ck_assert_ptr_eq(nn_dataset_column(data, "x")->values, x);

    size_t dimensions[2] = {77, 77};
    ck_assert_uint_eq(nn_dataset_shape(data, "x", dimensions, 2), 1);
    ck_assert_uint_eq(dimensions[0], 2);
    ck_assert_uint_eq(dimensions[1], 77);
    ck_assert_uint_eq(nn_dataset_shape(data, "x", NULL, 0), 1);
    ck_assert_uint_eq(nn_dataset_shape(data, "z", dimensions, 2), 0);

    float values[6];
    OK(nn_dataset_get_values(data, "x", 1, 2, values));
    for (size_t i = 0; i < 4; i++)
        ck_assert_float_eq(values[i], (float)x[2 + i]);
    OK(nn_dataset_get_values(data, "y", 0, 3, values));
    for (size_t i = 0; i < 3; i++)
        ck_assert_float_eq(values[i], (float)y[i]);
    OK(nn_dataset_get_values(data, "sample_weight", 2, 1, values));
    ck_assert_float_eq(values[0], 2.0f);
    OK(nn_dataset_get_values(data, "x", 3, 0, values));
    nn_dataset_free(data);
}
END_TEST

START_TEST(get_values_reads_more_than_one_piece)
{
    enum { ROWS = 7, WIDTH = 150 }; /* 1050 values: four pieces of 256, and a rest */
    float x[ROWS * WIDTH], values[ROWS * WIDTH + 1];
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        x[i] = (float)i * 0.1f;
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, WIDTH, NULL, NN_FLOAT32, 0));
    values[ROWS * WIDTH] = -1.0f;
    OK(nn_dataset_get_values(data, "x", 0, ROWS, values));
    ck_assert_mem_eq(values, x, sizeof x);
    ck_assert_float_eq(values[ROWS * WIDTH], -1.0f);
    nn_dataset_free(data);
}
END_TEST

START_TEST(targets_may_be_missing)
{
    const float x[] = {1, 2};
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, 2, x, NN_FLOAT32, 1, NULL, (nn_dtype)0, 0));
    ck_assert_uint_eq(nn_dataset_width(data, "y"), 0);
    float values[2];
    FAILS(nn_dataset_get_values(data, "y", 0, 1, values), NN_ERR_INVALID, "'y'");
    nn_dataset_free(data);
}
END_TEST

START_TEST(wrong_arrays_are_refused)
{
    const float x[4] = {0};
    const struct {
        size_t rows;
        const void *x;
        int x_type;
        size_t x_width;
        const void *y;
        int y_type;
        size_t y_width;
        const char *said;
    } cases[] = {
        {0, x, NN_FLOAT32, 1, x, NN_FLOAT32, 1, "rows is 0"},
        {1, NULL, NN_FLOAT32, 1, x, NN_FLOAT32, 1, "'x': values are NULL"},
        {1, x, 0, 1, x, NN_FLOAT32, 1, "'x': unknown type 0"},
        {1, x, 4, 1, x, NN_FLOAT32, 1, "'x': unknown type 4"},
        {1, x, NN_FLOAT32, 0, x, NN_FLOAT32, 1, "'x': width is 0"},
        {1, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 1, "'y': values are NULL"},
        {1, x, NN_FLOAT32, 1, x, NN_FLOAT32, 0, "'y': width is 0"},
        {1, x, NN_FLOAT32, 1, x, -1, 1, "'y': unknown type -1"},
        {SIZE_MAX, x, NN_FLOAT32, 2, x, NN_FLOAT32, 1, "'x'"},
        {SIZE_MAX / 4 + 1, x, NN_FLOAT32, 1, x, NN_FLOAT32, 1, "'x'"},
        {SIZE_MAX / 4, x, NN_UINT8, 1, x, NN_FLOAT32, 5, "'y'"},
        {1, x, NN_UINT8, (size_t)1 << 31, x, NN_FLOAT32, 1, "x"}, /* BLAS counts in int */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_dataset *data = (nn_dataset *)&data;
        ck_assert_int_eq(nn_dataset_from_arrays(&data, cases[i].rows, cases[i].x,
                                                (nn_dtype)cases[i].x_type, cases[i].x_width,
                                                cases[i].y, (nn_dtype)cases[i].y_type,
                                                cases[i].y_width),
                         NN_ERR_INVALID);
        ck_assert_ptr_null(data);
        expect_message(cases[i].said, "the call before");
    }
}
END_TEST

START_TEST(every_function_survives_null)
{
    const float x[2] = {0, 1};
    float values[2];
    nn_dataset *data, *part = (nn_dataset *)&part;
    ck_assert_int_eq(nn_dataset_from_arrays(NULL, 2, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0),
                     NN_ERR_INVALID);
    OK(nn_dataset_from_arrays(&data, 2, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0));
    ck_assert_int_eq(nn_dataset_add_column(NULL, "sample_weight", x, NN_FLOAT32, 1),
                     NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_add_column(data, NULL, x, NN_FLOAT32, 1), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", NULL, NN_FLOAT32, 1),
                     NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_load_idx(NULL, images_path, NULL), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_load_idx(&part, NULL, NULL), NN_ERR_INVALID);
    ck_assert_ptr_null(part);
    ck_assert_int_eq(nn_dataset_slice(NULL, data, 0, 1), NN_ERR_INVALID);
    part = (nn_dataset *)&part;
    ck_assert_int_eq(nn_dataset_slice(&part, NULL, 0, 1), NN_ERR_INVALID);
    ck_assert_ptr_null(part);
    ck_assert_uint_eq(nn_dataset_rows(NULL), 0);
    ck_assert_uint_eq(nn_dataset_width(NULL, "x"), 0);
    ck_assert_uint_eq(nn_dataset_width(data, NULL), 0);
    ck_assert_uint_eq(nn_dataset_shape(NULL, "x", NULL, 0), 0);
    ck_assert_uint_eq(nn_dataset_shape(data, NULL, NULL, 0), 0);
    ck_assert_uint_eq(nn_dataset_shape(data, "x", NULL, 1), 1);
    ck_assert_int_eq(nn_dataset_get_values(NULL, "x", 0, 1, values), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_get_values(data, NULL, 0, 1, values), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_get_values(data, "x", 0, 1, NULL), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_set_class_names(NULL, (const char *[]){"a"}, 1), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_set_class_names(data, NULL, 1), NN_ERR_INVALID);
    ck_assert_uint_eq(nn_dataset_class_count(NULL), 0);
    ck_assert_ptr_null(nn_dataset_class_name(NULL, 0));
    nn_dataset_free(NULL);
    nn_dataset_free(data);
}
END_TEST

START_TEST(sample_weights_are_finite_and_not_negative)
{
    const float x[4] = {0}, good[4] = {0, 1, 0.25f, 1e30f};
    const float bad[] = {-1e-30f, NAN, INFINITY, -INFINITY};
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, 4, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0));
    for (size_t i = 0; i < 4; i++) {
        float weights[4] = {1, 1, 1, 1};
        weights[i] = bad[i];
        ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1),
                         NN_ERR_INVALID);
        char said[16];
        snprintf(said, sizeof said, "row %zu", i);
        expect_message(said, "the call before");
        ck_assert_uint_eq(nn_dataset_width(data, "sample_weight"), 0);
    }
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", x, NN_UINT8, 1), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", x, NN_FLOAT32, 2),
                     NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_add_column(data, "x", x, NN_FLOAT32, 1), NN_ERR_INVALID);
    OK(nn_dataset_add_column(data, "sample_weight", good, NN_FLOAT32, 1));
    FAILS(nn_dataset_add_column(data, "sample_weight", good, NN_FLOAT32, 1), NN_ERR_INVALID,
          "already");
    nn_dataset_free(data);
}
END_TEST

START_TEST(a_dataset_in_use_takes_no_columns)
{
    const float x[2] = {0}, weights[2] = {1, 2};
    nn_dataset *data, *part;
    OK(nn_dataset_from_arrays(&data, 2, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0));
    OK(nn_dataset_slice(&part, data, 0, 1));
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1),
                     NN_ERR_STATE);
    nn_dataset_free(part);
    nn_dataset *user = nn_dataset_retain(data);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1),
                     NN_ERR_STATE);
    nn_dataset_free(user);
    OK(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1));
    OK(nn_dataset_slice(&part, data, 1, 1));
    float value;
    OK(nn_dataset_get_values(part, "sample_weight", 0, 1, &value));
    ck_assert_float_eq(value, 2.0f);
    nn_dataset_free(part);
    nn_dataset_free(data);
}
END_TEST

/* ---- gathering ---- */

enum { GATHER_ROWS = 5, GATHER_WIDTH = 37 };

START_TEST(gathering_turns_every_type_to_real)
{
    static const size_t order[] = {4, 0, 0, 3};
    uint8_t bytes_in[GATHER_ROWS * GATHER_WIDTH];
    int32_t ints[GATHER_ROWS * GATHER_WIDTH];
    float floats[GATHER_ROWS * GATHER_WIDTH];
    double expected[3][GATHER_ROWS * GATHER_WIDTH];
    for (size_t i = 0; i < GATHER_ROWS * GATHER_WIDTH; i++) {
        expected[0][i] = bytes_in[i] = (uint8_t)(i * 37);
        expected[1][i] = ints[i] = (int32_t)i * 90001 - 8000000; /* exact in a float */
        expected[2][i] = floats[i] = (float)i * -0.37f;
    }
    const void *arrays[] = {bytes_in, ints, floats};
    const nn_dtype types[] = {NN_UINT8, NN_INT32, NN_FLOAT32};
    for (size_t t = 0; t < 3; t++) {
        nn_dataset *data;
        nn_real values[4 * GATHER_WIDTH];
        OK(nn_dataset_from_arrays(&data, GATHER_ROWS, arrays[t], types[t], GATHER_WIDTH, NULL,
                                  NN_FLOAT32, 0));
        const nn_column *column = nn_dataset_column(data, "x");
        nn_column_gather(column, &(nn_rows){.first = 1, .count = 4}, values);
        for (size_t i = 0; i < 4 * GATHER_WIDTH; i++)
            ck_assert_double_eq((double)values[i], expected[t][GATHER_WIDTH + i]);
        nn_column_gather(column, &(nn_rows){.order = order, .count = 4}, values);
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < GATHER_WIDTH; j++)
                ck_assert_double_eq((double)values[i * GATHER_WIDTH + j],
                                    expected[t][order[i] * GATHER_WIDTH + j]);
        nn_dataset_free(data);
    }
}
END_TEST

static const nn_optional_integer no_other; /* label than those of the classes */

START_TEST(labels_are_gathered_and_checked)
{
    const uint8_t small[] = {0, 1, 2, 9, 255};
    const int32_t large[] = {0, 1, 2, 9, -1};
    const size_t order[] = {3, 0, 4};
    const void *arrays[] = {small, large};
    const nn_dtype types[] = {NN_UINT8, NN_INT32};
    const char *said[] = {"label 255 in row 4", "label -1 in row 4"};
    for (size_t t = 0; t < 2; t++) {
        nn_dataset *data;
        int32_t labels[5] = {-7, -7, -7, -7, -7};
        ck_assert_int_eq(
            nn_dataset_from_arrays(&data, 5, small, NN_UINT8, 1, arrays[t], types[t], 1), NN_OK);
        const nn_column *y = nn_dataset_column(data, "y");
        OK(nn_column_gather_labels(y, &(nn_rows){.first = 1, .count = 3}, 10, no_other, labels));
        ck_assert_int_eq(labels[0], 1);
        ck_assert_int_eq(labels[2], 9);
        ck_assert_int_eq(labels[3], -7);
        ck_assert_int_eq(nn_column_gather_labels(y, &(nn_rows){.order = order, .count = 2}, 10,
                                                 no_other, labels),
                         NN_OK);
        ck_assert_int_eq(labels[0], 9);
        ck_assert_int_eq(labels[1], 0);
        ck_assert_int_eq(nn_column_gather_labels(y, &(nn_rows){.order = order, .count = 3}, 10,
                                                 no_other, labels),
                         NN_ERR_INVALID);
        expect_message(said[t], "the call before");
        expect_message("10 classes", "the call before");
        FAILS(nn_column_gather_labels(y, &(nn_rows){.first = 2, .count = 2}, 9, no_other, labels),
              NN_ERR_INVALID, "label 9 in row 3");
        OK(nn_column_check_labels(y, 4, 10, no_other));
        FAILS(nn_column_check_labels(y, 5, 10, no_other), NN_ERR_INVALID, said[t]);
        nn_dataset_free(data);
    }

    const float x[] = {0};
    nn_dataset *data;
    int32_t label;
    OK(nn_dataset_from_arrays(&data, 1, x, NN_FLOAT32, 1, x, NN_FLOAT32, 1));
    const nn_column *y = nn_dataset_column(data, "y");
    ck_assert_int_eq(nn_column_gather_labels(y, &(nn_rows){.count = 1}, 10, no_other, &label),
                     NN_ERR_INVALID);
    FAILS(nn_column_check_labels(y, 1, 10, no_other), NN_ERR_INVALID, "int32 or uint8");
    nn_dataset_free(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("datasets");
    TCase *tcase = add_case(suite, "arrays", make_directory, remove_directory);
    tcase_add_test(tcase, arrays_are_described_and_read_in_their_own_type);
    tcase_add_test(tcase, get_values_reads_more_than_one_piece);
    tcase_add_test(tcase, targets_may_be_missing);
    tcase_add_test(tcase, wrong_arrays_are_refused);
    tcase_add_test(tcase, every_function_survives_null);
    tcase_add_test(tcase, sample_weights_are_finite_and_not_negative);
    tcase_add_test(tcase, a_dataset_in_use_takes_no_columns);

    tcase = add_case(suite, "gathering", make_directory, remove_directory);
    tcase_add_test(tcase, gathering_turns_every_type_to_real);
    tcase_add_test(tcase, labels_are_gathered_and_checked);
    return run_suite(suite);
}
