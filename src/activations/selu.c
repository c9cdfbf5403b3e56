/* selu: f(z) = scale z for z > 0, scale alpha (e^z - 1) otherwise; f'(z) = scale or y + scale alpha.
 * Source: Klambauer et al. 2017. */
#include "activation.h"
#include "exponential.h"

static const nn_real scale = (nn_real)1.05070098735548049342;
static const nn_real scale_alpha =
    (nn_real)1.75809934084737685994; /* alpha = 1.6732632423543772848 */

NN_VECTORIZE
static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    (void)self;
    for (size_t i = 0; i < rows * width; i++) {
        const nn_real below = scale_alpha * nn_expm1(z[i] > 0 ? 0 : z[i]); /* NaN stays */
        y[i] = z[i] > 0 ? scale * z[i] : below;
    }
}

NN_VECTORIZE
static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    (void)self, (void)z;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = dy[i] * (y[i] > 0 ? scale : y[i] + scale_alpha);
}

const nn_activation nn_activation_selu = {
    .part =
        {.name = "selu",
         .help =
             "y = scale * x where x > 0, else scale * alpha * (exp(x) - 1); Klambauer et al. 2017",
         .sample = "selu"},
    .elementwise = true,
    .forward = forward,
    .backward = backward,
};
