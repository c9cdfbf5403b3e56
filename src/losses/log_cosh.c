/* log_cosh: mean_j log(cosh(y_j - t_j)); its gradient by y_j is tanh(y_j - t_j) / width.  Source: Keras. As
 * |d| + log(1 + e^(-2 |d|)) - log 2 it doesn't overflow. */
#include "exponential.h"
#include "loss.h"

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    const double log_2 = 0.69314718055994530942;
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double size = fabs((double)y[j] - (double)target->values[j]);
            sum += size + (log1p(exp(-2 * size)) - log_2);
        }
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
        for (size_t j = i * width; j < (i + 1) * width; j++)
            dy[j] = factor * nn_tanh(y[j] - t[j]);
    }
}

const nn_loss nn_loss_log_cosh = {
    .part = {.name = "log_cosh",
             .help = "mean(log(cosh(y_pred - y_true))): squares / 2 near 0, linear far from it",
             .sample = "log_cosh"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
};
