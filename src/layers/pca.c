/*
 * pca: the principal components of x along the last dimension, y = (x - mean) components, which is
 * inputs x n_components; with whiten, each y is also divided by its standard deviation. They are learned
 * from data by nn_model_adapt: the eigenvectors of the covariance with the largest eigenvalues, which are
 * the explained variance (by n - 1, of n rows). Source: Pearson 1901; the names, signs and the division
 * are those of scikit-learn's PCA, whose components_ are the transpose of ours.
 */
#include "allocate.h"
#include "gemm.h"
#include "initializer.h"
#include "lapack.h"
#include "layer.h"
#include "pool.h"
#include "status.h"
#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

struct pca {
    nn_layer_common common;
    size_t n_components;
    bool whiten;
};

static const nn_option options[] = {
    NN_OPTION_SIZE_REQUIRED(struct pca, n_components, 1, INT_MAX, "components to keep"),
    NN_OPTION_BOOL(struct pca, whiten, false, "whether each component gets variance 1"),
    NN_OPTION_END,
};

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct pca *layer = self;
    const size_t inputs = nn_last_dimension(&build->input);
    NN_REQUIRE(layer->n_components <= inputs, NN_ERR_SHAPE,
               "n_components is %zu, but there are %zu values: rows have shape %s",
               layer->n_components, inputs, nn_shape_string(&build->input).text);
    build->output = build->input;
    build->output.dimensions[build->output.rank - 1] = layer->n_components;
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "mean",
        .shape = nn_shape_1d(inputs),
        .initializer = &nn_initial_zeros,
    };
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "components",
        .shape = {.rank = 2, .dimensions = {inputs, layer->n_components}},
        .initializer = &nn_initial_zeros,
    };
    build->parameters[build->parameter_count++] = (nn_layer_parameter){
        .name = "explained_variance",
        .shape = nn_shape_1d(layer->n_components),
        .initializer = &nn_initial_zeros,
    };
    build->scratch = nn_positions(&build->input) * nn_gemm_scratch(inputs, layer->n_components);
    return NN_OK;
}

/* Components have length 1, so zeros are those of a layer that hasn't learned. */
static nn_status check_ready(const void *self, nn_real *const *parameters)
{
    const struct pca *layer = self;
    bool found = false;
    for (size_t j = 0; j < layer->n_components && !found; j++)
        found = parameters[1][j] != 0 || parameters[2][j] != 0;
    NN_REQUIRE(found, NN_ERR_STATE,
               "its components aren't known: call nn_model_adapt, or set its weights");
    return NN_OK;
}

/* What a component is divided by: as scikit-learn, its deviation, but at least the precision of float. */
static nn_real deviation_of(nn_real explained_variance)
{
    const double deviation = sqrt((double)explained_variance);
    return (nn_real)(deviation < (double)FLT_EPSILON ? (double)FLT_EPSILON : deviation);
}

static void whiten(const struct pca *layer, size_t rows, const nn_real *variance, nn_real *values)
{
    const size_t width = layer->n_components;
    for (size_t i = 0; i < rows && layer->whiten; i++)
        for (size_t j = 0; j < width; j++)
            values[i * width + j] /= deviation_of(variance[j]);
}

/* The mean is taken off before the product, for data that lie far from 0, a piece at a time: PIECE values
 * of ROWS rows. */
enum { ROWS = 32, PIECE = 256 };

struct product {
    const struct pca *layer;
    const nn_layer_call *call;
    size_t rows, inputs;
};

static void project_tile(void *context, size_t tile)
{
    const struct product *p = context;
    const nn_layer_call *call = p->call;
    const size_t first = tile * ROWS, units = p->layer->n_components;
    const size_t rows = p->rows - first < ROWS ? p->rows - first : ROWS;
    const nn_real *mean = call->parameters[0];
    nn_real centered[ROWS * PIECE];
    for (size_t k = 0; k < p->inputs; k += PIECE) {
        const size_t piece = p->inputs - k < PIECE ? p->inputs - k : PIECE;
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < piece; j++)
                centered[i * piece + j] = call->x[(first + i) * p->inputs + k + j] - mean[k + j];
        nn_gemm_run(&(nn_gemm){
            .kind = NN_GEMM_NN,
            .m = rows,
            .n = units,
            .k = piece,
            .alpha = 1,
            .beta = k > 0,
            .a = centered,
            .b = call->parameters[1] + k * units,
            .c = call->y + first * units,
        });
    }
    whiten(p->layer, rows, call->parameters[2], call->y + first * units);
}

static void forward(const void *self, const nn_layer_call *call)
{
    struct product product = {
        .layer = self,
        .call = call,
        .rows = call->rows * nn_positions(call->input),
        .inputs = nn_last_dimension(call->input),
    };
    nn_pool_run((product.rows - 1) / ROWS + 1, project_tile, &product);
}

static void backward(const void *self, const nn_layer_call *call)
{
    const struct pca *layer = self;
    const size_t rows = call->rows * nn_positions(call->input);
    if (call->dx == NULL)
        return;
    whiten(layer, rows, call->parameters[2], call->dy);
    nn_gemm_run(&(nn_gemm){
        .kind = NN_GEMM_NT,
        .m = rows,
        .n = nn_last_dimension(call->input),
        .k = layer->n_components,
        .alpha = 1,
        .a = call->dy,
        .b = call->parameters[1],
        .c = call->dx,
        .scratch = call->scratch,
        .grids = call->grids,
    });
}

/* ---- learning the components ---- */

