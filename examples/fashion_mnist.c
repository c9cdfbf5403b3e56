/*
 * Fashion-MNIST: tells ten kinds of garments apart on pictures of 28 x 28 pixels.
 *
 *     fashion_mnist [--epochs N] [--seed N] [--data DIR] [--output DIR]
 *
 * The job is the one in Geron's Hands-On Machine Learning: it validates on the first 5,000 training
 * rows, trains on the other 55,000 and tests on 10,000. Into the output directory it writes
 *
 *     fashion_mnist.safetensors   the trained model
 *     history.csv                 loss and accuracy of every epoch
 *     learning_curves.png         the same as a picture
 *     garments.png                some test garments with their true and predicted names
 *
 * gnuplot draws the pictures from the .gp and .dat files beside them.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "example.h"
#include "fashion_data.h"
#include "pictures.h"

enum { VALIDATION_ROWS = 5000 };

struct options {
    size_t epochs;
    uint64_t seed;
    const char *data;
    const char *output;
};

struct job {
    nn_dataset *whole;      /* all 60,000 training rows */
    nn_dataset *validation; /* the first 5,000 of them */
    nn_dataset *train;      /* the others */
    nn_dataset *test;
    nn_model *model;
};

/* As TRY, for a call that sets errno. */
static int failed_on(const char *name)
{
    fprintf(stderr, "fashion_mnist: %s: %s\n", name, strerror(errno));
    return 0;
}

static void usage(FILE *to)
{
    fputs("usage: fashion_mnist [--epochs N] [--seed N] [--data DIR] [--output DIR]\n"
          "  --epochs N    epochs to train (30)\n"
          "  --seed N      seed of weights and shuffling (1)\n"
          "  --data DIR    directory of the four IDX files (" FASHION_MNIST ")\n"
          "  --output DIR  where the model, history and pictures go (.)\n",
          to);
}

/* A whole number of at least minimum, or the end of the program. */
static uint64_t parse_number(const char *option, const char *text, uint64_t minimum)
{
    char *end;
    errno = 0;
    const uintmax_t number = strtoumax(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || strchr(text, '-') != NULL ||
        number > UINT64_MAX || number < minimum) {
        fprintf(stderr, "fashion_mnist: --%s takes a whole number from %" PRIu64 " on, not '%s'\n",
                option, minimum, text);
        exit(2);
    }
    return (uint64_t)number;
}

static struct options parse_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"epochs", required_argument, NULL, 'e'}, {"seed", required_argument, NULL, 's'},
        {"data", required_argument, NULL, 'd'},   {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    struct options options = {.epochs = 30, .seed = 1, .data = FASHION_MNIST, .output = "."};
    int option;
    while ((option = getopt_long(argc, argv, "e:s:d:o:h", known, NULL)) != -1) {
        switch (option) {
        case 'e':
            options.epochs = (size_t)parse_number("epochs", optarg, 1);
            break;
        case 's':
            options.seed = parse_number("seed", optarg, 0);
            break;
        case 'd':
            options.data = optarg;
            break;
        case 'o':
            options.output = optarg;
            break;
        case 'h':
            usage(stdout);
            exit(EXIT_SUCCESS);
        default:
            usage(stderr);
            exit(2);
        }
    }
    if (optind != argc) {
        usage(stderr);
        exit(2);
    }
    return options;
}

static int load_data(struct job *job, const char *directory)
{
    if (!load_fashion_mnist(&job->whole, &job->test, directory))
        return 0;
    const size_t rows = nn_dataset_rows(job->whole);
    if (rows <= VALIDATION_ROWS) {
        fprintf(stderr, "fashion_mnist: %zu training rows are too few: the first %d validate\n",
                rows, VALIDATION_ROWS);
        return 0;
    }
    TRY(nn_dataset_slice(&job->validation, job->whole, 0, VALIDATION_ROWS));
    TRY(nn_dataset_slice(&job->train, job->whole, VALIDATION_ROWS, rows - VALIDATION_ROWS));
    printf("%zu rows to train on, %d to validate, %zu to test\n\n", rows - VALIDATION_ROWS,
           VALIDATION_ROWS, nn_dataset_rows(job->test));
    return 1;
}

