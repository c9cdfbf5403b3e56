/* Datasets: columns, slices and their references, gathering of batches, IDX files. */
#include "allocate.h"
#include "dataset.h"
#include "faults.h"
#include "suite.h"
#include "system.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define ck_assert_said(text)                                                                       \
    ck_assert_msg(strstr(nn_error_message(), (text)) != NULL, "'%s' isn't in '%s'", (text),        \
                  nn_error_message())

/* ---- files of the tests' own ---- */

static char directory[] = "/tmp/libnn-test-data-XXXXXX";
static char images_path[64], labels_path[64];

static long blocks_before, files_before;

static void setup(void)
{
    strcpy(directory, "/tmp/libnn-test-data-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(images_path, sizeof images_path, "%s/images", directory);
    snprintf(labels_path, sizeof labels_path, "%s/labels", directory);
    blocks_before = faults_live_blocks();
    files_before = faults_open_files();
}

static void nothing_leaks(void)
{
    ck_assert_int_eq(faults_live_blocks(), blocks_before);
    ck_assert_int_eq(faults_open_files(), files_before);
}

static void teardown(void)
{
    nothing_leaks();
    unlink(images_path);
    unlink(labels_path);
    ck_assert_int_eq(rmdir(directory), 0);
}

typedef struct bytes {
    uint8_t data[4096];
    size_t size;
} bytes;

static void append(bytes *to, const void *data, size_t size)
{
    ck_assert_uint_le(to->size + size, sizeof to->data);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

/* An IDX header. */
static bytes idx_header(unsigned type, size_t rank, const uint32_t *dimensions)
{
    bytes file = {.size = 4, .data = {0, 0, (uint8_t)type, (uint8_t)rank}};
    for (size_t i = 0; i < rank; i++) {
        uint32_t d = dimensions[i];
        const uint8_t big_endian[4] = {(uint8_t)(d >> 24), (uint8_t)(d >> 16), (uint8_t)(d >> 8),
                                       (uint8_t)d};
        append(&file, big_endian, 4);
    }
    return file;
}

/* A whole IDX file, whose i-th value is (7 i + 3) modulo 256, or modulo 10 if it has rank 1. */
static uint8_t value_at(size_t rank, size_t i)
{
    return (uint8_t)((7 * i + 3) % (rank == 1 ? 10 : 256));
}

static bytes idx_file(size_t rank, const uint32_t *dimensions)
{
    bytes file = idx_header(0x08, rank, dimensions);
    size_t size = 1;
    for (size_t i = 0; i < rank; i++)
        size *= dimensions[i];
    for (size_t i = 0; i < size; i++)
        append(&file, &(uint8_t){value_at(rank, i)}, 1);
    return file;
}

static bytes images_3x2x2(void)
{
    return idx_file(3, (uint32_t[]){3, 2, 2});
}

static bytes gzipped(const void *data, size_t size)
{
    bytes file = {.size = 0};
    z_stream stream = {.next_in = (Bytef *)data,
                       .avail_in = (uInt)size,
                       .next_out = file.data,
                       .avail_out = sizeof file.data};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    file.size = stream.total_out;
    deflateEnd(&stream);
    return file;
}

static bytes gzip_of(bytes plain)
{
    return gzipped(plain.data, plain.size);
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* Loads the bytes as images without labels; must fail as expected, with the file's name. */
static void images_fail(const bytes *file, nn_status expected)
{
    nn_dataset *data = (nn_dataset *)&data;
    write_file(images_path, file->data, file->size);
    nn_status status = nn_dataset_load_idx(&data, images_path, NULL);
    ck_assert_msg(status == expected, "%zu bytes: status %d, expected %d (%s)", file->size, status,
                  expected, nn_error_message());
    ck_assert_ptr_null(data);
    ck_assert_said(images_path);
    nothing_leaks();
}

static nn_dataset *load(const bytes *images, const bytes *labels)
{
    nn_dataset *data;
    write_file(images_path, images->data, images->size);
    if (labels != NULL)
        write_file(labels_path, labels->data, labels->size);
    nn_status status = nn_dataset_load_idx(&data, images_path, labels != NULL ? labels_path : NULL);
    ck_assert_msg(status == NN_OK, "%s", nn_error_message());
    return data;
}

static void has_idx_values(const nn_dataset *data, const char *column, size_t rank)
{
    size_t rows = nn_dataset_rows(data), width = nn_dataset_width(data, column);
    float values[1024];
    ck_assert_uint_le(rows * width, 1024);
    ck_assert_int_eq(nn_dataset_get_values(data, column, 0, rows, values), NN_OK);
    for (size_t i = 0; i < rows * width; i++)
        ck_assert_float_eq(values[i], (float)value_at(rank, i));
}

/* ---- arrays ---- */

START_TEST(arrays_are_described_and_read_in_their_own_type)
{
    const uint8_t x[] = {0, 1, 127, 128, 254, 255};
    const int32_t y[] = {-5, 0, 16777216};
    const float weights[] = {0.5f, 0.0f, 2.0f};
    nn_dataset *data;
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 3, x, NN_UINT8, 2, y, NN_INT32, 1), NN_OK);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1), NN_OK);
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
    ck_assert_int_eq(nn_dataset_get_values(data, "x", 1, 2, values), NN_OK);
    for (size_t i = 0; i < 4; i++)
        ck_assert_float_eq(values[i], (float)x[2 + i]);
    ck_assert_int_eq(nn_dataset_get_values(data, "y", 0, 3, values), NN_OK);
    for (size_t i = 0; i < 3; i++)
        ck_assert_float_eq(values[i], (float)y[i]);
    ck_assert_int_eq(nn_dataset_get_values(data, "sample_weight", 2, 1, values), NN_OK);
    ck_assert_float_eq(values[0], 2.0f);
    ck_assert_int_eq(nn_dataset_get_values(data, "x", 3, 0, values), NN_OK);
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
    ck_assert_int_eq(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, WIDTH, NULL, NN_FLOAT32, 0),
                     NN_OK);
    values[ROWS * WIDTH] = -1.0f;
    ck_assert_int_eq(nn_dataset_get_values(data, "x", 0, ROWS, values), NN_OK);
    ck_assert_mem_eq(values, x, sizeof x);
    ck_assert_float_eq(values[ROWS * WIDTH], -1.0f);
    nn_dataset_free(data);
}
END_TEST

