/* The best that one rate can be while another is at least as large as asked for, over evenly spaced
 * thresholds (see thresholds.h); 0 where no threshold makes it so large:
 * sensitivity_at_specificity, specificity_at_sensitivity, precision_at_recall, recall_at_precision, with
 * sensitivity = recall = TP / (TP + FN), specificity = TN / (TN + FP), precision = TP / (TP + FP).
 * With several outputs the answers of all of them count together, with class_id those of one output.
 * Source: Keras. */
#include "status.h"
#include "thresholds.h"
#include <math.h>

struct rate_at_rate {
    double least; /* the rate asked for, under its own name in each table */
    size_t num_thresholds;
    nn_optional_size class_id;
};

#define OPTIONS(rate)                                                                              \
    {                                                                                              \
        {.name = #rate,                                                                            \
         .type = NN_TYPE_REAL,                                                                     \
         .offset = offsetof(struct rate_at_rate, least),                                           \
         .required = true,                                                                         \
         .minimum = 0,                                                                             \
         .maximum = 1,                                                                             \
         .help = "the least " #rate},                                                              \
            NN_OPTION_SIZE(struct rate_at_rate, num_thresholds, 200, 1, 1e6,                       \
                           "how many thresholds are tried"),                                       \
            NN_OPTION_OPTIONAL_SIZE(struct rate_at_rate, class_id, 0, INFINITY,                    \
                                    "the output that counts; none: all"),                          \
            NN_OPTION_END,                                                                         \
    }

static const nn_option at_specificity[] = OPTIONS(specificity);
static const nn_option at_sensitivity[] = OPTIONS(sensitivity);
static const nn_option at_recall[] = OPTIONS(recall);
static const nn_option at_precision[] = OPTIONS(precision);

static size_t state_count(const void *self, size_t width)
{
    (void)width;
    return nn_thresholds_state_count(((const struct rate_at_rate *)self)->num_thresholds);
}

static void update(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target, const double *weight)
{
    const struct rate_at_rate *at = self;
    const size_t first = at->class_id.value, end = at->class_id.given ? first + 1 : width;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = first; j < end; j++)
            nn_thresholds_add(state, at->num_thresholds, false, y[i * width + j],
                              nn_target_value(target, i, width, j) != 0,
                              nn_metric_weight(weight, i));
}

typedef double rate(const nn_answers *answers);

static double best(const struct rate_at_rate *self, const double *state, rate *wanted, rate *asked)
{
    nn_answers answers = nn_thresholds_begin(state, self->num_thresholds);
    double largest = 0;
    for (size_t i = self->num_thresholds; i-- > 0;) {
        nn_thresholds_lower(state, self->num_thresholds, i, &answers);
        const double found = wanted(&answers);
        if (asked(&answers) >= self->least && found > largest)
            largest = found;
    }
    return largest;
}

static double sensitivity_at_specificity(const void *self, size_t width, const double *state)
{
    (void)width;
    return best(self, state, nn_recall, nn_specificity);
}

static double specificity_at_sensitivity(const void *self, size_t width, const double *state)
{
    (void)width;
    return best(self, state, nn_specificity, nn_recall);
}

static double precision_at_recall(const void *self, size_t width, const double *state)
{
    (void)width;
    return best(self, state, nn_precision, nn_recall);
}

static double recall_at_precision(const void *self, size_t width, const double *state)
{
    (void)width;
    return best(self, state, nn_recall, nn_precision);
}

static nn_status check_width(const void *self, size_t width)
{
    return nn_metric_check_class(((const struct rate_at_rate *)self)->class_id, width);
}

#define VTABLE(metric, table, text, spec)                                                          \
    const nn_metric nn_metric_##metric = {                                                         \
        .part = {.name = #metric,                                                                  \
                 .options = table,                                                                 \
                 .size = sizeof(struct rate_at_rate),                                              \
                 .help = text,                                                                     \
                 .sample = #metric spec},                                                          \
        .direction = NN_HIGHER_IS_BETTER,                                                          \
        .targets = NN_TARGET_VALUES | NN_TARGET_LABELS,                                            \
        .state_count = state_count,                                                                \
        .update = update,                                                                          \
        .result = metric,                                                                          \
        .check_width = check_width,                                                                \
    }

VTABLE(
    sensitivity_at_specificity, at_specificity,
    "best sensitivity, TP / (TP + FN), at a threshold with at least that specificity, TN / (TN + "
    "FP)",
    " specificity=0.5 num_thresholds=11");
VTABLE(
    specificity_at_sensitivity, at_sensitivity,
    "best specificity, TN / (TN + FP), at a threshold with at least that sensitivity, TP / (TP + "
    "FN)",
    " sensitivity=0.5 num_thresholds=11");
VTABLE(precision_at_recall, at_recall,
       "best precision, TP / (TP + FP), at a threshold with at least that recall, TP / (TP + FN)",
       " recall=0.5 num_thresholds=11 class_id=1");
VTABLE(recall_at_precision, at_precision,
       "best recall, TP / (TP + FN), at a threshold with at least that precision, TP / (TP + FP)",
       " precision=0.5 num_thresholds=11 class_id=1");
