#include "normalize.h"
#include "lanes.h"
#include "pool.h"
#include "vectorize.h"
#include <math.h>

enum { TILE_VALUES = 16384, SLAB = 64 };

/* A pass over blocks, by tiles of them. */
struct pass {
    const nn_normalize *n;
    size_t tile_blocks;
    const nn_real *x, *dy;
    nn_real *y, *kept;
    const nn_real *found; /* kept, when it is only read */
    nn_real *dx;
};

static size_t block_values(const nn_normalize *n)
{
    return n->positions * n->width;
}

static void run_in_tiles(struct pass *pass, nn_tile_function function)
{
    const size_t values = block_values(pass->n);
    pass->tile_blocks = values < TILE_VALUES ? TILE_VALUES / values : 1;
    nn_pool_run((pass->n->blocks - 1) / pass->tile_blocks + 1, function, pass);
}

static size_t end_of_tile(const struct pass *pass, size_t tile)
{
    const size_t first = tile * pass->tile_blocks, left = pass->n->blocks - first;
    return first + (left < pass->tile_blocks ? left : pass->tile_blocks);
}

/* mean and s of one group, whose first value is x[0] */
NN_INLINE void find_statistics(const nn_normalize *n, const nn_real *x, double *mean, double *s)
{
    const size_t width = n->width / n->groups;
    const double count = (double)(n->positions * width);
    *mean = 0;
    if (n->subtract_mean || n->about_mean) {
        nn_lanes sum = NN_LANES_ZERO;
        for (size_t p = 0; p < n->positions; p++)
            nn_lanes_add(&sum, width, x + p * n->width);
        *mean = nn_lanes_total(&sum) / count;
    }
    nn_lanes squares = NN_LANES_ZERO;
    for (size_t p = 0; p < n->positions; p++)
        nn_lanes_add_squares(&squares, width, x + p * n->width, n->about_mean ? *mean : 0);
    *s = 1 / sqrt(nn_lanes_total(&squares) / count + n->epsilon);
}

/* y[count] = gamma (x - a) s + beta */
NN_INLINE void apply(size_t count, nn_real a, nn_real s, const nn_real *gamma, const nn_real *beta,
                     const nn_real *restrict x, nn_real *restrict y)
{
    if (gamma != NULL && beta != NULL)
        for (size_t j = 0; j < count; j++)
            y[j] = (x[j] - a) * s * gamma[j] + beta[j];
    else if (gamma != NULL)
        for (size_t j = 0; j < count; j++)
            y[j] = (x[j] - a) * s * gamma[j];
    else if (beta != NULL)
        for (size_t j = 0; j < count; j++)
            y[j] = (x[j] - a) * s + beta[j];
    else
        for (size_t j = 0; j < count; j++)
            y[j] = (x[j] - a) * s;
}

static const nn_real *from(const nn_real *values, size_t first)
{
    return values != NULL ? values + first : NULL;
}

NN_VECTORIZE
static void forward_block(const nn_normalize *n, const nn_real *x, nn_real *y, nn_real *kept)
{
    const size_t width = n->width / n->groups;
    for (size_t g = 0; g < n->groups; g++) {
        const size_t first = g * width;
        double mean, s;
        find_statistics(n, x + first, &mean, &s);
        if (kept != NULL) {
            kept[2 * g] = (nn_real)mean;
            kept[2 * g + 1] = (nn_real)s;
        }
        for (size_t p = 0; p < n->positions; p++)
            apply(width, n->subtract_mean ? (nn_real)mean : 0, (nn_real)s, from(n->gamma, first),
                  from(n->beta, first), x + p * n->width + first, y + p * n->width + first);
    }
}

static void forward_tile(void *context, size_t tile)
{
    const struct pass *pass = context;
    const size_t values = block_values(pass->n), kept = nn_normalize_kept(pass->n->groups);
    for (size_t b = tile * pass->tile_blocks; b < end_of_tile(pass, tile); b++)
        forward_block(pass->n, pass->x + b * values, pass->y + b * values,
                      pass->kept != NULL ? pass->kept + b * kept : NULL);
}

void nn_normalize_forward(const nn_normalize *n, const nn_real *x, nn_real *y, nn_real *kept)
{
    struct pass pass = {.n = n, .x = x, .y = y, .kept = kept};
    run_in_tiles(&pass, forward_tile);
}

/* With g = gamma dy and count values in the group: dx = s g, less s mean(g) where the mean was
 * subtracted, less s^3 (x - m) mean(g (x - a)), with m what the squares are about. */