START_TEST(targets_may_be_missing)
{
    const float x[] = {1, 2};
    nn_dataset *data;
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 2, x, NN_FLOAT32, 1, NULL, (nn_dtype)0, 0),
                     NN_OK);
    ck_assert_uint_eq(nn_dataset_width(data, "y"), 0);
    float values[2];
    ck_assert_int_eq(nn_dataset_get_values(data, "y", 0, 1, values), NN_ERR_INVALID);
    ck_assert_said("'y'");
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
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nn_dataset *data = (nn_dataset *)&data;
        ck_assert_int_eq(nn_dataset_from_arrays(&data, cases[i].rows, cases[i].x,
                                                (nn_dtype)cases[i].x_type, cases[i].x_width,
                                                cases[i].y, (nn_dtype)cases[i].y_type,
                                                cases[i].y_width),
                         NN_ERR_INVALID);
        ck_assert_ptr_null(data);
        ck_assert_said(cases[i].said);
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
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 2, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0),
                     NN_OK);
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
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 4, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0),
                     NN_OK);
    for (size_t i = 0; i < 4; i++) {
        float weights[4] = {1, 1, 1, 1};
        weights[i] = bad[i];
        ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1),
                         NN_ERR_INVALID);
        char said[16];
        snprintf(said, sizeof said, "row %zu", i);
        ck_assert_said(said);
        ck_assert_uint_eq(nn_dataset_width(data, "sample_weight"), 0);
    }
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", x, NN_UINT8, 1), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", x, NN_FLOAT32, 2),
                     NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_add_column(data, "x", x, NN_FLOAT32, 1), NN_ERR_INVALID);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", good, NN_FLOAT32, 1), NN_OK);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", good, NN_FLOAT32, 1),
                     NN_ERR_INVALID);
    ck_assert_said("already");
    nn_dataset_free(data);
}
END_TEST

