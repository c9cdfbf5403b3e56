/* bench-main-job: libnn's main job, timed: a net of dense layers (784-300-100-10, relu and softmax)
 * learns Fashion-MNIST's training rows from the 5,001st on by plain gradient descent.
 *
 *     bench-main-job --batch 32 --epochs 5             trains and prints one line of JSON
 *     bench-main-job --widths 784,2048,2048,10         another net
 *     bench-main-job --commands                        is told what to do, see job_commands.h */
#include "bench_fail.h"
#include "bench_machine.h"
#include "job_commands.h"

#include <nn.h>
#include <stdio.h>
#include <stdlib.h>

struct libnn {
    nn_model *model;
    nn_dataset *rows;
};

static nn_model *make_model(const struct job_options *options)
{
    nn_model *model;
    char layer[128];
    bench_demand(nn_model_create(&model), "nn_model_create");
    snprintf(layer, sizeof layer, "rescaling scale=0.00392156862745098 input_shape=(%zu)",
             options->widths[0]);
    bench_demand(nn_model_add(model, layer), layer);
    for (size_t i = 1; i < options->width_count; i++) {
        snprintf(layer, sizeof layer, "dense units=%zu activation=%s", options->widths[i],
                 i + 1 < options->width_count ? "relu" : "softmax");
        bench_demand(nn_model_add(model, layer), layer);
    }
    bench_demand(
        nn_model_compile(model, "sgd learning_rate=0.01", "sparse_categorical_crossentropy", NULL),
        "nn_model_compile");
    return model;
}

static void set_rows(void *self, nn_dataset *rows)
{
    ((struct libnn *)self)->rows = rows;
}

static void train_epoch(void *self, size_t batch)
{
    const struct libnn *libnn = self;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = batch;
    bench_demand(nn_fit(libnn->model, libnn->rows, &options, NULL), "nn_fit");
}

static void predict(void *self, const float *x, size_t rows, float *y)
{
    bench_demand(nn_predict(((struct libnn *)self)->model, x, rows, y), "nn_predict");
}

static void save(void *self, const char *path)
{
    bench_demand(nn_model_save(((struct libnn *)self)->model, path), "nn_model_save");
}

int main(int argc, char **argv)
{
    const struct job_options options =
        job_options_parse(argc, argv, "Times libnn's main job: training on Fashion-MNIST.");
    struct libnn libnn = {.model = make_model(&options)};
    const struct job_contestant contestant = {
        .name = "libnn",
        .version = nn_version(),
        .kernels = bench_openblas_core(),
        .threads = nn_num_threads(),
        .self = &libnn,
        .set_rows = set_rows,
        .train_epoch = train_epoch,
        .predict = predict,
        .scale = 1.0f, /* the model rescales */
        .save = save,
    };
    job_run(&options, &contestant);
    nn_model_free(libnn.model);
    nn_dataset_free(libnn.rows);
    return EXIT_SUCCESS;
}
