/* The room of optimizers: one step over the flat run of trainable weights. What every optimizer
 * has beside its own rule (clipping, weight decay, accumulation, the moving average) is no concern of its
 * file: training does it for all of them. */
#ifndef NN_OPTIMIZERS_OPTIMIZER_H
#define NN_OPTIMIZERS_OPTIMIZER_H

#include "part.h"
#include "real.h"
#include "schedule.h"
#include "target.h"

enum { NN_OPTIMIZER_MAX_SLOTS = 4, NN_OPTIMIZER_MAX_SCALARS = 2 };

/* What every optimizer's struct begins with. */
typedef struct nn_optimizer_options {
    nn_real_or_part learning_rate;
    nn_optional_real weight_decay; /* w -= learning_rate weight_decay w before the step; 0: none */
    nn_optional_real clipnorm;     /* at most one of the three */
    nn_optional_real clipvalue;
    nn_optional_real global_clipnorm;
    bool use_ema;
    double ema_momentum;
    nn_optional_size ema_overwrite_frequency;
    nn_optional_real loss_scale_factor;
    nn_optional_size gradient_accumulation_steps;
} nn_optimizer_options;

/* The first row of every optimizer's own table: the defaults differ. */
#define NN_OPTION_LEARNING_RATE(value)                                                             \
    NN_OPTION_REAL_OR_PART(nn_optimizer_options, learning_rate, &nn_schedule_room, value, 0.0,     \
                           INFINITY, "size of a step")
/* The least epsilon is one that no float computation loses: 0 / 0 never is. */
#define NN_OPTION_EPSILON(s)                                                                       \
    NN_OPTION_REAL(s, epsilon, 1e-7, 1e-30, INFINITY, "added to what is divided by")
/* A moving average that never moves would be divided by 0. */
#define NN_OPTION_BETA(s, field, value, what)                                                      \
    NN_OPTION_REAL_BELOW(s, field, value, 0.0, 1.0,                                                \
                         "share of the moving average of " what " that a step keeps")
#define NN_HELP_WEIGHT_DECAY "share of a weight that a step of learning rate 1 takes off it"

/* A tensor in the flat runs. */
typedef struct nn_segment {
    const char *name; /* "dense/kernel" */
    const nn_shape *shape;
    size_t offset, width; /* its values are [offset] ... [offset + width - 1] */
} nn_segment;

typedef struct nn_optimizer_step {
    size_t count;       /* values in each run */
    uint64_t iteration; /* steps done before this one */
    double learning_rate;
    nn_real *weights;                         /* [count] */
    const nn_real *gradients;                 /* [count] */
    nn_real *slots[NN_OPTIMIZER_MAX_SLOTS];   /* [count] each */
    double scalars[NN_OPTIMIZER_MAX_SCALARS]; /* after advance */
    /* The tensors in the runs, for optimizers that aren't elementwise; the gaps between them hold zeros. */
    const nn_segment *segments;
    size_t segment_count;
    nn_real *scratch;
} nn_optimizer_step;

/* Some rows as a model's only trained layer meets them. */
typedef struct nn_problem_rows {
    size_t rows;
    const nn_real *x;       /* [rows][inputs of that layer] */
    const nn_real *targets; /* [rows][outputs] */
    const double *weight;   /* [rows] sample weight times class weight */
} nn_problem_rows;

/* The whole data, for an optimizer that works on all of it at once. */
typedef struct nn_problem {
    size_t count;     /* values in each run */
    nn_real *weights; /* [count] */
    nn_real *slots;   /* [slots][count] */
    double *scalars;  /* as declared */
    const nn_segment *segments;
    size_t segment_count;
    nn_real *scratch;
    double learning_rate;
    bool begins; /* the data isn't known to be that of the call before */
    /* The loss of all rows at weights and, if gradients isn't NULL, its gradients[count]. */
    nn_status (*evaluate)(void *user, double *loss, double *gradients);
    /* Of models that are linear (trains): some of the rows, by a number below parts. What was read before is
     * then no longer there. */
    size_t parts;
    nn_status (*read)(void *user, size_t part, nn_problem_rows *rows);
    void *user;
} nn_problem;

/* Which models an optimizer can train. */
typedef enum nn_optimizer_trains {
    NN_TRAINS_ANY,
    NN_TRAINS_LINEAR /* one trained layer, linear, with mean_squared_error */
} nn_optimizer_trains;

typedef struct nn_optimizer {
    nn_part_type part;
    /* Names of the runs it keeps beside the weights ("momentum"), ended by NULL, at most
     * NN_OPTIMIZER_MAX_SLOTS; NULL: none. */
    const char *const *(*slots)(const void *self);
    double (*slot_start)(const void *self, size_t slot); /* before the first step; NULL: 0 */
    /* Numbers that it keeps: names, ended by NULL, and what they begin with; NULL: none. advance is
     * called once before each step, which may come in parts. */
    const char *const *scalars;
    const double *scalar_starts;
    void (*advance)(const void *self, uint64_t iteration, double *scalars);
    /* A step of part of the runs is that part of the step; else it gets whole runs and the segments. */
    bool elementwise;
    bool decays; /* it does weight_decay itself */
    /* Values of scratch that a step over these segments needs, SIZE_MAX if too many to count; NULL:
     * none. */
    size_t (*scratch)(const void *self, const nn_segment *segments, size_t count);
    /* True if a step is weights -= learning_rate gradients and nothing else, so that it can be folded
     * into the product that makes the gradients; NULL: never. */
    bool (*folds)(const void *self);
    void (*step)(const void *self, const nn_optimizer_step *step);
    /* In place of step, of an optimizer that works on all rows at once, however many, and not on batches: one
     * epoch. The last evaluation that it asks for is of the weights that it leaves. *solved: there is
     * nothing left to do. It is part of training, where nothing is allocated. Errors: those of evaluate and
     * read, and NN_ERR_NONFINITE; whatever happens, the weights stay finite. */
    nn_status (*solve)(const void *self, const nn_problem *problem, bool *solved);
    nn_optimizer_trains trains;
} nn_optimizer;

extern const nn_room nn_optimizer_room;

static inline const nn_optimizer *nn_optimizer_of(const nn_part *part)
{
    return (const nn_optimizer *)part->type;
}

static inline const nn_optimizer_options *nn_optimizer_options_of(const nn_part *part)
{
    return part->self;
}

/* The learning rate of the step that comes after so many. */
double nn_optimizer_rate(const nn_part *part, uint64_t steps);

/* Names of all runs kept beside the weights: its own slots, then "average" with use_ema, then
 * "gradient_accumulator" with gradient_accumulation_steps; NULL past the end. */
const char *nn_optimizer_slot(const nn_part *part, size_t index);
size_t nn_optimizer_slot_count(const nn_part *part);
/* The indices of the last two. Only if there are such. */
size_t nn_optimizer_average_slot(const nn_part *part);
size_t nn_optimizer_accumulator_slot(const nn_part *part);
size_t nn_optimizer_scalar_count(const nn_part *part);

/* The check of a part that has solve: refuses the options that are about steps over batches. */
nn_status nn_optimizer_check_solver(const void *self);

/* True if a step can be folded into the product, with all that common options ask for. */
bool nn_optimizer_folds(const nn_part *part);

#endif
