/*
 * least_squares: the exact minimum, in one epoch, of
 *     sum_i weight_i |x_i W + b - t_i|^2 + ridge |W|^2
 * for a model of one linear dense layer with mean_squared_error: ordinary least squares, and with ridge > 0
 * ridge regression as in scikit-learn's Ridge(alpha=ridge), whose intercept isn't penalized either. Where the
 * minimum isn't unique, it is the one of least |W|.
 * With a bias, x and t have their weighted means taken off them, in double. Rows times the square root of
 * their weight gather in a block [2 inputs or more][inputs + outputs], which a QR decomposition turns into
 * inputs rows whenever it is full; so any number of rows is solved in the same memory, and as accurately as
 * all at once, for no normal equations are made. Singular values of what remains, those below the rounding
 * errors counted as 0, then give W.
 * Source: Golub and Van Loan, Matrix Computations, 4th edition, 2013, sections 5.3 and 5.5; Hoerl and Kennard
 * 1970.
 */
#include "allocate.h"
#include "elementwise.h"
#include "lapack.h"
#include "optimizer.h"
#include "status.h"
#include <float.h>
#include <string.h>

struct least_squares {
    nn_optimizer_options common;
    double ridge;
};

static const nn_option options[] = {
    NN_OPTION_REAL_OR_PART(nn_optimizer_options, learning_rate, &nn_schedule_room, 1.0, 0.0,
                           INFINITY, "share of the way to the solution that an epoch goes"),
    NN_OPTION_REAL(struct least_squares, ridge, 0.0, 0.0, INFINITY,
                   "factor of the sum of the kernel's squares"),
    NN_OPTION_END,
};

/* ---- memory ---- */

enum { LEAST_BLOCK = 256 }; /* rows that are added before they are reduced */

/* The problem and where it is solved, all in scratch. */
struct system {
    size_t inputs, outputs;
    bool has_bias;
    nn_least_squares block;
    size_t rows;      /* in the block */
    double *mean_x;   /* [inputs] */
    double *mean_t;   /* [outputs] */
    double *root;     /* [stride] of the weights of the rows that are being added */
    size_t rows_seen; /* of all parts */
};

/* Lays the system out from values on; returns how many they are, SIZE_MAX if too many to count. */
static size_t lay_out(struct system *system, double *values, const nn_segment *segments,
                      size_t count)
{
    const size_t inputs = segments[0].shape->dimensions[0];
    const size_t outputs = segments[0].shape->dimensions[1];
    size_t stride, block, columns, total;
    if (!nn_add(inputs, inputs > LEAST_BLOCK ? inputs : LEAST_BLOCK, &stride) ||
        !nn_add(inputs, outputs, &columns) || !nn_multiply(stride, columns, &block))
        return SIZE_MAX;
    const size_t work = nn_least_squares_work(inputs, outputs, stride);
    if (!nn_add(block, work, &total) || !nn_add(total, 3 * inputs + outputs + stride, &total) ||
        total > SIZE_MAX / sizeof(double))
        return SIZE_MAX;
    if (values == NULL)
        return total;
    double *a = values, *b = a + stride * inputs, *tau = b + stride * outputs;
    *system = (struct system){
        .inputs = inputs,
        .outputs = outputs,
        .has_bias = count > 1,
        .block = {.columns = inputs,
                  .sides = outputs,
                  .stride = stride,
                  .a = a,
                  .b = b,
                  .tau = tau,
                  .singular = tau + inputs,
                  .work = tau + 3 * inputs + outputs + stride,
                  .work_count = work},
        .mean_x = tau + 2 * inputs,
        .mean_t = tau + 3 * inputs,
        .root = tau + 3 * inputs + outputs,
    };
    return total;
}

static size_t scratch(const void *self, const nn_segment *segments, size_t count)
{
    (void)self;
    const size_t values = lay_out(NULL, NULL, segments, count);
    return values == SIZE_MAX ? SIZE_MAX : values * (sizeof(double) / sizeof(nn_real));
}

/* ---- rows ---- */

/* sum[width] += weight values */
static void add_weighted(size_t width, double weight, const nn_real *values, double *sum)
{
    for (size_t j = 0; j < width; j++)
        sum[j] += weight * (double)values[j];
}

static nn_status find_means(struct system *system, const nn_problem *problem)
{
    double total = 0;
    memset(system->mean_x, 0, system->inputs * sizeof(*system->mean_x));
    memset(system->mean_t, 0, system->outputs * sizeof(*system->mean_t));
    for (size_t part = 0; part < problem->parts && system->has_bias; part++) {
        nn_problem_rows rows;
        NN_TRY(problem->read(problem->user, part, &rows));
        for (size_t i = 0; i < rows.rows; i++) {
            total += rows.weight[i];
            add_weighted(system->inputs, rows.weight[i], rows.x + i * system->inputs,
                         system->mean_x);
            add_weighted(system->outputs, rows.weight[i], rows.targets + i * system->outputs,
                         system->mean_t);
        }
    }
    if (total == 0) /* no bias, or nothing has any weight */
        return NN_OK;
    for (size_t j = 0; j < system->inputs; j++)
        system->mean_x[j] /= total;
    for (size_t j = 0; j < system->outputs; j++)
        system->mean_t[j] /= total;
    return NN_OK;
}

/* to[width][stride] = root (values[rows][width] - mean), behind the rows that are there */
static void put_rows(const struct system *system, size_t rows, size_t width, const nn_real *values,
                     const double *mean, double *to)
{
    for (size_t j = 0; j < width; j++) {
        double *column = to + j * system->block.stride + system->rows;
        for (size_t i = 0; i < rows; i++)
            column[i] = system->root[i] * ((double)values[i * width + j] - mean[j]);
    }
}

