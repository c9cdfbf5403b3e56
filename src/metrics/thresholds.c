/* Counts of yes-or-no answers at many thresholds. The state is two rows of T + 1 slots: outputs whose
 * targets are no, then those whose targets are yes. */
#include "thresholds.h"
#include <math.h>

size_t nn_thresholds_state_count(size_t thresholds)
{
    return 2 * (thresholds + 1);
}

static size_t count_below(size_t thresholds, bool below_zero, nn_real y)
{
    if (isnan(y))
        return 0;
    if (thresholds == 1)
        return y > (nn_real)0.5;
    const nn_real raised = y < 0 ? 0 : y, clipped = raised > 1 ? 1 : raised;
    const size_t below = (size_t)ceil((double)(clipped * (nn_real)(thresholds - 1)));
    return below_zero && below == 0 ? 1 : below;
}

void nn_thresholds_add(double *state, size_t thresholds, bool below_zero, nn_real y, bool wanted,
                       double weight)
{
    nn_thresholds_count(state, thresholds, count_below(thresholds, below_zero, y), wanted, weight);
}

nn_answers nn_thresholds_begin(const double *state, size_t thresholds)
{
    nn_answers answers = {0, 0, 0, 0};
    for (size_t i = thresholds + 1;
         i-- > 0;) { /* in the order of nn_thresholds_lower: it rounds alike */
        answers.negatives += state[i];
        answers.positives += state[thresholds + 1 + i];
    }
    return answers;
}

void nn_thresholds_lower(const double *state, size_t thresholds, size_t index, nn_answers *answers)
{
    answers->false_positives += state[index + 1];
    answers->true_positives += state[thresholds + 1 + index + 1];
}
