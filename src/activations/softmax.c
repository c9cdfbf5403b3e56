/* softmax over each row: f(z)_j = e^z_j / sum_k e^z_k; dz_j = y_j (dy_j - sum_k dy_k y_k).
 * Source: Bridle 1990. */
#include "activation.h"
#include "exponential.h"
#include "row.h"

/* Three passes, so that the expensive one runs over all rows at once and fills the vectors however
 * narrow a row is. The maximum is taken off so that nothing overflows; a NaN or inf anywhere in a row
 * makes NaN of that row. */
NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *from = z + i * width;
        nn_real *to = y + i * width;
        const nn_real maximum = nn_row_maximum(width, from);
        for (size_t j = 0; j < width; j++)
            to[j] = from[j] - maximum;
    }
    for (size_t i = 0; i < rows * width; i++)
        y[i] = nn_exp(y[i]);
    for (size_t i = 0; i < rows; i++) {
        nn_real *row = y + i * width;
        double sum = 0;
        for (size_t j = 0; j < width; j++)
            sum += (double)row[j];
        const nn_real divisor = (nn_real)sum;
        for (size_t j = 0; j < width; j++)
            row[j] /= divisor;
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows; i++) {
        const size_t row = i * width;
        double product = 0;
        for (size_t j = 0; j < width; j++)
            product += (double)dy[row + j] * (double)y[row + j];
        const nn_real mean = (nn_real)product;
        for (size_t j = 0; j < width; j++)
            dz[row + j] = y[row + j] * (dy[row + j] - mean);
    }
}

const nn_activation nn_activation_softmax = {
    .part = {.name = "softmax",
             .help = "y = exp(x) / sum(exp(x)) over each row; Bridle 1990",
             .sample = "softmax"},
    .compares = true,
    .forward = forward,
    .backward = backward,
};
