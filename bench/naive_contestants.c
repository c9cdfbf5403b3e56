#include "naive_contestants.h"
#include "bench_fail.h"
#include "bench_random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEARNING_RATE 0.01f

static double run_naive(struct bench *bench, const struct naive_products *products, size_t first,
                        size_t count)
{
    const size_t batch = bench->options.batch, inputs = bench->options.widths[0];
    double loss = 0.0;
    for (size_t s = first; s < first + count; s++)
        loss += naive_step(&bench->net, products, bench->x + s * batch * inputs,
                           bench->labels + s * batch, LEARNING_RATE);
    return loss / (double)count;
}

static double run_textbook(struct bench *bench, size_t first, size_t count)
{
    return run_naive(bench, &naive_textbook, first, count);
}

static double run_ordered(struct bench *bench, size_t first, size_t count)
{
    return run_naive(bench, &naive_ordered, first, count);
}

static double run_around_cblas(struct bench *bench, size_t first, size_t count)
{
    return run_naive(bench, &naive_cblas, first, count);
}

/* Always on the same batch, which stays in the cache: as fast as these calls can be. */
static double run_bare(struct bench *bench, size_t first, size_t count)
{
    for (size_t s = first; s < first + count; s++)
        naive_step_products(&bench->net, &naive_cblas, bench->x);
    return 0.0;
}

static double run_train_on_batch(struct bench *bench, size_t first, size_t count)
{
    double loss = 0.0;
    for (size_t s = first; s < first + count; s++) {
        double batch_loss;
        bench_demand(nn_train_on_batch(bench->model, bench->batch_data[s], &batch_loss, 1),
                     "nn_train_on_batch");
        loss += batch_loss;
    }
    return loss / (double)count;
}

static double run_fit(struct bench *bench, size_t first, size_t count)
{
    const size_t batch = bench->options.batch;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = batch;
    options.shuffle = 0;
    nn_dataset *part;
    nn_history *history;
    const double *losses;
    size_t epochs;
    bench_demand(nn_dataset_slice(&part, bench->data, first * batch, count * batch),
                 "nn_dataset_slice");
    bench_demand(nn_fit(bench->model, part, &options, &history), "nn_fit");
    bench_demand(nn_history_get(history, "loss", &losses, &epochs), "nn_history_get");
    const double loss = losses[0];
    nn_history_free(history);
    nn_dataset_free(part);
    return loss;
}

const struct contestant bench_contestants[BENCH_COUNT] = {
    [BENCH_TEXTBOOK] = {"textbook loops", run_textbook, true, false, 64},
    [BENCH_ORDERED] = {"loops ordered for the vectorizer", run_ordered, true, false, 8},
    [BENCH_AROUND] = {"plain loops around cblas_sgemm", run_around_cblas, true, false, 1},
    [BENCH_BARE] = {"bare cblas_sgemm calls", run_bare, false, false, 1},
    [BENCH_BATCH] = {"nn_train_on_batch", run_train_on_batch, true, true, 1},
    [BENCH_FIT] = {"nn_fit", run_fit, true, true, 1},
};

/* ---- setting up ----------------------------------------------------------------------------- */

static void make_row(float *x, size_t inputs, uint64_t *random)
{
    for (size_t i = 0; i < inputs; i++)
        x[i] = (float)(bench_random_bits(random) % 256) / 255.0f; /* as pixels are */
}

static void make_data(struct bench *bench, uint64_t *random)
{
    const struct bench_options *options = &bench->options;
    const size_t rows = bench->batches * options->batch, inputs = options->widths[0];
    const size_t classes = options->widths[options->width_count - 1];
    bench->x = bench_demand_memory(calloc(rows * inputs, sizeof *bench->x));
    bench->labels = bench_demand_memory(calloc(rows, sizeof *bench->labels));
    for (size_t i = 0; i < rows; i++) {
        make_row(bench->x + i * inputs, inputs, random);
        bench->labels[i] = (int32_t)(bench_random_bits(random) % classes);
    }
}

static void make_datasets(struct bench *bench)
{
    const size_t batch = bench->options.batch;
    bench_demand(nn_dataset_from_arrays(&bench->data, bench->batches * batch, bench->x, NN_FLOAT32,
                                        bench->options.widths[0], bench->labels, NN_INT32, 1),
                 "nn_dataset_from_arrays");
    bench->batch_data = bench_demand_memory(calloc(bench->batches, sizeof *bench->batch_data));
    for (size_t s = 0; s < bench->batches; s++)
        bench_demand(nn_dataset_slice(&bench->batch_data[s], bench->data, s * batch, batch),
                     "nn_dataset_slice");
}