START_TEST(a_dataset_in_use_takes_no_columns)
{
    const float x[2] = {0}, weights[2] = {1, 2};
    nn_dataset *data, *part;
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 2, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0),
                     NN_OK);
    ck_assert_int_eq(nn_dataset_slice(&part, data, 0, 1), NN_OK);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1),
                     NN_ERR_STATE);
    nn_dataset_free(part);
    nn_dataset *user = nn_dataset_retain(data);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1),
                     NN_ERR_STATE);
    nn_dataset_free(user);
    ck_assert_int_eq(nn_dataset_add_column(data, "sample_weight", weights, NN_FLOAT32, 1), NN_OK);
    ck_assert_int_eq(nn_dataset_slice(&part, data, 1, 1), NN_OK);
    float value;
    ck_assert_int_eq(nn_dataset_get_values(part, "sample_weight", 0, 1, &value), NN_OK);
    ck_assert_float_eq(value, 2.0f);
    nn_dataset_free(part);
    nn_dataset_free(data);
}
END_TEST

/* ---- slices ---- */

START_TEST(slices_show_their_rows)
{
    int32_t x[20], y[10];
    for (int32_t i = 0; i < 20; i++)
        x[i] = 100 + i;
    for (int32_t i = 0; i < 10; i++)
        y[i] = i;
    nn_dataset *data, *part, *inner;
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 10, x, NN_INT32, 2, y, NN_INT32, 1), NN_OK);
    ck_assert_int_eq(nn_dataset_slice(&part, data, 3, 6), NN_OK);
    ck_assert_int_eq(nn_dataset_slice(&inner, part, 2, 4), NN_OK); /* rows 5 ... 8 */
    ck_assert_ptr_eq(inner->whole, data);
    ck_assert_uint_eq(nn_dataset_rows(part), 6);
    ck_assert_uint_eq(nn_dataset_rows(inner), 4);
    float values[8], labels[4];
    ck_assert_int_eq(nn_dataset_get_values(inner, "x", 0, 4, values), NN_OK);
    ck_assert_int_eq(nn_dataset_get_values(inner, "y", 0, 4, labels), NN_OK);
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
    ck_assert_int_eq(nn_dataset_slice(&none, part, SIZE_MAX, 2), NN_ERR_INVALID);
    ck_assert_said("6 rows");
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
        data[0] = load(&images, NULL);
        ck_assert_int_eq(nn_dataset_slice(&data[1], data[0], 0, 3), NN_OK);
        ck_assert_int_eq(nn_dataset_slice(&data[2], data[1], 0, 2), NN_OK);
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
    nn_dataset *data = load(&images, NULL);
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
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 2, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0),
                     NN_OK);
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

    ck_assert_int_eq(nn_dataset_slice(&part, data, 1, 1), NN_OK);
    const char *kept = nn_dataset_class_name(part, 0);
    ck_assert_int_eq(nn_dataset_set_class_names(data, (const char *[]){"bag"}, 1), NN_OK);
    ck_assert_str_eq(kept, "shirt");
    ck_assert_uint_eq(nn_dataset_class_count(part), 3);
    ck_assert_int_eq(nn_dataset_slice(&inner, part, 0, 1), NN_OK);
    nn_dataset_free(part);
    ck_assert_str_eq(nn_dataset_class_name(inner, 0), "shirt");
    ck_assert_str_eq(nn_dataset_class_name(data, 0), "bag");
    ck_assert_uint_eq(nn_dataset_class_count(data), 1);

    ck_assert_int_eq(nn_dataset_set_class_names(data, (const char *[]){"a", NULL}, 2),
                     NN_ERR_INVALID);
    ck_assert_said("name 1 is NULL");
    ck_assert_int_eq(nn_dataset_set_class_names(data, (const char *[]){"\xc3("}, 1),
                     NN_ERR_INVALID);
    ck_assert_said("UTF-8");
    ck_assert_str_eq(nn_dataset_class_name(data, 0), "bag");
    const char *swapped[] = {nn_dataset_class_name(inner, 2), nn_dataset_class_name(inner, 0)};
    ck_assert_int_eq(nn_dataset_set_class_names(inner, swapped, 2), NN_OK); /* its own */
    ck_assert_str_eq(nn_dataset_class_name(inner, 1), "shirt");
    ck_assert_int_eq(nn_dataset_set_class_names(inner, NULL, 0), NN_OK);
    ck_assert_uint_eq(nn_dataset_class_count(inner), 0);
    nn_dataset_free(data);
    nn_dataset_free(inner);
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
        ck_assert_int_eq(nn_dataset_from_arrays(&data, GATHER_ROWS, arrays[t], types[t],
                                                GATHER_WIDTH, NULL, NN_FLOAT32, 0),
                         NN_OK);
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
        ck_assert_int_eq(
            nn_column_gather_labels(y, &(nn_rows){.first = 1, .count = 3}, 10, no_other, labels),
            NN_OK);
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
        ck_assert_said(said[t]);
        ck_assert_said("10 classes");
        ck_assert_int_eq(
            nn_column_gather_labels(y, &(nn_rows){.first = 2, .count = 2}, 9, no_other, labels),
            NN_ERR_INVALID);
        ck_assert_said("label 9 in row 3");
        ck_assert_int_eq(nn_column_check_labels(y, 4, 10, no_other), NN_OK);
        ck_assert_int_eq(nn_column_check_labels(y, 5, 10, no_other), NN_ERR_INVALID);
        ck_assert_said(said[t]);
        nn_dataset_free(data);
    }

    const float x[] = {0};
    nn_dataset *data;
    int32_t label;
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 1, x, NN_FLOAT32, 1, x, NN_FLOAT32, 1), NN_OK);
    const nn_column *y = nn_dataset_column(data, "y");
    ck_assert_int_eq(nn_column_gather_labels(y, &(nn_rows){.count = 1}, 10, no_other, &label),
                     NN_ERR_INVALID);
    ck_assert_int_eq(nn_column_check_labels(y, 1, 10, no_other), NN_ERR_INVALID);
    ck_assert_said("int32 or uint8");
    nn_dataset_free(data);
}
END_TEST

