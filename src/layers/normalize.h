/* What layer, group and rms normalization have in common: values in groups that share statistics, and a
 * factor and an offset for each channel. */
#ifndef NN_LAYERS_NORMALIZE_H
#define NN_LAYERS_NORMALIZE_H

#include "real.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * x is [blocks][positions][width]. The last dimension is cut into groups of equal width; the values of a
 * group at all positions of a block share mean and variance:
 *
 *     y = gamma (x - a) s + beta,    s = 1 / sqrt(v + epsilon)
 *
 * with a the mean if subtract_mean, else 0, and v the variance if about_mean, else the mean square.
 */
typedef struct nn_normalize {
    size_t blocks, positions, width, groups;
    double epsilon;
    bool subtract_mean, about_mean;
    const nn_real *gamma, *beta; /* [width] each; NULL: none */
} nn_normalize;

/* Values that forward keeps of a block. */
static inline size_t nn_normalize_kept(size_t groups)
{
    return 2 * groups; /* mean and s */
}

/* kept[blocks][nn_normalize_kept(groups)] or NULL */
void nn_normalize_forward(const nn_normalize *n, const nn_real *x, nn_real *y, nn_real *kept);

/* dx; NULL: nobody wants it. */
void nn_normalize_backward(const nn_normalize *n, const nn_real *x, const nn_real *kept,
                           const nn_real *dy, nn_real *dx);

/* dgamma, dbeta = scale g + keep (what is there); NULL: none. gamma and beta may be overwritten. */
void nn_normalize_gradients(const nn_normalize *n, const nn_real *x, const nn_real *kept,
                            const nn_real *dy, nn_real scale, nn_real keep, nn_real *dgamma,
                            nn_real *dbeta);

#endif
