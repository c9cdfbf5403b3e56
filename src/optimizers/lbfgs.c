/*
 * lbfgs: quasi-Newton steps on the loss of the whole data. The steps s_k = w_k+1 - w_k and the changes of the
 * gradient y_k = g_k+1 - g_k of the last history_size iterations stand for the inverse H of the matrix of
 * second derivatives; an iteration is
 *     d = -H g                            the two-loop recursion, from H = s y / y y of the last pair
 *     w += t d                            t by line search (line_search.c)
 * It ends where max |g| <= tol, or where the loss falls by less than ftol of itself (of 1, if it is less), or
 * where no step in the arithmetic of the weights leads lower.
 * An epoch is max_iter iterations. Pairs are kept with the model, so that the next epoch or fit goes on.
 * Source: Liu and Nocedal 1989; Nocedal and Wright 2006, algorithms 7.4 and 7.5. scikit-learn's lbfgs (SciPy's
 * L-BFGS-B without bounds) has the same history_size, tol and ftol, the first step 1 / |g|, and its test of a
 * pair.
 */
#include "allocate.h"
#include "elementwise.h"
#include "line_search.h"
#include "optimizer.h"
#include "status.h"
#include "vectorize.h"
#include <float.h>
#include <string.h>

enum { MAX_HISTORY = 32, LANES = 8 };

struct lbfgs {
    nn_optimizer_options common;
    size_t max_iter, history_size, max_evaluations;
    double tol, ftol;
};

static const nn_option options[] = {
    NN_OPTION_REAL_OR_PART(nn_optimizer_options, learning_rate, &nn_schedule_room, 1.0, 0.0,
                           INFINITY, "share of a quasi-Newton step that a line search tries first"),
    NN_OPTION_SIZE(struct lbfgs, max_iter, 1, 1, INFINITY, "iterations of an epoch at most"),
    NN_OPTION_SIZE(struct lbfgs, history_size, 10, 1, MAX_HISTORY,
                   "iterations that the second derivatives are estimated from"),
    NN_OPTION_SIZE(struct lbfgs, max_evaluations, 20, 1, INFINITY,
                   "passes over the data in a line search at most"),
    NN_OPTION_REAL(struct lbfgs, tol, 1e-4, 0.0, INFINITY,
                   "it ends where no value of the gradient is larger"),
    NN_OPTION_REAL(struct lbfgs, ftol, 2.220446049250313e-9, 0.0, INFINITY,
                   "it ends where the loss falls by no larger share; 0: never"),
    NN_OPTION_END,
};

/* Two runs for each pair. The last 2 history_size of these names are used. */
#define PAIR(k) "step_" #k, "change_" #k
static const char *const names[] = {
    PAIR(31), PAIR(30), PAIR(29), PAIR(28), PAIR(27), PAIR(26), PAIR(25), PAIR(24), PAIR(23),
    PAIR(22), PAIR(21), PAIR(20), PAIR(19), PAIR(18), PAIR(17), PAIR(16), PAIR(15), PAIR(14),
    PAIR(13), PAIR(12), PAIR(11), PAIR(10), PAIR(9),  PAIR(8),  PAIR(7),  PAIR(6),  PAIR(5),
    PAIR(4),  PAIR(3),  PAIR(2),  PAIR(1),  PAIR(0),  NULL,
};

static const char *const *slots(const void *self)
{
    return names + 2 * (MAX_HISTORY - ((const struct lbfgs *)self)->history_size);
}

static const char *const scalars[] = {"pairs", NULL}; /* how many were ever kept */
static const double scalar_starts[] = {0};

/* ---- sums ---- */

/* In lanes, so that they are fast, and always in the same order. */
#define DEFINE_DOT(name, A, B)                                                                     \
    NN_VECTORIZE                                                                                   \
    static double name(size_t count, const A *restrict a, const B *restrict b)                     \
    {                                                                                              \
        double lanes[LANES] = {0}, sum = 0;                                                        \
        size_t i = 0;                                                                              \
        for (; i + LANES <= count; i += LANES)                                                     \
            for (size_t j = 0; j < LANES; j++)                                                     \
                lanes[j] += (double)a[i + j] * (double)b[i + j];                                   \
        for (; i < count; i++)                                                                     \
            sum += (double)a[i] * (double)b[i];                                                    \
        for (size_t j = 0; j < LANES; j++)                                                         \
            sum += lanes[j];                                                                       \
        return sum;                                                                                \
    }
DEFINE_DOT(dot, double, double)
DEFINE_DOT(dot_run, nn_real, double)
DEFINE_DOT(dot_runs, nn_real, nn_real)

/* sum += factor run */
NN_VECTORIZE
static void add(size_t count, double factor, const nn_real *restrict run, double *restrict sum)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += factor * (double)run[i];
}

