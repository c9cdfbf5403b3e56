/*
 * batch_normalization: y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel of the last
 * dimension. In training, mean and variance are those of the batch, over all its rows and positions, and
 * the moving ones go a part of the way to them with every step:
 *
 *     moving = momentum moving + (1 - momentum) batch
 *
 * otherwise, and where the layer isn't trainable, they are the moving ones, which then stay. Source: Ioffe and Szegedy 2015.
 *
 * With one value of each channel in a batch the variance is 0 and y is beta whatever x is: such batches
 * are not trained on (least_rows).
 */
#include "elementwise.h"
#include "initializer.h"
#include "layer.h"
#include "pool.h"
#include "vectorize.h"
#include <math.h>
#include <string.h>

struct batch_normalization {
    nn_layer_common common;
    int axis;
    double momentum, epsilon;
    bool center, scale;
    nn_part beta_initializer, gamma_initializer;
    nn_part moving_mean_initializer, moving_variance_initializer;
    nn_part beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint;
};

static const nn_option options[] = {
    NN_OPTION_INTEGER(struct batch_normalization, axis, -1, -NN_MAX_RANK, NN_MAX_RANK,
                      "the channels' axis; only the last one"),
    NN_OPTION_REAL(struct batch_normalization, momentum, 0.99, 0.0, 1.0,
                   "share of the moving statistics that a step keeps"),
    NN_OPTION_REAL(struct batch_normalization, epsilon, 1e-3, 0.0, HUGE_VAL,
                   "added to the variance"),
    NN_OPTION_BOOL(struct batch_normalization, center, true, "whether there is a beta"),
    NN_OPTION_BOOL(struct batch_normalization, scale, true, "whether there is a gamma"),
    NN_OPTION_PART(struct batch_normalization, beta_initializer, &nn_initializer_room, "zeros",
                   "first values of beta"),
    NN_OPTION_PART(struct batch_normalization, gamma_initializer, &nn_initializer_room, "ones",
                   "first values of gamma"),
    NN_OPTION_PART(struct batch_normalization, moving_mean_initializer, &nn_initializer_room,
                   "zeros", "first values of the moving mean"),
    NN_OPTION_PART(struct batch_normalization, moving_variance_initializer, &nn_initializer_room,
                   "ones", "first values of the moving variance"),
    NN_OPTION_PART(struct batch_normalization, beta_regularizer, &nn_regularizer_room, NULL,
                   "penalty on beta"),
    NN_OPTION_PART(struct batch_normalization, gamma_regularizer, &nn_regularizer_room, NULL,
                   "penalty on gamma"),
    NN_OPTION_PART(struct batch_normalization, beta_constraint, &nn_constraint_room, NULL,
                   "what beta is made to be after each step"),
    NN_OPTION_PART(struct batch_normalization, gamma_constraint, &nn_constraint_room, NULL,
                   "what gamma is made to be after each step"),
    NN_OPTION_END,
};

/* what: all but the shape, which is that of one value for each channel */
static void declare(nn_layer_build *build, nn_layer_parameter what)
{
    what.shape = nn_shape_1d(nn_last_dimension(&build->input));
    build->parameters[build->parameter_count++] = what;
}

static nn_status build(const void *self, nn_layer_build *build)
{
    const struct batch_normalization *layer = self;
    nn_status status = nn_layer_check_axis(&build->input, layer->axis);
    if (status != NN_OK)
        return status;
    build->output = build->input;
    if (layer->scale)
        declare(build, (nn_layer_parameter){.name = "gamma",
                                            .initializer = &layer->gamma_initializer,
                                            .regularizer = &layer->gamma_regularizer,
                                            .constraint = &layer->gamma_constraint,
                                            .trainable = true});
    if (layer->center)
        declare(build, (nn_layer_parameter){.name = "beta",
                                            .initializer = &layer->beta_initializer,
                                            .regularizer = &layer->beta_regularizer,
                                            .constraint = &layer->beta_constraint,
                                            .trainable = true});
    declare(build, (nn_layer_parameter){.name = "moving_mean",
                                        .initializer = &layer->moving_mean_initializer});
    declare(build, (nn_layer_parameter){.name = "moving_variance",
                                        .initializer = &layer->moving_variance_initializer});
    build->batch_kept = 3 * nn_last_dimension(&build->input); /* mean, variance, 1 / its root */
    build->least_rows = nn_positions(&build->input) > 1 ? 1 : 2;
    return NN_OK;
}

