/* lion: w -= learning_rate sign(beta_1 m + (1 - beta_1) g), then m = beta_2 m + (1 - beta_2) g.
 * Source: Chen et al. 2023; Keras's Lion. */
#include "optimizer.h"
#include "vectorize.h"

struct lion {
    nn_optimizer_options common;
    double beta_1, beta_2;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    {.name = "beta_1",
     .type = NN_TYPE_REAL,
     .offset = offsetof(struct lion, beta_1),
     .default_number = 0.9,
     .minimum = 0.0,
     .open_minimum = true,
     .maximum = 1.0,
     .help = "share of the momentum in a step"},
    NN_OPTION_REAL(struct lion, beta_2, 0.99, 0.0, 1.0, "share of the momentum that a step keeps"),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const names[] = {"momentum", NULL};
    (void)self;
    return names;
}

struct factors {
    nn_real rate, beta_1, rest_1, beta_2, rest_2;
};

NN_VECTORIZE
static void update(size_t count, struct factors f, const nn_real *restrict g, nn_real *restrict m,
                   nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real c = m[i] * f.beta_1 + g[i] * f.rest_1;
        const nn_real sign = c > 0 ? 1 : c < 0 ? -1 : c; /* 0 and NaN stay */
        w[i] -= f.rate * sign;
        m[i] = m[i] * f.beta_2 + g[i] * f.rest_2;
    }
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct lion *lion = self;
    const struct factors f = {
        .rate = (nn_real)step->learning_rate,
        .beta_1 = (nn_real)lion->beta_1,
        .rest_1 = (nn_real)(1 - lion->beta_1),
        .beta_2 = (nn_real)lion->beta_2,
        .rest_2 = (nn_real)(1 - lion->beta_2),
    };
    update(step->count, f, step->gradients, step->slots[0], step->weights);
}

const nn_optimizer nn_optimizer_lion = {
    .part = {.name = "lion",
             .options = options,
             .size = sizeof(struct lion),
             .help = "steps of one size along the momentum's sign; Chen et al. 2023",
             .sample = "lion learning_rate=0.01 beta_2=0.9"},
    .slots = slots,
    .elementwise = true,
    .step = step,
};
