/* kl_divergence: sum_j t_j log(t_j / y_j), where outputs and targets are clipped to [epsilon, 1]; its
 * gradient by y_j is -t_j / y_j, or 0 where y_j is clipped.  Source: Kullback and Leibler 1951; Keras. */
#include "loss.h"
#include "status.h"
#include <math.h>

static const nn_real epsilon = (nn_real)NN_LOSS_EPSILON;

static inline double clip(nn_real p)
{
    const nn_real raised = p < epsilon ? epsilon : p;
    return (double)(raised > 1 ? 1 : raised);
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        loss[i] = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double t = clip(target->values[j]);
            loss[i] += t * log(t / clip(y[j]));
        }
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    (void)self;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const bool clipped = y[j] < epsilon || y[j] > 1;
            const double t = clip(target->values[j]);
            dy[j] = clipped ? 0 : (nn_real)(-(double)weight[i] * t / (double)y[j]);
        }
}

static nn_status check_width(const void *self, size_t width)
{
    (void)self;
    NN_REQUIRE(width > 1, NN_ERR_SHAPE,
               "kl_divergence compares distributions over classes, and the model has 1 output: use "
               "binary_crossentropy for one probability");
    return NN_OK;
}

const nn_loss nn_loss_kl_divergence = {
    .part = {.name = "kl_divergence",
             .alias = "kld",
             .class_name = "KLDivergence",
             .help = "sum(y_true * log(y_true / y_pred)); targets are rows of probabilities",
             .sample = "kl_divergence"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
    .check_width = check_width,
};
