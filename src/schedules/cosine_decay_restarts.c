/* cosine_decay_restarts: r ((1 - alpha) m_mul^i (1 + cos(pi f)) / 2 + alpha), where i counts the restarts
 * so far and f is the share of the period that has passed. The first period has first_decay_steps, each
 * one after it t_mul times as many as the one before.
 * Source: Loshchilov & Hutter 2016; Keras's CosineDecayRestarts. */
#include "schedule.h"
#include <math.h>

struct cosine_decay_restarts {
    double initial_learning_rate, first_decay_steps, t_mul, m_mul, alpha;
};

static const nn_option options[] = {
    NN_OPTION_REAL_REQUIRED(struct cosine_decay_restarts, initial_learning_rate, 0.0, INFINITY,
                            "the rate of the first step"),
    NN_OPTION_REAL_ABOVE_REQUIRED(struct cosine_decay_restarts, first_decay_steps, 0.0,
                                  "steps of the first period"),
    NN_OPTION_REAL(struct cosine_decay_restarts, t_mul, 2.0, 1.0, INFINITY,
                   "how many times as long as the one before each period is"),
    NN_OPTION_REAL(struct cosine_decay_restarts, m_mul, 1.0, 0.0, INFINITY,
                   "factor of the rate at each restart"),
    NN_OPTION_REAL(struct cosine_decay_restarts, alpha, 0.0, 0.0, 1.0,
                   "the lowest rate, as a share of the initial one"),
    NN_OPTION_END,
};

/* Where period i begins, in first periods: 1 + t + ... + t^(i - 1). */
static double begin_of(double i, double t_mul)
{
    return t_mul == 1 ? i : (pow(t_mul, i) - 1) / (t_mul - 1);
}

static double rate(const void *self, uint64_t steps)
{
    const struct cosine_decay_restarts *decay = self;
    const double pi = 3.14159265358979323846, t_mul = decay->t_mul;
    const double done = (double)steps / decay->first_decay_steps;
    double i = floor(t_mul == 1 ? done : log1p(done * (t_mul - 1)) / log(t_mul));
    /* A logarithm may end on the wrong side of a restart. */
    if (done < begin_of(i, t_mul))
        i--;
    else if (done >= begin_of(i + 1, t_mul))
        i++;
    const double fraction = (done - begin_of(i, t_mul)) / pow(t_mul, i);
    return decay->initial_learning_rate *
           ((1 - decay->alpha) * 0.5 * pow(decay->m_mul, i) * (1 + cos(pi * fraction)) +
            decay->alpha);
}

const nn_schedule nn_schedule_cosine_decay_restarts = {
    .part = {.name = "cosine_decay_restarts",
             .options = options,
             .size = sizeof(struct cosine_decay_restarts),
             .help = "falls along half a cosine again and again; Loshchilov & Hutter 2016",
             .sample = "cosine_decay_restarts initial_learning_rate=0.1 first_decay_steps=10 "
                       "t_mul=1.5 m_mul=0.9 alpha=0.01"},
    .rate = rate,
};
