#include "job_rows.h"
#include "bench_fail.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { VALIDATION_ROWS = 5000 };

/* Whoever reads a class past the net's outputs would read or write past its memory. */
static void check_rows(const struct job_options *options, const nn_dataset *data)
{
    const size_t rows = nn_dataset_rows(data);
    const size_t inputs = options->widths[0], classes = options->widths[options->width_count - 1];
    if (nn_dataset_width(data, "x") != inputs)
        bench_fail("%s: rows have %zu values, the net has %zu inputs", options->data,
                   nn_dataset_width(data, "x"), inputs);
    float *labels = bench_floats(rows);
    bench_demand(nn_dataset_get_values(data, "y", 0, rows, labels), "nn_dataset_get_values");
    for (size_t i = 0; i < rows; i++)
        if (labels[i] >= (float)classes)
            bench_fail("%s: there is a class %g, the net has %zu outputs", options->data,
                       (double)labels[i], classes);
    free(labels);
}

/* Each file as Debian has it, gzipped, or plain if there is no such file. */
static nn_dataset *load(const struct job_options *options, const char *part)
{
    char names[2][PATH_MAX];
    static const char *const kinds[2] = {"images-idx3", "labels-idx1"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(names[i], PATH_MAX, "%s/%s-%s-ubyte.gz", options->data, part, kinds[i]);
        if (access(names[i], R_OK) != 0)
            snprintf(names[i], PATH_MAX, "%s/%s-%s-ubyte", options->data, part, kinds[i]);
    }
    nn_dataset *data;
    bench_demand(nn_dataset_load_idx(&data, names[0], names[1]), "nn_dataset_load_idx");
    check_rows(options, data);
    return data;
}

nn_dataset *job_train_rows(const struct job_options *options)
{
    nn_dataset *whole = load(options, "train"), *part;
    const size_t rows = nn_dataset_rows(whole);
    if (rows <= VALIDATION_ROWS || options->rows > rows - VALIDATION_ROWS)
        bench_fail("%s: there are too few training rows", options->data);
    const size_t count = options->rows > 0 ? options->rows : rows - VALIDATION_ROWS;
    bench_demand(nn_dataset_slice(&part, whole, VALIDATION_ROWS, count), "nn_dataset_slice");
    nn_dataset_free(whole);
    return part;
}

nn_dataset *job_test_rows(const struct job_options *options)
{
    return load(options, "t10k");
}
