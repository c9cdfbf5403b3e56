/* adam: with the moving averages of the gradients, m, and of their squares, v, at step t = 1, 2, ...
 *     m += (1 - beta_1) (g - m)
 *     v += (1 - beta_2) (g^2 - v)
 *     w -= learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t)  m / (sqrt(v) + epsilon)
 * With amsgrad the largest v so far takes the place of v in the last line. adamw is adam with
 * weight_decay.
 * Source: Kingma & Ba 2014 (epsilon is their epsilon hat); Reddi et al. 2018 (amsgrad); Loshchilov &
 * Hutter 2017 (adamw); Keras's Adam and AdamW. */
#include "exponential.h"
#include "optimizer.h"
#include "vectorize.h"

struct adam {
    nn_optimizer_options common;
    double beta_1, beta_2, epsilon;
    bool amsgrad;
};

#define OWN_OPTIONS                                                                                \
    NN_OPTION_BETA(struct adam, beta_1, 0.9, "gradients"),                                         \
        NN_OPTION_BETA(struct adam, beta_2, 0.999, "squares"), NN_OPTION_EPSILON(struct adam),     \
        NN_OPTION_BOOL(struct adam, amsgrad, false,                                                \
                       "whether to divide by the largest mean square so far")

static const nn_option adam_options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    OWN_OPTIONS,
    NN_OPTION_END,
};

/* none isn't possible: a number in the place of the common option. */
static const nn_option adamw_options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    {.name = "weight_decay",
     .type = NN_TYPE_REAL,
     .offset = offsetof(struct adam, common.weight_decay.value),
     .default_number = 0.004,
     .minimum = 0.0,
     .maximum = INFINITY,
     .help = NN_HELP_WEIGHT_DECAY},
    OWN_OPTIONS,
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const plain[] = {"momentum", "velocity", NULL};
    static const char *const amsgrad[] = {"momentum", "velocity", "velocity_hat", NULL};
    return ((const struct adam *)self)->amsgrad ? amsgrad : plain;
}

struct factors {
    nn_real rate, rest_1, rest_2, epsilon; /* rest: 1 - beta */
};

/* largest may be NULL. */
NN_INLINE void update(size_t count, struct factors f, const nn_real *restrict g,
                      nn_real *restrict m, nn_real *restrict v, nn_real *restrict largest,
                      nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        m[i] += (g[i] - m[i]) * f.rest_1;
        v[i] += (g[i] * g[i] - v[i]) * f.rest_2;
        nn_real mean_square = v[i];
        if (largest != NULL) {
            largest[i] = largest[i] > mean_square ? largest[i] : mean_square; /* NaN: v's */
            mean_square = largest[i];
        }
        w[i] -= m[i] * f.rate / (nn_sqrt(mean_square) + f.epsilon);
    }
}

NN_VECTORIZE
static void step_plain(size_t count, struct factors f, const nn_real *g, nn_real *m, nn_real *v,
                       nn_real *w)
{
    update(count, f, g, m, v, NULL, w);
}

NN_VECTORIZE
static void step_amsgrad(size_t count, struct factors f, const nn_real *g, nn_real *m, nn_real *v,
                         nn_real *largest, nn_real *w)
{
    update(count, f, g, m, v, largest, w);
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct adam *adam = self;
    const double t = (double)step->iteration + 1;
    const struct factors f = {
        .rate = (nn_real)(step->learning_rate * sqrt(1 - pow(adam->beta_2, t)) /
                          (1 - pow(adam->beta_1, t))),
        .rest_1 = (nn_real)(1 - adam->beta_1),
        .rest_2 = (nn_real)(1 - adam->beta_2),
        .epsilon = (nn_real)adam->epsilon,
    };
    nn_real *const *slots = step->slots;
    if (adam->amsgrad)
        step_amsgrad(step->count, f, step->gradients, slots[0], slots[1], slots[2], step->weights);
    else
        step_plain(step->count, f, step->gradients, slots[0], slots[1], step->weights);
}

const nn_optimizer nn_optimizer_adam = {
    .part = {.name = "adam",
             .options = adam_options,
             .size = sizeof(struct adam),
             .help = "steps of the mean gradient over its root mean square; Kingma & Ba 2014",
             .sample = "adam learning_rate=0.01 amsgrad=true"},
    .slots = slots,
    .elementwise = true,
    .step = step,
};

const nn_optimizer nn_optimizer_adamw = {
    .part = {.name = "adamw",
             .class_name = "AdamW",
             .options = adamw_options,
             .size = sizeof(struct adam),
             .help = "adam with weight decay apart from the gradient; Loshchilov & Hutter 2017",
             .sample = "adamw learning_rate=0.01 weight_decay=0.1 beta_1=0.8"},
    .slots = slots,
    .elementwise = true,
    .step = step,
};
