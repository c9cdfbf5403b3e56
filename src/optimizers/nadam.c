/* nadam: adam that looks ahead along the momentum, by a momentum that grows with the steps. At step
 * t = 1, 2, ... with u_t = beta_1 (1 - 0.96^t / 2) and U_t = u_1 u_2 ... u_t,
 *     m += (1 - beta_1) (g - m)
 *     v += (1 - beta_2) (g^2 - v)
 *     w -= learning_rate (u_(t+1) m / (1 - U_(t+1)) + (1 - u_t) g / (1 - U_t))
 *              / (sqrt(v / (1 - beta_2^t)) + epsilon)
 * Source: Dozat 2016; Keras's Nadam. */
#include "exponential.h"
#include "optimizer.h"
#include "vectorize.h"

struct nadam {
    nn_optimizer_options common;
    double beta_1, beta_2, epsilon;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    NN_OPTION_BETA(struct nadam, beta_1, 0.9, "gradients"),
    NN_OPTION_BETA(struct nadam, beta_2, 0.999, "squares"),
    NN_OPTION_EPSILON(struct nadam),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const names[] = {"momentum", "velocity", NULL};
    (void)self;
    return names;
}

/* u_t of the step that comes after so many */
static double momentum_after(const struct nadam *nadam, uint64_t steps)
{
    return nadam->beta_1 * (1 - 0.5 * pow(0.96, (double)steps + 1));
}

static const char *const scalars[] = {"u_product", NULL}; /* U_t */
static const double scalar_starts[] = {1};

static void advance(const void *self, uint64_t iteration, double *u_product)
{
    *u_product *= momentum_after(self, iteration);
}

struct factors {
    nn_real rest_1, rest_2, of_m, of_g, of_v, epsilon;
};

NN_VECTORIZE
static void update(size_t count, struct factors f, const nn_real *restrict g, nn_real *restrict m,
                   nn_real *restrict v, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        m[i] += (g[i] - m[i]) * f.rest_1;
        v[i] += (g[i] * g[i] - v[i]) * f.rest_2;
        w[i] -= (f.of_m * m[i] + f.of_g * g[i]) / (nn_sqrt(v[i] * f.of_v) + f.epsilon);
    }
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct nadam *nadam = self;
    const double rate = step->learning_rate, u_product = step->scalars[0];
    const double now = momentum_after(nadam, step->iteration);
    const double next = momentum_after(nadam, step->iteration + 1);
    const struct factors f = {
        .rest_1 = (nn_real)(1 - nadam->beta_1),
        .rest_2 = (nn_real)(1 - nadam->beta_2),
        .of_m = (nn_real)(rate * next / (1 - u_product * next)),
        .of_g = (nn_real)(rate * (1 - now) / (1 - u_product)),
        .of_v = (nn_real)(1 / (1 - pow(nadam->beta_2, (double)step->iteration + 1))),
        .epsilon = (nn_real)nadam->epsilon,
    };
    update(step->count, f, step->gradients, step->slots[0], step->slots[1], step->weights);
}

const nn_optimizer nn_optimizer_nadam = {
    .part = {.name = "nadam",
             .options = options,
             .size = sizeof(struct nadam),
             .help = "adam with Nesterov's momentum; Dozat 2016",
             .sample = "nadam learning_rate=0.01 beta_1=0.8"},
    .slots = slots,
    .scalars = scalars,
    .scalar_starts = scalar_starts,
    .advance = advance,
    .elementwise = true,
    .step = step,
};
