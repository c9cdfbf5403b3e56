/* gaussian_dropout: in training, each value is multiplied by a normal number of mean 1 and variance
 * rate / (1 - rate), which is what dropout's factors have; otherwise y = x. Source: Srivastava et al. 2014. */
#include "elementwise.h"
#include "noise.h"
#include <math.h>

struct gaussian_dropout {
    nn_layer_common common;
    double rate;
    nn_seed seed;
};

static const nn_option options[] = {
    {
        .name = "rate",
        .type = NN_TYPE_REAL,
        .offset = offsetof(struct gaussian_dropout, rate),
        .required = true,
        .maximum = 1,
        .open_maximum = true, /* the variance would be infinite */
        .help = "as dropout's: the factors have variance rate / (1 - rate)",
    },
    NN_OPTION_SEED(struct gaussian_dropout, seed, "of its random numbers; none: the model's"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    (void)self;
    build->output = build->input;
    build->kept = nn_shape_width(&build->input); /* the factors */
    build->training_only = true;
    return NN_OK;
}

static void multiply(const void *self, const nn_layer_call *call, nn_random *random, size_t first,
                     size_t count)
{
    const struct gaussian_dropout *layer = self;
    nn_real *factors = call->kept + first;
    nn_random_normals(random, count, factors);
    nn_scale_offset(count, (nn_real)sqrt(layer->rate / (1 - layer->rate)), 1, factors, factors);
    nn_multiply_values(count, call->x + first, factors, call->y + first);
}

static void forward(const void *self, const nn_layer_call *call)
{
    nn_noise_run(self, call, &((const struct gaussian_dropout *)self)->seed, multiply);
}

static void backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    if (call->dx != NULL)
        nn_multiply_values(call->rows * nn_shape_width(call->input), call->dy, call->kept,
                           call->dx);
}

const nn_layer nn_layer_gaussian_dropout = {
    .part =
        {
            .name = "gaussian_dropout",
            .options = options,
            .size = sizeof(struct gaussian_dropout),
            .help = "multiplies by normal numbers around 1 while training",
            .sample = "gaussian_dropout rate=0.25 seed=3",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
