/* bench-main-job: libnn's main job, timed. The net 784-300-100-10 (relu, softmax) learns
 * Fashion-MNIST's training rows from the 5,001st on by plain gradient descent.
 *
 *     bench-main-job --batch 32 --epochs 5      trains and prints one line of JSON
 *     bench-main-job --commands                 is told what to do on standard input
 *
 * Commands, one a line, each answered by one line of JSON (peer.py knows the same but save):
 *
 *     train BATCH EPOCHS     {"seconds": [...]}   of each epoch
 *     predict ROWS CALLS     {"seconds": [...]}   of a call, the mean of all
 *     accuracy               {"accuracy": ...}    on the 10,000 test rows
 *     save PATH              {}                   the model, as a safetensors file */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <nn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { VALIDATION_ROWS = 5000 };

struct options {
    size_t batch, epochs;
    const char *data;
    bool commands;
};

struct job {
    const char *data;  /* directory of the IDX files */
    nn_dataset *train; /* read when first needed, as the test rows are */
    nn_dataset *test;
    nn_model *model;
    float *x; /* [test rows][784] */
    float *y; /* [test rows][10] */
};

_Noreturn static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench-main-job: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void demand(nn_status status, const char *what)
{
    if (status != NN_OK)
        fail(what, nn_error_message());
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- options -------------------------------------------------------------------------------- */

static const struct argp_option argp_options[] = {
    {"batch", 'b', "N", 0, "rows of a step (32)", 0},
    {"epochs", 'e', "N", 0, "epochs to train (5)", 0},
    {"data", 'd', "DIR", 0, "directory of the IDX files (/usr/share/datasets/fashion-mnist)", 0},
    {"commands", 'c', NULL, 0, "read commands from standard input", 0},
    {0},
};

static size_t read_number(struct argp_state *state, const char *text)
{
    char *end;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || *text < '0' || *text > '9' || errno != 0 || value == 0)
        argp_error(state, "'%s' isn't a number from 1 on", text);
    return value;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'b':
        options->batch = read_number(state, argument);
        return 0;
    case 'e':
        options->epochs = read_number(state, argument);
        return 0;
    case 'd':
        options->data = argument;
        return 0;
    case 'c':
        options->commands = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = argp_options,
    .parser = parse_option,
    .doc = "Times libnn's main job: training 784-300-100-10 on Fashion-MNIST.",
};

/* ---- data and model ------------------------------------------------------------------------- */

/* Each file as Debian has it, gzipped, or plain if there is no such file. */
static nn_dataset *load(const char *directory, const char *part)
{
    char names[2][PATH_MAX];
    static const char *const kinds[2] = {"images-idx3", "labels-idx1"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(names[i], PATH_MAX, "%s/%s-%s-ubyte.gz", directory, part, kinds[i]);
        if (access(names[i], R_OK) != 0)
            snprintf(names[i], PATH_MAX, "%s/%s-%s-ubyte", directory, part, kinds[i]);
    }
    nn_dataset *data;
    demand(nn_dataset_load_idx(&data, names[0], names[1]), "nn_dataset_load_idx");
    return data;
}

static void need_train(struct job *job)
{
    if (job->train != NULL)
        return;
    nn_dataset *whole = load(job->data, "train");
    const size_t rows = nn_dataset_rows(whole);
    if (rows <= VALIDATION_ROWS)
        fail(job->data, "too few training rows");
    demand(nn_dataset_slice(&job->train, whole, VALIDATION_ROWS, rows - VALIDATION_ROWS),
           "nn_dataset_slice");
    nn_dataset_free(whole);
}

static void need_test(struct job *job)
{
    if (job->test != NULL)
        return;
    job->test = load(job->data, "t10k");
    const size_t rows = nn_dataset_rows(job->test);
    job->x = calloc(rows * nn_model_input_width(job->model), sizeof *job->x);
    job->y = calloc(rows * nn_model_output_width(job->model), sizeof *job->y);
    if (job->x == NULL || job->y == NULL)
        fail("test rows", "out of memory");
    demand(nn_dataset_get_values(job->test, "x", 0, rows, job->x), "nn_dataset_get_values");
}

