/*
 * alpha_dropout: for selu. In training, each value is set to a' = -alpha scale of selu with probability
 * rate, and then all are scaled and shifted so that mean and variance stay those of the input, if that has
 * mean 0 and variance 1: y = a (x or a') + b; otherwise y = x.
 *
 *     a = 1 / sqrt((1 - rate)(1 + rate a'^2)),  b = -a a' rate
 *
 * Source: Klambauer et al. 2017.
 */
#include "noise.h"
#include "vectorize.h"
#include <math.h>

struct alpha_dropout {
    nn_layer_common common;
    double rate;
    nn_seed seed;
};

static const nn_option options[] = {
    {
        .name = "rate",
        .type = NN_TYPE_REAL,
        .offset = offsetof(struct alpha_dropout, rate),
        .required = true,
        .maximum = 1,
        .open_maximum = true, /* a would be infinite */
        .help = "probability of dropping a value",
    },
    NN_OPTION_SEED(struct alpha_dropout, seed, "of its random numbers; none: the model's"),
    NN_OPTION_END,
};

static const double dropped =
    -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946;

static double factor_of(const struct alpha_dropout *layer)
{
    return 1 / sqrt((1 - layer->rate) * (1 + layer->rate * dropped * dropped));
}

static nn_status build(const void *self, nn_layer_build *build)
{
    (void)self;
    build->output = build->input;
    build->kept = nn_shape_width(&build->input); /* 1: kept, 0: dropped */
    build->training_only = true;
    return NN_OK;
}

NN_VECTORIZE
static void apply(size_t count, nn_real a, nn_real b, nn_real instead, const nn_real *restrict mask,
                  const nn_real *restrict x, nn_real *restrict y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = a * (x[i] * mask[i] + instead * (1 - mask[i])) + b;
}

static void drop(const void *self, const nn_layer_call *call, nn_random *random, size_t first,
                 size_t count)
{
    const struct alpha_dropout *layer = self;
    nn_real *mask = call->kept + first;
    const double threshold = layer->rate * 0x1p32, a = factor_of(layer);
    for (size_t i = 0; i < count; i++)
        mask[i] = (nn_real)(nn_random_bits(random) >= threshold);
    apply(count, (nn_real)a, (nn_real)(-a * dropped * layer->rate), (nn_real)dropped, mask,
          call->x + first, call->y + first);
}

static void forward(const void *self, const nn_layer_call *call)
{
    nn_noise_run(self, call, &((const struct alpha_dropout *)self)->seed, drop);
}

NN_VECTORIZE
static void differentiate(size_t count, nn_real a, const nn_real *restrict mask,
                          const nn_real *restrict dy, nn_real *restrict dx)
{
    for (size_t i = 0; i < count; i++)
        dx[i] = a * dy[i] * mask[i];
}

/* dx = a dy where x was kept */
static void backward(const void *self, const nn_layer_call *call)
{
    if (call->dx != NULL)
        differentiate(call->rows * nn_shape_width(call->input), (nn_real)factor_of(self),
                      call->kept, call->dy, call->dx);
}

const nn_layer nn_layer_alpha_dropout = {
    .part =
        {
            .name = "alpha_dropout",
            .options = options,
            .size = sizeof(struct alpha_dropout),
            .help = "drops values while training and keeps mean and variance, for selu; Klambauer "
                    "et al. 2017",
            .sample = "alpha_dropout rate=0.25 seed=3",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
};