static int build_model(struct job *job, uint64_t seed)
{
    TRY(nn_model_create(&job->model));
    TRY(nn_model_set_seed(job->model, seed));
    TRY(nn_model_add(job->model, "rescaling scale=0.00392156862745098 input_shape=(28,28)"));
    TRY(nn_model_add(job->model, "flatten"));
    TRY(nn_model_add(job->model, "dense units=300 activation=relu"));
    TRY(nn_model_add(job->model, "dense units=100 activation=relu"));
    TRY(nn_model_add(job->model, "dense units=10 activation=softmax"));
    TRY(nn_model_compile(job->model, "sgd learning_rate=0.01", "sparse_categorical_crossentropy",
                         "accuracy"));
    char summary[8192];
    TRY(nn_model_summary(job->model, summary, sizeof summary, NULL));
    printf("%s\n", summary);
    return 1;
}

static int train_and_test(struct job *job, size_t epochs)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = epochs;
    options.verbose = 1;
    options.validation_data = job->validation;
    options.callbacks = "csv_logger filename=history.csv";
    fflush(stdout);
    const double start = seconds_now();
    TRY(nn_fit(job->model, job->train, &options, NULL));
    const double seconds = seconds_now() - start;

    double measured[2];
    TRY(nn_evaluate(job->model, job->test, measured, 2));
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("\ntest loss %.4f, test accuracy %.4f\n", measured[0], measured[1]);
    printf("%.2f s an epoch, peak memory %ld MB\n", seconds / (double)epochs,
           usage.ru_maxrss / 1024);
    TRY(nn_model_save(job->model, "fashion_mnist.safetensors"));
    return 1;
}

/* Predicts the first test garments and draws them, and the learning curves. */
static int show(const struct job *job)
{
    static float pixels[GARMENTS * PIXELS];
    static float labels[GARMENTS];
    static float probabilities[GARMENTS * CLASSES];
    struct verdict verdicts[GARMENTS];
    TRY(nn_dataset_get_values(job->test, "x", 0, GARMENTS, pixels));
    TRY(nn_dataset_get_values(job->test, "y", 0, GARMENTS, labels));
    TRY(nn_predict(job->model, pixels, GARMENTS, probabilities));
    for (size_t i = 0; i < GARMENTS; i++) {
        const float *row = probabilities + i * CLASSES;
        const size_t truth = (size_t)labels[i];
        size_t best = 0;
        for (size_t k = 1; k < CLASSES; k++)
            if (row[k] > row[best])
                best = k;
        verdicts[i] = (struct verdict){.truth = class_names[truth],
                                       .predicted = class_names[best],
                                       .probability = (double)row[best],
                                       .wrong = best != truth};
    }
    if (!write_learning_curves())
        return failed_on("learning_curves.gp");
    if (!write_garments(pixels, verdicts))
        return failed_on("garments");
    if (!draw_pictures()) {
        fprintf(stderr, "fashion_mnist: gnuplot failed\n");
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    const struct options options = parse_options(argc, argv);
    struct job job = {0};
    int done = load_data(&job, options.data);
    /* From here on all names are relative to the output directory. */
    if (done &&
        ((mkdir(options.output, 0777) != 0 && errno != EEXIST) || chdir(options.output) != 0))
        done = failed_on(options.output);
    done = done && build_model(&job, options.seed) && train_and_test(&job, options.epochs) &&
           show(&job);
    if (done)
        printf("model, history and pictures are in %s\n", options.output);
    nn_model_free(job.model);
    nn_dataset_free(job.train);
    nn_dataset_free(job.validation);
    nn_dataset_free(job.whole);
    nn_dataset_free(job.test);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
