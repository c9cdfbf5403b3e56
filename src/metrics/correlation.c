/* Means over rows of how a row's outputs y go with its targets t, m being means, v variances and c the
 * covariance along the row:
 * pearson_correlation: c / sqrt(v_y v_t), or 0 where an output or target doesn't vary (Keras has NaN);
 * concordance_correlation: 2 c / (v_y + v_t + (m_y - m_t)^2 + epsilon) (Lin 1989).  Source: Keras. */
#include "mean.h"
#include "status.h"
#include <math.h>

struct moments {
    double mean_y, mean_t, variance_y, variance_t, covariance;
};

static struct moments moments_of(size_t width, const nn_real *y, const nn_real *t)
{
    struct moments row = {0};
    for (size_t j = 0; j < width; j++) {
        row.mean_y += (double)y[j] / (double)width;
        row.mean_t += (double)t[j] / (double)width;
    }
    for (size_t j = 0; j < width; j++) {
        const double dy = (double)y[j] - row.mean_y, dt = (double)t[j] - row.mean_t;
        row.variance_y += dy * dy / (double)width;
        row.variance_t += dt * dt / (double)width;
        row.covariance += dy * dt / (double)width;
    }
    return row;
}

static void update_pearson(const void *self, double *state, size_t rows, size_t width,
                           const nn_real *y, const nn_target *target, const double *weight)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const struct moments row = moments_of(width, y + i * width, target->values + i * width);
        state[NN_MEAN_SUM] += nn_metric_weight(weight, i) *
                              nn_ratio(row.covariance, sqrt(row.variance_y * row.variance_t));
    }
    nn_mean_add_count(state, rows, 1, weight);
}

static void update_concordance(const void *self, double *state, size_t rows, size_t width,
                               const nn_real *y, const nn_target *target, const double *weight)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const struct moments row = moments_of(width, y + i * width, target->values + i * width);
        const double shift = row.mean_y - row.mean_t;
        state[NN_MEAN_SUM] += nn_metric_weight(weight, i) * 2 * row.covariance /
                              (row.variance_y + row.variance_t + shift * shift + NN_LOSS_EPSILON);
    }
    nn_mean_add_count(state, rows, 1, weight);
}

static nn_status check_width(const void *self, size_t width)
{
    (void)self;
    NN_REQUIRE(width > 1, NN_ERR_SHAPE,
               "it goes along each row's outputs, and the model has 1 output: use r2_score");
    return NN_OK;
}

const nn_metric nn_metric_pearson_correlation = {
    .part = {.name = "pearson_correlation",
             .help = "mean over rows of the correlation between a row's outputs and its targets",
             .sample = "pearson_correlation"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_count = nn_mean_state_count,
    .update = update_pearson,
    .result = nn_mean_result,
    .check_width = check_width,
};

const nn_metric nn_metric_concordance_correlation = {
    .part = {.name = "concordance_correlation",
             .help = "mean over rows of the correlation that also asks for the same mean and "
                     "variance (Lin 1989)",
             .sample = "concordance_correlation"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES,
    .state_count = nn_mean_state_count,
    .update = update_concordance,
    .result = nn_mean_result,
    .check_width = check_width,
};