static double largest(size_t count, const double *values)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fabs(values[i]) > most ? fabs(values[i]) : most;
    return most;
}

/* ---- where it stands ---- */

/* In scratch; it outlives the call, so that the next epoch knows loss and gradients where this one ended. */
struct state {
    double *loss;
    double *at;        /* [count] the weights where it stands */
    double *gradients; /* [count] there */
    double *direction; /* [count] */
    double *trial;     /* [count] gradients at the step that was evaluated last */
};

struct run {
    const struct lbfgs *lbfgs;
    const nn_problem *problem;
    size_t count;
    struct state state;
    double evaluated; /* the step whose totals the trainer has */
};

enum { RUNS = 4 }; /* of doubles in scratch, beside the loss */

static size_t scratch(const void *self, const nn_segment *segments, size_t count)
{
    const size_t width =
        count == 0 ? 0 : segments[count - 1].offset + segments[count - 1].width + NN_ALIGNMENT;
    size_t values;
    (void)self;
    return nn_multiply(width, RUNS * sizeof(double) / sizeof(nn_real), &values) &&
                   nn_add(values, NN_ALIGNMENT, &values)
               ? values
               : SIZE_MAX;
}

static struct run begin(const struct lbfgs *lbfgs, const nn_problem *problem)
{
    double *values = (double *)(void *)problem->scratch;
    const size_t count = problem->count;
    return (struct run){
        .lbfgs = lbfgs,
        .problem = problem,
        .count = count,
        .state = {.loss = values,
                  .at = values + 1,
                  .gradients = values + 1 + count,
                  .direction = values + 1 + 2 * count,
                  .trial = values + 1 + 3 * count},
    };
}

static void put_weights(const struct run *run, double step)
{
    for (size_t i = 0; i < run->count; i++) /* 0 times infinity is no step */
        run->problem->weights[i] =
            (nn_real)(run->state.at[i] + (step == 0 ? 0 : step * run->state.direction[i]));
}

/* Takes the weights as they are for where it stands. */
static nn_status stand_here(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        run->state.at[i] = (double)run->problem->weights[i];
    return run->problem->evaluate(run->problem->user, run->state.loss, run->state.gradients);
}

static bool stands_here(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        if (run->state.at[i] != (double)run->problem->weights[i])
            return false;
    return true;
}

static nn_status evaluate(void *user, nn_line_point *point)
{
    struct run *run = user;
    put_weights(run, point->step);
    point->value = INFINITY;
    if (!nn_all_finite(run->count, run->problem->weights))
        return NN_OK;
    run->evaluated = point->step;
    NN_TRY(run->problem->evaluate(run->problem->user, &point->value, run->state.trial));
    point->slope = dot(run->count, run->state.trial, run->state.direction);
    return NN_OK;
}

/* ---- pairs ---- */

/* From a file it may be any number. */
static uint64_t pairs_kept(const struct run *run)
{
    const double pairs = run->problem->scalars[0];
    return pairs >= 0 && pairs < 0x1p53 ? (uint64_t)pairs : 0;
}

static void forget_pairs(const struct run *run)
{
    run->problem->scalars[0] = 0;
}

static nn_real *step_run(const struct run *run, uint64_t pair)
{
    return run->problem->slots + 2 * (size_t)(pair % run->lbfgs->history_size) * run->count;
}

static nn_real *change_run(const struct run *run, uint64_t pair)
{
    return step_run(run, pair) + run->count;
}

/* After a step to weights with the gradients in trial. Without s y > 0, H would no longer be positive. */
static void keep_pair(const struct run *run, double fall)
{
    const uint64_t pairs = pairs_kept(run);
    nn_real *s = step_run(run, pairs), *y = change_run(run, pairs);
    for (size_t i = 0; i < run->count; i++) {
        s[i] = (nn_real)((double)run->problem->weights[i] - run->state.at[i]);
        y[i] = (nn_real)(run->state.trial[i] - run->state.gradients[i]);
    }
    const double product = dot_runs(run->count, s, y), square = dot_runs(run->count, y, y);
    if (product > DBL_EPSILON * fall && isfinite(square) && product >= DBL_MIN * square)
        run->problem->scalars[0] = (double)(pairs + 1);
    else if (pairs >= run->lbfgs->history_size)
        forget_pairs(run); /* the oldest was written over */
}

