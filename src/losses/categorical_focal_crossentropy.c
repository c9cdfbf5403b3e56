/* categorical_focal_crossentropy: -alpha sum_j (1 - c_j)^gamma t_j log c_j, where p is the output divided
 * by its row's sum, or the softmax of the output where that is logits, and c is p clipped to
 * [epsilon, 1 - epsilon]. With the gradient by p,
 * g_j = alpha t_j (gamma (1 - p_j)^(gamma - 1) log p_j - (1 - p_j)^gamma / p_j), or 0 where p_j is clipped,
 * the gradient by the output is (g_j - sum_k g_k p_k) / s, s the row's sum; by logits,
 * p_j (g_j - sum_k g_k p_k).  Source: Lin et al. 2017; Keras, whose list of one alpha a class isn't
 * supported. */
#include "clip.h"
#include "loss.h"
#include "status.h"
#include <math.h>

struct categorical_focal_crossentropy {
    nn_loss_options common;
    double alpha, gamma;
    bool from_logits;
    double label_smoothing;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct categorical_focal_crossentropy, alpha, 0.25, 0.0, INFINITY,
                   "factor of the loss"),
    NN_OPTION_REAL(struct categorical_focal_crossentropy, gamma, 2.0, 0.0, INFINITY,
                   "how little the classes count that are right already; 0: as much as all"),
    NN_OPTION_BOOL(struct categorical_focal_crossentropy, from_logits, false,
                   "whether the output is logits rather than probabilities"),
    NN_OPTION_REAL(struct categorical_focal_crossentropy, label_smoothing, 0.0, 0.0, 1.0,
                   "share of each target that is spread over all classes"),
    NN_OPTION_END,
};

/* A row's probabilities are y_j / sum, or e^(y_j - maximum) / sum of logits. */
struct row {
    bool from_logits;
    double maximum, sum;
};

static struct row row_of(bool from_logits, size_t width, const nn_real *y)
{
    struct row row = {.from_logits = from_logits, .maximum = (double)y[0]};
    for (size_t j = 1; j < width; j++)
        row.maximum = (double)y[j] > row.maximum ? (double)y[j] : row.maximum;
    for (size_t j = 0; j < width; j++)
        row.sum += from_logits ? exp((double)y[j] - row.maximum) : (double)y[j];
    return row;
}

static inline nn_real probability(const struct row *row, nn_real y)
{
    return (nn_real)((row->from_logits ? exp((double)y - row->maximum) : (double)y) / row->sum);
}

static inline double smoothed(const struct categorical_focal_crossentropy *self, nn_real target,
                              size_t width)
{
    return (double)target * (1 - self->label_smoothing) + self->label_smoothing / (double)width;
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    const struct categorical_focal_crossentropy *focal = self;
    for (size_t i = 0; i < rows; i++) {
        const struct row row = row_of(focal->from_logits, width, y + i * width);
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double c = nn_loss_clip(probability(&row, y[j]));
            sum -= pow(1 - c, focal->gamma) * smoothed(focal, target->values[j], width) * log(c);
        }
        loss[i] = focal->alpha * sum;
    }
}

/* g_j */
static double slope_of(const struct categorical_focal_crossentropy *self, nn_real p, double t)
{
    if (nn_loss_is_clipped(p))
        return 0;
    const double c = (double)p;
    return self->alpha * t *
           (self->gamma * pow(1 - c, self->gamma - 1) * log(c) - pow(1 - c, self->gamma) / c);
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    const struct categorical_focal_crossentropy *focal = self;
    for (size_t i = 0; i < rows; i++) {
        const struct row row = row_of(focal->from_logits, width, y + i * width);
        double mean = 0; /* of the slopes, sum_k g_k p_k */
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const nn_real p = probability(&row, y[j]);
            mean += (double)p * slope_of(focal, p, smoothed(focal, target->values[j], width));
        }
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const nn_real p = probability(&row, y[j]);
            const double slope = slope_of(focal, p, smoothed(focal, target->values[j], width));
            const double inner = focal->from_logits ? (double)p : 1 / row.sum;
            dy[j] = (nn_real)((double)weight[i] * (slope - mean) * inner);
        }
    }
}

static nn_status check_width(const void *self, size_t width)
{
    (void)self;
    NN_REQUIRE(width > 1, NN_ERR_SHAPE,
               "categorical_focal_crossentropy needs one output a class, and the model has 1 "
               "output: use binary_focal_crossentropy or binary_crossentropy with sigmoid for two "
               "classes");
    return NN_OK;
}

const nn_loss nn_loss_categorical_focal_crossentropy = {
    .part = {.name = "categorical_focal_crossentropy",
             .options = options,
             .size = sizeof(struct categorical_focal_crossentropy),
             .help = "categorical_crossentropy that counts hard rows more (Lin et al. 2017)",
             .sample = "categorical_focal_crossentropy alpha=0.5 gamma=1.5 label_smoothing=0.1"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
    .check_width = check_width,
};
