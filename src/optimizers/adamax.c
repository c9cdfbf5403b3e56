/* adamax: with the moving average m of the gradients and their decaying largest size u, at step
 * t = 1, 2, ...
 *     m += (1 - beta_1) (g - m)
 *     u = max(beta_2 u, |g|)
 *     w -= learning_rate m / ((1 - beta_1^t) (u + epsilon))
 * Source: Kingma & Ba 2014, section 7.1; Keras's Adamax. */
#include "exponential.h"
#include "optimizer.h"
#include "vectorize.h"

struct adamax {
    nn_optimizer_options common;
    double beta_1, beta_2, epsilon;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    NN_OPTION_BETA(struct adamax, beta_1, 0.9, "gradients"),
    NN_OPTION_REAL(struct adamax, beta_2, 0.999, 0.0, 1.0,
                   "share of the largest size that a step keeps"),
    NN_OPTION_EPSILON(struct adamax),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const names[] = {"momentum", "norm", NULL};
    (void)self;
    return names;
}

NN_VECTORIZE
static void update(size_t count, nn_real rate, nn_real rest_1, nn_real beta_2, nn_real epsilon,
                   const nn_real *restrict g, nn_real *restrict m, nn_real *restrict u,
                   nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        m[i] += (g[i] - m[i]) * rest_1;
        const nn_real size = nn_abs(g[i]), kept = beta_2 * u[i];
        u[i] = kept > size ? kept : size; /* NaN: size's */
        w[i] -= rate * m[i] / (u[i] + epsilon);
    }
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct adamax *adamax = self;
    const double t = (double)step->iteration + 1;
    update(step->count, (nn_real)(step->learning_rate / (1 - pow(adamax->beta_1, t))),
           (nn_real)(1 - adamax->beta_1), (nn_real)adamax->beta_2, (nn_real)adamax->epsilon,
           step->gradients, step->slots[0], step->slots[1], step->weights);
}

const nn_optimizer nn_optimizer_adamax = {
    .part = {.name = "adamax",
             .options = options,
             .size = sizeof(struct adamax),
             .help = "adam with the gradients' largest size; Kingma & Ba 2014",
             .sample = "adamax learning_rate=0.01 beta_2=0.9"},
    .slots = slots,
    .elementwise = true,
    .step = step,
};