static size_t room_for(struct system *system, size_t rows)
{
    if (system->rows == system->block.stride)
        system->rows = nn_least_squares_reduce(&system->block, system->rows);
    const size_t room = system->block.stride - system->rows;
    return rows < room ? rows : room;
}

static void add_rows(struct system *system, const nn_problem_rows *rows)
{
    for (size_t first = 0, count; first < rows->rows; first += count) {
        count = room_for(system, rows->rows - first);
        for (size_t i = 0; i < count; i++)
            system->root[i] = sqrt(rows->weight[first + i]);
        put_rows(system, count, system->inputs, rows->x + first * system->inputs, system->mean_x,
                 system->block.a);
        put_rows(system, count, system->outputs, rows->targets + first * system->outputs,
                 system->mean_t, system->block.b);
        system->rows += count;
    }
    system->rows_seen += rows->rows;
}

/* The penalty is rows of their own: sqrt(ridge) W = 0. */
static void add_ridge(struct system *system, double ridge)
{
    const double root = sqrt(ridge);
    for (size_t row = 0; row < system->inputs; row++) {
        room_for(system, 1);
        for (size_t j = 0; j < system->inputs; j++)
            system->block.a[j * system->block.stride + system->rows] = j == row ? root : 0;
        for (size_t j = 0; j < system->outputs; j++)
            system->block.b[j * system->block.stride + system->rows] = 0;
        system->rows++;
    }
}

/* Exactly inputs rows, the last ones 0 if there were fewer. False if the data isn't finite. */
static bool finish_rows(struct system *system)
{
    const nn_least_squares *block = &system->block;
    system->rows = nn_least_squares_reduce(block, system->rows);
    for (size_t j = 0; j < system->inputs + system->outputs; j++) { /* b lies behind a */
        double *column = block->a + j * block->stride;
        for (size_t i = system->rows; i < system->inputs; i++)
            column[i] = 0;
        for (size_t i = 0; i < system->rows; i++)
            if (!isfinite(column[i]))
                return false;
    }
    return true;
}

/* ---- solving ---- */

/* w + rate (solution - w) */
static double towards(nn_real w, double solution, double rate)
{
    return rate == 1 ? solution : (double)w + rate * (solution - (double)w);
}

/* Weights become the solution, or come nearer; first into the block, so that they stay what they are if that
 * isn't finite. */
static nn_status put_solution(const struct system *system, const nn_problem *problem)
{
    const size_t inputs = system->inputs, outputs = system->outputs;
    const double rate = problem->learning_rate;
    nn_real *kernel = problem->weights + problem->segments[0].offset;
    nn_real *bias = system->has_bias ? problem->weights + problem->segments[1].offset : NULL;
    bool finite = true;
    for (size_t j = 0; j < outputs; j++) {
        double *w = system->block.b + j * system->block.stride, *b = &system->mean_t[j];
        for (size_t i = 0; i < inputs; i++)
            *b -= system->mean_x[i] * w[i];
        for (size_t i = 0; i < inputs; i++) {
            w[i] = towards(kernel[i * outputs + j], w[i], rate);
            finite = finite && isfinite((nn_real)w[i]);
        }
        *b = bias == NULL ? 0 : towards(bias[j], *b, rate);
        finite = finite && isfinite((nn_real)*b);
    }
    NN_REQUIRE(finite, NN_ERR_NONFINITE, "the solution isn't finite");
    for (size_t j = 0; j < outputs; j++) {
        for (size_t i = 0; i < inputs; i++)
            kernel[i * outputs + j] = (nn_real)system->block.b[j * system->block.stride + i];
        if (bias != NULL)
            bias[j] = (nn_real)system->mean_t[j];
    }
    return NN_OK;
}

static nn_status solve(const void *self, const nn_problem *problem, bool *solved)
{
    const struct least_squares *least_squares = self;
    struct system system;
    lay_out(&system, (double *)(void *)problem->scratch, problem->segments, problem->segment_count);
    NN_TRY(find_means(&system, problem));
    for (size_t part = 0; part < problem->parts; part++) {
        nn_problem_rows rows;
        NN_TRY(problem->read(problem->user, part, &rows));
        add_rows(&system, &rows);
    }
    if (least_squares->ridge > 0)
        add_ridge(&system, least_squares->ridge);
    if (finish_rows(&system)) { /* else the loss isn't finite either, which training stops for */
        const size_t most = system.rows_seen > system.inputs ? system.rows_seen : system.inputs;
        NN_REQUIRE(nn_least_squares_solve(&system.block, DBL_EPSILON * (double)most),
                   NN_ERR_UNSUPPORTED,
                   "the singular values of the data can't be found; try ridge=1e-6");
        NN_TRY(put_solution(&system, problem));
    }
    double loss;
    *solved = problem->learning_rate == 1;
    return problem->evaluate(problem->user, &loss, NULL);
}

const nn_optimizer nn_optimizer_least_squares = {
    .part = {.name = "least_squares",
             .options = options,
             .size = sizeof(struct least_squares),
             .help = "the exact solution of a linear model, with ridge that of ridge regression; "
                     "Hoerl and Kennard 1970",
             .sample = "least_squares ridge=0.5",
             .check = nn_optimizer_check_solver},
    .scratch = scratch,
    .solve = solve,
    .trains = NN_TRAINS_LINEAR,
};
