/* adafactor: the moving average of the gradient's squares q is kept as that of its rows, r, and of its
 * columns, c. At step t = 1, 2, ..., with q = g^2 + epsilon_1 and b = 1 - t^beta_2_decay,
 *     r = b r + (1 - b) (mean of q over columns),  c = b c + (1 - b) (mean of q over rows)
 *     u = g / sqrt(r c / mean of r)
 *     w -= max(epsilon_2, rms(w)) rho u / max(1, rms(u) / clip_threshold)
 * where rho is the learning rate, but at most 1 / sqrt(t), and rms is the root of the mean square over a
 * tensor. A tensor of one dimension is one row; of more than two, the last two are rows and columns.
 * r and c lie at the start of their tensors' places in the slots, whose rest stays 0.
 * Source: Shazeer & Stern 2018; Keras's Adafactor, whose relative_step changes nothing, for rho is
 * bounded in any case. */
#include "elementwise.h"
#include "optimizer.h"
#include "pool.h"
#include "vectorize.h"

struct adafactor {
    nn_optimizer_options common;
    double beta_2_decay, epsilon_1, epsilon_2, clip_threshold;
    bool relative_step;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    NN_OPTION_REAL(struct adafactor, beta_2_decay, -0.8, -INFINITY, 0.0,
                   "how fast the moving averages slow down"),
    NN_OPTION_REAL(struct adafactor, epsilon_1, 1e-30, 1e-30, INFINITY,
                   "added to the gradient's squares"),
    NN_OPTION_REAL(struct adafactor, epsilon_2, 0.001, 0.0, INFINITY,
                   "the least size of a tensor's weights that steps go by"),
    NN_OPTION_REAL_ABOVE(struct adafactor, clip_threshold, 1.0, 0.0,
                         "the largest root mean square of a step"),
    NN_OPTION_BOOL(struct adafactor, relative_step, true,
                   "changes nothing, as in Keras: rates are at most 1 / sqrt(t) in any case"),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const names[] = {"row_velocity", "column_velocity", NULL};
    (void)self;
    return names;
}

/* u lies as the weights do. */
static size_t scratch(const void *self, const nn_segment *segments, size_t count)
{
    (void)self;
    return count == 0 ? 0 : segments[count - 1].offset + segments[count - 1].width;
}

struct whole {
    const struct adafactor *options;
    const nn_optimizer_step *step;
    double beta, rho;
};

/* c[columns] = beta c + (1 - beta) mean of q over rows; sums[columns] is for it to use */
NN_VECTORIZE
static void update_columns(size_t rows, size_t columns, nn_real beta, nn_real rest, nn_real epsilon,
                           const nn_real *restrict g, nn_real *restrict sums, nn_real *restrict c)
{
    for (size_t j = 0; j < columns; j++)
        sums[j] = 0;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            sums[j] += g[i * columns + j] * g[i * columns + j];
    for (size_t j = 0; j < columns; j++)
        c[j] = beta * c[j] + rest * (sums[j] / (nn_real)rows + epsilon);
}

/* r[rows] = beta r + (1 - beta) mean of q over columns; returns the mean of r */
static double update_rows(const struct whole *whole, size_t rows, size_t columns, const nn_real *g,
                          nn_real *r)
{
    double sum = 0;
    for (size_t i = 0; i < rows; i++) {
        const double mean = nn_sum_of_squares(columns, g + i * columns) / (double)columns;
        r[i] = (nn_real)(whole->beta * (double)r[i] +
                         (1 - whole->beta) * (mean + whole->options->epsilon_1));
        sum += (double)r[i];
    }
    return sum / (double)rows;
}

/* u[columns] = g / sqrt(row c), where the product may be less than any float: rows and columns whose
 * gradients are 0. */
NN_VECTORIZE
static void divide(size_t columns, double row, const nn_real *restrict c, const nn_real *restrict g,
                   nn_real *restrict u)
{
    for (size_t j = 0; j < columns; j++)
        u[j] = (nn_real)((double)g[j] / sqrt(row * (double)c[j]));
}

static void step_matrix(const struct whole *whole, size_t rows, size_t columns, const nn_real *g,
                        nn_real *r, nn_real *c, nn_real *u)
{
    update_columns(rows, columns, (nn_real)whole->beta, (nn_real)(1 - whole->beta),
                   (nn_real)whole->options->epsilon_1, g, u, c);
    const double mean = update_rows(whole, rows, columns, g, r);
    for (size_t i = 0; i < rows; i++)
        divide(columns, (double)r[i] / mean, c, g + i * columns, u + i * columns);
}

NN_VECTORIZE
static void subtract(size_t count, nn_real factor, const nn_real *restrict u, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++)
        w[i] -= factor * u[i];
}

/* The larger one; NaN if b is. */
static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void step_tensor(void *context, size_t index)
{
    const struct whole *whole = context;
    const nn_optimizer_step *step = whole->step;
    const nn_segment *segment = &step->segments[index];
    const size_t rank = segment->shape->rank, at = segment->offset, width = segment->width;
    const size_t columns = segment->shape->dimensions[rank - 1];
    const size_t rows = rank < 2 ? 1 : segment->shape->dimensions[rank - 2];
    nn_real *r = step->slots[0] + at, *c = step->slots[1] + at;
    nn_real *u = step->scratch + at, *w = step->weights + at;
    const nn_real *g = step->gradients + at;
    for (size_t done = 0; done < width; done += rows * columns) {
        step_matrix(whole, rows, columns, g + done, r, c, u + done);
        r += rows;
        c += columns;
    }
    const double w_size = sqrt(nn_sum_of_squares(width, w) / (double)width);
    const double u_size = sqrt(nn_sum_of_squares(width, u) / (double)width);
    const double clip = larger(1, u_size / whole->options->clip_threshold);
    subtract(width, (nn_real)(larger(whole->options->epsilon_2, w_size) * whole->rho / clip), u, w);
}

static void step(const void *self, const nn_optimizer_step *step)
{
    const struct adafactor *adafactor = self;
    const double t = (double)step->iteration + 1;
    struct whole whole = {
        .options = adafactor,
        .step = step,
        .beta = 1 - pow(t, adafactor->beta_2_decay),
        .rho = fmin(step->learning_rate, 1 / sqrt(t)),
    };
    nn_pool_run(step->segment_count, step_tensor, &whole);
}

const nn_optimizer nn_optimizer_adafactor = {
    .part = {.name = "adafactor",
             .options = options,
             .size = sizeof(struct adafactor),
             .help = "steps divided by mean squares of rows and columns; Shazeer & Stern 2018",
             .sample = "adafactor learning_rate=0.05 beta_2_decay=-0.7 clip_threshold=0.5"},
    .slots = slots,
    .scratch = scratch,
    .step = step,
};
