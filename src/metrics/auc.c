/* auc: the area under a curve whose points are yes-or-no answers at thresholds: evenly spaced ones (see
 * thresholds.h), or those given with one more at each end. The first lies below 0 and the last above 1 by Keras's
 * epsilon.
 * curve=ROC: recall over the false positives' rate; PR: precision over recall; PRGAIN: precision gain over
 * recall gain (Flach and Kull 2015), gain = 1 - P / N * wrong / TP, with wrong FP for precision, FN for
 * recall, and P, N the wanted yeses and noes.
 * summation_method=interpolation: trapezoids, for PR those of Davis and Goadrich 2006, which interpolate
 * the counts; majoring, minoring: the larger or smaller height of each step.
 * With several outputs the answers of all of them count together; multi_label=true: the mean of each
 * output's area.  Source: Keras. */
#include "exponential.h"
#include "loss.h"
#include "status.h"
#include "thresholds.h"
#include <math.h>
#include <string.h>

static const char *const curves[] = {"ROC", "PR", "PRGAIN", NULL};
static const char *const summation_methods[] = {"interpolation", "majoring", "minoring", NULL};

enum { DEFAULT_THRESHOLDS = 200, ENDS = 2 };

struct auc {
    size_t num_thresholds;
    nn_reals thresholds; /* count 0: evenly spaced */
    const char *curve, *summation_method;
    bool multi_label, from_logits;
    nn_optional_size num_labels;
};

static const nn_option options[] = {
    NN_OPTION_SIZE(struct auc, num_thresholds, DEFAULT_THRESHOLDS, 2, 1e6,
                   "how many points the curve has"),
    NN_OPTION_CHOICE(struct auc, curve, curves, "ROC",
                     "receiver operating characteristic, precision over recall, or the gains of "
                     "both"),
    NN_OPTION_CHOICE(struct auc, summation_method, summation_methods, "interpolation",
                     "how points are joined"),
    {.name = "thresholds",
     .type = NN_TYPE_REALS,
     .offset = offsetof(struct auc, thresholds),
     .minimum = 0,
     .maximum = 1,
     .list = true,
     .help = "the points between the first and the last, in rising order, instead of "
             "num_thresholds; none: evenly spaced"},
    NN_OPTION_BOOL(struct auc, multi_label, false,
                   "the mean of each output's area, rather than one area of all of them"),
    NN_OPTION_OPTIONAL_SIZE(struct auc, num_labels, 1, INFINITY,
                            "with multi_label, how many outputs there must be; none: any number"),
    NN_OPTION_BOOL(struct auc, from_logits, false,
                   "whether outputs are logits, of which the sigmoid is taken"),
    NN_OPTION_END,
};

/* Keras writes both down, num_thresholds with the ends. */
static nn_status check_thresholds(const struct auc *auc)
{
    const nn_reals *given = &auc->thresholds;
    NN_REQUIRE(given->count == 0 || auc->num_thresholds == DEFAULT_THRESHOLDS ||
                   auc->num_thresholds == given->count + ENDS,
               NN_ERR_INVALID,
               "num_thresholds is %zu, but thresholds has %zu and there is one more at each end: "
               "leave num_thresholds out",
               auc->num_thresholds, given->count);
    for (size_t i = 1; i < given->count; i++)
        NN_REQUIRE(given->values[i - 1] <= given->values[i], NN_ERR_INVALID,
                   "thresholds has %.9g after %.9g, expected rising numbers", given->values[i],
                   given->values[i - 1]);
    return NN_OK;
}

static nn_status check(const void *self)
{
    const struct auc *auc = self;
    NN_REQUIRE(auc->multi_label || !auc->num_labels.given, NN_ERR_INVALID,
               "num_labels is for multi_label=true");
    return check_thresholds(auc);
}

static nn_status check_width(const void *self, size_t width)
{
    const struct auc *auc = self;
    NN_REQUIRE(!auc->num_labels.given || auc->num_labels.value == width, NN_ERR_SHAPE,
               "num_labels is %zu, and the model has %zu output(s): leave num_labels out",
               auc->num_labels.value, width);
    return NN_OK;
}

static size_t threshold_count(const struct auc *auc)
{
    return auc->thresholds.count > 0 ? auc->thresholds.count + ENDS : auc->num_thresholds;
}

/* Whether the thresholds are those of thresholds.h after all: Keras then takes them for such, by which outputs
 * are clipped to [0, 1]. Its tolerances, of numpy's allclose. */
static bool are_even(const struct auc *auc)
{
    const double steps = (double)(auc->thresholds.count + 1);
    for (size_t i = 0; i < auc->thresholds.count; i++) {
        const double even = (double)(i + 1) / steps;
        if (fabs(auc->thresholds.values[i] - even) > NN_LOSS_EPSILON + 1e-5 * even)
            return false;
    }
    return true;
}

