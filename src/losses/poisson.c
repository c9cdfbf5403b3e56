/* poisson: mean_j (y_j - t_j log(y_j + epsilon)); its gradient by y_j is (1 - t_j / (y_j + epsilon)) /
 * width.  Source: Keras. Outputs are rates: the loss of a negative one is NaN, as it is in Keras. */
#include "loss.h"
#include <math.h>

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double rate = (double)y[j];
            sum += rate - (double)target->values[j] * log(rate + NN_LOSS_EPSILON);
        }
        loss[i] = sum / (double)width;
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const double factor = (double)weight[i] / (double)width;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double rate = (double)y[j] + NN_LOSS_EPSILON;
            dy[j] = (nn_real)(factor * (1 - (double)target->values[j] / rate));
        }
    }
}

const nn_loss nn_loss_poisson = {
    .part = {.name = "poisson",
             .help =
                 "mean(y_pred - y_true * log(y_pred + 1e-7)), for counts; outputs are rates and "
                 "must not be negative",
             .sample = "poisson"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
};
