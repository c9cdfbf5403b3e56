/* huber: mean_j h(y_j - t_j), where h(d) = d^2 / 2 for |d| <= delta, else delta |d| - delta^2 / 2; its
 * gradient by y_j is d clipped to [-delta, delta], divided by the width.  Source: Huber 1964; Keras. */
#include "loss.h"
#include <math.h>

struct huber {
    nn_loss_options common;
    double delta;
};

static const nn_option options[] = {
    {.name = "delta",
     .type = NN_TYPE_REAL,
     .offset = offsetof(struct huber, delta),
     .default_number = 1.0,
     .minimum = 0.0,
     .maximum = INFINITY,
     .open_minimum = true,
     .help = "the error above which the loss is linear"},
    NN_OPTION_END,
};

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    const double delta = ((const struct huber *)self)->delta;
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double size = fabs((double)y[j] - (double)target->values[j]);
            sum += size <= delta ? size * size / 2 : delta * (size - delta / 2);
        }
        loss[i] = sum / (double)width;
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    const nn_real delta = (nn_real)((const struct huber *)self)->delta;
    const nn_real *t = target->values;
    for (size_t i = 0; i < rows; i++) {
        const nn_real factor = weight[i] / (nn_real)width;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const nn_real difference = y[j] - t[j];
            const nn_real raised = difference < -delta ? -delta : difference;
            dy[j] = factor * (raised > delta ? delta : raised);
        }
    }
}

const nn_loss nn_loss_huber = {
    .part = {.name = "huber",
             .options = options,
             .size = sizeof(struct huber),
             .help = "mean of squares / 2 for errors up to delta, linear beyond (Huber 1964)",
             .sample = "huber delta=0.5"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
};
