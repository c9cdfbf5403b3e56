/* fbeta_score: (1 + beta^2) P R / (beta^2 P + R) of a class's precision P and recall R, and f1_score, that
 * with beta = 1. An output says yes if it is above threshold, or with threshold=none if it is the largest
 * of its row.
 * average=micro: over the answers of all classes together; macro: the classes' mean; weighted: their mean
 * by how often each is wanted; none: one score a class, which is a metric only if there is one output.
 * Source: Keras; its epsilon keeps every division from 0 / 0. */
#include "loss.h"
#include "metric.h"
#include "status.h"
#include <math.h>
#include <string.h>

static const char *const averages[] = {"micro", "macro", "weighted", NULL};

struct f_score {
    const char *average; /* NULL: none */
    nn_optional_real threshold;
    double beta; /* fbeta_score's alone */
};

#define AVERAGE                                                                                    \
    NN_OPTION_CHOICE(struct f_score, average, averages, NULL,                                      \
                     "how the classes' scores become one; none: for one output")
#define THRESHOLD                                                                                  \
    {                                                                                              \
        .name = "threshold", .type = NN_TYPE_OPTIONAL_REAL,                                        \
        .offset = offsetof(struct f_score, threshold), .minimum = 0, .open_minimum = true,         \
        .maximum = 1, .help = "an output above it says yes; none: the largest of a row"            \
    }

static const nn_option f1_options[] = {AVERAGE, THRESHOLD, NN_OPTION_END};

static const nn_option fbeta_options[] = {
    AVERAGE,
    {.name = "beta",
     .type = NN_TYPE_REAL,
     .offset = offsetof(struct f_score, beta),
     .default_number = 1,
     .minimum = 0,
     .open_minimum = true,
     .maximum = INFINITY,
     .help = "weight of recall against precision"},
    THRESHOLD,
    NN_OPTION_END,
};

/* of each class */
enum { TRUE_POSITIVES, FALSE_POSITIVES, FALSE_NEGATIVES, CLASS_STATE };

static size_t state_count(const void *self, size_t width)
{
    (void)self;
    return width * CLASS_STATE;
}

static void update(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target, const double *weights)
{
    const struct f_score *f = self;
    const nn_real threshold = (nn_real)f->threshold.value;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *row = y + i * width;
        const nn_real largest = row[nn_largest(width, row)];
        const double weight = nn_metric_weight(weights, i);
        for (size_t j = 0; j < width; j++) {
            double *counts = state + j * CLASS_STATE;
            const bool yes = f->threshold.given ? row[j] > threshold
                                                : row[j] >= largest && fabs((double)row[j]) > 1e-9;
            const double wanted = (double)nn_target_value(target, i, width, j);
            if (yes) {
                counts[TRUE_POSITIVES] += weight * wanted;
                counts[FALSE_POSITIVES] += weight * (1 - wanted);
            } else {
                counts[FALSE_NEGATIVES] += weight * wanted;
            }
        }
    }
}

static double score(const double *counts, double beta)
{
    const double right = counts[TRUE_POSITIVES];
    const double precision = right / (right + counts[FALSE_POSITIVES] + NN_LOSS_EPSILON);
    const double recall = right / (right + counts[FALSE_NEGATIVES] + NN_LOSS_EPSILON);
    return (1 + beta * beta) * precision * recall /
           (beta * beta * precision + recall + NN_LOSS_EPSILON);
}

static double micro_score(size_t width, const double *state, double beta)
{
    double counts[CLASS_STATE] = {0};
    for (size_t j = 0; j < width; j++)
        for (size_t k = 0; k < CLASS_STATE; k++)
            counts[k] += state[j * CLASS_STATE + k];
    return score(counts, beta);
}

static double mean_score(size_t width, const double *state, double beta, bool weighted)
{
    double sum = 0, weights = weighted ? NN_LOSS_EPSILON : 0;
    for (size_t j = 0; j < width; j++) {
        const double *counts = state + j * CLASS_STATE;
        const double weight = weighted ? counts[TRUE_POSITIVES] + counts[FALSE_NEGATIVES] : 1;
        sum += weight * score(counts, beta);
        weights += weight;
    }
    return sum / weights;
}

static double average_score(const struct f_score *self, size_t width, const double *state,
                            double beta)
{
    if (self->average != NULL && strcmp(self->average, "micro") == 0)
        return micro_score(width, state, beta);
    return mean_score(width, state, beta,
                      self->average != NULL && strcmp(self->average, "weighted") == 0);
}

static double f1_result(const void *self, size_t width, const double *state)
{
    return average_score(self, width, state, 1);
}

static double fbeta_result(const void *self, size_t width, const double *state)
{
    return average_score(self, width, state, ((const struct f_score *)self)->beta);
}

static nn_status check_width(const void *self, size_t width)
{
    const struct f_score *f = self;
    NN_REQUIRE(f->average != NULL || width == 1, NN_ERR_SHAPE,
               "average=none is one score for each of the model's %zu outputs, and a metric is one "
               "number: use average=macro, micro or weighted",
               width);
    NN_REQUIRE(f->threshold.given || width > 1, NN_ERR_SHAPE,
               "threshold=none takes the largest of a row's outputs for the answer, and the model "
               "has 1 output: use threshold=0.5");
    return NN_OK;
}

const nn_metric nn_metric_f1_score = {
    .part = {.name = "f1_score",
             .class_name = "F1Score",
             .options = f1_options,
             .size = sizeof(struct f_score),
             .help = "2 * precision * recall / (precision + recall)",
             .sample = "f1_score average=macro threshold=0.4"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES | NN_TARGET_LABELS,
    .state_count = state_count,
    .update = update,
    .result = f1_result,
    .check_width = check_width,
};

const nn_metric nn_metric_fbeta_score = {
    .part = {.name = "fbeta_score",
             .class_name = "FBetaScore",
             .options = fbeta_options,
             .size = sizeof(struct f_score),
             .help = "(1 + beta^2) * precision * recall / (beta^2 * precision + recall)",
             .sample = "fbeta_score average=weighted beta=0.5 threshold=0.4"},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES | NN_TARGET_LABELS,
    .state_count = state_count,
    .update = update,
    .result = fbeta_result,
    .check_width = check_width,
};
