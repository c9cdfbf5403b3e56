/* ftrl: follows the regularized leader. With the sum of squares n (from initial_accumulator_value on), the
 * linear term z, p = -learning_rate_power, r the learning rate, and L2 = l2 + beta / (2 r),
 *     n' = n + g^2
 *     z += g + 2 shrinkage w - (n'^p - n^p) / r  w
 *     w = (clip(z, -l1, l1) - z) / (n'^p / r + 2 L2)
 * A step with learning rate 0, which divides by it, leaves all as it is.
 * Source: McMahan et al. 2013; Keras's Ftrl. */
#include "exponential.h"
#include "optimizer.h"
#include "vectorize.h"

struct ftrl {
    nn_optimizer_options common;
    double learning_rate_power, initial_accumulator_value;
    double l1_regularization_strength, l2_regularization_strength;
    double l2_shrinkage_regularization_strength, beta;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    NN_OPTION_REAL(struct ftrl, learning_rate_power, -0.5, -INFINITY, 0.0,
                   "how the rate falls with the sum of squares; 0: not at all"),
    NN_OPTION_REAL(struct ftrl, initial_accumulator_value, 0.1, 1e-30, INFINITY,
                   "what the sum of squares begins with"),
    NN_OPTION_REAL(struct ftrl, l1_regularization_strength, 0.0, 0.0, INFINITY,
                   "of the weights' sizes"),
    NN_OPTION_REAL(struct ftrl, l2_regularization_strength, 0.0, 0.0, INFINITY,
                   "of the weights' squares"),
    NN_OPTION_REAL(struct ftrl, l2_shrinkage_regularization_strength, 0.0, 0.0, INFINITY,
                   "of the weights' squares, in the gradient alone"),
    NN_OPTION_REAL(struct ftrl, beta, 0.0, 0.0, INFINITY, "the paper's beta"),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const names[] = {"accumulator", "linear", NULL};
    (void)self;
    return names;
}

static double slot_start(const void *self, size_t slot)
{
    return slot == 0 ? ((const struct ftrl *)self)->initial_accumulator_value : 0;
}

struct factors {
    nn_real rate, power, l1, twice_l2, twice_shrinkage;
};

/* w and z of one weight, from the powers of the old and the new sum of squares */
NN_INLINE void update_one(struct factors f, nn_real before, nn_real after, nn_real g, nn_real *z,
                          nn_real *w)
{
    *z += g + f.twice_shrinkage * *w - (after - before) / f.rate * *w;
    const nn_real clipped = *z > f.l1 ? f.l1 : *z < -f.l1 ? -f.l1 : *z;
    *w = (clipped - *z) / (after / f.rate + f.twice_l2);
}

NN_VECTORIZE
static void update_root(size_t count, struct factors f, const nn_real *restrict g,
                        nn_real *restrict n, nn_real *restrict z, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real sum = n[i] + g[i] * g[i];
        update_one(f, nn_sqrt(n[i]), nn_sqrt(sum), g[i], &z[i], &w[i]);
        n[i] = sum;
    }
}

static void update_power(size_t count, struct factors f, const nn_real *restrict g,
                         nn_real *restrict n, nn_real *restrict z, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real sum = n[i] + g[i] * g[i];
        update_one(f, (nn_real)pow((double)n[i], (double)f.power),
                   (nn_real)pow((double)sum, (double)f.power), g[i], &z[i], &w[i]);
        n[i] = sum;
    }
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct ftrl *ftrl = self;
    const double rate = step->learning_rate;
    const struct factors f = {
        .rate = (nn_real)rate,
        .power = (nn_real)-ftrl->learning_rate_power,
        .l1 = (nn_real)ftrl->l1_regularization_strength,
        .twice_l2 = (nn_real)(2 * ftrl->l2_regularization_strength + ftrl->beta / rate),
        .twice_shrinkage = (nn_real)(2 * ftrl->l2_shrinkage_regularization_strength),
    };
    if (f.rate == 0)
        return;
    (f.power == (nn_real)0.5 ? update_root : update_power)(
        step->count, f, step->gradients, step->slots[0], step->slots[1], step->weights);
}

const nn_optimizer nn_optimizer_ftrl = {
    .part = {.name = "ftrl",
             .options = options,
             .size = sizeof(struct ftrl),
             .help = "follows the regularized leader; McMahan et al. 2013",
             .sample = "ftrl learning_rate=0.05 learning_rate_power=-0.4 "
                       "l1_regularization_strength=0.001 l2_regularization_strength=0.01 "
                       "l2_shrinkage_regularization_strength=0.001 beta=0.1"},
    .slots = slots,
    .slot_start = slot_start,
    .elementwise = true,
    .step = step,
};