/* ---- IDX files ---- */

START_TEST(idx_files_are_read_plain_and_gzipped)
{
    const bytes plain = images_3x2x2(), zipped = gzip_of(plain);
    const bytes labels = idx_file(1, (uint32_t[]){3}), zipped_labels = gzip_of(labels);
    for (int i = 0; i < 4; i++) {
        nn_dataset *data = load(i & 1 ? &zipped : &plain, i & 2 ? &zipped_labels : &labels);
        size_t dimensions[3] = {0, 0, 77};
        ck_assert_uint_eq(nn_dataset_rows(data), 3);
        ck_assert_uint_eq(nn_dataset_width(data, "x"), 4);
        ck_assert_uint_eq(nn_dataset_shape(data, "x", dimensions, 3), 2);
        ck_assert_uint_eq(dimensions[0], 2);
        ck_assert_uint_eq(dimensions[1], 2);
        ck_assert_uint_eq(dimensions[2], 77);
        ck_assert_uint_eq(nn_dataset_width(data, "y"), 1);
        ck_assert_int_eq((int)nn_dataset_column(data, "x")->type, NN_UINT8);
        ck_assert_int_eq((int)nn_dataset_column(data, "y")->type, NN_UINT8);
        has_idx_values(data, "x", 3);
        has_idx_values(data, "y", 1);
        nn_dataset_free(data);
    }
}
END_TEST

