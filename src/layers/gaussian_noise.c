/* gaussian_noise: in training, a normal number of mean 0 is added to each value; otherwise y = x. */
#include "layer.h"
#include <string.h>

struct gaussian_noise {
    nn_layer_common common;
    double stddev;
    nn_seed seed;
};

static const nn_option options[] = {
    NN_OPTION_REAL_REQUIRED(struct gaussian_noise, stddev, 0.0, 1.0,
                            "standard deviation of the noise"),
    NN_OPTION_SEED(struct gaussian_noise, seed, "of its random numbers; none: the model's"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    (void)self;
    build->output = build->input;
    build->training_only = true;
    return NN_OK;
}

static void forward(const void *self, const nn_layer_call *call)
{
    const struct gaussian_noise *layer = self;
    nn_random random = call->random;
    if (layer->seed.given)
        random.seed = layer->seed.value;
    for (size_t i = 0; i < call->rows * nn_shape_width(call->input); i++)
        call->y[i] = call->x[i] + (nn_real)(layer->stddev * nn_random_normal(&random));
}

static void backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    if (call->dx != NULL)
        memcpy(call->dx, call->dy, call->rows * nn_shape_width(call->input) * sizeof(*call->dx));
}

const nn_layer nn_layer_gaussian_noise = {
    .part =
        {
            .name = "gaussian_noise",
            .options = options,
            .size = sizeof(struct gaussian_noise),
            .help = "adds normal numbers while training",
            .sample = "gaussian_noise stddev=0.25 seed=3",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
