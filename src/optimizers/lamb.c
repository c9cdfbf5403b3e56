/* lamb: adam with steps in proportion to each tensor's norm. At step t = 1, 2, ...
 *     m += (1 - beta_1) (g - m)
 *     v += (1 - beta_2) (g^2 - v)
 *     u = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)
 *     w -= learning_rate |w| / |u| u
 * with 1 in place of |w| / |u| where one of the norms is 0.
 * Source: You et al. 2019; Keras's Lamb. */
#include "elementwise.h"
#include "exponential.h"
#include "optimizer.h"
#include "pool.h"
#include "vectorize.h"

struct lamb {
    nn_optimizer_options common;
    double beta_1, beta_2, epsilon;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    NN_OPTION_BETA(struct lamb, beta_1, 0.9, "gradients"),
    NN_OPTION_BETA(struct lamb, beta_2, 0.999, "squares"),
    NN_OPTION_EPSILON(struct lamb),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const names[] = {"momentum", "velocity", NULL};
    (void)self;
    return names;
}

/* u lies as the weights do. */
static size_t scratch(const void *self, const nn_segment *segments, size_t count)
{
    (void)self;
    return count == 0 ? 0 : segments[count - 1].offset + segments[count - 1].width;
}

struct factors {
    nn_real rest_1, rest_2, of_m, of_v, epsilon;
};

NN_VECTORIZE
static void update(size_t count, struct factors f, const nn_real *restrict g, nn_real *restrict m,
                   nn_real *restrict v, nn_real *restrict u)
{
    for (size_t i = 0; i < count; i++) {
        m[i] += (g[i] - m[i]) * f.rest_1;
        v[i] += (g[i] * g[i] - v[i]) * f.rest_2;
        u[i] = m[i] * f.of_m / (nn_sqrt(v[i] * f.of_v) + f.epsilon);
    }
}

NN_VECTORIZE
static void subtract(size_t count, nn_real factor, const nn_real *restrict u, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++)
        w[i] -= factor * u[i];
}

struct whole {
    const nn_optimizer_step *step;
    struct factors factors;
};

static void step_tensor(void *context, size_t index)
{
    const struct whole *whole = context;
    const nn_optimizer_step *step = whole->step;
    const size_t at = step->segments[index].offset, width = step->segments[index].width;
    nn_real *u = step->scratch + at, *w = step->weights + at;
    update(width, whole->factors, step->gradients + at, step->slots[0] + at, step->slots[1] + at,
           u);
    const double w_norm = sqrt(nn_sum_of_squares(width, w));
    const double u_norm = sqrt(nn_sum_of_squares(width, u));
    const double ratio = w_norm == 0 || u_norm == 0 ? 1 : w_norm / u_norm; /* NaN stays */
    subtract(width, (nn_real)(ratio * step->learning_rate), u, w);
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct lamb *lamb = self;
    const double t = (double)step->iteration + 1;
    struct whole whole = {
        .step = step,
        .factors = {.rest_1 = (nn_real)(1 - lamb->beta_1),
                    .rest_2 = (nn_real)(1 - lamb->beta_2),
                    .of_m = (nn_real)(1 / (1 - pow(lamb->beta_1, t))),
                    .of_v = (nn_real)(1 / (1 - pow(lamb->beta_2, t))),
                    .epsilon = (nn_real)lamb->epsilon},
    };
    nn_pool_run(step->segment_count, step_tensor, &whole);
}

const nn_optimizer nn_optimizer_lamb = {
    .part = {.name = "lamb",
             .options = options,
             .size = sizeof(struct lamb),
             .help = "adam with steps in proportion to the weights' norm; You et al. 2019",
             .sample = "lamb learning_rate=0.01 beta_1=0.8"},
    .slots = slots,
    .scratch = scratch,
    .step = step,
};