/*
 * State, with n inputs:
 *
 *   | rows seen | mean [n] | batch mean [n] | products of distances from the mean [n][n] |
 *
 * and then what is reused for each batch: its products, its distances from its mean [values][n].
 */
struct state {
    double *rows, *mean, *batch_mean, *products;
    nn_real *batch_products, *centered;
};

static struct state find_state(double *state, size_t n)
{
    struct state s = {.rows = state, .mean = state + 1};
    s.batch_mean = s.mean + n;
    s.products = s.batch_mean + n;
    s.batch_products = (nn_real *)(s.products + n * n);
    s.centered = s.batch_products + n * n;
    return s;
}

static size_t adapt_state(const void *self, const nn_layer_build *build)
{
    (void)self;
    const size_t n = nn_last_dimension(&build->input);
    size_t square, pieces, size;
    if (!nn_multiply(n, n, &square) || !nn_multiply(square, 2, &square) ||
        !nn_multiply(NN_ADAPT_ROWS, nn_shape_width(&build->input), &pieces) ||
        !nn_add(square, pieces, &size) || !nn_add(size, 1 + 2 * n, &size))
        return SIZE_MAX; /* which nn_allocate refuses */
    return size;
}

static void find_batch_mean(size_t rows, size_t n, const nn_real *x, double *mean)
{
    memset(mean, 0, n * sizeof(*mean));
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < n; j++)
            mean[j] += (double)x[i * n + j];
    for (size_t j = 0; j < n; j++)
        mean[j] /= (double)rows;
}

/* The batch's mean and products are joined with those of what was before: Chan et al. 1979. */
static void adapt(const void *self, const nn_layer_sample *sample)
{
    (void)self;
    const size_t n = nn_last_dimension(sample->input);
    const size_t rows = sample->rows * nn_positions(sample->input);
    const struct state s = find_state(sample->state, n);
    find_batch_mean(rows, n, sample->x, s.batch_mean);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < n; j++)
            s.centered[i * n + j] = (nn_real)((double)sample->x[i * n + j] - s.batch_mean[j]);
    nn_gemm_run(&(nn_gemm){
        .kind = NN_GEMM_TN,
        .m = n,
        .n = n,
        .k = rows,
        .alpha = 1,
        .a = s.centered,
        .b = s.centered,
        .c = s.batch_products,
    });
    const double before = *s.rows, now = (double)rows, factor = before * now / (before + now);
    for (size_t i = 0; i < n; i++) {
        const double apart = s.batch_mean[i] - s.mean[i];
        for (size_t j = 0; j < n; j++)
            s.products[i * n + j] += (double)s.batch_products[i * n + j] +
                                     factor * apart * (s.batch_mean[j] - s.mean[j]);
    }
    for (size_t j = 0; j < n; j++)
        s.mean[j] += (s.batch_mean[j] - s.mean[j]) * (now / (before + now));
    *s.rows += now;
}

/* The largest value of a component is positive, so that its sign is always the same. */
static double sign_of(const double *component, size_t n)
{
    size_t largest = 0;
    for (size_t j = 1; j < n; j++)
        if (fabs(component[j]) > fabs(component[largest]))
            largest = j;
    return component[largest] < 0 ? -1 : 1;
}

static void take_components(const struct pca *layer, size_t n, const double *vectors,
                            const double *values, nn_real *const *parameters)
{
    const size_t units = layer->n_components;
    for (size_t c = 0; c < units; c++) {
        const size_t from = n - 1 - c; /* in ascending order there */
        const double *vector = vectors + from * n, sign = sign_of(vector, n);
        for (size_t j = 0; j < n; j++)
            parameters[1][j * units + c] = (nn_real)(sign * vector[j]);
        parameters[2][c] = (nn_real)(values[from] > 0 ? values[from] : 0);
    }
}

static nn_status adapt_end(const void *self, const nn_layer_build *build, const double *state,
                           nn_real *const *parameters)
{
    const struct pca *layer = self;
    const size_t n = nn_last_dimension(&build->input);
    const double rows = state[0], *mean = state + 1, *products = mean + 2 * n;
    NN_REQUIRE(rows >= 2 && rows >= (double)layer->n_components, NN_ERR_INVALID,
               "%.0f row(s) of data for %zu components, expected as many at least, and 2", rows,
               layer->n_components);
    double *vectors = nn_allocate(n * n + n, sizeof(*vectors));
    if (vectors == NULL)
        return NN_ERR_NO_MEMORY;
    double *values = vectors + n * n;
    bool finite = true;
    for (size_t i = 0; i < n * n; i++) {
        vectors[i] = products[i] / (rows - 1);
        finite = finite && isfinite((nn_real)vectors[i]);
    }
    nn_status status = NN_OK;
    if (!finite)
        status = nn_fail(NN_ERR_NONFINITE, "the data's covariance isn't finite: look for values "
                                           "that aren't, or are too large");
    else
        status = nn_symmetric_eigen(n, vectors, values);
    if (status == NN_OK) {
        for (size_t j = 0; j < n; j++)
            parameters[0][j] = (nn_real)mean[j];
        take_components(layer, n, vectors, values, parameters);
    }
    nn_release(vectors);
    return status;
}

const nn_layer nn_layer_pca = {
    .part =
        {
            .name = "pca",
            .class_name = "PCA",
            .options = options,
            .size = sizeof(struct pca),
            .help = "principal components of data, from nn_model_adapt; Pearson 1901",
            .sample = "pca n_components=3 whiten=true",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
    .adapt_state = adapt_state,
    .adapt = adapt,
    .adapt_end = adapt_end,
    .check_ready = check_ready,
};
