/* adagrad: a = a + g^2 from initial_accumulator_value on, and w -= learning_rate g / sqrt(a + epsilon).
 * Source: Duchi et al. 2011; Keras's Adagrad. */
#include "exponential.h"
#include "optimizer.h"
#include "vectorize.h"

struct adagrad {
    nn_optimizer_options common;
    double initial_accumulator_value, epsilon;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    NN_OPTION_REAL(struct adagrad, initial_accumulator_value, 0.1, 0.0, INFINITY,
                   "what the sum of squares begins with"),
    NN_OPTION_EPSILON(struct adagrad),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const names[] = {"accumulator", NULL};
    (void)self;
    return names;
}

static double slot_start(const void *self, size_t slot)
{
    (void)slot;
    return ((const struct adagrad *)self)->initial_accumulator_value;
}

NN_VECTORIZE
static void update(size_t count, nn_real rate, nn_real epsilon, const nn_real *restrict g,
                   nn_real *restrict a, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        a[i] += g[i] * g[i];
        w[i] -= rate * g[i] / nn_sqrt(a[i] + epsilon);
    }
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct adagrad *adagrad = self;
    update(step->count, (nn_real)step->learning_rate, (nn_real)adagrad->epsilon, step->gradients,
           step->slots[0], step->weights);
}

const nn_optimizer nn_optimizer_adagrad = {
    .part = {.name = "adagrad",
             .options = options,
             .size = sizeof(struct adagrad),
             .help = "steps divided by the gradients' sum of squares; Duchi et al. 2011",
             .sample = "adagrad learning_rate=0.05 initial_accumulator_value=0.2"},
    .slots = slots,
    .slot_start = slot_start,
    .elementwise = true,
    .step = step,
};
