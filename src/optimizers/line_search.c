/*
 * A step t along which the function f, with f(0) and its slope f'(0) < 0, falls enough and flattens enough:
 *     f(t) <= f(0) + c1 t f'(0),  |f'(t)| <= c2 |f'(0)|,  c1 = 1e-4, c2 = 0.9
 * Steps grow until an interval holds such a one, then the interval shrinks around it: algorithms 3.5 and 3.6
 * of Nocedal and Wright, Numerical Optimization, 2nd edition, 2006, with the minimum of the cubic through
 * both ends, kept away from them.
 * Near a minimum f(t) - f(0) drowns in rounding, while slopes don't. So a point is as good where f hasn't
 * risen by more than that and the slopes say what the first condition does of a parabola,
 *     c2 f'(0) <= f'(t) <= (2 c1 - 1) f'(0)
 * the approximate Wolfe conditions of Hager and Zhang 2005.
 */
#include "line_search.h"
#include "status.h"
#include <math.h>
#include <stdbool.h>

#define ENOUGH_FALL 1e-4
#define ENOUGH_FLAT 0.9
#define GROWTH 4.0 /* of a step that was too short; one that led to infinity shrinks by 1 / 10 */

enum { MAX_NONFINITE = 100 }; /* such steps aren't counted among the evaluations */

struct search {
    const nn_line_search *asked;
    nn_line_point start, best; /* the lowest */
    size_t evaluations, nonfinite;
    bool ends; /* a point is accepted */
};

static bool is_finite(const nn_line_point *point)
{
    return isfinite(point->value) && isfinite(point->slope);
}

static bool falls_enough(const struct search *search, const nn_line_point *point)
{
    return point->value <= search->start.value + ENOUGH_FALL * point->step * search->start.slope;
}

static bool is_accepted(const struct search *search, const nn_line_point *point)
{
    const double slope = search->start.slope;
    if (falls_enough(search, point) && fabs(point->slope) <= -ENOUGH_FLAT * slope)
        return true;
    return point->value <= search->start.value + search->asked->noise &&
           point->slope >= ENOUGH_FLAT * slope && point->slope <= (2 * ENOUGH_FALL - 1) * slope;
}

static bool may_go_on(const struct search *search)
{
    return !search->ends && search->evaluations < search->asked->max_evaluations &&
           search->nonfinite < MAX_NONFINITE;
}

static nn_status evaluate(struct search *search, double step, nn_line_point *point)
{
    *point = (nn_line_point){.step = step};
    NN_TRY(search->asked->evaluate(search->asked->user, point));
    if (!is_finite(point)) {
        search->nonfinite++;
        point->value = INFINITY;
        return NN_OK;
    }
    search->evaluations++;
    if (is_accepted(search, point)) {
        search->best = *point;
        search->ends = true;
    } else if (point->value < search->best.value) {
        search->best = *point;
    }
    return NN_OK;
}

/* The step where the cubic with these values and slopes at both ends is least, at least a tenth of the interval
 * away from either; the middle if there is none. */
static double between(const nn_line_point *a, const nn_line_point *b)
{
    const double width = b->step - a->step;
    if (!is_finite(b))
        return a->step + width / 10;
    const double d1 = a->slope + b->slope - 3 * (b->value - a->value) / width;
    const double d2 = copysign(sqrt(d1 * d1 - a->slope * b->slope), width);
    double share = 1 - (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
    if (!isfinite(share))
        share = 0.5;
    return a->step + width * fmin(fmax(share, 0.1), 0.9);
}

/* Between low, the lower of the two, whose slope leads towards high, and high. */
static nn_status zoom(struct search *search, nn_line_point low, nn_line_point high)
{
    while (may_go_on(search)) {
        nn_line_point middle;
        const double step = between(&low, &high);
        if (step == low.step || step == high.step)
            return NN_OK;
        NN_TRY(evaluate(search, step, &middle));
        if (!falls_enough(search, &middle) || middle.value >= low.value) {
            high = middle;
            continue;
        }
        if (middle.slope * (high.step - low.step) >= 0)
            high = low;
        low = middle;
    }
    return NN_OK;
}

static nn_status bracket(struct search *search, double first)
{
    nn_line_point before = search->start, point;
    for (double step = first; may_go_on(search); step *= GROWTH) {
        NN_TRY(evaluate(search, step, &point));
        if (search->ends)
            return NN_OK;
        if (!falls_enough(search, &point) || (before.step > 0 && point.value >= before.value))
            return zoom(search, before, point);
        if (point.slope >= 0)
            return zoom(search, point, before);
        before = point;
    }
    return NN_OK;
}

nn_status nn_line_search_run(const nn_line_search *asked, const nn_line_point *start, double first,
                             nn_line_point *found)
{
    struct search search = {.asked = asked, .start = *start, .best = *start};
    nn_status status = bracket(&search, first);
    *found = search.best;
    return status;
}