START_TEST(images_may_have_any_rank_up_to_8)
{
    const uint32_t dimensions[9] = {3, 2, 1, 2, 3, 1, 2, 2, 2};
    for (size_t rank = 1; rank <= 8; rank++) {
        const bytes file = idx_file(rank, dimensions);
        nn_dataset *data = load(&file, NULL);
        size_t shape[8];
        ck_assert_uint_eq(nn_dataset_rows(data), 3);
        ck_assert_uint_eq(nn_dataset_shape(data, "x", shape, 8), rank == 1 ? 1 : rank - 1);
        if (rank == 1)
            ck_assert_uint_eq(shape[0], 1);
        for (size_t i = 1; i < rank; i++)
            ck_assert_uint_eq(shape[i - 1], dimensions[i]);
        has_idx_values(data, "x", rank);
        nn_dataset_free(data);
    }
    const bytes file = idx_file(9, dimensions);
    images_fail(&file, NN_ERR_UNSUPPORTED);
    ck_assert_said("rank 9");
}
END_TEST

START_TEST(joined_gzip_members_are_one_file)
{
    const bytes plain = images_3x2x2();
    const bytes nothing = gzipped("", 0);
    for (size_t cut = 0; cut <= plain.size; cut++) {
        bytes file = gzipped(plain.data, cut);
        append(&file, nothing.data, nothing.size);
        const bytes rest = gzipped(plain.data + cut, plain.size - cut);
        append(&file, rest.data, rest.size);
        nn_dataset *data = load(&file, NULL);
        has_idx_values(data, "x", 3);
        nn_dataset_free(data);
        file.size--;
        images_fail(&file, NN_ERR_FORMAT);
    }
}
END_TEST

START_TEST(a_file_cut_at_any_byte_is_refused)
{
    const bytes plain = images_3x2x2(), zipped = gzip_of(plain);
    const bytes labels = idx_file(1, (uint32_t[]){3}), zipped_labels = gzip_of(labels);
    bytes cut = plain;
    for (cut.size = 0; cut.size < plain.size; cut.size++)
        images_fail(&cut, NN_ERR_FORMAT);
    cut = zipped;
    for (cut.size = 0; cut.size < zipped.size; cut.size++)
        images_fail(&cut, NN_ERR_FORMAT);
    write_file(images_path, plain.data, plain.size);
    for (size_t size = 0; size < zipped_labels.size; size++) {
        nn_dataset *data;
        write_file(labels_path, zipped_labels.data, size);
        ck_assert_int_eq(nn_dataset_load_idx(&data, images_path, labels_path), NN_ERR_FORMAT);
        ck_assert_said(labels_path);
        nothing_leaks();
    }
}
END_TEST

START_TEST(a_changed_byte_never_gives_other_values)
{
    const bytes zipped = gzip_of(images_3x2x2());
    for (size_t i = 0; i < zipped.size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes changed = zipped;
            changed.data[i] ^= (uint8_t)(1 << bit);
            write_file(images_path, changed.data, changed.size);
            nn_dataset *data;
            nn_status status = nn_dataset_load_idx(&data, images_path, NULL);
            if (status == NN_OK) /* the byte meant nothing: a time, padding, ... */
                has_idx_values(data, "x", 3);
            else /* the header that comes out may also name another type */
                ck_assert(status == NN_ERR_FORMAT || status == NN_ERR_UNSUPPORTED);
            nn_dataset_free(data);
            nothing_leaks();
        }
    }
    bytes changed = zipped;
    changed.data[zipped.size - 8] ^= 1;
    images_fail(&changed, NN_ERR_FORMAT);
    ck_assert_said("data check");
}
END_TEST

