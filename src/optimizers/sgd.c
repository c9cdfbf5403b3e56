/* sgd: w -= learning_rate g; with momentum
 *     v = momentum v - learning_rate g
 *     w += v,  or with nesterov  w += momentum v - learning_rate g
 * Source: Keras's SGD; Sutskever et al. 2013. */
#include "optimizer.h"
#include "vectorize.h"

struct sgd {
    nn_optimizer_options common;
    double momentum;
    bool nesterov;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.01),
    NN_OPTION_REAL(struct sgd, momentum, 0.0, 0.0, 1.0, "share of the last step that is kept"),
    NN_OPTION_BOOL(struct sgd, nesterov, false, "whether to look ahead along the momentum"),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const none[] = {NULL}, *const momentum[] = {"momentum", NULL};
    return ((const struct sgd *)self)->momentum == 0 ? none : momentum;
}

static bool folds(const void *self)
{
    return ((const struct sgd *)self)->momentum == 0;
}

NN_VECTORIZE
static void step_plain(size_t count, nn_real rate, const nn_real *restrict g, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++)
        w[i] -= g[i] * rate;
}

NN_VECTORIZE
static void step_momentum(size_t count, nn_real rate, nn_real momentum, const nn_real *restrict g,
                          nn_real *restrict v, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        v[i] = v[i] * momentum - g[i] * rate;
        w[i] += v[i];
    }
}

NN_VECTORIZE
static void step_nesterov(size_t count, nn_real rate, nn_real momentum, const nn_real *restrict g,
                          nn_real *restrict v, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        v[i] = v[i] * momentum - g[i] * rate;
        w[i] += v[i] * momentum - g[i] * rate;
    }
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct sgd *sgd = self;
    const nn_real rate = (nn_real)step->learning_rate, momentum = (nn_real)sgd->momentum;
    if (sgd->momentum == 0)
        step_plain(step->count, rate, step->gradients, step->weights);
    else if (sgd->nesterov)
        step_nesterov(step->count, rate, momentum, step->gradients, step->slots[0], step->weights);
    else
        step_momentum(step->count, rate, momentum, step->gradients, step->slots[0], step->weights);
}

const nn_optimizer nn_optimizer_sgd = {
    .part = {.name = "sgd",
             .class_name = "SGD",
             .options = options,
             .size = sizeof(struct sgd),
             .help = "gradient descent with momentum; Sutskever et al. 2013",
             .sample = "sgd learning_rate=0.1 momentum=0.9 nesterov=true"},
    .slots = slots,
    .elementwise = true,
    .folds = folds,
    .step = step,
};
