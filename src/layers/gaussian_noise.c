/* gaussian_noise: in training, a normal number of mean 0 is added to each value; otherwise y = x. */
#include "noise.h"
#include "vectorize.h"
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

NN_VECTORIZE
static void add_scaled(size_t count, nn_real scale, const nn_real *restrict x, nn_real *restrict y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] + scale * y[i];
}

static void add(const void *self, const nn_layer_call *call, nn_random *random, size_t first,
                size_t count)
{
    const struct gaussian_noise *layer = self;
    nn_random_normals(random, count, call->y + first);
    add_scaled(count, (nn_real)layer->stddev, call->x + first, call->y + first);
}

static void forward(const void *self, const nn_layer_call *call)
{
    nn_noise_run(self, call, &((const struct gaussian_noise *)self)->seed, add);
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
