/* exponential_decay: r decay_rate^p after s steps, with p = s / decay_steps, rounded down with
 * staircase.  Source: Keras's ExponentialDecay. */
#include "schedule.h"
#include <math.h>

struct exponential_decay {
    double initial_learning_rate, decay_steps, decay_rate;
    bool staircase;
};

static const nn_option options[] = {
    NN_OPTION_REAL_REQUIRED(struct exponential_decay, initial_learning_rate, 0.0, INFINITY,
                            "the rate of the first step"),
    NN_OPTION_REAL_ABOVE_REQUIRED(struct exponential_decay, decay_steps, 0.0,
                                  "steps in which the rate falls by decay_rate"),
    NN_OPTION_REAL_REQUIRED(struct exponential_decay, decay_rate, 0.0, INFINITY,
                            "factor of the rate in decay_steps"),
    NN_OPTION_BOOL(struct exponential_decay, staircase, false,
                   "whether it falls at once every decay_steps"),
    NN_OPTION_END,
};

static double rate(const void *self, uint64_t steps)
{
    const struct exponential_decay *decay = self;
    const double periods = (double)steps / decay->decay_steps;
    return decay->initial_learning_rate *
           pow(decay->decay_rate, decay->staircase ? floor(periods) : periods);
}

const nn_schedule nn_schedule_exponential_decay = {
    .part = {.name = "exponential_decay",
             .options = options,
             .size = sizeof(struct exponential_decay),
             .help = "falls by decay_rate every decay_steps",
             .sample = "exponential_decay initial_learning_rate=0.1 decay_steps=20 decay_rate=0.5"},
    .rate = rate,
};
