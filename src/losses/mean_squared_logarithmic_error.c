/* mean_squared_logarithmic_error: mean_j (log(1 + y_j) - log(1 + t_j))^2, where outputs and targets below
 * epsilon count as epsilon; its gradient by y_j is 2 (log(1 + y_j) - log(1 + t_j)) / (1 + y_j) / width, or
 * 0 where y_j is below epsilon.  Source: Keras. */
#include "loss.h"
#include <math.h>

static const nn_real epsilon = (nn_real)NN_LOSS_EPSILON;

static inline double logarithm(nn_real x)
{
    return log1p((double)(x < epsilon ? epsilon : x));
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double difference = logarithm(y[j]) - logarithm(target->values[j]);
            sum += difference * difference;
        }
        loss[i] = sum / (double)width;
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const double factor = 2 * (double)weight[i] / (double)width;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double difference = logarithm(y[j]) - logarithm(target->values[j]);
            dy[j] = y[j] < epsilon ? 0 : (nn_real)(factor * difference / (1 + (double)y[j]));
        }
    }
}

const nn_loss nn_loss_mean_squared_logarithmic_error = {
    .part = {.name = "mean_squared_logarithmic_error",
             .alias = "msle",
             .help = "mean((log(y_true + 1) - log(y_pred + 1))^2), for what is never negative",
             .sample = "mean_squared_logarithmic_error"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
};
