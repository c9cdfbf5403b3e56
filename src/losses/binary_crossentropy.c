/* binary_crossentropy: mean_j -(t_j log p_j + (1 - t_j) log(1 - p_j)), where p is the output, clipped to
 * [epsilon, 1 - epsilon], or the sigmoid of the output where that is logits.  Source: Keras's
 * binary_crossentropy; the form for logits is that of max(z, 0) - z t + log(1 + e^-|z|). */
#include "crossentropy.h"
#include "exponential.h"

extern const nn_activation nn_activation_sigmoid;

const nn_option nn_binary_crossentropy_options[] = {
    NN_OPTION_BOOL(struct nn_binary_crossentropy, from_logits, false,
                   "whether the output is logits rather than probabilities"),
    NN_OPTION_REAL(struct nn_binary_crossentropy, label_smoothing, 0.0, 0.0, 1.0,
                   "how far targets are drawn to 0.5"),
    NN_OPTION_END,
};

static const nn_real epsilon = (nn_real)NN_LOSS_EPSILON;
static const nn_real one_less_epsilon = (nn_real)(1 - NN_LOSS_EPSILON);

static inline double smoothed(double smoothing, nn_real target)
{
    return (double)target * (1 - smoothing) + 0.5 * smoothing;
}

static void forward_probabilities(double smoothing, size_t rows, size_t width, const nn_real *y,
                                  const nn_real *targets, double *loss)
{
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const nn_real raised = y[j] < epsilon ? epsilon : y[j];
            const double p = (double)(raised > one_less_epsilon ? one_less_epsilon : raised);
            const double t = smoothed(smoothing, targets[j]);
            sum -= t * log(p) + (1 - t) * log1p(-p);
        }
        loss[i] = sum / (double)width;
    }
}

static void backward_probabilities(double smoothing, size_t rows, size_t width, const nn_real *y,
                                   const nn_real *targets, const nn_real *weight, nn_real *dy)
{
    for (size_t i = 0; i < rows; i++) {
        const double factor = (double)weight[i] / (double)width;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double p = (double)y[j];
            const double t = smoothed(smoothing, targets[j]);
            const bool clipped = y[j] < epsilon || y[j] > one_less_epsilon;
            dy[j] = clipped ? 0 : (nn_real)(factor * (p - t) / (p * (1 - p)));
        }
    }
}

static void forward_logits(double smoothing, size_t rows, size_t width, const nn_real *z,
                           const nn_real *targets, double *loss)
{
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double logit = (double)z[j];
            const double t = smoothed(smoothing, targets[j]);
            sum += (logit < 0 ? 0 : logit) - logit * t + log1p(exp(-fabs(logit)));
        }
        loss[i] = sum / (double)width;
    }
}

/* dz = weight (p - t) / width, from the probabilities p; dz may be p. */
NN_VECTORIZE
static void backward_logits(double smoothing, size_t rows, size_t width, const nn_real *p,
                            const nn_real *targets, const nn_real *weight, nn_real *dz)
{
    const nn_real keep = (nn_real)(1 - smoothing), offset = (nn_real)(0.5 * smoothing);
    for (size_t i = 0; i < rows; i++) {
        const nn_real factor = weight[i] / (nn_real)width;
        for (size_t j = i * width; j < (i + 1) * width; j++)
            dz[j] = factor * (p[j] - (targets[j] * keep + offset));
    }
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    const struct nn_binary_crossentropy *bce = self;
    const double smoothing = bce->label_smoothing;
    if (bce->from_logits)
        forward_logits(smoothing, rows, width, y, target->values, loss);
    else
        forward_probabilities(smoothing, rows, width, y, target->values, loss);
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    const struct nn_binary_crossentropy *bce = self;
    const double smoothing = bce->label_smoothing;
    if (!bce->from_logits) {
        backward_probabilities(smoothing, rows, width, y, target->values, weight, dy);
        return;
    }
    nn_activation_sigmoid.forward(NULL, rows, width, y, dy);
    backward_logits(smoothing, rows, width, dy, target->values, weight, dy);
}

/* With from_logits the sigmoid's output is taken as logits again, as Keras does. */
static void fused_forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y,
                          const nn_target *target, double *loss)
{
    const struct nn_binary_crossentropy *bce = self;
    if (!bce->from_logits)
        forward_logits(bce->label_smoothing, rows, width, z, target->values, loss);
    nn_activation_sigmoid.forward(NULL, rows, width, z, y);
    if (bce->from_logits)
        forward(self, rows, width, y, target, loss);
}

static void fused_backward(const void *self, size_t rows, size_t width, const nn_real *y,
                           const nn_target *target, const nn_real *weight, nn_real *dz)
{
    const struct nn_binary_crossentropy *bce = self;
    if (!bce->from_logits) {
        backward_logits(bce->label_smoothing, rows, width, y, target->values, weight, dz);
        return;
    }
    backward(self, rows, width, y, target, weight, dz);
    nn_activation_sigmoid.backward(NULL, rows, width, NULL, y, dz, dz);
}

const nn_loss nn_loss_binary_crossentropy = {
    .part = {.name = "binary_crossentropy",
             .alias = "bce",
             .options = nn_binary_crossentropy_options,
             .size = sizeof(struct nn_binary_crossentropy),
             .help = "mean of the cross-entropies of independent yes-or-no outputs, for sigmoid",
             .sample = "binary_crossentropy label_smoothing=0.1"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
    .fuses_with = &nn_activation_sigmoid,
    .fused_forward = fused_forward,
    .fused_backward = fused_backward,
};
