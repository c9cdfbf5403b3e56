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

void nn_mean_add_count(double *state, size_t rows, size_t values, const double *weight)
{
    if (weight == NULL) {
        state[NN_MEAN_COUNT] += (double)(rows * values);
        return;
    }
    for (size_t i = 0; i < rows; i++)
        state[NN_MEAN_COUNT] += weight[i] * (double)values;
}

/* Without the weights of rows that the loss ignores. */
static void add_weights(const nn_loss *loss, const void *self, double *state, size_t rows,
                        const nn_target *target, const double *weight)
{
    const nn_optional_integer ignored = loss->ignored_class(self);
    for (size_t i = 0; i < rows; i++)
        if (!ignored.given || target->labels[i] != ignored.value)
            state[NN_MEAN_COUNT] += weight[i];
}

void nn_mean_add_loss(const nn_loss *loss, const void *self, double *state, size_t rows,
                      size_t width, const nn_real *y, const nn_target *target, const double *weight)
{
    double values[ROWS_AT_ONCE], sum = state[NN_MEAN_SUM];
    for (size_t at = 0; at < rows; at += ROWS_AT_ONCE) {
        const size_t count = rows - at < ROWS_AT_ONCE ? rows - at : ROWS_AT_ONCE;
        nn_target some = *target;
        if (some.kind == NN_TARGET_LABELS)
            some.labels += at;
        else
            some.values += at * width;
        loss->forward(self, count, width, y + at * width, &some, values);
        for (size_t i = 0; i < count; i++)
            sum += nn_metric_weight(weight, at + i) * values[i];
    }
    state[NN_MEAN_SUM] = sum;
    if (weight != NULL && loss->ignored_class != NULL)
        add_weights(loss, self, state, rows, target, weight);
    else
        nn_mean_add_count(state, rows, 1, weight);
}
