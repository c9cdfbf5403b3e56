/* What metrics that are means have in common. */
#include "mean.h"

enum { ROWS_AT_ONCE = 64 }; /* whose losses are on the stack */

size_t nn_mean_state_count(const void *self, size_t width)
{
    (void)self, (void)width;
    return NN_MEAN_STATE;
}

double nn_mean_result(const void *self, size_t width, const double *state)
{
    (void)self, (void)width;
    return nn_ratio(state[NN_MEAN_SUM], state[NN_MEAN_COUNT]);
}

void nn_mean_add_loss(const nn_loss *loss, const void *self, double *state, size_t rows,
                      size_t width, const nn_real *y, const nn_target *target)
{
    double values[ROWS_AT_ONCE];
    for (size_t at = 0; at < rows; at += ROWS_AT_ONCE) {
        const size_t count = rows - at < ROWS_AT_ONCE ? rows - at : ROWS_AT_ONCE;
        nn_target some = *target;
        if (some.kind == NN_TARGET_LABELS)
            some.labels += at;
        else
            some.values += at * width;
        loss->forward(self, count, width, y + at * width, &some, values);
        for (size_t i = 0; i < count; i++)
            state[NN_MEAN_SUM] += values[i];
    }
    state[NN_MEAN_COUNT] += (double)rows;
}
