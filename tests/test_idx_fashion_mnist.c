/* Fashion-MNIST is read from the files of Debian's package dataset-fashion-mnist. Without them the program ends
 * with 77, which Meson shows as a skip. */
#include "dataset.h"
#include "idx_files.h"
#include "suite.h"
#include <stdio.h>
#include <unistd.h>

#define FASHION "/usr/share/datasets/fashion-mnist/"

static const nn_optional_integer no_other; /* label than those of the classes */

START_TEST(fashion_mnist_is_read)
{
    static const uint8_t first_labels[] = {9, 2, 1, 1, 6, 1, 4, 6, 5, 7};
    nn_dataset *data;
    OK(nn_dataset_load_idx(&data, FASHION "t10k-images-idx3-ubyte.gz",
                           FASHION "t10k-labels-idx1-ubyte.gz"));
    size_t shape[2];
    ck_assert_uint_eq(nn_dataset_rows(data), 10000);
    ck_assert_uint_eq(nn_dataset_shape(data, "x", shape, 2), 2);
    ck_assert_uint_eq(shape[0], 28);
    ck_assert_uint_eq(shape[1], 28);
    ck_assert_mem_eq(nn_dataset_column(data, "y")->values, first_labels, sizeof first_labels);
    nn_dataset_free(data);

    OK(nn_dataset_load_idx(&data, FASHION "train-images-idx3-ubyte.gz",
                           FASHION "train-labels-idx1-ubyte.gz"));
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
    OK(nn_column_check_labels(nn_dataset_column(data, "y"), 60000, 10, no_other));
    FAILS(nn_column_check_labels(nn_dataset_column(data, "y"), 60000, 9, no_other), NN_ERR_INVALID,
          "label 9 in row 0"); /* the first picture is an ankle boot */
    nn_dataset_free(data);
}
END_TEST

int main(void)
{
    if (access(FASHION "train-images-idx3-ubyte.gz", R_OK) != 0) {
        printf("SKIPPED: install Debian's dataset-fashion-mnist\n");
        return 77;
    }
    Suite *suite = suite_create("idx_fashion_mnist");
    TCase *tcase = add_case(suite, "idx_fashion_mnist", make_directory, remove_directory);
    tcase_add_test(tcase, fashion_mnist_is_read);
    return run_suite(suite);
}
