/* log_softmax over each row: f(z)_j = z_j - log(sum_k e^z_k); dz_j = dy_j - e^y_j sum_k dy_k. The
 * maximum is taken off first, so that nothing overflows. Source: Bridle 1990 (softmax). */
#include "activation.h"
#include "exponential.h"
#include "row.h"

/* A NaN or inf anywhere in a row makes NaN of that row; -inf stays -inf, an impossible class. */
NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *from = z + i * width;
        nn_real *to = y + i * width;
        const nn_real maximum = nn_row_maximum(width, from);
        double sum = 0;
        for (size_t j = 0; j < width; j++) {
            to[j] = from[j] - maximum;
            sum += (double)nn_exp(to[j]);
        }
        const nn_real offset = (nn_real)log(sum);
        for (size_t j = 0; j < width; j++)
            to[j] -= offset;
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows; i++) {
        const size_t row = i * width;
        double sum = 0;
        for (size_t j = 0; j < width; j++)
            sum += (double)dy[row + j];
        const nn_real total = (nn_real)sum;
        for (size_t j = 0; j < width; j++)
            dz[row + j] = dy[row + j] - nn_exp(y[row + j]) * total;
    }
}

const nn_activation nn_activation_log_softmax = {
    .part = {.name = "log_softmax",
             .help = "y = x - log(sum(exp(x))) over each row; Bridle 1990",
             .sample = "log_softmax"},
    .compares = true,
    .forward = forward,
    .backward = backward,
};