/* The parameters by name; NULL where there is none. */
struct parameters {
    nn_real *gamma, *beta, *moving_mean, *moving_variance;
};

static struct parameters find(const struct batch_normalization *layer, nn_real *const *given)
{
    struct parameters found = {.gamma = NULL};
    if (layer->scale)
        found.gamma = *given++;
    if (layer->center)
        found.beta = *given++;
    found.moving_mean = given[0];
    found.moving_variance = given[1];
    return found;
}

/* Channels are handled by slabs: a slab's sums stay in registers. */
enum { SLAB = 64, POOLED_VALUES = 65536 };

struct slabs {
    const struct batch_normalization *layer;
    const nn_layer_call *call;
    size_t rows, width; /* rows and positions together; channels */
};

static void run_slabs(const void *self, const nn_layer_call *call, nn_tile_function function)
{
    struct slabs slabs = {
        .layer = self,
        .call = call,
        .rows = call->rows * nn_positions(call->input),
        .width = nn_last_dimension(call->input),
    };
    const size_t count = (slabs.width - 1) / SLAB + 1;
    if (slabs.rows * slabs.width >= POOLED_VALUES)
        nn_pool_run(count, function, &slabs);
    else
        for (size_t slab = 0; slab < count; slab++)
            function(&slabs, slab);
}

/* mean and variance of columns, whose rows lie stride apart */
NN_VECTORIZE
static void find_moments(size_t rows, size_t columns, size_t stride, const nn_real *x,
                         nn_real *mean, nn_real *variance)
{
    double sum[SLAB] = {0}, squares[SLAB] = {0};
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            sum[j] += (double)x[i * stride + j];
    for (size_t j = 0; j < columns; j++)
        sum[j] /= (double)rows;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const double distance = (double)x[i * stride + j] - sum[j];
            squares[j] += distance * distance;
        }
    for (size_t j = 0; j < columns; j++) {
        mean[j] = (nn_real)sum[j];
        variance[j] = (nn_real)(squares[j] / (double)rows);
    }
}

/* y = (x - mean) factor + offset */
NN_VECTORIZE
static void normalize(size_t rows, size_t columns, size_t stride, const nn_real *restrict x,
                      const nn_real *restrict mean, const nn_real *restrict factor,
                      const nn_real *restrict offset, nn_real *restrict y)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            y[i * stride + j] = (x[i * stride + j] - mean[j]) * factor[j] + offset[j];
}

static void forward_slab(void *context, size_t index)
{
    const struct slabs *slabs = context;
    const nn_layer_call *call = slabs->call;
    const struct parameters p = find(slabs->layer, call->parameters);
    const size_t width = slabs->width, first = index * SLAB;
    const size_t columns = width - first < SLAB ? width - first : SLAB;
    const nn_real *mean = p.moving_mean + first, *variance = p.moving_variance + first;
    if (call->training && slabs->layer->common.trainable) {
        find_moments(slabs->rows, columns, width, call->x + first, call->batch_kept + first,
                     call->batch_kept + width + first);
        mean = call->batch_kept + first;
        variance = mean + width;
    } else if (call->training) {
        memcpy(call->batch_kept + first, mean, columns * sizeof(*mean));
    }
    nn_real factor[SLAB], offset[SLAB];
    for (size_t j = 0; j < columns; j++) {
        factor[j] = (nn_real)(1 / sqrt((double)variance[j] + slabs->layer->epsilon));
        if (call->training)
            call->batch_kept[2 * width + first + j] = factor[j];
        if (p.gamma != NULL)
            factor[j] *= p.gamma[first + j];
        offset[j] = p.beta != NULL ? p.beta[first + j] : 0;
    }
    normalize(slabs->rows, columns, width, call->x + first, mean, factor, offset, call->y + first);
}

static void forward(const void *self, const nn_layer_call *call)
{
    run_slabs(self, call, forward_slab);
}