START_TEST(what_follows_the_values_is_refused)
{
    bytes longer = images_3x2x2();
    append(&longer, "\0", 1);
    images_fail(&longer, NN_ERR_FORMAT);
    ck_assert_said("bytes follow");
    bytes zipped = gzip_of(longer);
    images_fail(&zipped, NN_ERR_FORMAT);
    ck_assert_said("bytes follow");

    static const char *const tails[] = {"x", "\0", "\x1f", "\x1f\x8b", "some text"};
    static const size_t sizes[] = {1, 1, 1, 2, 9};
    for (size_t i = 0; i < 5; i++) {
        bytes file = gzip_of(images_3x2x2());
        append(&file, tails[i], sizes[i]);
        images_fail(&file, NN_ERR_FORMAT);
    }
}
END_TEST

START_TEST(a_file_without_content_is_refused)
{
    const bytes empty = {.size = 0}, zipped = gzipped("", 0);
    images_fail(&empty, NN_ERR_FORMAT);
    ck_assert_said("is empty");
    images_fail(&zipped, NN_ERR_FORMAT);
    ck_assert_said("is empty");
}
END_TEST

START_TEST(what_is_not_idx_is_refused)
{
    for (unsigned type = 0; type < 256; type++) {
        if (type == 0x08)
            continue;
        const bool legal = type == 0x09 || (type >= 0x0b && type <= 0x0e);
        bytes file = idx_header(type, 1, (uint32_t[]){1});
        append(&file, "\1\2\3\4\5\6\7\10", 8);
        images_fail(&file, legal ? NN_ERR_UNSUPPORTED : NN_ERR_FORMAT);
    }
    for (unsigned i = 0; i < 2; i++) {
        bytes file = images_3x2x2();
        file.data[i] = 1;
        images_fail(&file, NN_ERR_FORMAT);
    }
    bytes rank = idx_header(0x08, 0, NULL);
    append(&rank, "\1", 1);
    images_fail(&rank, NN_ERR_FORMAT);
    rank.data[3] = 255;
    images_fail(&rank, NN_ERR_UNSUPPORTED);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t dimensions[] = {3, 2, 2};
        dimensions[i] = 0;
        const bytes file = idx_file(3, dimensions);
        images_fail(&file, NN_ERR_FORMAT);
    }
    const bytes text = {.size = 28, .data = "P5 2 2 255, an image of PGM"};
    images_fail(&text, NN_ERR_FORMAT);
    ck_assert_said("50 35 20 32");
}
END_TEST

START_TEST(what_a_header_claims_is_not_allocated)
{
    static const uint32_t claims[][8] = {
        {1u << 20, 1u << 20, 1u << 20, 1, 1, 1, 1, 1},
        {UINT32_MAX, UINT32_MAX, 1, 1, 1, 1, 1, 1},
        {1u << 31, 1u << 31, 4, 1, 1, 1, 1, 1}, /* 2^64: overflows to 0 */
        {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
         UINT32_MAX},
        {UINT32_MAX, 1, 1, 1, 1, 1, 1, 1},
    };
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        bytes file = idx_header(0x08, 8, claims[i]);
        append(&file, "some values", 11);
        size_t before = faults_bytes_asked();
        images_fail(&file, NN_ERR_FORMAT);
        const bytes zipped = gzip_of(file);
        images_fail(&zipped, NN_ERR_FORMAT);
        /* Two input buffers and two first blocks of 64 KiB each, zlib's state. */
        ck_assert_uint_le(faults_bytes_asked() - before, 400000);
    }
}
END_TEST