/* direction = -H gradients */
static void find_direction(const struct run *run)
{
    const uint64_t pairs = pairs_kept(run);
    const size_t most = run->lbfgs->history_size, count = run->count;
    const size_t used = pairs < most ? (size_t)pairs : most;
    double *d = run->state.direction, alpha[MAX_HISTORY], product[MAX_HISTORY];
    for (size_t i = 0; i < count; i++)
        d[i] = -run->state.gradients[i];
    for (size_t k = 0; k < used; k++) {
        const nn_real *s = step_run(run, pairs - 1 - k), *y = change_run(run, pairs - 1 - k);
        product[k] = dot_runs(count, s, y);
        alpha[k] = dot_run(count, s, d) / product[k];
        add(count, -alpha[k], y, d);
    }
    if (used > 0) {
        const nn_real *y = change_run(run, pairs - 1);
        const double scale = product[0] / dot_runs(count, y, y);
        for (size_t i = 0; i < count; i++)
            d[i] *= scale;
    }
    for (size_t k = used; k-- > 0;) {
        const nn_real *s = step_run(run, pairs - 1 - k), *y = change_run(run, pairs - 1 - k);
        add(count, alpha[k] - dot_run(count, y, d) / product[k], s, d);
    }
}

/* ---- iterations ---- */

static nn_status search(struct run *run, nn_line_point *start, nn_line_point *found)
{
    struct state *state = &run->state;
    find_direction(run);
    start->slope = dot(run->count, state->gradients, state->direction);
    if (!(start->slope < 0) || !isfinite(start->slope)) {
        forget_pairs(run);
        find_direction(run);
        start->slope = dot(run->count, state->gradients, state->direction);
    }
    double first = run->problem->learning_rate;
    if (pairs_kept(run) == 0)
        first /= sqrt(dot(run->count, state->gradients, state->gradients));
    const nn_line_search search = {
        .evaluate = evaluate,
        .user = run,
        .noise = 4 * (sizeof(nn_real) == sizeof(float) ? (double)FLT_EPSILON : DBL_EPSILON) *
                 fabs(start->value),
        .max_evaluations = run->lbfgs->max_evaluations,
    };
    return nn_line_search_run(&search, start, first, found);
}

static bool falls_too_little(const struct lbfgs *lbfgs, double before, double after)
{
    const double size = fmax(fmax(fabs(before), fabs(after)), 1);
    return lbfgs->ftol > 0 && before - after <= lbfgs->ftol * size;
}

/* Afterwards it stands where the step led. */
static nn_status take_step(struct run *run, const nn_line_point *start, nn_line_point *found)
{
    struct state *state = &run->state;
    if (run->evaluated != found->step)
        NN_TRY(evaluate(run, found));
    keep_pair(run, -found->step * start->slope);
    *state->loss = found->value;
    memcpy(state->gradients, state->trial, run->count * sizeof(*state->gradients));
    for (size_t i = 0; i < run->count; i++)
        state->at[i] = (double)run->problem->weights[i];
    return NN_OK;
}

static nn_status iterate(struct run *run, bool *solved)
{
    nn_line_point start = {.value = *run->state.loss}, found;
    NN_TRY(search(run, &start, &found));
    if (found.step == 0 && pairs_kept(run) > 0) {
        forget_pairs(run);
        NN_TRY(search(run, &start, &found));
    }
    if (found.step == 0) {
        put_weights(run, 0);
        *solved = true;
        return stand_here(run);
    }
    NN_TRY(take_step(run, &start, &found));
    *solved = largest(run->count, run->state.gradients) <= run->lbfgs->tol ||
              falls_too_little(run->lbfgs, start.value, *run->state.loss);
    return NN_OK;
}

static nn_status solve(const void *self, const nn_problem *problem, bool *solved)
{
    struct run run = begin(self, problem);
    if (problem->begins || !stands_here(&run)) {
        NN_TRY(stand_here(&run));
        if (!isfinite(*run.state.loss))
            return NN_OK; /* which training stops for */
        *solved = largest(run.count, run.state.gradients) <= run.lbfgs->tol;
    }
    if (problem->learning_rate == 0)
        return problem->evaluate(problem->user, run.state.loss, run.state.gradients);
    nn_status status = NN_OK;
    for (size_t i = 0; i < run.lbfgs->max_iter && !*solved && status == NN_OK; i++)
        status = iterate(&run, solved);
    if (status != NN_OK)
        put_weights(&run, 0);
    return status;
}

const nn_optimizer nn_optimizer_lbfgs = {
    .part = {.name = "lbfgs",
             .class_name = "LBFGS",
             .options = options,
             .size = sizeof(struct lbfgs),
             .help = "quasi-Newton steps on the whole data; Liu and Nocedal 1989",
             .sample = "lbfgs max_iter=3 history_size=4 tol=1e-6 ftol=0",
             .check = nn_optimizer_check_solver},
    .slots = slots,
    .scalars = scalars,
    .scalar_starts = scalar_starts,
    .scratch = scratch,
    .solve = solve,
};
