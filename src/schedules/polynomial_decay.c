/* polynomial_decay: (r - end) (1 - s / d)^power + end after s steps. d is decay_steps, and s is at most
 * d; with cycle d is the next multiple of decay_steps that isn't below s.
 * Source: Keras's PolynomialDecay. */
#include "schedule.h"
#include <math.h>

struct polynomial_decay {
    double initial_learning_rate, decay_steps, end_learning_rate, power;
    bool cycle;
};

static const nn_option options[] = {
    NN_OPTION_REAL_REQUIRED(struct polynomial_decay, initial_learning_rate, 0.0, INFINITY,
                            "the rate of the first step"),
    NN_OPTION_REAL_ABOVE_REQUIRED(struct polynomial_decay, decay_steps, 0.0,
                                  "steps until end_learning_rate"),
    NN_OPTION_REAL(struct polynomial_decay, end_learning_rate, 0.0001, 0.0, INFINITY,
                   "the rate after decay_steps"),
    NN_OPTION_REAL(struct polynomial_decay, power, 1.0, 0.0, INFINITY,
                   "of the polynomial; 1 falls in a straight line"),
    NN_OPTION_BOOL(struct polynomial_decay, cycle, false,
                   "whether it starts again, each time at a lower rate, after decay_steps"),
    NN_OPTION_END,
};

static double rate(const void *self, uint64_t steps)
{
    const struct polynomial_decay *decay = self;
    double done = (double)steps, whole = decay->decay_steps;
    if (!decay->cycle)
        done = fmin(done, whole);
    else if (steps > 0)
        whole *= ceil(done / whole);
    return (decay->initial_learning_rate - decay->end_learning_rate) *
               pow(1 - done / whole, decay->power) +
           decay->end_learning_rate;
}

const nn_schedule nn_schedule_polynomial_decay = {
    .part = {.name = "polynomial_decay",
             .options = options,
             .size = sizeof(struct polynomial_decay),
             .help = "falls to end_learning_rate as a power of the steps left",
             .sample = "polynomial_decay initial_learning_rate=0.1 decay_steps=50 power=2"},
    .rate = rate,
};
