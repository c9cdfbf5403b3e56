/* mean_absolute_error: mean_j |y_j - t_j|; its gradient by y_j is sign(y_j - t_j) / width, 0 where both
 * are the same.
 * mean_absolute_percentage_error: 100 mean_j |y_j - t_j| / max(|t_j|, epsilon); its gradient by y_j is
 * 100 sign(y_j - t_j) / max(|t_j|, epsilon) / width.  Source: Keras. */
#include "loss.h"
#include <math.h>

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++)
            sum += fabs((double)y[j] - (double)target->values[j]);
        loss[i] = sum / (double)width;
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    (void)self;
    const nn_real *t = target->values;
    for (size_t i = 0; i < rows; i++) {
        const nn_real factor = weight[i] / (nn_real)width;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const nn_real difference = y[j] - t[j];
            /* the last: 0, or NaN */
            dy[j] = difference > 0 ? factor : difference < 0 ? -factor : difference;
        }
    }
}

/* 100 / max(|t|, epsilon) */
static double percent_of(nn_real target)
{
    const double size = fabs((double)target);
    return 100 / (size < NN_LOSS_EPSILON ? NN_LOSS_EPSILON : size);
}

static void percentage_forward(const void *self, size_t rows, size_t width, const nn_real *y,
                               const nn_target *target, double *loss)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++)
            sum += fabs((double)y[j] - (double)target->values[j]) * percent_of(target->values[j]);
        loss[i] = sum / (double)width;
    }
}

static void percentage_backward(const void *self, size_t rows, size_t width, const nn_real *y,
                                const nn_target *target, const nn_real *weight, nn_real *dy)
{
    backward(self, rows, width, y, target, weight, dy);
    for (size_t i = 0; i < rows * width; i++)
        dy[i] = (nn_real)((double)dy[i] * percent_of(target->values[i]));
}

const nn_loss nn_loss_mean_absolute_error = {
    .part = {.name = "mean_absolute_error",
             .alias = "mae",
             .help = "mean(|y_true - y_pred|)",
             .sample = "mean_absolute_error"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
};

const nn_loss nn_loss_mean_absolute_percentage_error = {
    .part = {.name = "mean_absolute_percentage_error",
             .alias = "mape",
             .help = "100 * mean(|y_true - y_pred| / max(|y_true|, 1e-7))",
             .sample = "mean_absolute_percentage_error"},
    .target = NN_TARGET_VALUES,
    .forward = percentage_forward,
    .backward = percentage_backward,
};
