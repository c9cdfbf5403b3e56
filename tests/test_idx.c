/* IDX files: plain and gzipped, cut, changed, too large for their header, read in small pieces. */
#include "dataset.h"
#include "faults.h"
#include "idx_files.h"
#include "suite.h"
#include "system.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

START_TEST(idx_files_are_read_plain_and_gzipped)
{
    const bytes plain = images_3x2x2(), zipped = gzip_of(plain);
    const bytes labels = idx_file(1, (uint32_t[]){3}), zipped_labels = gzip_of(labels);
    for (int i = 0; i < 4; i++) {
        nn_dataset *data = load_idx(i & 1 ? &zipped : &plain, i & 2 ? &zipped_labels : &labels);
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
        nn_dataset *data = load_idx(&file, NULL);
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
    expect_message("rank 9", "the call before");
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
        nn_dataset *data = load_idx(&file, NULL);
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
        FAILS(nn_dataset_load_idx(&data, images_path, labels_path), NN_ERR_FORMAT, labels_path);
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
    expect_message("data check", "the call before");
}
END_TEST

START_TEST(what_follows_the_values_is_refused)
{
    bytes longer = images_3x2x2();
    append(&longer, "\0", 1);
    images_fail(&longer, NN_ERR_FORMAT);
    expect_message("bytes follow", "the call before");
    bytes zipped = gzip_of(longer);
    images_fail(&zipped, NN_ERR_FORMAT);
    expect_message("bytes follow", "the call before");

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
    expect_message("is empty", "the call before");
    images_fail(&zipped, NN_ERR_FORMAT);
    expect_message("is empty", "the call before");
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
    expect_message("50 35 20 32", "the call before");
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
    for (size_t i = 0; i < COUNT(claims); i++) {
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
    OK(nn_dataset_load_idx(&data, images_path, NULL));
    ck_assert_mem_eq(nn_dataset_column(data, "x")->values, file + 8, SIZE);
    nn_dataset_free(data);
    write_file(images_path, file, SIZE + 7);
    FAILS(nn_dataset_load_idx(&data, images_path, NULL), NN_ERR_FORMAT, "299999 values");
    expect_message("300000", "the call before");
    free(file);
}
END_TEST

START_TEST(images_and_labels_are_equally_many)
{
    const bytes images = images_3x2x2(), labels = idx_file(1, (uint32_t[]){5});
    nn_dataset *data;
    write_file(images_path, images.data, images.size);
    write_file(labels_path, labels.data, labels.size);
    FAILS(nn_dataset_load_idx(&data, images_path, labels_path), NN_ERR_SHAPE, "3 rows");
    expect_message("5", "the call before");
    ck_assert_ptr_null(data);
    nothing_leaks();
    FAILS(nn_dataset_load_idx(&data, images_path, images_path), NN_ERR_FORMAT,
          "rank 3, expected 1");
}
END_TEST

START_TEST(files_that_cannot_be_read_are_named)
{
    nn_dataset *data;
    FAILS(nn_dataset_load_idx(&data, images_path, NULL), NN_ERR_IO, images_path);
    expect_message("No such file", "the call before");
    FAILS(nn_dataset_load_idx(&data, directory, NULL), NN_ERR_IO, directory);
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
        nn_dataset *data = load_idx(&plain, &labels);
        has_idx_values(data, "x", 3);
        has_idx_values(data, "y", 1);
        nn_dataset_free(data);
    }
    faults_reset();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("idx");
    TCase *tcase = add_case(suite, "idx", make_directory, remove_directory);
    tcase_add_test(tcase, idx_files_are_read_plain_and_gzipped);
    tcase_add_test(tcase, images_may_have_any_rank_up_to_8);
    tcase_add_test(tcase, joined_gzip_members_are_one_file);
    tcase_add_test(tcase, a_file_cut_at_any_byte_is_refused);
    tcase_add_test(tcase, a_changed_byte_never_gives_other_values);
    tcase_add_test(tcase, what_follows_the_values_is_refused);
    tcase_add_test(tcase, a_file_without_content_is_refused);
    tcase_add_test(tcase, what_is_not_idx_is_refused);
    tcase_add_test(tcase, what_a_header_claims_is_not_allocated);
    tcase_add_test(tcase, large_files_grow_to_their_size_and_no_further);
    tcase_add_test(tcase, images_and_labels_are_equally_many);
    tcase_add_test(tcase, files_that_cannot_be_read_are_named);
    tcase_add_test(tcase, short_and_interrupted_reads_are_taken_up_again);
    return run_suite(suite);
}
