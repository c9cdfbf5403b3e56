/* Losses of margins m_j = t_j y_j, for targets -1 and 1.
 * hinge: mean_j max(0, 1 - m_j); its gradient by y_j is -t_j / width where m_j <= 1, else 0.
 * squared_hinge: mean_j max(0, 1 - m_j)^2; its gradient by y_j is -2 t_j max(0, 1 - m_j) / width.
 * perceptron: mean_j max(0, -m_j); its gradient by y_j is -t_j / width where m_j <= 0, else 0: what isn't
 * on the right side counts, so that training can start at 0.
 * Where all targets of a batch are 0 or 1, they stand for -1 and 1.
 * Source: Keras for the first two and for the targets; Rosenblatt 1958 for the last. */
#include "loss.h"

/* t = scale * target + shift */
struct conversion {
    double scale, shift;
};

static struct conversion convert(size_t count, const nn_real *values)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] != 0 && values[i] != 1)
            return (struct conversion){1, 0};
    return (struct conversion){2, -1};
}

/* max(0, margin - t y); NaN stays */
static inline double shortfall(double margin, double t, nn_real y)
{
    const double missing = margin - t * (double)y;
    return missing < 0 ? 0 : missing;
}

static void forward_margin(double margin, bool squared, size_t rows, size_t width, const nn_real *y,
                           const nn_real *values, double *loss)
{
    const struct conversion to = convert(rows * width, values);
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double missing = shortfall(margin, to.scale * (double)values[j] + to.shift, y[j]);
            sum += squared ? missing * missing : missing;
        }
        loss[i] = sum / (double)width;
    }
}

static void backward_margin(double margin, bool squared, size_t rows, size_t width,
                            const nn_real *y, const nn_real *values, const nn_real *weight,
                            nn_real *dy)
{
    const struct conversion to = convert(rows * width, values);
    for (size_t i = 0; i < rows; i++) {
        const double factor = (double)weight[i] / (double)width;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double t = to.scale * (double)values[j] + to.shift;
            const double slope = squared                      ? 2 * shortfall(margin, t, y[j])
                                 : t * (double)y[j] <= margin ? 1
                                                              : 0;
            dy[j] = (nn_real)(-factor * t * slope);
        }
    }
}

static void forward_hinge(const void *self, size_t rows, size_t width, const nn_real *y,
                          const nn_target *target, double *loss)
{
    (void)self;
    forward_margin(1, false, rows, width, y, target->values, loss);
}

static void backward_hinge(const void *self, size_t rows, size_t width, const nn_real *y,
                           const nn_target *target, const nn_real *weight, nn_real *dy)
{
    (void)self;
    backward_margin(1, false, rows, width, y, target->values, weight, dy);
}

static void forward_squared(const void *self, size_t rows, size_t width, const nn_real *y,
                            const nn_target *target, double *loss)
{
    (void)self;
    forward_margin(1, true, rows, width, y, target->values, loss);
}

static void backward_squared(const void *self, size_t rows, size_t width, const nn_real *y,
                             const nn_target *target, const nn_real *weight, nn_real *dy)
{
    (void)self;
    backward_margin(1, true, rows, width, y, target->values, weight, dy);
}

static void forward_perceptron(const void *self, size_t rows, size_t width, const nn_real *y,
                               const nn_target *target, double *loss)
{
    (void)self;
    forward_margin(0, false, rows, width, y, target->values, loss);
}

static void backward_perceptron(const void *self, size_t rows, size_t width, const nn_real *y,
                                const nn_target *target, const nn_real *weight, nn_real *dy)
{
    (void)self;
    backward_margin(0, false, rows, width, y, target->values, weight, dy);
}

const nn_loss nn_loss_hinge = {
    .part = {.name = "hinge",
             .help = "mean(max(1 - y_true * y_pred, 0)); targets are -1 and 1, or 0 and 1",
             .sample = "hinge"},
    .target = NN_TARGET_VALUES,
    .forward = forward_hinge,
    .backward = backward_hinge,
};

const nn_loss nn_loss_squared_hinge = {
    .part = {.name = "squared_hinge",
             .help = "mean(max(1 - y_true * y_pred, 0)^2); targets are -1 and 1, or 0 and 1",
             .sample = "squared_hinge"},
    .target = NN_TARGET_VALUES,
    .forward = forward_squared,
    .backward = backward_squared,
};

const nn_loss nn_loss_perceptron = {
    .part = {.name = "perceptron",
             .help = "mean(max(-y_true * y_pred, 0)) (Rosenblatt 1958); targets are -1 and 1, or 0 "
                     "and 1",
             .sample = "perceptron"},
    .target = NN_TARGET_VALUES,
    .forward = forward_perceptron,
    .backward = backward_perceptron,
};
