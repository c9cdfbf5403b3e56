/* adadelta: with the moving averages of squares a (gradients) and d (changes),
 *     a = rho a + (1 - rho) g^2
 *     c = -g sqrt(d + epsilon) / sqrt(a + epsilon)
 *     d = rho d + (1 - rho) c^2
 *     w += learning_rate c
 * Source: Zeiler 2012 (with learning rate 1); Keras's Adadelta. */
#include "exponential.h"
#include "optimizer.h"
#include "vectorize.h"

struct adadelta {
    nn_optimizer_options common;
    double rho, epsilon;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    NN_OPTION_REAL_BELOW(struct adadelta, rho, 0.95, 0.0, 1.0,
                         "share of the moving averages that a step keeps"),
    NN_OPTION_EPSILON(struct adadelta),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const names[] = {"accumulated_grad", "accumulated_delta_var", NULL};
    (void)self;
    return names;
}

NN_VECTORIZE
static void update(size_t count, nn_real rate, nn_real rho, nn_real rest, nn_real epsilon,
                   const nn_real *restrict g, nn_real *restrict a, nn_real *restrict d,
                   nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        a[i] = rho * a[i] + rest * (g[i] * g[i]);
        const nn_real change = -(nn_sqrt(d[i] + epsilon) * g[i] / nn_sqrt(a[i] + epsilon));
        d[i] = rho * d[i] + rest * (change * change);
        w[i] += rate * change;
    }
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct adadelta *adadelta = self;
    update(step->count, (nn_real)step->learning_rate, (nn_real)adadelta->rho,
           (nn_real)(1 - adadelta->rho), (nn_real)adadelta->epsilon, step->gradients,
           step->slots[0], step->slots[1], step->weights);
}

const nn_optimizer nn_optimizer_adadelta = {
    .part = {.name = "adadelta",
             .options = options,
             .size = sizeof(struct adadelta),
             .help = "steps as large as the last changes were; Zeiler 2012",
             .sample = "adadelta learning_rate=1 rho=0.9"},
    .slots = slots,
    .elementwise = true,
    .step = step,
};