static nn_model *make_model(void)
{
    nn_model *model;
    demand(nn_model_create(&model), "nn_model_create");
    demand(nn_model_add(model, "rescaling scale=0.00392156862745098 input_shape=(28,28)"),
           "rescaling");
    demand(nn_model_add(model, "flatten"), "flatten");
    demand(nn_model_add(model, "dense units=300 activation=relu"), "dense");
    demand(nn_model_add(model, "dense units=100 activation=relu"), "dense");
    demand(nn_model_add(model, "dense units=10 activation=softmax"), "dense");
    demand(
        nn_model_compile(model, "sgd learning_rate=0.01", "sparse_categorical_crossentropy", NULL),
        "nn_model_compile");
    return model;
}

/* ---- commands ------------------------------------------------------------------------------- */

static void train(struct job *job, size_t batch, size_t epochs)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = batch;
    need_train(job);
    printf("\"seconds\": [");
    for (size_t i = 0; i < epochs; i++) {
        const double start = seconds_now();
        demand(nn_fit(job->model, job->train, &options, NULL), "nn_fit");
        printf("%s%.6f", i > 0 ? ", " : "", seconds_now() - start);
    }
    printf("]");
}

static void predict(struct job *job, size_t rows, size_t calls)
{
    need_test(job);
    if (rows > nn_dataset_rows(job->test))
        fail("predict", "there are fewer test rows");
    const double start = seconds_now();
    for (size_t i = 0; i < calls; i++)
        demand(nn_predict(job->model, job->x, rows, job->y), "nn_predict");
    printf("\"seconds\": [%.9f]", (seconds_now() - start) / (double)calls);
}

static void accuracy(struct job *job)
{
    need_test(job);
    const size_t rows = nn_dataset_rows(job->test), classes = nn_model_output_width(job->model);
    size_t right = 0;
    demand(nn_predict(job->model, job->x, rows, job->y), "nn_predict");
    for (size_t i = 0; i < rows; i++) {
        const float *row = job->y + i * classes;
        float label;
        size_t best = 0;
        for (size_t k = 1; k < classes; k++)
            if (row[k] > row[best])
                best = k;
        demand(nn_dataset_get_values(job->test, "y", i, 1, &label), "nn_dataset_get_values");
        right += best == (size_t)label;
    }
    printf("\"accuracy\": %.4f", (double)right / (double)rows);
}

/* Whether there is such a command; then it is done. */
static bool obey(struct job *job, const char *line)
{
    size_t first, second;
    char path[PATH_MAX];
    if (sscanf(line, "train %zu %zu", &first, &second) == 2 && first > 0)
        train(job, first, second);
    else if (sscanf(line, "predict %zu %zu", &first, &second) == 2 && first > 0 && second > 0)
        predict(job, first, second);
    else if (strcmp(line, "accuracy\n") == 0)
        accuracy(job);
    else if (sscanf(line, "save %4095[^\n]", path) == 1)
        demand(nn_model_save(job->model, path), "nn_model_save");
    else
        return false;
    return true;
}

static void print_name(void)
{
    printf("\"name\": \"libnn\", \"version\": \"%s\", \"threads\": %zu", nn_version(),
           nn_num_threads());
}

static void obey_all(struct job *job)
{
    char line[PATH_MAX + 16];
    printf("{");
    print_name();
    printf("}\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        printf("{");
        if (!obey(job, line))
            fail("no such command", line);
        printf("}\n");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct options options = {
        .batch = 32, .epochs = 5, .data = "/usr/share/datasets/fashion-mnist"};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct job job = {.data = options.data, .model = make_model()};
    if (options.commands) {
        obey_all(&job);
    } else {
        need_train(&job);
        printf("{");
        print_name();
        printf(", \"batch\": %zu, ", options.batch);
        train(&job, options.batch, options.epochs);
        printf(", ");
        accuracy(&job);
        printf("}\n");
    }
    nn_model_free(job.model);
    nn_dataset_free(job.train);
    nn_dataset_free(job.test);
    free(job.x);
    free(job.y);
    return EXIT_SUCCESS;
}
