/* categorical_generalized_cross_entropy: (1 - p^q) / q, where p is the output of the row's class; its
 * gradient by p is -p^(q - 1), by the logits z_j of a softmax -p^q (1 or 0 - p_j), 1 for the row's class.
 * From -log p near q = 0 to the absolute error 1 - p near q = 1, which wrong labels move less.
 * Source: Zhang and Sabuncu 2018; Keras. */
#include "loss.h"
#include "status.h"
#include <math.h>
#include <string.h>

extern const nn_activation nn_activation_softmax;

struct generalized {
    nn_loss_options common;
    double q;
};

static const nn_option options[] = {
    {.name = "q",
     .type = NN_TYPE_REAL,
     .offset = offsetof(struct generalized, q),
     .default_number = 0.5,
     .minimum = 0.0,
     .maximum = 1.0,
     .open_minimum = true,
     .open_maximum = true,
     .help = "near 0: as the cross-entropy; near 1: as the absolute error"},
    NN_OPTION_END,
};

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    const double q = ((const struct generalized *)self)->q;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *row = y + i * width;
        double others = 0; /* NaN if any is: a part of the sum that Keras takes over one-hot rows */
        for (size_t j = 0; j < width; j++)
            others += 0 * (double)row[j];
        loss[i] = (1 - pow((double)row[target->labels[i]], q)) / q + others;
    }
}

/* Below epsilon the slope is epsilon's: Keras's is infinite at 0. */
static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    const double q = ((const struct generalized *)self)->q;
    memset(dy, 0, rows * width * sizeof(*dy));
    for (size_t i = 0; i < rows; i++) {
        const size_t at = i * width + (size_t)target->labels[i];
        const double p = (double)y[at];
        dy[at] =
            (nn_real)(-(double)weight[i] * pow(p < NN_LOSS_EPSILON ? NN_LOSS_EPSILON : p, q - 1));
    }
}

static void fused_forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y,
                          const nn_target *target, double *loss)
{
    nn_activation_softmax.forward(NULL, rows, width, z, y);
    forward(self, rows, width, y, target, loss);
}

/* Finite where p is 0, and p^(q - 1) isn't. */
static void fused_backward(const void *self, size_t rows, size_t width, const nn_real *y,
                           const nn_target *target, const nn_real *weight, nn_real *dz)
{
    const double q = ((const struct generalized *)self)->q;
    for (size_t i = 0; i < rows; i++) {
        const size_t label = (size_t)target->labels[i];
        const double factor = (double)weight[i] * pow((double)y[i * width + label], q);
        for (size_t j = 0; j < width; j++)
            dz[i * width + j] = (nn_real)(factor * ((double)y[i * width + j] - (j == label)));
    }
}

static nn_status check_width(const void *self, size_t width)
{
    (void)self;
    NN_REQUIRE(
        width > 1, NN_ERR_SHAPE,
        "categorical_generalized_cross_entropy needs one output a class, and the model has 1 "
        "output: use softmax over two, or binary_crossentropy with sigmoid");
    return NN_OK;
}

const nn_loss nn_loss_categorical_generalized_cross_entropy = {
    .part = {.name = "categorical_generalized_cross_entropy",
             .class_only = true,
             .options = options,
             .size = sizeof(struct generalized),
             .help = "(1 - y_pred[label]^q) / q, for softmax and labels of which some are wrong "
                     "(Zhang and Sabuncu 2018)",
             .sample = "categorical_generalized_cross_entropy q=0.7"},
    .target = NN_TARGET_LABELS,
    .forward = forward,
    .backward = backward,
    .fuses_with = &nn_activation_softmax,
    .fused_forward = fused_forward,
    .fused_backward = fused_backward,
    .check_width = check_width,
};