/* Kernels as glorot_uniform makes them, and biases that aren't 0, so that a lost one shows. */
static void make_net(struct bench *bench, uint64_t *random)
{
    const struct bench_options *options = &bench->options;
    struct naive_net *net = &bench->net;
    if (naive_net_create(net, options->batch, options->widths, options->width_count) != 0)
        bench_fail("out of memory");
    for (size_t l = 0; l < net->layer_count; l++)
        bench->weight_count += (net->layers[l].inputs + 1) * net->layers[l].outputs;
    bench->initial = bench_demand_memory(calloc(bench->weight_count, sizeof *bench->initial));
    float *to = bench->initial;
    for (size_t l = 0; l < net->layer_count; l++) {
        const size_t inputs = net->layers[l].inputs, outputs = net->layers[l].outputs;
        const float limit = sqrtf(6.0f / (float)(inputs + outputs));
        for (size_t i = 0; i < inputs * outputs; i++)
            *to++ = bench_random_uniform(random, limit);
        for (size_t i = 0; i < outputs; i++)
            *to++ = bench_random_uniform(random, 0.1f);
    }
    const struct naive_layer *last = &net->layers[net->layer_count - 1];
    for (size_t i = 0; i < options->batch * last->outputs; i++)
        last->delta[i] = bench_random_uniform(random, 1.0f / (float)options->batch);
}

static void make_model(struct bench *bench)
{
    const size_t *widths = bench->options.widths;
    const size_t layers = bench->net.layer_count;
    const bool classes = widths[layers] > 1; /* a single output is for predictions only */
    bench_demand(nn_model_create(&bench->model), "nn_model_create");
    for (size_t l = 0; l < layers; l++) {
        char spec[128], shape[64] = "";
        if (l == 0)
            snprintf(shape, sizeof shape, " input_shape=(%zu)", widths[0]);
        snprintf(spec, sizeof spec, "dense units=%zu activation=%s%s", widths[l + 1],
                 l + 1 < layers ? "relu"
                 : classes      ? "softmax"
                                : "sigmoid",
                 shape);
        bench_demand(nn_model_add(bench->model, spec), spec);
    }
    char optimizer[64];
    snprintf(optimizer, sizeof optimizer, "sgd learning_rate=%g", (double)LEARNING_RATE);
    bench_demand(
        nn_model_compile(bench->model, optimizer,
                         classes ? "sparse_categorical_crossentropy" : "binary_crossentropy", NULL),
        "nn_model_compile");
    if (nn_model_trainable_count(bench->model) != bench->weight_count)
        bench_fail("the model has another number of weights than the net");
}

void bench_reset(struct bench *bench)
{
    const float *from = bench->initial;
    for (size_t l = 0; l < bench->net.layer_count; l++) {
        const struct naive_layer *layer = &bench->net.layers[l];
        const size_t counts[] = {layer->inputs * layer->outputs, layer->outputs};
        float *const values[] = {layer->kernel, layer->bias};
        for (size_t i = 0; i < 2; i++) {
            memcpy(values[i], from, counts[i] * sizeof *from);
            bench_demand(nn_model_set_weights(bench->model,
                                              nn_model_weight_name(bench->model, 2 * l + i), from,
                                              counts[i]),
                         "nn_model_set_weights");
            from += counts[i];
        }
    }
}

void bench_read_weights(struct bench *bench, bool library, float *to)
{
    for (size_t l = 0; l < bench->net.layer_count; l++) {
        const struct naive_layer *layer = &bench->net.layers[l];
        const size_t counts[] = {layer->inputs * layer->outputs, layer->outputs};
        const float *const values[] = {layer->kernel, layer->bias};
        for (size_t i = 0; i < 2; i++) {
            if (library)
                bench_demand(nn_model_get_weights(bench->model,
                                                  nn_model_weight_name(bench->model, 2 * l + i), to,
                                                  counts[i]),
                             "nn_model_get_weights");
            else
                memcpy(to, values[i], counts[i] * sizeof *to);
            to += counts[i];
        }
    }
}

void bench_avoid_kinks(struct bench *bench)
{
    uint64_t random = ~(uint64_t)bench->options.seed;
    const double too_near = 2e-6; /* sums of about 1 differ by some 1e-7 */
    const size_t batch = bench->options.batch, inputs = bench->options.widths[0];
    bench_reset(bench);
    for (size_t s = 0; s < BENCH_CHECKED_STEPS; s++) {
        float *x = bench->x + s * batch * inputs;
        size_t row, tries = 0;
        while (naive_nearest_kink(&bench->net, x, &row) < too_near) {
            if (++tries > 1000)
                bench_fail(
                    "no data found on which the hidden units stay away from 0; try another seed");
            make_row(x + row * inputs, inputs, &random);
        }
        run_textbook(bench, s, 1);
    }
    bench_reset(bench);
}

void bench_create(struct bench *bench, const struct bench_options *options, size_t batches)
{
    uint64_t random = options->seed;
    *bench = (struct bench){.options = *options, .batches = batches};
    make_net(bench, &random);
    make_model(bench);
    make_data(bench, &random);
    make_datasets(bench);
    bench_reset(bench);
}

void bench_free(struct bench *bench)
{
    nn_model_free(bench->model);
    for (size_t s = 0; s < bench->batches; s++)
        nn_dataset_free(bench->batch_data[s]);
    nn_dataset_free(bench->data);
    naive_net_free(&bench->net);
    free(bench->batch_data);
    free(bench->initial);
    free(bench->labels);
    free(bench->x);
}
