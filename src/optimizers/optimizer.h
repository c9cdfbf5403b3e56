/* The room of optimizers: one step over the flat run of trainable weights. */
#ifndef NN_OPTIMIZERS_OPTIMIZER_H
#define NN_OPTIMIZERS_OPTIMIZER_H

#include "part.h"
#include "real.h"

#define NN_OPTIMIZER_MAX_SLOTS 4

typedef struct nn_optimizer_step {
    size_t count;       /* values in each run */
    uint64_t iteration; /* steps done before this one */
    double learning_rate;
    nn_real *weights;                       /* [count] */
    const nn_real *gradients;               /* [count] */
    nn_real *slots[NN_OPTIMIZER_MAX_SLOTS]; /* [count] each, zero before the first step */
} nn_optimizer_step;

typedef struct nn_optimizer {
    nn_part_type part;
    /* Names of the runs it keeps beside the weights ("momentum"), ended by NULL, at most
     * NN_OPTIMIZER_MAX_SLOTS. */
    const char *const *(*slots)(const void *self);
    double (*learning_rate)(const void *self); /* as its options say */
    bool elementwise; /* a step of part of the runs is that part of the step */
    /* True if a step is weights -= learning_rate gradients and nothing else, so that it can be folded
     * into the product that makes the gradients; NULL: never. */
    bool (*folds)(const void *self);
    void (*step)(const void *self, const nn_optimizer_step *step);
} nn_optimizer;

extern const nn_room nn_optimizer_room;

static inline const nn_optimizer *nn_optimizer_of(const nn_part *part)
{
    return (const nn_optimizer *)part->type;
}

#endif
