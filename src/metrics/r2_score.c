/* r2_score, the coefficient of determination: of each output 1 - residual / total, with residual =
 * sum w (t - y)^2 and total = sum w (t - mean t)^2, w the rows' weights and the mean by them; then the outputs'
 * mean, or (variance_weighted_average) their mean by total. num_regressors p makes it the adjusted score
 * 1 - (1 - R2) (n - 1) / (n - p - 1), n the number of targets, whatever they weigh, unless n - p - 1 isn't above 0.
 * Source: Keras; scikit-learn where Keras divides 0 by 0: a constant target that is met is a score of 1, and where
 * all are constant the average is uniform; and 0 where nothing weighs anything. */
#include "metric.h"
#include "status.h"
#include <math.h>
#include <string.h>

static const char *const aggregations[] = {"uniform_average", "variance_weighted_average", NULL};

struct r2_score {
    const char *class_aggregation;
    size_t num_regressors;
};

static const nn_option options[] = {
    NN_OPTION_CHOICE(struct r2_score, class_aggregation, aggregations, "uniform_average",
                     "how the outputs' scores become one"),
    NN_OPTION_SIZE(struct r2_score, num_regressors, 0, 0, INFINITY,
                   "number of inputs to adjust the score for; 0: not adjusted"),
    NN_OPTION_END,
};

/* How many rows there were and what they weigh, then of each output: weighted sums of t - FIRST, the first of
 * its targets that weighs anything, so that squares of a large mean don't swallow the variance. */
enum { ROWS, WEIGHTS, OUTPUTS };
enum { FIRST, SUM, SUM_OF_SQUARES, RESIDUAL, OUTPUT_STATE };

static size_t state_count(const void *self, size_t width)
{
    (void)self;
    return OUTPUTS + width * OUTPUT_STATE;
}

/* From the first row that weighs anything. */
static void set_first(double *state, size_t rows, size_t width, const nn_real *t,
                      const double *weight)
{
    size_t i = 0;
    while (i < rows && nn_metric_weight(weight, i) == 0)
        i++;
    for (size_t j = 0; i < rows && j < width; j++)
        state[OUTPUTS + j * OUTPUT_STATE + FIRST] = (double)t[i * width + j];
}

static inline void add_row(double *state, double weight, size_t width, const nn_real *y,
                           const nn_real *t)
{
    for (size_t j = 0; j < width; j++) {
        double *sums = state + OUTPUTS + j * OUTPUT_STATE;
        const double wanted = (double)t[j], error = wanted - (double)y[j];
        const double from_first = wanted - sums[FIRST];
        sums[SUM] += weight * from_first;
        sums[SUM_OF_SQUARES] += weight * (from_first * from_first);
        sums[RESIDUAL] += weight * (error * error);
    }
}

static void update(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target, const double *weight)
{
    const nn_real *t = target->values;
    (void)self;
    if (state[WEIGHTS] == 0)
        set_first(state, rows, width, t, weight);
    for (size_t i = 0; i < rows && weight == NULL; i++)
        add_row(state, 1, width, y + i * width, t + i * width);
    for (size_t i = 0; i < rows && weight != NULL; i++) {
        add_row(state, weight[i], width, y + i * width, t + i * width);
        state[WEIGHTS] += weight[i];
    }
    state[WEIGHTS] += weight == NULL ? (double)rows : 0;
    state[ROWS] += (double)rows;
}

static double score(double residual, double total)
{
    if (total != 0)
        return 1 - residual / total;
    return residual == 0 ? 1 : 0;
}

static double adjusted(double score, double targets, double regressors)
{
    const double left = targets - regressors - 1;
    return regressors == 0 || left <= 0 ? score : 1 - (1 - score) * (targets - 1) / left;
}

static double result(const void *self, size_t width, const double *state)
{
    const struct r2_score *r2 = self;
    const bool weighted = strcmp(r2->class_aggregation, "variance_weighted_average") == 0;
    double plain = 0, by_total = 0, totals = 0;
    if (state[WEIGHTS] == 0)
        return 0;
    for (size_t j = 0; j < width; j++) {
        const double *sums = state + OUTPUTS + j * OUTPUT_STATE;
        const double total = sums[SUM_OF_SQUARES] - sums[SUM] * sums[SUM] / state[WEIGHTS];
        const double found = score(sums[RESIDUAL], total);
        plain += found;
        by_total += total * found;
        totals += total;
    }
    const double mean = weighted && totals != 0 ? by_total / totals : plain / (double)width;
    return adjusted(mean, state[ROWS] * (double)width, (double)r2->num_regressors);
}

const nn_metric nn_metric_r2_score = {
    .part = {.name = "r2_score",
             .options = options,
             .size = sizeof(struct r2_score),
             .help = "coefficient of determination, 1 - sum((y_true - y_pred)^2) / sum((y_true - "
                     "mean(y_true))^2): 1 at best, 0 for a constant mean",
             .sample = "r2_score class_aggregation=variance_weighted_average num_regressors=2"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_count = state_count,
    .update = update,
    .result = result,
};
