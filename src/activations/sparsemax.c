/* sparsemax over each row: f(z)_j = max(z_j - t, 0), with the t at which they sum to 1: the point of the
 * simplex that is nearest to z. dz_j = dy_j - the mean of dy over the positive y, or 0 where y_j is 0.
 * Source: Martins, Astudillo 2016. (Keras up to 3.15 takes another t, by mistake, where several y are
 * positive: its rows don't sum to 1.) */
#include "activation.h"
#include "row.h"
#include <math.h>

/* t by Newton's method on sum_j max(z_j - t, 0) = 1, which takes no memory: the sum is convex and falls,
 * so that from a t too small each step finds a larger one, still not too large, and leaves the z_j out
 * that are no longer above it; when none was left out, t is exact. The largest z_j is 0, so that -1 is
 * too small, or right. */
static double find_threshold(size_t width, const nn_real *z)
{
    double t = -1;
    size_t above = width + 1, before;
    do {
        double sum = 0;
        before = above;
        above = 0;
        for (size_t j = 0; j < width; j++)
            if ((double)z[j] > t) {
                sum += (double)z[j];
                above++;
            }
        t = (sum - 1) / (double)above; /* below 0, so that the largest stays above */
    } while (above < before);
    return t;
}

/* As with softmax, a NaN or inf anywhere in a row makes NaN of that row. */
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *from = z + i * width;
        nn_real *to = y + i * width;
        const nn_real maximum = nn_row_maximum(width, from);
        bool broken = false;
        for (size_t j = 0; j < width; j++) {
            to[j] = from[j] - maximum;
            broken = broken || isnan(to[j]);
        }
        const double t = broken ? (double)NAN : find_threshold(width, to);
        for (size_t j = 0; j < width; j++)
            to[j] = (double)to[j] <= t ? 0 : (nn_real)((double)to[j] - t);
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows; i++) {
        const size_t row = i * width;
        double sum = 0;
        size_t positive = 0;
        for (size_t j = 0; j < width; j++)
            if (y[row + j] != 0) {
                sum += (double)dy[row + j];
                positive++;
            }
        const nn_real mean = (nn_real)(sum / (double)positive); /* there is always one */
        for (size_t j = 0; j < width; j++)
            dz[row + j] = y[row + j] == 0 ? 0 : dy[row + j] - mean;
    }
}

const nn_activation nn_activation_sparsemax = {
    .part = {.name = "sparsemax",
             .help = "y = max(x - t, 0) over each row, t such that they sum to 1; "
                     "Martins, Astudillo 2016",
             .sample = "sparsemax"},
    .compares = true,
    .forward = forward,
    .backward = backward,
};
