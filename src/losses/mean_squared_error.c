/* mean_squared_error: mean_j (y_j - t_j)^2; its gradient by y_j is 2 (y_j - t_j) / width. */
#include "loss.h"

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double difference = (double)y[j] - (double)target->values[j];
            sum += difference * difference;
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
        const nn_real factor = 2 * weight[i] / (nn_real)width;
        for (size_t j = i * width; j < (i + 1) * width; j++)
            dy[j] = factor * (y[j] - t[j]);
    }
}

const nn_loss nn_loss_mean_squared_error = {
    .part = {.name = "mean_squared_error",
             .alias = "mse",
             .help = "mean((y_true - y_pred)^2)",
             .sample = "mean_squared_error"},
    .target = NN_TARGET_VALUES,
    .squares = true,
    .forward = forward,
    .backward = backward,
};
