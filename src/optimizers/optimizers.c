/* The table of optimizers, and what they have in common. */
#include "optimizer.h"
#include "status.h"

#define ROWS(ROW)                                                                                  \
    ROW(optimizer, adadelta)                                                                       \
    ROW(optimizer, adafactor)                                                                      \
    ROW(optimizer, adagrad)                                                                        \
    ROW(optimizer, adam)                                                                           \
    ROW(optimizer, adamax)                                                                         \
    ROW(optimizer, adamw)                                                                          \
    ROW(optimizer, ftrl)                                                                           \
    ROW(optimizer, lamb)                                                                           \
    ROW(optimizer, lbfgs)                                                                          \
    ROW(optimizer, least_squares)                                                                  \
    ROW(optimizer, lion)                                                                           \
    ROW(optimizer, muon)                                                                           \
    ROW(optimizer, nadam)                                                                          \
    ROW(optimizer, rmsprop)                                                                        \
    ROW(optimizer, sgd)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

static const nn_option common[] = {
    NN_OPTION_OPTIONAL_REAL(nn_optimizer_options, weight_decay, 0.0, INFINITY,
                            NN_HELP_WEIGHT_DECAY),
    NN_OPTION_OPTIONAL_REAL_ABOVE(nn_optimizer_options, clipnorm, 0.0,
                                  "the largest norm of each weight's gradient"),
    NN_OPTION_OPTIONAL_REAL_ABOVE(nn_optimizer_options, clipvalue, 0.0,
                                  "the largest size of a gradient's values"),
    NN_OPTION_OPTIONAL_REAL_ABOVE(nn_optimizer_options, global_clipnorm, 0.0,
                                  "the largest norm of all gradients together"),
    NN_OPTION_BOOL(nn_optimizer_options, use_ema, false,
                   "whether to keep a moving average of the weights"),
    NN_OPTION_REAL(nn_optimizer_options, ema_momentum, 0.99, 0.0, 1.0,
                   "share of the moving average that a step keeps"),
    NN_OPTION_OPTIONAL_SIZE(nn_optimizer_options, ema_overwrite_frequency, 1, INFINITY,
                            "steps after which the moving average takes the weights' place"),
    NN_OPTION_OPTIONAL_REAL_ABOVE(nn_optimizer_options, loss_scale_factor, 0.0,
                                  "factor of the loss while gradients are computed"),
    NN_OPTION_OPTIONAL_SIZE(nn_optimizer_options, gradient_accumulation_steps, 2, INFINITY,
                            "batches whose mean gradient makes one step"),
    NN_OPTION_END,
};

static nn_status check(const void *self)
{
    const nn_optimizer_options *options = self;
    NN_REQUIRE(
        options->clipnorm.given + options->clipvalue.given + options->global_clipnorm.given <= 1,
        NN_ERR_INVALID,
        "more than one of clipnorm, clipvalue and global_clipnorm; give one of them");
    return NN_OK;
}

nn_status nn_optimizer_check_solver(const void *self)
{
    const nn_optimizer_options *options = self;
    const struct {
        const char *name;
        bool given;
    } about_batches[] = {
        {"weight_decay", options->weight_decay.value != 0},
        {"clipnorm", options->clipnorm.given},
        {"clipvalue", options->clipvalue.given},
        {"global_clipnorm", options->global_clipnorm.given},
        {"use_ema", options->use_ema},
        {"loss_scale_factor", options->loss_scale_factor.given},
        {"gradient_accumulation_steps", options->gradient_accumulation_steps.given},
    };
    for (size_t i = 0; i < sizeof(about_batches) / sizeof(about_batches[0]); i++)
        NN_REQUIRE(!about_batches[i].given, NN_ERR_INVALID,
                   "%s is for optimizers that step over batches; this one works on all rows at "
                   "once: leave it out",
                   about_batches[i].name);
    return NN_OK;
}

const nn_room nn_optimizer_room = {
    .kind = "optimizer",
    .module = "keras.optimizers",
    .parts = parts,
    .count = sizeof parts / sizeof parts[0],
    .common = common,
    .check = check,
};

double nn_optimizer_rate(const nn_part *part, uint64_t steps)
{
    const nn_real_or_part *rate = &nn_optimizer_options_of(part)->learning_rate;
    return rate->part.type == NULL ? rate->value
                                   : nn_schedule_of(&rate->part)->rate(rate->part.self, steps);
}

static size_t own_slots(const nn_part *part, const char *const **names)
{
    const nn_optimizer *optimizer = nn_optimizer_of(part);
    *names = optimizer->slots == NULL ? NULL : optimizer->slots(part->self);
    size_t count = 0;
    while (*names != NULL && (*names)[count] != NULL)
        count++;
    return count;
}

size_t nn_optimizer_average_slot(const nn_part *part)
{
    const char *const *names;
    return own_slots(part, &names);
}

size_t nn_optimizer_accumulator_slot(const nn_part *part)
{
    return nn_optimizer_average_slot(part) + nn_optimizer_options_of(part)->use_ema;
}

size_t nn_optimizer_slot_count(const nn_part *part)
{
    return nn_optimizer_accumulator_slot(part) +
           nn_optimizer_options_of(part)->gradient_accumulation_steps.given;
}

const char *nn_optimizer_slot(const nn_part *part, size_t index)
{
    const char *const *names;
    const size_t own = own_slots(part, &names);
    if (index < own)
        return names[index];
    if (index >= nn_optimizer_slot_count(part))
        return NULL;
    return index < nn_optimizer_accumulator_slot(part) ? "average" : "gradient_accumulator";
}

size_t nn_optimizer_scalar_count(const nn_part *part)
{
    const char *const *names = nn_optimizer_of(part)->scalars;
    size_t count = 0;
    while (names != NULL && names[count] != NULL)
        count++;
    return count;
}

bool nn_optimizer_folds(const nn_part *part)
{
    const nn_optimizer *optimizer = nn_optimizer_of(part);
    const nn_optimizer_options *options = nn_optimizer_options_of(part);
    return optimizer->folds != NULL && optimizer->folds(part->self) &&
           options->weight_decay.value == 0 && !options->clipnorm.given &&
           !options->clipvalue.given && !options->global_clipnorm.given && !options->use_ema &&
           !options->gradient_accumulation_steps.given;
}
