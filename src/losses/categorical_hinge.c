/* categorical_hinge: max(0, neg - pos + 1) with pos = sum_j t_j y_j and neg = max_j (1 - t_j) y_j, for
 * one-hot targets t; its gradient by y_j is n_j - t_j where the loss isn't 0 by the outer maximum, where
 * n_j is 1 - t_j at neg's maximum, shared equally where several are the largest, and 0 elsewhere.
 * Source: Keras. */
#include "loss.h"
#include "status.h"

static inline double wrong_score(nn_real y, nn_real t)
{
    return (1 - (double)t) * (double)y;
}

/* neg - pos + 1, and neg; NaN where an output is NaN */
static double shortfall(size_t width, const nn_real *y, const nn_real *t, double *largest)
{
    double right = 0;
    *largest = wrong_score(y[0], t[0]);
    for (size_t j = 0; j < width; j++) {
        const double score = wrong_score(y[j], t[j]);
        right += (double)t[j] * (double)y[j];
        *largest = score > *largest ? score : *largest;
    }
    return *largest - right + 1;
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        double largest;
        const double missing =
            shortfall(width, y + i * width, target->values + i * width, &largest);
        loss[i] = missing < 0 ? 0 : missing;
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *row = y + i * width, *t = target->values + i * width;
        double largest;
        const double missing = shortfall(width, row, t, &largest);
        const double factor = missing < 0 ? 0 : (double)weight[i];
        size_t count = 0; /* of the largest */
        for (size_t j = 0; j < width; j++)
            count += wrong_score(row[j], t[j]) >= largest;
        for (size_t j = 0; j < width; j++) {
            const bool is_largest = wrong_score(row[j], t[j]) >= largest;
            const double share = is_largest ? (1 - (double)t[j]) / (double)count : 0;
            dy[i * width + j] = (nn_real)(factor * (share - (double)t[j]));
        }
    }
}

static nn_status check_width(const void *self, size_t width)
{
    (void)self;
    NN_REQUIRE(width > 1, NN_ERR_SHAPE,
               "categorical_hinge needs one output a class, and the model has 1 output: use hinge, "
               "or binary_crossentropy with sigmoid, for two classes");
    return NN_OK;
}

const nn_loss nn_loss_categorical_hinge = {
    .part = {.name = "categorical_hinge",
             .help = "max(neg - pos + 1, 0), pos = sum(y_true * y_pred), neg = max((1 - y_true) * "
                     "y_pred); targets are one-hot",
             .sample = "categorical_hinge"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
    .check_width = check_width,
};
