/* Yes-or-no answers at evenly spaced thresholds t_i = i / (T - 1), i = 0 ... T - 1 (0.5 where T is 1): an
 * output above a threshold says yes. Each is counted once, in the slot of how many thresholds it is above,
 * and the counts at each threshold are sums over slots.  Source: Keras's scheme, which also clips outputs
 * to [0, 1] first. */
#ifndef NN_METRICS_THRESHOLDS_H
#define NN_METRICS_THRESHOLDS_H

#include "metric.h"

/* How many numbers T thresholds need. */
size_t nn_thresholds_state_count(size_t thresholds);

/* Takes in an output that is above so many of the thresholds, and counts weight times. */
static inline void nn_thresholds_count(double *state, size_t thresholds, size_t below, bool wanted,
                                       double weight)
{
    state[(wanted ? thresholds + 1 : 0) + below] += weight;
}

/* The same for output y; NaN is above none. The first threshold is a little below 0 where below_zero is true, so
 * that every output but NaN is above it. */
void nn_thresholds_add(double *state, size_t thresholds, bool below_zero, nn_real y, bool wanted,
                       double weight);

/* positives and negatives: what is wanted to be a yes and a no, whatever was said; no less than the true or
 * false positives, also in rounding. */
typedef struct nn_answers {
    double true_positives, false_positives, positives, negatives;
} nn_answers;

/* The answers above the last threshold: none is a yes. */
nn_answers nn_thresholds_begin(const double *state, size_t thresholds);

/* From the answers at threshold index + 1 (or from none) to those at index. */
void nn_thresholds_lower(const double *state, size_t thresholds, size_t index, nn_answers *answers);

static inline double nn_precision(const nn_answers *at)
{
    return nn_ratio(at->true_positives, at->true_positives + at->false_positives);
}

static inline double nn_recall(const nn_answers *at)
{
    return nn_ratio(at->true_positives, at->positives);
}

static inline double nn_specificity(const nn_answers *at)
{
    return nn_ratio(at->negatives - at->false_positives, at->negatives);
}

#endif
