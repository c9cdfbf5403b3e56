/* piecewise_constant_decay: values[i] after s steps, where i counts the boundaries below s.
 * Source: Keras's PiecewiseConstantDecay. */
#include "schedule.h"
#include "status.h"
#include <math.h>

struct piecewise_constant_decay {
    nn_reals boundaries, values;
};

static const nn_option options[] = {
    NN_OPTION_REALS_REQUIRED(struct piecewise_constant_decay, boundaries, 0.0, INFINITY,
                             "steps after which the rate changes, in rising order"),
    NN_OPTION_REALS_REQUIRED(struct piecewise_constant_decay, values, 0.0, INFINITY,
                             "the rates, one more than there are boundaries"),
    NN_OPTION_END,
};

static nn_status check(const void *self)
{
    const struct piecewise_constant_decay *decay = self;
    const nn_reals *boundaries = &decay->boundaries;
    NN_REQUIRE(decay->values.count == boundaries->count + 1, NN_ERR_INVALID,
               "%zu values and %zu boundaries, expected one more of values", decay->values.count,
               boundaries->count);
    for (size_t i = 1; i < boundaries->count; i++)
        NN_REQUIRE(boundaries->values[i - 1] < boundaries->values[i], NN_ERR_INVALID,
                   "boundaries has %.9g after %.9g, expected rising numbers", boundaries->values[i],
                   boundaries->values[i - 1]);
    return NN_OK;
}

static double rate(const void *self, uint64_t steps)
{
    const struct piecewise_constant_decay *decay = self;
    size_t at = 0;
    while (at < decay->boundaries.count && (double)steps > decay->boundaries.values[at])
        at++;
    return decay->values.values[at];
}

const nn_schedule nn_schedule_piecewise_constant_decay = {
    .part = {.name = "piecewise_constant_decay",
             .options = options,
             .size = sizeof(struct piecewise_constant_decay),
             .help = "constant between boundaries",
             .sample = "piecewise_constant_decay boundaries=(5,20.5) values=(0.1,0.05,0.01)",
             .check = check},
    .rate = rate,
};
