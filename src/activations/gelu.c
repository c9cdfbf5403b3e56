/* gelu: f(z) = z P(z) with the normal distribution P(z) = (1 + erf(z / sqrt 2)) / 2, and
 * f'(z) = P(z) + z p(z) with its density p; or, approximate, f(z) = z s(2u) with
 * u = sqrt(2 / pi) (z + 0.044715 z^3) and s(v) = 1 / (1 + e^-v), which is z (1 + tanh u) / 2, and
 * f'(z) = s(2u) + z s(2u) s(-2u) 2u'. Source: Hendrycks, Gimpel 2016. f falls and rises, so that the
 * derivative needs z. */
#include "activation.h"
#include "exponential.h"

struct gelu {
    bool approximate;
};

static const nn_option options[] = {
    NN_OPTION_BOOL(struct gelu, approximate, 0, "by tanh instead of erf"),
    NN_OPTION_END,
};

static const nn_real far = 10000;                               /* P is 0 or 1 beyond */
static const nn_real half_root = (nn_real)0.707106781186547524; /* 1 / sqrt 2 */
static const nn_real density = (nn_real)0.398942280401432678;   /* 1 / sqrt(2 pi) */
static const nn_real slope = (nn_real)1.59576912160573071;      /* 2 sqrt(2 / pi) */
static const nn_real cubic = (nn_real)0.044715;

NN_VECTORIZE
static void forward_exact(size_t count, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real x = z[i] < -far ? -far : z[i];
        y[i] = x * ((nn_real)0.5 + (nn_real)0.5 * nn_erf(x * half_root));
    }
}

NN_VECTORIZE
static void forward_approximate(size_t count, const nn_real *z, nn_real *y)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real x = z[i] < -far ? -far : z[i];
        y[i] = x * nn_sigmoid(slope * (x + cubic * (x * x * x)));
    }
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct gelu *gelu = self;
    (gelu->approximate ? forward_approximate : forward_exact)(rows * width, z, y);
}

NN_VECTORIZE
static void backward_exact(size_t count, const nn_real *z, const nn_real *dy, nn_real *dz)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real low = z[i] < -far ? -far : z[i];
        const nn_real x = low > far ? far : low;
        const nn_real p = (nn_real)0.5 + (nn_real)0.5 * nn_erf(x * half_root);
        dz[i] = dy[i] * (p + x * density * nn_exp((nn_real)-0.5 * (x * x)));
    }
}

NN_VECTORIZE
static void backward_approximate(size_t count, const nn_real *z, const nn_real *dy, nn_real *dz)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real low = z[i] < -far ? -far : z[i];
        const nn_real x = low > far ? far : low;
        const nn_real v = slope * (x + cubic * (x * x * x)), s = nn_sigmoid(v);
        dz[i] = dy[i] * (s + x * s * nn_sigmoid(-v) * slope * (1 + 3 * cubic * (x * x)));
    }
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    const struct gelu *gelu = self;
    (void)y;
    (gelu->approximate ? backward_approximate : backward_exact)(rows * width, z, dy, dz);
}

const nn_activation nn_activation_gelu = {
    .part = {.name = "gelu",
             .options = options,
             .size = sizeof(struct gelu),
             .help = "y = x * P(x), P the normal distribution; Hendrycks, Gimpel 2016",
             .sample = "gelu approximate=true"},
    .elementwise = true,
    .needs_z = true,
    .forward = forward,
    .backward = backward,
};