NN_VECTORIZE
static void backward_block(const nn_normalize *n, const nn_real *x, const nn_real *kept,
                           const nn_real *dy, nn_real *dx)
{
    const size_t width = n->width / n->groups;
    const double count = (double)(n->positions * width);
    for (size_t group = 0; group < n->groups; group++) {
        const size_t first = group * width;
        const nn_real s = kept[2 * group + 1], *gamma = from(n->gamma, first);
        const nn_real a = n->subtract_mean ? kept[2 * group] : 0;
        const nn_real m = n->about_mean ? kept[2 * group] : 0;
        nn_lanes sum = NN_LANES_ZERO, products = NN_LANES_ZERO;
        for (size_t p = 0; p < n->positions; p++) {
            const nn_real *d = dy + p * n->width + first, *z = x + p * n->width + first;
            if (gamma != NULL) {
                nn_lanes_add_products(&sum, width, d, gamma, 0);
                nn_lanes_add_triples(&products, width, d, gamma, z, (double)a);
            } else {
                nn_lanes_add(&sum, width, d);
                nn_lanes_add_products(&products, width, d, z, (double)a);
            }
        }
        const nn_real mean = n->subtract_mean ? (nn_real)(nn_lanes_total(&sum) / count) : 0;
        const nn_real slope =
            (nn_real)((double)s * (double)s * (nn_lanes_total(&products) / count));
        for (size_t p = 0; p < n->positions; p++) {
            const size_t at = p * n->width + first;
            for (size_t j = 0; j < width; j++) {
                const nn_real g = gamma != NULL ? gamma[j] * dy[at + j] : dy[at + j];
                dx[at + j] = s * (g - mean - (x[at + j] - m) * slope);
            }
        }
    }
}

static void backward_tile(void *context, size_t tile)
{
    const struct pass *pass = context;
    const size_t values = block_values(pass->n), kept = nn_normalize_kept(pass->n->groups);
    for (size_t b = tile * pass->tile_blocks; b < end_of_tile(pass, tile); b++)
        backward_block(pass->n, pass->x + b * values, pass->found + b * kept, pass->dy + b * values,
                       pass->dx + b * values);
}

void nn_normalize_backward(const nn_normalize *n, const nn_real *x, const nn_real *kept,
                           const nn_real *dy, nn_real *dx)
{
    struct pass pass = {.n = n, .x = x, .found = kept, .dy = dy, .dx = dx};
    if (dx != NULL)
        run_in_tiles(&pass, backward_tile);
}

/* ---- gamma and beta, by slabs of channels ---- */

struct sums {
    const nn_normalize *n;
    const nn_real *x, *kept, *dy;
    nn_real scale, keep;
    nn_real *dgamma, *dbeta;
};

/* Adds channels first ... first + count - 1, which are in one group, over all blocks. */
NN_VECTORIZE
static void add_run(const struct sums *sums, size_t first, size_t count, double *restrict dgamma,
                    double *restrict dbeta)
{
    const nn_normalize *n = sums->n;
    const size_t group = first / (n->width / n->groups);
    for (size_t b = 0; b < n->blocks; b++) {
        const nn_real *kept = sums->kept + b * nn_normalize_kept(n->groups) + 2 * group;
        const nn_real a = n->subtract_mean ? kept[0] : 0, s = kept[1];
        for (size_t p = 0; p < n->positions; p++) {
            const size_t at = (b * n->positions + p) * n->width + first;
            for (size_t j = 0; j < count; j++) {
                const nn_real dy = sums->dy[at + j];
                dgamma[j] += (double)(dy * ((sums->x[at + j] - a) * s));
                dbeta[j] += (double)dy;
            }
        }
    }
}

static void store(const struct sums *sums, size_t count, const double *sum, nn_real *gradient)
{
    for (size_t j = 0; j < count; j++)
        gradient[j] =
            sums->scale * (nn_real)sum[j] + (sums->keep == 0 ? 0 : sums->keep * gradient[j]);
}

static void sum_slab(void *context, size_t slab)
{
    const struct sums *sums = context;
    const size_t width = sums->n->width, group = width / sums->n->groups;
    const size_t begin = slab * SLAB, end = width - begin < SLAB ? width : begin + SLAB;
    double dgamma[SLAB] = {0}, dbeta[SLAB] = {0};
    for (size_t first = begin; first < end;) {
        const size_t next = (first / group + 1) * group;
        const size_t count = (next < end ? next : end) - first;
        add_run(sums, first, count, dgamma + (first - begin), dbeta + (first - begin));
        first += count;
    }
    if (sums->dgamma != NULL)
        store(sums, end - begin, dgamma, sums->dgamma + begin);
    if (sums->dbeta != NULL)
        store(sums, end - begin, dbeta, sums->dbeta + begin);
}

void nn_normalize_gradients(const nn_normalize *n, const nn_real *x, const nn_real *kept,
                            const nn_real *dy, nn_real scale, nn_real keep, nn_real *dgamma,
                            nn_real *dbeta)
{
    struct sums sums = {n, x, kept, dy, scale, keep, dgamma, dbeta};
    const size_t slabs = (n->width - 1) / SLAB + 1;
    if (dgamma == NULL && dbeta == NULL)
        return;
    if (n->blocks * block_values(n) >= TILE_VALUES)
        nn_pool_run(slabs, sum_slab, &sums);
    else
        for (size_t slab = 0; slab < slabs; slab++)
            sum_slab(&sums, slab);
}