static size_t count_below(const struct auc *auc, nn_real y)
{
    size_t below = y > (nn_real)-NN_LOSS_EPSILON;
    below += y > (nn_real)(1 + NN_LOSS_EPSILON);
    for (size_t i = 0; i < auc->thresholds.count; i++)
        below += y > (nn_real)auc->thresholds.values[i];
    return below;
}

/* [labels][nn_thresholds_state_count], labels = width or 1 */
static size_t state_count(const void *self, size_t width)
{
    const struct auc *auc = self;
    return (auc->multi_label ? width : 1) * nn_thresholds_state_count(threshold_count(auc));
}

static void update(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target, const double *weights)
{
    const struct auc *auc = self;
    const bool even = are_even(auc);
    const size_t thresholds = threshold_count(auc);
    const size_t step = auc->multi_label ? nn_thresholds_state_count(thresholds) : 0;
    for (size_t i = 0; i < rows; i++) {
        const double weight = nn_metric_weight(weights, i);
        for (size_t j = 0; j < width; j++) {
            const nn_real given = y[i * width + j];
            const nn_real output = auc->from_logits ? nn_sigmoid(given) : given;
            const bool wanted = nn_target_value(target, i, width, j) != 0;
            if (even)
                nn_thresholds_add(state + j * step, thresholds, true, output, wanted, weight);
            else
                nn_thresholds_count(state + j * step, thresholds, count_below(auc, output), wanted,
                                    weight);
        }
    }
}

struct point {
    double x, y;
};

/* 1 - P / N * wrong / TP; without a true positive it is what Keras says. */
static double gain(const nn_answers *at, double wrong, double without)
{
    if (at->true_positives == 0)
        return without;
    return 1 - nn_ratio(at->positives, at->negatives) * (wrong / at->true_positives);
}

static struct point point_of(const char *curve, const nn_answers *at)
{
    if (strcmp(curve, "ROC") == 0)
        return (struct point){nn_ratio(at->false_positives, at->negatives), nn_recall(at)};
    if (strcmp(curve, "PR") == 0)
        return (struct point){nn_recall(at), nn_precision(at)};
    const double recall_gain = gain(at, at->positives - at->true_positives, 0);
    return (struct point){recall_gain < 0 ? 0 : recall_gain, gain(at, at->false_positives, 1)};
}

/* The area between two neighbouring points; low is that of the lower threshold. */
static double step_area(const char *method, struct point low, struct point high)
{
    double height = (low.y + high.y) / 2;
    if (strcmp(method, "majoring") == 0)
        height = low.y > high.y ? low.y : high.y;
    if (strcmp(method, "minoring") == 0)
        height = low.y < high.y ? low.y : high.y;
    return (low.x - high.x) * height;
}

/* The same for precision over recall, where between two thresholds TP = high.TP + slope (yes - high.yes):
 * the integral of precision = TP / yes by recall = TP / P. */
static double interpolated_area(const nn_answers *low, const nn_answers *high)
{
    const double yes = low->true_positives + low->false_positives;
    const double high_yes = high->true_positives + high->false_positives;
    const double gained = low->true_positives - high->true_positives;
    const double slope = nn_ratio(gained, yes - high_yes);
    const double intercept = high->true_positives - slope * high_yes;
    const double growth = yes > 0 && high_yes > 0 ? yes / high_yes : 1;
    return nn_ratio(slope * (gained + intercept * log(growth)), high->positives);
}

static double area(const struct auc *auc, const double *state)
{
    const bool interpolated =
        strcmp(auc->curve, "PR") == 0 && strcmp(auc->summation_method, "interpolation") == 0;
    const size_t thresholds = threshold_count(auc);
    nn_answers high = nn_thresholds_begin(state, thresholds);
    nn_thresholds_lower(state, thresholds, thresholds - 1, &high);
    double sum = 0;
    for (size_t i = thresholds - 1; i-- > 0;) {
        nn_answers low = high;
        nn_thresholds_lower(state, thresholds, i, &low);
        sum += interpolated ? interpolated_area(&low, &high)
                            : step_area(auc->summation_method, point_of(auc->curve, &low),
                                        point_of(auc->curve, &high));
        high = low;
    }
    return sum;
}

static double result(const void *self, size_t width, const double *state)
{
    const struct auc *auc = self;
    const size_t labels = auc->multi_label ? width : 1;
    double sum = 0;
    for (size_t j = 0; j < labels; j++)
        sum += area(auc, state + j * nn_thresholds_state_count(threshold_count(auc)));
    return sum / (double)labels;
}

const nn_metric nn_metric_auc = {
    .part = {.name = "auc",
             .class_name = "AUC",
             .options = options,
             .size = sizeof(struct auc),
             .help = "area under the ROC or precision-recall curve, from outputs in [0, 1] at "
                     "thresholds",
             .sample = "auc num_thresholds=21 curve=PR summation_method=majoring multi_label=true",
             .check = check},
    .direction = NN_HIGHER_IS_BETTER,
    .targets = NN_TARGET_VALUES | NN_TARGET_LABELS,
    .state_count = state_count,
    .update = update,
    .result = result,
    .check_width = check_width,
};
