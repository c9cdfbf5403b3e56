/*
 * orthogonal_regularizer: factor times the mean of |n_i . n_j| over all pairs i < j, with n_i the rows (or
 * columns) of x divided by their lengths. With c = factor / pairs, r_i = 1 / |x_i| and
 * s_ij = sign(n_i . n_j), 0 for i = j, the gradient by x_i is
 *
 *     c r_i (sum_j s_ij n_j - (sum_j |n_i . n_j|) n_i)
 *
 * r is at most 1 / epsilon, and where it is just that, it is a constant: the second term is left out. One
 * row alone has no pairs, and its penalty is 0.  Source: Keras's OrthogonalRegularizer.
 */
#include "allocate.h"
#include "elementwise.h"
#include "gemm.h"
#include "regularizer.h"
#include "vectorize.h"
#include <math.h>
#include <string.h>

struct orthogonal_regularizer {
    double factor;
    const char *mode;
};

static const char *const modes[] = {"rows", "columns", NULL};

static const nn_option options[] = {
    NN_OPTION_REAL(struct orthogonal_regularizer, factor, 0.01, 0.0, INFINITY,
                   "factor of the mean product of two"),
    NN_OPTION_CHOICE(struct orthogonal_regularizer, mode, modes, "rows",
                     "which are to be orthogonal to each other"),
    NN_OPTION_END,
};

static const double largest_inverse = 1e7; /* 1 / Keras's epsilon */

/* The vectors, and where they lie in the scratch. */
struct vectors {
    bool rows;
    size_t count, length;
    nn_real *inverse;    /* [count] r */
    nn_real *magnitudes; /* [count] sum_j |n_i . n_j| */
    nn_real *product;    /* [count][count] n_i . n_j, later s_ij */
    nn_real *normal;     /* as x: n */
    nn_real *sum;        /* as x: sum_j s_ij n_j */
};

static bool scratch_size(const void *self, size_t rows, size_t width, size_t *values)
{
    const struct orthogonal_regularizer *regularizer = self;
    const size_t count = strcmp(regularizer->mode, "rows") == 0 ? rows : width;
    size_t squares, all;
    return nn_multiply(rows, width, &all) && nn_multiply(2, all, &all) &&
           nn_add(count, 2, &squares) && nn_multiply(count, squares, &squares) &&
           nn_add(all, squares, values);
}

static struct vectors lay_out(const struct orthogonal_regularizer *regularizer, size_t rows,
                              size_t width, nn_real *scratch)
{
    const bool by_rows = strcmp(regularizer->mode, "rows") == 0;
    struct vectors v = {
        .rows = by_rows, .count = by_rows ? rows : width, .length = by_rows ? width : rows};
    v.inverse = scratch;
    v.magnitudes = v.inverse + v.count;
    v.product = v.magnitudes + v.count;
    v.normal = v.product + v.count * v.count;
    v.sum = v.normal + rows * width;
    return v;
}

NN_VECTORIZE
static void add_squares(size_t width, const nn_real *restrict x, nn_real *restrict squares)
{
    for (size_t j = 0; j < width; j++)
        squares[j] += x[j] * x[j];
}

/* r and n. NaN is no larger than the largest, and stays. */
static void normalize(const struct vectors *v, const nn_real *x)
{
    const size_t rows = v->rows ? v->count : v->length, width = v->rows ? v->length : v->count;
    memset(v->inverse, 0, v->count * sizeof *v->inverse);
    for (size_t i = 0; i < rows; i++)
        if (v->rows)
            v->inverse[i] = (nn_real)nn_sum_of_squares(width, x + i * width);
        else
            add_squares(width, x + i * width, v->inverse);
    for (size_t i = 0; i < v->count; i++) {
        const double inverse = 1 / sqrt((double)v->inverse[i]);
        v->inverse[i] = (nn_real)(inverse > largest_inverse ? largest_inverse : inverse);
    }
    for (size_t i = 0; i < rows; i++)
        if (v->rows)
            nn_scale_offset(width, v->inverse[i], 0, x + i * width, v->normal + i * width);
        else
            nn_multiply_values(width, x + i * width, v->inverse, v->normal + i * width);
}

