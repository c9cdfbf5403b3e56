/* zeros, ones, constant: one value everywhere. */
#include "initializer.h"
#include <math.h>

struct constant {
    double value;
};

static const nn_option options[] = {
    NN_OPTION_REAL(struct constant, value, 0.0, -INFINITY, INFINITY, "the value"),
    NN_OPTION_END,
};

static nn_status fill_with(double value, const nn_shape *shape, nn_real *values)
{
    const size_t count = nn_shape_width(shape);
    for (size_t i = 0; i < count; i++)
        values[i] = (nn_real)value;
    return NN_OK;
}

static nn_status fill_zeros(const void *self, const nn_shape *shape, nn_random *random,
                            nn_real *values)
{
    (void)self, (void)random;
    return fill_with(0, shape, values);
}

static nn_status fill_ones(const void *self, const nn_shape *shape, nn_random *random,
                           nn_real *values)
{
    (void)self, (void)random;
    return fill_with(1, shape, values);
}

static nn_status fill_constant(const void *self, const nn_shape *shape, nn_random *random,
                               nn_real *values)
{
    (void)random;
    return fill_with(((const struct constant *)self)->value, shape, values);
}

const nn_initializer nn_initializer_zeros = {
    .part = {.name = "zeros", .alias = "zero", .help = "0 everywhere", .sample = "zeros"},
    .fill = fill_zeros,
};

const nn_initializer nn_initializer_ones = {
    .part = {.name = "ones", .alias = "one", .help = "1 everywhere", .sample = "ones"},
    .fill = fill_ones,
};

const nn_initializer nn_initializer_constant = {
    .part = {.name = "constant",
             .options = options,
             .size = sizeof(struct constant),
             .help = "one value everywhere",
             .sample = "constant value=0.5"},
    .fill = fill_constant,
};
