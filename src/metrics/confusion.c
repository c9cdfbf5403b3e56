/* Right and wrong answers where each output says yes or no to a class: yes is an output above the
 * threshold (with top_k: that is also among the k largest of its row, the first of equal ones).
 * true_positives, true_negatives, false_positives, false_negatives: how many there are, or their weights.
 * precision = TP / (TP + FP), recall = TP / (TP + FN), 0 where that is 0 / 0.
 * With several outputs the answers of all of them count together, with class_id those of one output. A
 * target other than 0 is a yes, and a class label stands for a one-hot row; an output that is NaN is above no
 * threshold.  Source: Keras, which takes no class labels here. */
#include "metric.h"
#include "status.h"
#include <math.h>

struct confusion {
    nn_optional_real thresholds; /* one; the name is Keras's */
    nn_optional_size top_k, class_id;
};

#define THRESHOLDS(text)                                                                           \
    {                                                                                              \
        .name = "thresholds", .type = NN_TYPE_OPTIONAL_REAL,                                       \
        .offset = offsetof(struct confusion, thresholds), .minimum = 0, .maximum = 1,              \
        .instead = "for several thresholds give several metrics, told apart by name=...",          \
        .help = "an output above it says yes; none: " text                                         \
    }

static const nn_option count_options[] = {THRESHOLDS("0.5"), NN_OPTION_END};

static const nn_option ratio_options[] = {
    THRESHOLDS("0.5, or with top_k no threshold"),
    NN_OPTION_OPTIONAL_SIZE(struct confusion, top_k, 1, INFINITY,
                            "how many of a row's largest outputs may say yes; none: all"),
    NN_OPTION_OPTIONAL_SIZE(struct confusion, class_id, 0, INFINITY,
                            "the output that counts; none: all"),
    NN_OPTION_END,
};

enum { TRUE_POSITIVES, FALSE_POSITIVES, POSITIVES, NEGATIVES, STATE };

static size_t state_count(const void *self, size_t width)
{
    (void)self, (void)width;
    return STATE;
}

static nn_real threshold_of(const struct confusion *self)
{
    if (self->thresholds.given)
        return (nn_real)self->thresholds.value;
    return self->top_k.given ? -INFINITY : (nn_real)0.5;
}

/* Where the largest output after that at last is, in falling order, the first of equal ones first; width:
 * there is none. last is width before the first. */
static size_t next_largest(size_t width, const nn_real *row, size_t last)
{
    size_t best = width;
    for (size_t j = 0; j < width; j++) {
        const bool later = last == width ? row[j] >= -INFINITY
                                         : row[j] < row[last] || (row[j] == row[last] && j > last);
        if (later && (best == width || row[j] > row[best]))
            best = j;
    }
    return best;
}

static void count_yes(double *state, nn_real threshold, nn_real y, bool wanted, double weight)
{
    if (y > threshold)
        state[wanted ? TRUE_POSITIVES : FALSE_POSITIVES] += weight;
}

static void update(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target, const double *weights)
{
    const struct confusion *confusion = self;
    const nn_real threshold = threshold_of(confusion);
    const bool one = confusion->class_id.given;
    const size_t first = one ? confusion->class_id.value : 0, end = one ? first + 1 : width;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *row = y + i * width;
        const double weight = nn_metric_weight(weights, i);
        for (size_t j = first; j < end; j++) {
            const bool wanted = nn_target_value(target, i, width, j) != 0;
            state[wanted ? POSITIVES : NEGATIVES] += weight;
            if (!confusion->top_k.given)
                count_yes(state, threshold, row[j], wanted, weight);
        }
        size_t j = width;
        for (size_t k = 0; k < confusion->top_k.value; k++) { /* 0 without top_k */
            j = next_largest(width, row, j);
            if (j == width)
                break;
            if (j >= first && j < end)
                count_yes(state, threshold, row[j], nn_target_value(target, i, width, j) != 0,
                          weight);
        }
    }
}

static double true_positives(const void *self, size_t width, const double *state)
{
    (void)self, (void)width;
    return state[TRUE_POSITIVES];
}

static double true_negatives(const void *self, size_t width, const double *state)
{
    (void)self, (void)width;
    return state[NEGATIVES] - state[FALSE_POSITIVES];
}

static double false_positives(const void *self, size_t width, const double *state)
{
    (void)self, (void)width;
    return state[FALSE_POSITIVES];
}

static double false_negatives(const void *self, size_t width, const double *state)
{
    (void)self, (void)width;
    return state[POSITIVES] - state[TRUE_POSITIVES];
}

static double precision(const void *self, size_t width, const double *state)
{
    (void)self, (void)width;
    return nn_ratio(state[TRUE_POSITIVES], state[TRUE_POSITIVES] + state[FALSE_POSITIVES]);
}

static double recall(const void *self, size_t width, const double *state)
{
    (void)self, (void)width;
    return nn_ratio(state[TRUE_POSITIVES], state[POSITIVES]);
}

static nn_status check_width(const void *self, size_t width)
{
    const struct confusion *confusion = self;
    NN_REQUIRE(!confusion->top_k.given || confusion->top_k.value <= width, NN_ERR_SHAPE,
               "top_k is %zu, and the model has %zu output(s): use a top_k of at most that",
               confusion->top_k.value, width);
    return nn_metric_check_class(confusion->class_id, width);
}

#define VTABLE(metric, better, table, text, spec)                                                  \
    const nn_metric nn_metric_##metric = {                                                         \
        .part = {.name = #metric,                                                                  \
                 .options = table,                                                                 \
                 .size = sizeof(struct confusion),                                                 \
                 .help = text,                                                                     \
                 .sample = #metric spec},                                                          \
        .direction = better,                                                                       \
        .targets = NN_TARGET_VALUES | NN_TARGET_LABELS,                                            \
        .state_count = state_count,                                                                \
        .update = update,                                                                          \
        .result = metric,                                                                          \
        .check_width = check_width,                                                                \
    }

VTABLE(true_positives, NN_DIRECTION_UNKNOWN, count_options,
       "number of outputs that rightly say yes", " thresholds=0.4");
VTABLE(true_negatives, NN_DIRECTION_UNKNOWN, count_options, "number of outputs that rightly say no",
       " thresholds=0.4");
VTABLE(false_positives, NN_DIRECTION_UNKNOWN, count_options,
       "number of outputs that wrongly say yes", " thresholds=0.4");
VTABLE(false_negatives, NN_DIRECTION_UNKNOWN, count_options,
       "number of outputs that wrongly say no", " thresholds=0.4");
VTABLE(precision, NN_HIGHER_IS_BETTER, ratio_options,
       "share of rights among outputs that say yes: TP / (TP + FP)",
       " thresholds=0.4 top_k=2 class_id=1");
VTABLE(recall, NN_HIGHER_IS_BETTER, ratio_options,
       "share of wanted yeses that outputs say: TP / (TP + FN)",
       " thresholds=0.4 top_k=2 class_id=1");
