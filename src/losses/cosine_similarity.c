/* cosine_similarity: -sum_j u_j v_j, where u = t / max(|t|, epsilon) and v = y / max(|y|, epsilon); its
 * gradient by y_j is -(u_j - v_j sum_k u_k v_k) / |y|, or -u_j / epsilon where |y| is below epsilon.
 * Source: Keras. */
#include "loss.h"
#include "status.h"
#include <math.h>

/* max(|x|, epsilon), in double, where no square of a float overflows */
static double length_of(size_t width, const nn_real *x, bool *is_short)
{
    double sum = 0;
    for (size_t j = 0; j < width; j++)
        sum += (double)x[j] * (double)x[j];
    const double length = sqrt(sum);
    *is_short = length < NN_LOSS_EPSILON;
    return *is_short ? NN_LOSS_EPSILON : length;
}

static double product(size_t width, const nn_real *a, const nn_real *b)
{
    double sum = 0;
    for (size_t j = 0; j < width; j++)
        sum += (double)a[j] * (double)b[j];
    return sum;
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    bool is_short;
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *row = y + i * width, *t = target->values + i * width;
        const double lengths = length_of(width, row, &is_short) * length_of(width, t, &is_short);
        loss[i] = -product(width, row, t) / lengths;
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *row = y + i * width, *t = target->values + i * width;
        bool is_short;
        const double target_length = length_of(width, t, &is_short);
        const double length = length_of(width, row, &is_short);
        const double cosine = product(width, row, t) / (length * target_length);
        const double along = is_short ? 0 : cosine; /* a fixed length has no derivative */
        for (size_t j = 0; j < width; j++) {
            const double u = (double)t[j] / target_length, v = (double)row[j] / length;
            dy[i * width + j] = (nn_real)((double)weight[i] * (v * along - u) / length);
        }
    }
}

static nn_status check_width(const void *self, size_t width)
{
    (void)self;
    NN_REQUIRE(
        width > 1, NN_ERR_SHAPE,
        "cosine_similarity compares directions, and the model has 1 output, which has only a "
        "sign: use mean_squared_error for a value, binary_crossentropy or hinge for two "
        "classes");
    return NN_OK;
}

const nn_loss nn_loss_cosine_similarity = {
    .part = {.name = "cosine_similarity",
             .help = "-sum(l2_normalize(y_true) * l2_normalize(y_pred)): -1 for the same direction",
             .sample = "cosine_similarity"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
    .check_width = check_width,
};
