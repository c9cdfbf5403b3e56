/* inverse_time_decay: r / (1 + decay_rate p) after s steps, with p = s / decay_steps, rounded down with
 * staircase.  Source: Keras's InverseTimeDecay. */
#include "schedule.h"
#include <math.h>

struct inverse_time_decay {
    double initial_learning_rate, decay_steps, decay_rate;
    bool staircase;
};

static const nn_option options[] = {
    NN_OPTION_REAL_REQUIRED(struct inverse_time_decay, initial_learning_rate, 0.0, INFINITY,
                            "the rate of the first step"),
    NN_OPTION_REAL_ABOVE_REQUIRED(struct inverse_time_decay, decay_steps, 0.0,
                                  "steps in which the divisor grows by decay_rate"),
    NN_OPTION_REAL_REQUIRED(struct inverse_time_decay, decay_rate, 0.0, INFINITY,
                            "what the divisor grows by in decay_steps"),
    NN_OPTION_BOOL(struct inverse_time_decay, staircase, false,
                   "whether it grows at once every decay_steps"),
    NN_OPTION_END,
};

static double rate(const void *self, uint64_t steps)
{
    const struct inverse_time_decay *decay = self;
    const double periods = (double)steps / decay->decay_steps;
    return decay->initial_learning_rate /
           (1 + decay->decay_rate * (decay->staircase ? floor(periods) : periods));
}

const nn_schedule nn_schedule_inverse_time_decay = {
    .part = {.name = "inverse_time_decay",
             .options = options,
             .size = sizeof(struct inverse_time_decay),
             .help = "divided by 1 + decay_rate steps / decay_steps",
             .sample =
                 "inverse_time_decay initial_learning_rate=0.1 decay_steps=20 decay_rate=0.5"},
    .rate = rate,
};
