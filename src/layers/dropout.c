/*
 * dropout: in training, each value is set to 0 with probability rate and the others are divided by
 * 1 - rate; otherwise y = x. Source: Srivastava et al. 2014, in the inverted form that Keras uses.
 */
#include "elementwise.h"
#include "noise.h"

struct dropout {
    nn_layer_common common;
    double rate;
    nn_seed seed;
};

static const nn_option options[] = {
    NN_OPTION_REAL_REQUIRED(struct dropout, rate, 0.0, 1.0, "probability of dropping a value"),
    NN_OPTION_SEED(struct dropout, seed, "of its random numbers; none: the model's"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    (void)self;
    build->output = build->input;
    build->kept = nn_shape_width(&build->input); /* the mask: 0 or 1 / (1 - rate) */
    build->training_only = true;
    return NN_OK;
}

static void drop(const void *self, const nn_layer_call *call, nn_random *random, size_t first,
                 size_t count)
{
    const struct dropout *layer = self;
    nn_real *mask = call->kept + first;
    const nn_real scale = layer->rate < 1 ? (nn_real)(1 / (1 - layer->rate)) : 0;
    const double threshold = layer->rate * 0x1p32;
    for (size_t i = 0; i < count; i++)
        mask[i] = nn_random_bits(random) < threshold ? 0 : scale;
    nn_multiply_values(count, call->x + first, mask, call->y + first);
}

static void forward(const void *self, const nn_layer_call *call)
{
    nn_noise_run(self, call, &((const struct dropout *)self)->seed, drop);
}

static void backward(const void *self, const nn_layer_call *call)
{
    (void)self;
    if (call->dx != NULL)
        nn_multiply_values(call->rows * nn_shape_width(call->input), call->dy, call->kept,
                           call->dx);
}

const nn_layer nn_layer_dropout = {
    .part =
        {
            .name = "dropout",
            .options = options,
            .size = sizeof(struct dropout),
            .help = "drops values at random while training",
            .sample = "dropout rate=0.25 seed=3",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
