/* cosine_decay: r ((1 - alpha) (1 + cos(pi s / decay_steps)) / 2 + alpha) after s steps, s at most
 * decay_steps. With a warmup_target the rate first goes in a straight line from r to there, in
 * warmup_steps, and falls from there.  Source: Loshchilov & Hutter 2016; Keras's CosineDecay. */
#include "schedule.h"
#include <math.h>

struct cosine_decay {
    double initial_learning_rate, decay_steps, alpha;
    nn_optional_real warmup_target;
    double warmup_steps;
};

static const nn_option options[] = {
    NN_OPTION_REAL_REQUIRED(struct cosine_decay, initial_learning_rate, 0.0, INFINITY,
                            "the rate of the first step"),
    NN_OPTION_REAL_ABOVE_REQUIRED(struct cosine_decay, decay_steps, 0.0,
                                  "steps of the fall, without those of the warmup"),
    NN_OPTION_REAL(struct cosine_decay, alpha, 0.0, 0.0, 1.0,
                   "the rate after the fall, as a share of the one before it"),
    NN_OPTION_OPTIONAL_REAL(struct cosine_decay, warmup_target, 0.0, INFINITY,
                            "the rate after the warmup; none: no warmup"),
    NN_OPTION_REAL(struct cosine_decay, warmup_steps, 0.0, 0.0, INFINITY, "steps of the warmup"),
    NN_OPTION_END,
};

static double rate(const void *self, uint64_t steps)
{
    const struct cosine_decay *decay = self;
    const double pi = 3.14159265358979323846;
    double done = (double)steps, from = decay->initial_learning_rate;
    if (decay->warmup_target.given) {
        const double target = decay->warmup_target.value;
        if (done < decay->warmup_steps)
            return (target - from) * (done / decay->warmup_steps) + from;
        done -= decay->warmup_steps;
        from = target;
    }
    const double fraction = fmin(done / decay->decay_steps, 1);
    return from * ((1 - decay->alpha) * 0.5 * (1 + cos(pi * fraction)) + decay->alpha);
}

const nn_schedule nn_schedule_cosine_decay = {
    .part = {.name = "cosine_decay",
             .options = options,
             .size = sizeof(struct cosine_decay),
             .help = "falls along half a cosine, after a warmup; Loshchilov & Hutter 2016",
             .sample = "cosine_decay initial_learning_rate=0.01 decay_steps=50 alpha=0.1 "
                       "warmup_target=0.1 warmup_steps=10"},
    .rate = rate,
};