/* moving = momentum moving + (1 - momentum) batch */
static void update(const void *self, const nn_layer_call *call)
{
    const struct batch_normalization *layer = self;
    const struct parameters p = find(layer, call->parameters);
    const size_t width = nn_last_dimension(call->input);
    const nn_real keep = (nn_real)layer->momentum, take = (nn_real)(1 - layer->momentum);
    const nn_real *mean = call->batch_kept, *variance = mean + width;
    for (size_t j = 0; j < width; j++) {
        p.moving_mean[j] = keep * p.moving_mean[j] + take * mean[j];
        p.moving_variance[j] = keep * p.moving_variance[j] + take * variance[j];
    }
}

/* The sums over the rows of dy and of dy (x - mean) s. */
NN_VECTORIZE
static void sum_gradients(size_t rows, size_t columns, size_t stride, const nn_real *restrict x,
                          const nn_real *restrict dy, const nn_real *restrict mean,
                          const nn_real *restrict s, double *restrict dgamma,
                          double *restrict dbeta)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const nn_real d = dy[i * stride + j];
            dgamma[j] += (double)(d * ((x[i * stride + j] - mean[j]) * s[j]));
            dbeta[j] += (double)d;
        }
}

/* dx = factor (dy - dy's mean - (x - mean) slope) */
NN_VECTORIZE
static void differentiate(size_t rows, size_t columns, size_t stride, const nn_real *restrict x,
                          const nn_real *restrict dy, const nn_real *restrict mean,
                          const nn_real *restrict factor, const nn_real *restrict dy_mean,
                          const nn_real *restrict slope, nn_real *restrict dx)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const size_t at = i * stride + j;
            dx[at] = factor[j] * (dy[at] - dy_mean[j] - (x[at] - mean[j]) * slope[j]);
        }
}

static void store(const nn_layer_call *call, nn_real sum, nn_real *gradient)
{
    *gradient = call->gradient_scale * sum +
                (call->gradient_keep == 0 ? 0 : call->gradient_keep * *gradient);
}

/* With s = 1 / sqrt(variance + epsilon) and n rows: dbeta = sum(dy), dgamma = sum(dy (x - mean) s),
 * dx = gamma s (dy - dbeta / n - (x - mean) s dgamma / n), or gamma s dy where x doesn't change the
 * statistics. */
static void backward_slab(void *context, size_t index)
{
    const struct slabs *slabs = context;
    const nn_layer_call *call = slabs->call;
    const struct parameters p = find(slabs->layer, call->parameters);
    const size_t width = slabs->width, first = index * SLAB;
    const size_t columns = width - first < SLAB ? width - first : SLAB;
    const nn_real *mean = call->batch_kept + first, *s = mean + 2 * width;
    double dgamma[SLAB] = {0}, dbeta[SLAB] = {0};
    sum_gradients(slabs->rows, columns, width, call->x + first, call->dy + first, mean, s, dgamma,
                  dbeta);
    if (call->dx != NULL) {
        const bool moves = slabs->layer->common.trainable;
        nn_real factor[SLAB], dy_mean[SLAB], slope[SLAB];
        for (size_t j = 0; j < columns; j++) {
            factor[j] = p.gamma != NULL ? p.gamma[first + j] * s[j] : s[j];
            dy_mean[j] = moves ? (nn_real)(dbeta[j] / (double)slabs->rows) : 0;
            slope[j] = moves ? (nn_real)((double)s[j] * dgamma[j] / (double)slabs->rows) : 0;
        }
        differentiate(slabs->rows, columns, width, call->x + first, call->dy + first, mean, factor,
                      dy_mean, slope, call->dx + first);
    }
    if (call->gradients == NULL)
        return;
    const struct parameters gradients = find(slabs->layer, call->gradients);
    for (size_t j = 0; j < columns; j++) {
        if (p.gamma != NULL)
            store(call, (nn_real)dgamma[j], &gradients.gamma[first + j]);
        if (p.beta != NULL)
            store(call, (nn_real)dbeta[j], &gradients.beta[first + j]);
    }
}

static void backward(const void *self, const nn_layer_call *call)
{
    run_slabs(self, call, backward_slab);
}

const nn_layer nn_layer_batch_normalization = {
    .part =
        {
            .name = "batch_normalization",
            .options = options,
            .size = sizeof(struct batch_normalization),
            .help = "mean 0 and variance 1 over the batch, then gamma and beta; Ioffe and Szegedy "
                    "2015",
            .sample = "batch_normalization momentum=0.9 epsilon=0.01",
        },
    .sample_shape = "(3,4)",
    .build = build,
    .forward = forward,
    .backward = backward,
    .update = update,
};
