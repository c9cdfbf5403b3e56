#include "formulas.h"
#include <math.h>

nn_part make(const nn_room *room, const char *spec)
{
    nn_part part;
    OK(nn_part_parse(&part, room, spec));
    return part;
}

void check_value(double got, double wanted, double tolerance, const char *about, size_t at)
{
    const bool right = isnan(wanted)   ? isnan(got)
                       : isinf(wanted) ? got == wanted
                                       : fabs(got - wanted) <= tolerance;
    if (!right)
        ck_abort_msg("%s: value %zu is %.9g, expected %.9g within %g", about, at, got, wanted,
                     tolerance);
}

double relative(double wanted, double tolerance)
{
    return tolerance * fmax(1, fabs(wanted));
}

double next_value(nn_random *random, double low, double high)
{
    return low + (high - low) * nn_random_uniform(random);
}

nn_random stream_of(uint64_t seed)
{
    return nn_random_stream(seed, NN_RANDOM_LAYER, 0, 0);
}

double sigmoid_of(double z)
{
    return 1 / (1 + exp(-z));
}

void softmax_in_double(size_t width, const nn_real *z, double *p)
{
    double maximum = (double)z[0], sum = 0;
    for (size_t j = 1; j < width; j++)
        maximum = fmax(maximum, (double)z[j]);
    for (size_t j = 0; j < width; j++)
        sum += p[j] = exp((double)z[j] - maximum);
    for (size_t j = 0; j < width; j++)
        p[j] /= sum;
}