static void multiply(const struct vectors *v, const nn_real *x)
{
    normalize(v, x);
    nn_gemm_run(&(nn_gemm){
        .kind = v->rows ? NN_GEMM_NT : NN_GEMM_TN,
        .m = v->count,
        .n = v->count,
        .k = v->length,
        .alpha = 1,
        .a = v->normal,
        .b = v->normal,
        .c = v->product,
    });
    for (size_t i = 0; i < v->count; i++)
        v->product[i * v->count + i] = 0;
}

/* Pairs of vectors; 1 where there are none, to divide by. */
static double pairs(const struct vectors *v)
{
    return v->count < 2 ? 1 : (double)v->count * ((double)v->count - 1) / 2;
}

static double penalty(const void *self, size_t rows, size_t width, const nn_real *x,
                      nn_real *scratch)
{
    const struct orthogonal_regularizer *regularizer = self;
    const struct vectors v = lay_out(regularizer, rows, width, scratch);
    multiply(&v, x);
    const double sum = nn_sum_of_magnitudes(v.count * v.count, v.product);
    return regularizer->factor * sum / 2 / pairs(&v);
}

/* NaN stays */
NN_VECTORIZE
static void signs_of(size_t count, nn_real *x)
{
    for (size_t i = 0; i < count; i++) {
        const nn_real negative = x[i] < 0 ? -1 : x[i];
        x[i] = x[i] > 0 ? 1 : negative;
    }
}

/* product becomes s */
static void take_signs(const struct vectors *v)
{
    for (size_t i = 0; i < v->count; i++) {
        nn_real *row = v->product + i * v->count;
        v->magnitudes[i] = (nn_real)nn_sum_of_magnitudes(v->count, row);
        signs_of(v->count, row);
    }
}

/* A row of the gradient: c r (sum - magnitude n), where the vectors are rows or columns. */
NN_VECTORIZE
static void add_row(size_t width, nn_real factor, nn_real magnitude, const nn_real *restrict sum,
                    const nn_real *restrict normal, nn_real *restrict gradient)
{
    for (size_t j = 0; j < width; j++)
        gradient[j] += factor * (sum[j] - magnitude * normal[j]);
}

NN_VECTORIZE
static void add_across(size_t width, nn_real c, const nn_real *restrict inverse,
                       const nn_real *restrict magnitudes, const nn_real *restrict sum,
                       const nn_real *restrict normal, nn_real *restrict gradient)
{
    for (size_t j = 0; j < width; j++)
        gradient[j] += c * inverse[j] * (sum[j] - magnitudes[j] * normal[j]);
}

static void add_gradient(const void *self, size_t rows, size_t width, const nn_real *x,
                         nn_real *scratch, nn_real scale, nn_real *gradient)
{
    const struct orthogonal_regularizer *regularizer = self;
    const struct vectors v = lay_out(regularizer, rows, width, scratch);
    const nn_real c = (nn_real)((double)scale * regularizer->factor / pairs(&v));
    multiply(&v, x);
    take_signs(&v);
    nn_gemm_run(&(nn_gemm){
        .kind = NN_GEMM_NN,
        .m = rows,
        .n = width,
        .k = v.count,
        .alpha = 1,
        .a = v.rows ? v.product : v.normal,
        .b = v.rows ? v.normal : v.product,
        .c = v.sum,
    });
    for (size_t i = 0; i < v.count; i++)
        if (v.inverse[i] >= (nn_real)largest_inverse)
            v.magnitudes[i] = 0;
    for (size_t i = 0; i < rows; i++) {
        const nn_real *sum = v.sum + i * width, *normal = v.normal + i * width;
        if (v.rows)
            add_row(width, c * v.inverse[i], v.magnitudes[i], sum, normal, gradient + i * width);
        else
            add_across(width, c, v.inverse, v.magnitudes, sum, normal, gradient + i * width);
    }
}

const nn_regularizer nn_regularizer_orthogonal_regularizer = {
    .part = {.name = "orthogonal_regularizer",
             .alias = "orthogonal",
             .options = options,
             .size = sizeof(struct orthogonal_regularizer),
             .help = "factor times the mean of |cosine| over all pairs of rows (or columns) of x",
             .sample = "orthogonal_regularizer factor=0.05 mode=columns"},
    .matrices = true,
    .scratch = scratch_size,
    .penalty = penalty,
    .add_gradient = add_gradient,
};
