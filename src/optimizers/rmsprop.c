/* rmsprop: v = rho v + (1 - rho) g^2, and w -= learning_rate g / sqrt(v + epsilon). With centered, v is
 * lowered by the square of the gradients' moving average a = rho a + (1 - rho) g. With momentum, the steps
 * are added up: m = momentum m + step, w -= m.
 * Source: Tieleman & Hinton 2012; Graves 2013 (centered); Keras's RMSprop. */
#include "exponential.h"
#include "optimizer.h"
#include "vectorize.h"

struct rmsprop {
    nn_optimizer_options common;
    double rho, momentum, epsilon;
    bool centered;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    NN_OPTION_REAL_BELOW(struct rmsprop, rho, 0.9, 0.0, 1.0,
                         "share of the squares' moving average that a step keeps"),
    NN_OPTION_REAL(struct rmsprop, momentum, 0.0, 0.0, 1.0, "share of the last step that is kept"),
    NN_OPTION_EPSILON(struct rmsprop),
    NN_OPTION_BOOL(struct rmsprop, centered, false,
                   "whether to divide by the variance instead of the mean square"),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const plain[] = {"velocity", NULL};
    static const char *const momentum[] = {"velocity", "momentum", NULL};
    static const char *const centered[] = {"velocity", "average_gradient", NULL};
    static const char *const both[] = {"velocity", "average_gradient", "momentum", NULL};
    const struct rmsprop *rmsprop = self;
    if (rmsprop->centered)
        return rmsprop->momentum > 0 ? both : centered;
    return rmsprop->momentum > 0 ? momentum : plain;
}

struct factors {
    nn_real rate, rho, rest, momentum, epsilon; /* rest: 1 - rho */
};

/* average and m may be NULL. One loop for all four kinds: the compiler takes the tests out of it. */
NN_INLINE void update(size_t count, struct factors f, const nn_real *restrict g,
                      nn_real *restrict velocity, nn_real *restrict average, nn_real *restrict m,
                      nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        velocity[i] = f.rho * velocity[i] + f.rest * (g[i] * g[i]);
        nn_real mean_square = velocity[i];
        if (average != NULL) {
            average[i] = f.rho * average[i] + f.rest * g[i];
            mean_square -= average[i] * average[i];
        }
        nn_real change = f.rate * g[i] / nn_sqrt(mean_square + f.epsilon);
        if (m != NULL) {
            m[i] = f.momentum * m[i] + change;
            change = m[i];
        }
        w[i] -= change;
    }
}

NN_VECTORIZE
static void step_plain(size_t count, struct factors f, const nn_real *g, nn_real *velocity,
                       nn_real *w)
{
    update(count, f, g, velocity, NULL, NULL, w);
}

NN_VECTORIZE
static void step_momentum(size_t count, struct factors f, const nn_real *g, nn_real *velocity,
                          nn_real *m, nn_real *w)
{
    update(count, f, g, velocity, NULL, m, w);
}

NN_VECTORIZE
static void step_centered(size_t count, struct factors f, const nn_real *g, nn_real *velocity,
                          nn_real *average, nn_real *w)
{
    update(count, f, g, velocity, average, NULL, w);
}

NN_VECTORIZE
static void step_both(size_t count, struct factors f, const nn_real *g, nn_real *velocity,
                      nn_real *average, nn_real *m, nn_real *w)
{
    update(count, f, g, velocity, average, m, w);
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct rmsprop *rmsprop = self;
    const struct factors f = {
        .rate = (nn_real)step->learning_rate,
        .rho = (nn_real)rmsprop->rho,
        .rest = (nn_real)(1 - rmsprop->rho),
        .momentum = (nn_real)rmsprop->momentum,
        .epsilon = (nn_real)rmsprop->epsilon,
    };
    const nn_real *g = step->gradients;
    nn_real *const *slots = step->slots, *w = step->weights;
    if (rmsprop->centered && rmsprop->momentum > 0)
        step_both(step->count, f, g, slots[0], slots[1], slots[2], w);
    else if (rmsprop->centered)
        step_centered(step->count, f, g, slots[0], slots[1], w);
    else if (rmsprop->momentum > 0)
        step_momentum(step->count, f, g, slots[0], slots[1], w);
    else
        step_plain(step->count, f, g, slots[0], w);
}

const nn_optimizer nn_optimizer_rmsprop = {
    .part = {.name = "rmsprop",
             .class_name = "RMSprop",
             .options = options,
             .size = sizeof(struct rmsprop),
             .help = "steps divided by the gradients' mean square; Tieleman & Hinton 2012",
             .sample = "rmsprop learning_rate=0.01 momentum=0.5 centered=true"},
    .slots = slots,
    .elementwise = true,
    .step = step,
};