START_TEST(large_files_grow_to_their_size_and_no_further)
{
    enum { SIZE = 300000 };
    uint8_t *file = malloc(SIZE + 8);
    ck_assert_ptr_nonnull(file);
    memcpy(file, idx_header(0x08, 1, (uint32_t[]){SIZE}).data, 8);
    for (size_t i = 0; i < SIZE; i++)
        file[8 + i] = (uint8_t)(i * i >> 3);
    nn_dataset *data;
    write_file(images_path, file, SIZE + 8);
    ck_assert_int_eq(nn_dataset_load_idx(&data, images_path, NULL), NN_OK);
    ck_assert_mem_eq(nn_dataset_column(data, "x")->values, file + 8, SIZE);
    nn_dataset_free(data);
    write_file(images_path, file, SIZE + 7);
    ck_assert_int_eq(nn_dataset_load_idx(&data, images_path, NULL), NN_ERR_FORMAT);
    ck_assert_said("299999 values");
    ck_assert_said("300000");
    free(file);
}
END_TEST

START_TEST(images_and_labels_are_equally_many)
{
    const bytes images = images_3x2x2(), labels = idx_file(1, (uint32_t[]){5});
    nn_dataset *data;
    write_file(images_path, images.data, images.size);
    write_file(labels_path, labels.data, labels.size);
    ck_assert_int_eq(nn_dataset_load_idx(&data, images_path, labels_path), NN_ERR_SHAPE);
    ck_assert_said("3 rows");
    ck_assert_said("5");
    ck_assert_ptr_null(data);
    nothing_leaks();
    ck_assert_int_eq(nn_dataset_load_idx(&data, images_path, images_path), NN_ERR_FORMAT);
    ck_assert_said("rank 3, expected 1");
}
END_TEST

START_TEST(files_that_cannot_be_read_are_named)
{
    nn_dataset *data;
    ck_assert_int_eq(nn_dataset_load_idx(&data, images_path, NULL), NN_ERR_IO);
    ck_assert_said(images_path);
    ck_assert_said("No such file");
    ck_assert_int_eq(nn_dataset_load_idx(&data, directory, NULL), NN_ERR_IO);
    ck_assert_said(directory);
}
END_TEST

/* A read that is interrupted every other time and gives at most 3 bytes. */
static ssize_t hesitant_read(int file, void *buffer, size_t size)
{
    static bool interrupt;
    interrupt = !interrupt;
    if (interrupt) {
        errno = EINTR;
        return -1;
    }
    return nn_system_default.read(file, buffer, size < 3 ? size : 3);
}

static ssize_t byte_read(int file, void *buffer, size_t size)
{
    return nn_system_default.read(file, buffer, size < 1 ? size : 1);
}

START_TEST(short_and_interrupted_reads_are_taken_up_again)
{
    const bytes plain = images_3x2x2(), labels = gzip_of(idx_file(1, (uint32_t[]){3}));
    for (int i = 0; i < 2; i++) {
        nn_system_calls.read = i == 0 ? hesitant_read : byte_read;
        nn_dataset *data = load(&plain, &labels);
        has_idx_values(data, "x", 3);
        has_idx_values(data, "y", 1);
        nn_dataset_free(data);
    }
    faults_reset();
}
END_TEST

/* ---- every call that can fail, failing ---- */

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

/* ---- Fashion-MNIST ---- */

#define FASHION "/usr/share/datasets/fashion-mnist/"

