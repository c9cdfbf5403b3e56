/* binary_focal_crossentropy: mean_j w_j m_j^gamma b_j with the cross-entropy
 * b_j = -(t_j log c_j + (1 - t_j) log(1 - c_j)), where p is the output, or the sigmoid of the output where
 * that is logits, c is p clipped to [epsilon, 1 - epsilon], the miss m_j = t_j (1 - p_j) + (1 - t_j) p_j, and
 * w_j = alpha t_j + (1 - alpha) (1 - t_j) with class balancing, else 1. Its gradient by p_j is
 * w_j (m_j^gamma b'_j - gamma m_j^(gamma - 1) (2 t_j - 1) b_j) / width with
 * b'_j = (p_j - t_j) / (p_j (1 - p_j)), or 0 where p_j is clipped; by the logits, p_j (1 - p_j) times that.
 * From logits z nothing needs clipping, for b = max(z, 0) - z t + log(1 + e^-|z|).
 * Source: Lin et al. 2017; Keras (on TensorFlow; its other backends clip p from logits as well). */
#include "clip.h"
#include "loss.h"
#include <math.h>

struct binary_focal_crossentropy {
    nn_loss_options common;
    bool apply_class_balancing;
    double alpha, gamma;
    bool from_logits;
    double label_smoothing;
};

static const nn_option options[] = {
    NN_OPTION_BOOL(struct binary_focal_crossentropy, apply_class_balancing, false,
                   "whether alpha and 1 - alpha weigh the classes 1 and 0"),
    NN_OPTION_REAL(struct binary_focal_crossentropy, alpha, 0.25, 0.0, 1.0,
                   "weight of class 1 with apply_class_balancing"),
    NN_OPTION_REAL(struct binary_focal_crossentropy, gamma, 2.0, 0.0, INFINITY,
                   "how little the outputs count that are right already; 0: as much as all"),
    NN_OPTION_BOOL(struct binary_focal_crossentropy, from_logits, false,
                   "whether the output is logits rather than probabilities"),
    NN_OPTION_REAL(struct binary_focal_crossentropy, label_smoothing, 0.0, 0.0, 1.0,
                   "how far targets are drawn to 0.5"),
    NN_OPTION_END,
};

/* What value and gradient are made of, for one output: b, its derivative and that of p, both by the
 * output, and so on as above. */
struct terms {
    double target, weight, miss, entropy, entropy_slope, slope;
};

static void from_logit(double z, double t, struct terms *terms)
{
    const double e = exp(-fabs(z)), p = (z < 0 ? e : 1) / (1 + e),
                 not_p = (z < 0 ? 1 : e) / (1 + e);
    terms->miss = t * not_p + (1 - t) * p;
    terms->entropy = (z < 0 ? 0 : z) - z * t + log1p(e);
    terms->entropy_slope = p - t;
    terms->slope = p * not_p;
}

static void from_probability(nn_real output, double t, struct terms *terms)
{
    const double p = (double)output, clipped = nn_loss_clip(output);
    terms->miss = t * (1 - p) + (1 - t) * p;
    terms->entropy = -(t * log(clipped) + (1 - t) * log1p(-clipped));
    terms->entropy_slope = nn_loss_is_clipped(output) ? 0 : (p - t) / (p * (1 - p));
    terms->slope = 1;
}

static struct terms terms_of(const struct binary_focal_crossentropy *self, nn_real output,
                             nn_real target)
{
    const double t = (double)target * (1 - self->label_smoothing) + 0.5 * self->label_smoothing;
    struct terms terms = {
        .target = t,
        .weight = self->apply_class_balancing ? self->alpha * t + (1 - self->alpha) * (1 - t) : 1,
    };
    if (self->from_logits)
        from_logit((double)output, t, &terms);
    else
        from_probability(output, t, &terms);
    return terms;
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    const struct binary_focal_crossentropy *focal = self;
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const struct terms at = terms_of(focal, y[j], target->values[j]);
            sum += at.weight * pow(at.miss, focal->gamma) * at.entropy;
        }
        loss[i] = sum / (double)width;
    }
}

/* The derivative of miss^gamma by miss. Below 1, gamma makes it infinite at 0, where the cross-entropy,
 * but for its clipping, is 0 as well and their product flat. */
static double power_slope(double miss, double gamma)
{
    return gamma == 0 || (miss == 0 && gamma < 1) ? 0 : gamma * pow(miss, gamma - 1);
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    const struct binary_focal_crossentropy *focal = self;
    for (size_t i = 0; i < rows; i++) {
        const double factor = (double)weight[i] / (double)width;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const struct terms at = terms_of(focal, y[j], target->values[j]);
            const double slope =
                pow(at.miss, focal->gamma) * at.entropy_slope -
                power_slope(at.miss, focal->gamma) * (2 * at.target - 1) * at.entropy * at.slope;
            dy[j] = (nn_real)(factor * at.weight * slope);
        }
    }
}

const nn_loss nn_loss_binary_focal_crossentropy = {
    .part = {.name = "binary_focal_crossentropy",
             .options = options,
             .size = sizeof(struct binary_focal_crossentropy),
             .help = "binary_crossentropy that counts hard rows more (Lin et al. 2017)",
             .sample = "binary_focal_crossentropy apply_class_balancing=true alpha=0.3 gamma=1.5 "
                       "label_smoothing=0.1"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
};
