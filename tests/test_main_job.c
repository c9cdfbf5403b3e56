/* The main job in small: a part of Fashion-MNIST is learnt from the files that Debian's package
 * dataset-fashion-mnist brings. Without them the program ends with 77, which Meson shows as a skip. */
#include "fitting.h"
#include <stdio.h>
#include <unistd.h>

static const char images[] = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";
static const char labels[] = "/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz";

START_TEST(main_job_learns_from_2000_garments)
{
    nn_dataset *whole;
    nn_history *history;
    OK(nn_dataset_load_idx(&whole, images, labels));
    nn_dataset *garments = slice_of(whole, 0, 2000);
    nn_dataset_free(whole);
    nn_model *model =
        make_model(1,
                   "rescaling scale=0.00392156862745098 input_shape=(28,28); flatten;"
                   "dense units=300 activation=relu; dense units=100 activation=relu;"
                   "dense units=10 activation=softmax",
                   "sgd learning_rate=0.01", "sparse_categorical_crossentropy", "accuracy");
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 5;
    OK(nn_fit(model, garments, &options, &history));
    double values[2];
    OK(nn_evaluate(model, garments, values, 2));
    ck_assert_msg(values[1] > 0.7, "accuracy %g", values[1]); /* chance is 0.1 */
    nn_history_free(history);
    nn_dataset_free(garments);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    if (access(images, R_OK) != 0 || access(labels, R_OK) != 0) {
        printf("SKIPPED: %s can't be read (package dataset-fashion-mnist)\n", images);
        return 77;
    }
    Suite *suite = suite_create("main_job");
    TCase *tests = tcase_create("main_job");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, main_job_learns_from_2000_garments);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
