/* exp, expm1, log1p, tanh, erf and the logistic function of one value, to be inlined into element-wise loops: branch-free
 * polynomials in plain C, so the loops vectorize and an element has the same bits wherever it stands
 * in the array. Against libm in double over the whole range, in units in the last place: exp within
 * 1.0, tanh within 1.4, sigmoid, expm1, log1p and erf within 2.5. NaN gives NaN; exp(inf) is inf, exp(-inf) 0; what is too
 * big for a float becomes inf, what is too small goes to 0 gradually, through the subnormal numbers.
 * With NN_REAL_DOUBLE they are libm's. */
#ifndef NN_KERNELS_EXPONENTIAL_H
#define NN_KERNELS_EXPONENTIAL_H

#include "real.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define NN_INLINE static inline __attribute__((always_inline))
#else
#define NN_INLINE static inline
#endif

#ifdef NN_REAL_DOUBLE

NN_INLINE double nn_exp(double x)
{
    return exp(x);
}

NN_INLINE double nn_tanh(double x)
{
    return tanh(x);
}

NN_INLINE double nn_expm1(double x)
{
    return expm1(x);
}

NN_INLINE double nn_log1p(double x)
{
    return log1p(x);
}

NN_INLINE double nn_erf(double x)
{
    return erf(x);
}

NN_INLINE double nn_abs(double x)
{
    return fabs(x);
}

NN_INLINE double nn_sqrt(double x)
{
    return sqrt(x);
}

#else

NN_INLINE float nn_abs(float x)
{
    return fabsf(x);
}

NN_INLINE float nn_sqrt(float x)
{
    return sqrtf(x);
}

/* 2^(exponent - 127) for exponent 1 ... 254 */
NN_INLINE float nn_power_of_two(uint32_t exponent)
{
    const uint32_t bits = exponent << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* e^x = 2^n e^r with n = round(x / ln 2) and |r| <= ln 2 / 2. The polynomial is that of expf in
 * Moshier's Cephes library. */
NN_INLINE float nn_exp(float x)
{
    /* Added to a small number, it leaves the rounded one in the low bits. */
    const float shift = 0x1.8p23f;
    const uint32_t shift_bits = 0x4b400000;

    /* Beyond these the result is inf or 0 in any case; NaN stays, for it compares false. */
    x = x > 89.0f ? 89.0f : x;
    x = x < -104.0f ? -104.0f : x;
    const float shifted = x * 1.44269504088896341f + shift;
    const float n = shifted - shift;
    /* ln 2 in two parts, the first so short that its product with n is exact */
    float r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;

    /* 2^n in two factors, so that neither overflows or underflows where the result does not. */
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    const uint32_t both = bits - shift_bits + 2 * 127; /* n + 254 */
    const uint32_t half = (both >> 1) & 0xff;
    return p * nn_power_of_two(half) * nn_power_of_two((both - half) & 0xff);
}

/* tanh |x| = |x| + |x|^3 P(x^2) below 0.625 (Cephes, tanhf), else 1 - 2 / (e^2|x| + 1); x's sign. */
NN_INLINE float nn_tanh(float x)
{
    const float size = fabsf(x);
    const float square = x * x;
    float p = -5.70498872745e-3f;
    p = p * square + 2.06390887954e-2f;
    p = p * square - 5.37397155531e-2f;
    p = p * square + 1.33314422036e-1f;
    p = p * square - 3.33332819422e-1f;
    const float small = p * square * size + size;
    const float large = 1.0f - 2.0f / (nn_exp(2.0f * size) + 1.0f);
    return copysignf(size < 0.625f ? small : large, x); /* NaN takes large, which is NaN */
}

/* e^x - 1 = x + x^2 P(x) for |x| < 1, where subtracting would cancel. P was fitted at Chebyshev's
 * nodes, as were the polynomials of log1p and erf. */
NN_INLINE float nn_expm1(float x)
{
    float p = 2.812654657e-6f;
    p = p * x + 2.535864405e-5f;
    p = p * x + 1.983698603e-4f;
    p = p * x + 1.388539444e-3f;
    p = p * x + 8.333344944e-3f;
    p = p * x + 4.166673496e-2f;
    p = p * x + 1.666666716e-1f;
    p = p * x + 0.5f;
    const float small = p * (x * x) + x;
    const float large = nn_exp(x) - 1.0f;
    return fabsf(x) < 1.0f ? small : large;
}

/* log(1 + x) for x in [0, 1] only, which is what e^-|z| needs: x - s (x - R(s^2)) with
 * s = x / (2 + x) and R = log(1 + x) / s - 2, the form of fdlibm's log. */
NN_INLINE float nn_log1p(float x)
{
    const float s = x / (2.0f + x);
    const float square = s * s;
    float r = 2.324409634e-1f;
    r = r * square + 2.170205265e-1f;
    r = r * square + 2.859268785e-1f;
    r = r * square + 3.999969959e-1f;
    r = r * square + 6.666666865e-1f;
    return x - s * (x - r * square);
}

/* erf |x| = |x| + |x| P(x^2) below 1, else 1 - e^Q(|x|); from 4 on it is 1 as a float; x's sign. */
NN_INLINE float nn_erf(float x)
{
    const float size = fabsf(x);
    const float square = x * x;
    float p = 7.882496720e-5f;
    p = p * square - 8.018855006e-4f;
    p = p * square + 5.189312156e-3f;
    p = p * square - 2.685432881e-2f;
    p = p * square + 1.128359735e-1f;
    p = p * square - 3.761262596e-1f;
    p = p * square + 1.283791661e-1f;
    const float small = p * size + size;
    const float t = size > 4.0f ? 4.0f : size;
    float q = 1.614686994e-6f;
    q = q * t - 4.560358866e-5f;
    q = q * t + 5.928845494e-4f;
    q = q * t - 4.740790930e-3f;
    q = q * t + 2.636642940e-2f;
    q = q * t - 1.099814549e-1f;
    q = q * t - 6.319334507e-1f;
    q = q * t - 1.130168915f;
    q = q * t + 3.038223949e-4f;
    const float large = 1.0f - nn_exp(q);
    return copysignf(size < 1.0f ? small : large, x); /* NaN takes large, which is NaN */
}

#endif

/* 1 / (1 + e^-x), written so that nothing overflows and nothing cancels for negative x. */
NN_INLINE nn_real nn_sigmoid(nn_real x)
{
#ifdef NN_REAL_DOUBLE
    const nn_real e = nn_exp(-fabs(x));
#else
    const nn_real e = nn_exp(-fabsf(x));
#endif
    return (x < 0 ? e : 1) / (1 + e);
}

#endif
