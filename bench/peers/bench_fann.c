/* bench-fann: the work of bench-main-job done by FANN (Debian's libfann-dev), told what to do in the
 * same way; see job_commands.h.
 *
 * The net has the same layers, and a step takes as many rows: by FANN_TRAIN_BATCH on the rows of each
 * step in turn, with batch 1 by FANN_TRAIN_INCREMENTAL, which takes as long a row. The rows of an epoch
 * come in a new order of pointers; fann_shuffle_train_data, which moves all values, would be slower.
 * FANN has no relu, softmax or cross-entropy, so it has these instead:
 *
 *     hidden layers   FANN_LINEAR_PIECE_SYMMETRIC: straight pieces too, the identity cut off at -1 and 1
 *     output          FANN_SIGMOID_STEPWISE (with FANN_LINEAR wide nets diverge at this rate)
 *     loss            squared error to 0 and 1
 *
 * All have steepness 1, for FANN's default of a half would halve every layer's output. It has one thread
 * and predicts row by row. */
#include "bench_fail.h"
#include "bench_random.h"
#include "job_commands.h"

#include <fann.h>
#include <limits.h>
#include <math.h>
#include <nn.h>
#include <stdlib.h>
#include <string.h>

#define SCALE (1.0f / 255.0f)

struct peer_fann {
    struct fann *net;
    struct fann_train_data *rows;
    fann_type **input, **target; /* pointers to the rows, in this epoch's order */
    uint64_t random;
};

/* Glorot's uniform weights, as libnn and Keras have them: with FANN's own, of one range for all layers,
 * a wide net would learn nothing. fann_set_weight would look through all of them for each. */
static void set_weights(struct fann *net, const struct job_options *options)
{
    uint64_t random = 1;
    fann_type *weight =
        net->weights; /* of each layer, of each unit: from the inputs, and the bias */
    for (size_t i = 1; i < options->width_count; i++) {
        const size_t inputs = options->widths[i - 1], units = options->widths[i];
        const float limit = sqrtf(6.0f / (float)(inputs + units));
        for (size_t k = 0; k < units * (inputs + 1); k++)
            *weight++ = k % (inputs + 1) < inputs ? bench_random_uniform(&random, limit) : 0.0f;
    }
}

static struct fann *make_net(const struct job_options *options)
{
    unsigned widths[JOB_MAX_WIDTHS]; /* of at most 1,000,000 each */
    size_t weights = 0;
    for (size_t i = 0; i < options->width_count; i++) {
        widths[i] = (unsigned)options->widths[i];
        weights += i > 0 ? (options->widths[i - 1] + 1) * options->widths[i] : 0;
    }
    if (weights > UINT_MAX)
        bench_fail("FANN doesn't take %zu weights", weights);
    struct fann *net = fann_create_standard_array((unsigned)options->width_count, widths);
    bench_demand_memory(net);
    set_weights(net, options);
    fann_set_activation_function_hidden(net, FANN_LINEAR_PIECE_SYMMETRIC);
    fann_set_activation_function_output(net, FANN_SIGMOID_STEPWISE);
    fann_set_activation_steepness_hidden(net, 1.0f);
    fann_set_activation_steepness_output(net, 1.0f);
    fann_set_learning_rate(net, 0.01f);
    fann_set_learning_momentum(net, 0.0f);
    return net;
}

static void set_rows(void *self, nn_dataset *data)
{
    struct peer_fann *fann = self;
    const size_t count = nn_dataset_rows(data), inputs = fann_get_num_input(fann->net);
    if (count > UINT_MAX)
        bench_fail("FANN doesn't take %zu rows", count);
    fann->rows = fann_create_train((unsigned)count, fann_get_num_input(fann->net),
                                   fann_get_num_output(fann->net));
    fann->input = malloc(count * sizeof *fann->input);
    fann->target = malloc(count * sizeof *fann->target);
    if (!fann->rows || !fann->input || !fann->target)
        bench_fail("out of memory");
    for (size_t i = 0; i < count; i++) {
        float label;
        fann->input[i] = fann->rows->input[i];
        fann->target[i] = fann->rows->output[i];
        bench_demand(nn_dataset_get_values(data, "x", i, 1, fann->input[i]), "x");
        bench_demand(nn_dataset_get_values(data, "y", i, 1, &label), "y");
        for (size_t k = 0; k < inputs; k++)
            fann->input[i][k] *= SCALE;
        memset(fann->target[i], 0, fann_get_num_output(fann->net) * sizeof **fann->target);
        fann->target[i][(size_t)label] = 1.0f;
    }
    nn_dataset_free(data);
}

static void shuffle(struct peer_fann *fann, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)(bench_random_bits(&fann->random) % i);
        fann_type *const input = fann->input[j], *const target = fann->target[j];
        fann->input[j] = fann->input[i - 1];
        fann->target[j] = fann->target[i - 1];
        fann->input[i - 1] = input;
        fann->target[i - 1] = target;
    }
}

static void train_epoch(void *self, size_t batch)
{
    struct peer_fann *fann = self;
    const size_t count = fann_length_train_data(fann->rows);
    struct fann_train_data step = *fann->rows; /* a view of a step's rows */
    shuffle(fann, count);
    fann_set_training_algorithm(fann->net, batch > 1 ? FANN_TRAIN_BATCH : FANN_TRAIN_INCREMENTAL);
    for (size_t first = 0; first < count; first += batch) {
        const size_t rest = count - first;
        step.num_data = (unsigned)(rest < batch ? rest : batch);
        step.input = fann->input + first;
        step.output = fann->target + first;
        fann_train_epoch(fann->net, &step);
        if (fann_get_errno((struct fann_error *)fann->net) != FANN_E_NO_ERROR)
            bench_fail("fann_train_epoch: %s", fann_get_errstr((struct fann_error *)fann->net));
    }
}

static void predict(void *self, const float *x, size_t rows, float *y)
{
    const struct peer_fann *fann = self;
    const size_t inputs = fann_get_num_input(fann->net), outputs = fann_get_num_output(fann->net);
    for (size_t i = 0; i < rows; i++) {
        fann_type *row = (fann_type *)(x + i * inputs); /* FANN only reads it */
        memcpy(y + i * outputs, fann_run(fann->net, row), outputs * sizeof *y);
    }
}

int main(int argc, char **argv)
{
    const struct job_options options =
        job_options_parse(argc, argv, "Times FANN at libnn's main job: training on Fashion-MNIST.");
    struct peer_fann fann = {.net = make_net(&options), .random = 1};
    const struct job_contestant contestant = {
        .name = "FANN",
        .version = FANN_VERSION,
        .threads = 1,
        .slow = true,
        .self = &fann,
        .set_rows = set_rows,
        .train_epoch = train_epoch,
        .predict = predict,
        .scale = SCALE,
    };
    job_run(&options, &contestant);
    if (fann.rows)
        fann_destroy_train(fann.rows);
    fann_destroy(fann.net);
    free(fann.input);
    free(fann.target);
    return EXIT_SUCCESS;
}
