#include "idx_files.h"
#include "dataset.h"
#include "faults.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

char directory[] = "/tmp/libnn-test-data-XXXXXX";
char images_path[64], labels_path[64];

static long blocks_before, files_before;

void make_directory(void)
{
    strcpy(directory, "/tmp/libnn-test-data-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(images_path, sizeof images_path, "%s/images", directory);
    snprintf(labels_path, sizeof labels_path, "%s/labels", directory);
    blocks_before = faults_live_blocks();
    files_before = faults_open_files();
}

void nothing_leaks(void)
{
    ck_assert_int_eq(faults_live_blocks(), blocks_before);
    ck_assert_int_eq(faults_open_files(), files_before);
}

void remove_directory(void)
{
    nothing_leaks();
    unlink(images_path);
    unlink(labels_path);
    ck_assert_int_eq(rmdir(directory), 0);
}

void append(bytes *to, const void *data, size_t size)
{
    ck_assert_uint_le(to->size + size, sizeof to->data);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

bytes idx_header(unsigned type, size_t rank, const uint32_t *dimensions)
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

uint8_t value_at(size_t rank, size_t i)
{
    return (uint8_t)((7 * i + 3) % (rank == 1 ? 10 : 256));
}

bytes idx_file(size_t rank, const uint32_t *dimensions)
{
    bytes file = idx_header(0x08, rank, dimensions);
    size_t size = 1;
    for (size_t i = 0; i < rank; i++)
        size *= dimensions[i];
    for (size_t i = 0; i < size; i++)
        append(&file, &(uint8_t){value_at(rank, i)}, 1);
    return file;
}

bytes images_3x2x2(void)
{
    return idx_file(3, (uint32_t[]){3, 2, 2});
}

bytes gzipped(const void *data, size_t size)
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

bytes gzip_of(bytes plain)
{
    return gzipped(plain.data, plain.size);
}

void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

void images_fail(const bytes *file, nn_status expected)
{
    nn_dataset *data = (nn_dataset *)&data;
    write_file(images_path, file->data, file->size);
    nn_status status = nn_dataset_load_idx(&data, images_path, NULL);
    ck_assert_msg(status == expected, "%zu bytes: status %d, expected %d (%s)", file->size, status,
                  expected, nn_error_message());
    ck_assert_ptr_null(data);
    expect_message(images_path, "images");
    nothing_leaks();
}

nn_dataset *load_idx(const bytes *images, const bytes *labels)
{
    nn_dataset *data;
    write_file(images_path, images->data, images->size);
    if (labels != NULL)
        write_file(labels_path, labels->data, labels->size);
    nn_status status = nn_dataset_load_idx(&data, images_path, labels != NULL ? labels_path : NULL);
    OK(status);
    return data;
}

void has_idx_values(const nn_dataset *data, const char *column, size_t rank)
{
    size_t rows = nn_dataset_rows(data), width = nn_dataset_width(data, column);
    float values[1024];
    ck_assert_uint_le(rows * width, 1024);
    OK(nn_dataset_get_values(data, column, 0, rows, values));
    for (size_t i = 0; i < rows * width; i++)
        ck_assert_float_eq(values[i], (float)value_at(rank, i));
}