START_TEST(fashion_mnist_is_read)
{
    static const uint8_t first_labels[] = {9, 2, 1, 1, 6, 1, 4, 6, 5, 7};
    nn_dataset *data;
    ck_assert_int_eq(nn_dataset_load_idx(&data, FASHION "t10k-images-idx3-ubyte.gz",
                                         FASHION "t10k-labels-idx1-ubyte.gz"),
                     NN_OK);
    size_t shape[2];
    ck_assert_uint_eq(nn_dataset_rows(data), 10000);
    ck_assert_uint_eq(nn_dataset_shape(data, "x", shape, 2), 2);
    ck_assert_uint_eq(shape[0], 28);
    ck_assert_uint_eq(shape[1], 28);
    ck_assert_mem_eq(nn_dataset_column(data, "y")->values, first_labels, sizeof first_labels);
    nn_dataset_free(data);

    ck_assert_int_eq(nn_dataset_load_idx(&data, FASHION "train-images-idx3-ubyte.gz",
                                         FASHION "train-labels-idx1-ubyte.gz"),
                     NN_OK);
    ck_assert_uint_eq(nn_dataset_rows(data), 60000);
    const uint8_t *x = nn_dataset_column(data, "x")->values;
    const uint8_t *y = nn_dataset_column(data, "y")->values;
    size_t sum = 0, counts[256] = {0};
    for (size_t i = 0; i < 60000 * 784; i++)
        sum += x[i];
    for (size_t i = 0; i < 60000; i++)
        counts[y[i]]++;
    for (size_t i = 0; i < 10; i++)
        ck_assert_uint_eq(counts[i], 6000);
    /* the mean that is published for normalizing it is 0.2860 */
    ck_assert_double_eq_tol((double)sum / (60000.0 * 784 * 255), 0.2860, 0.00005);
    ck_assert_int_eq(nn_column_check_labels(nn_dataset_column(data, "y"), 60000, 10, no_other),
                     NN_OK);
    ck_assert_int_eq(nn_column_check_labels(nn_dataset_column(data, "y"), 60000, 9, no_other),
                     NN_ERR_INVALID);
    ck_assert_said("label 9 in row 0"); /* the first picture is an ankle boot */
    nn_dataset_free(data);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("data");

    TCase *arrays = add_case(suite, "arrays");
    tcase_add_test(arrays, arrays_are_described_and_read_in_their_own_type);
    tcase_add_test(arrays, get_values_reads_more_than_one_piece);
    tcase_add_test(arrays, targets_may_be_missing);
    tcase_add_test(arrays, wrong_arrays_are_refused);
    tcase_add_test(arrays, every_function_survives_null);
    tcase_add_test(arrays, sample_weights_are_finite_and_not_negative);
    tcase_add_test(arrays, a_dataset_in_use_takes_no_columns);

    TCase *slices = add_case(suite, "slices");
    tcase_add_test(slices, slices_show_their_rows);
    tcase_add_test(slices, the_order_of_freeing_does_not_matter);
    tcase_add_test(slices, slices_are_made_and_freed_by_4_threads_at_once);
    tcase_add_test(slices, class_names_are_copied_and_handed_to_slices);

    TCase *gathering = add_case(suite, "gathering");
    tcase_add_test(gathering, gathering_turns_every_type_to_real);
    tcase_add_test(gathering, labels_are_gathered_and_checked);

    TCase *idx = add_case(suite, "idx");
    tcase_add_test(idx, idx_files_are_read_plain_and_gzipped);
    tcase_add_test(idx, images_may_have_any_rank_up_to_8);
    tcase_add_test(idx, joined_gzip_members_are_one_file);
    tcase_add_test(idx, a_file_cut_at_any_byte_is_refused);
    tcase_add_test(idx, a_changed_byte_never_gives_other_values);
    tcase_add_test(idx, what_follows_the_values_is_refused);
    tcase_add_test(idx, a_file_without_content_is_refused);
    tcase_add_test(idx, what_is_not_idx_is_refused);
    tcase_add_test(idx, what_a_header_claims_is_not_allocated);
    tcase_add_test(idx, large_files_grow_to_their_size_and_no_further);
    tcase_add_test(idx, images_and_labels_are_equally_many);
    tcase_add_test(idx, files_that_cannot_be_read_are_named);
    tcase_add_test(idx, short_and_interrupted_reads_are_taken_up_again);

    TCase *faults = add_case(suite, "faults");
    tcase_add_test(faults, nothing_leaks_when_any_allocation_fails);
    tcase_add_test(faults, nothing_leaks_when_any_file_call_fails);

    if (access(FASHION "train-images-idx3-ubyte.gz", R_OK) == 0)
        tcase_add_test(add_case(suite, "fashion_mnist"), fashion_mnist_is_read);
    else
        printf("SKIPPED fashion_mnist_is_read: install Debian's dataset-fashion-mnist\n");
    return run_suite(suite);
}
