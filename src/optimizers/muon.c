/* muon: kernels, whose shapes have two dimensions, take steps along the momentum with all its singular
 * values made nearly 1; all other tensors, and those that are excluded, take adam's. With
 * m = momentum m + g and x = g + momentum m (nesterov) or x = m, laid with no more rows than columns,
 *     x = x / (|x| + 1e-7), then ns_steps times  A = x x^T,  x = a x + (b A + c A A) x
 *     w -= learning_rate rms_rate sqrt(max(rows, columns)) x
 * which is Newton's iteration, as Schulz changed it, with a tuned polynomial: muon_a, muon_b, muon_c.
 * Before it, w -= learning_rate weight_decay w, with adam_weight_decay for the other tensors.
 * Source: Jordan et al. 2024; Liu et al. 2025 (rms_rate); Keras's Muon. */
#include "allocate.h"
#include "elementwise.h"
#include "exponential.h"
#include "gemm.h"
#include "optimizer.h"
#include "status.h"
#include "transpose.h"
#include "vectorize.h"
#include <string.h>

struct muon {
    nn_optimizer_options common;
    double adam_beta_1, adam_beta_2;
    nn_optional_real adam_weight_decay;
    double epsilon;
    nn_name_list exclude_layers;
    bool exclude_embeddings;
    double muon_a, muon_b, muon_c, adam_lr_ratio, momentum;
    size_t ns_steps;
    bool nesterov;
    nn_optional_real rms_rate;
};

static const nn_option options[] = {
    NN_OPTION_LEARNING_RATE(0.001),
    NN_OPTION_OPTIONAL_REAL_DEFAULT(nn_optimizer_options, weight_decay, 0.004, 0.0, INFINITY,
                                    NN_HELP_WEIGHT_DECAY),
    NN_OPTION_BETA(struct muon, adam_beta_1, 0.9, "gradients"),
    NN_OPTION_BETA(struct muon, adam_beta_2, 0.999, "squares"),
    NN_OPTION_OPTIONAL_REAL_DEFAULT(struct muon, adam_weight_decay, 0.004, 0.0, INFINITY,
                                    "weight_decay of tensors that adam steps"),
    NN_OPTION_EPSILON(struct muon),
    NN_OPTION_NAMES(struct muon, exclude_layers,
                    "adam steps tensors that have one of these in their names, as 'dense_1'"),
    NN_OPTION_BOOL(struct muon, exclude_embeddings, true,
                   "whether adam steps what has embedding in its name"),
    NN_OPTION_REAL(struct muon, muon_a, 3.4445, -INFINITY, INFINITY, "factor of x"),
    NN_OPTION_REAL(struct muon, muon_b, -4.775, -INFINITY, INFINITY, "factor of A x"),
    NN_OPTION_REAL(struct muon, muon_c, 2.0315, -INFINITY, INFINITY, "factor of A A x"),
    NN_OPTION_REAL(struct muon, adam_lr_ratio, 1.0, 0.0, INFINITY,
                   "factor of the learning rate of tensors that adam steps"),
    NN_OPTION_REAL(struct muon, momentum, 0.95, 0.0, 1.0, "share of the momentum that is kept"),
    NN_OPTION_SIZE(struct muon, ns_steps, 5, 0, 1000, "steps of the iteration"),
    NN_OPTION_BOOL(struct muon, nesterov, true, "whether to look ahead along the momentum"),
    NN_OPTION_OPTIONAL_REAL_DEFAULT(struct muon, rms_rate, 0.2, 0.0, INFINITY,
                                    "size of a step against adam's; none: steps of norm 1"),
    NN_OPTION_END,
};

static const char *const *slots(const void *self)
{
    static const char *const names[] = {"momentum", "velocity", NULL};
    (void)self;
    return names;
}

/* ASCII alone, whatever the locale. */
static bool has_embedding(const char *name)
{
    static const char word[] = "embedding";
    size_t matched = 0;
    for (; *name != '\0' && word[matched] != '\0'; name++) {
        const char lower = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
        matched = lower == word[matched] ? matched + 1 : lower == word[0];
    }
    return word[matched] == '\0';
}

/* Keras searches for patterns, of which a plain word is one. */
static nn_status check(const void *self)
{
    const nn_name_list *words = &((const struct muon *)self)->exclude_layers;
    for (size_t i = 0; i < words->count; i++)
        NN_REQUIRE(strpbrk(words->names[i], ".^$*+?{}[]|()\\") == NULL, NN_ERR_INVALID,
                   "exclude_layers has '%.80s', expected a name or a part of one: patterns aren't "
                   "supported",
                   words->names[i]);
    return NN_OK;
}

static bool is_kernel(const struct muon *muon, const nn_segment *segment)
{
    for (size_t i = 0; i < muon->exclude_layers.count; i++)
        if (strstr(segment->name, muon->exclude_layers.names[i]) != NULL)
            return false;
    return segment->shape->rank == 2 && !(muon->exclude_embeddings && has_embedding(segment->name));
}

/* A tensor of a kernel, laid with rows <= columns. */
struct kernel {
    bool transposed;
    size_t rows, columns;
};

static struct kernel kernel_of(const nn_segment *segment)
{
    const size_t rows = segment->shape->dimensions[0], columns = segment->shape->dimensions[1];
    return rows > columns ? (struct kernel){true, columns, rows}
                          : (struct kernel){false, rows, columns};
}

/* For the largest kernel: x and its successor, A and its polynomial. */
static size_t scratch(const void *self, const nn_segment *segments, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_kernel(self, &segments[i]))
            continue;
        const struct kernel kernel = kernel_of(&segments[i]);
        size_t square, values;
        if (!nn_multiply(kernel.rows, kernel.rows, &square) ||
            !nn_add(square, segments[i].width, &values) || !nn_multiply(values, 2, &values))
            return SIZE_MAX;
        most = values > most ? values : most;
    }
    return most;
}

/* m = momentum m + g; x = g + ahead m, or m with ahead 0 */
NN_VECTORIZE
static void update_momentum(size_t count, nn_real momentum, nn_real ahead,
                            const nn_real *restrict g, nn_real *restrict m, nn_real *restrict x)
{
    for (size_t i = 0; i < count; i++) {
        m[i] = momentum * m[i] + g[i];
        x[i] = ahead == 0 ? m[i] : g[i] + ahead * m[i];
    }
}

/* w = keep w - factor x */
NN_VECTORIZE
static void apply(size_t count, nn_real keep, nn_real factor, const nn_real *restrict x,
                  nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++)
        w[i] = keep * w[i] - factor * x[i];
}

/* x of rows x columns, and y of as many values; returns the one that the result is in. */
static nn_real *orthogonalize(const struct muon *muon, const struct kernel *kernel, nn_real *x,
                              nn_real *y, nn_real *square, nn_real *polynomial)
{
    const size_t rows = kernel->rows, columns = kernel->columns, count = rows * columns;
    const double norm = sqrt(nn_sum_of_squares(count, x));
    nn_scale_offset(count, (nn_real)(1 / (norm + 1e-7)), 0, x, x);
    for (size_t i = 0; i < muon->ns_steps; i++) {
        nn_gemm_run(&(nn_gemm){.kind = NN_GEMM_NT,
                               .m = rows,
                               .n = rows,
                               .k = columns,
                               .alpha = 1,
                               .a = x,
                               .b = x,
                               .c = square});
        memcpy(polynomial, square, rows * rows * sizeof(*square));
        nn_gemm_run(&(nn_gemm){.kind = NN_GEMM_NN,
                               .m = rows,
                               .n = rows,
                               .k = rows,
                               .alpha = (nn_real)muon->muon_c,
                               .beta = (nn_real)muon->muon_b,
                               .a = square,
                               .b = square,
                               .c = polynomial});
        memcpy(y, x, count * sizeof(*x));
        nn_gemm_run(&(nn_gemm){.kind = NN_GEMM_NN,
                               .m = rows,
                               .n = columns,
                               .k = rows,
                               .alpha = 1,
                               .beta = (nn_real)muon->muon_a,
                               .a = polynomial,
                               .b = x,
                               .c = y});
        nn_real *const next = y;
        y = x;
        x = next;
    }
    return x;
}

static void step_kernel(const struct muon *muon, const nn_optimizer_step *step,
                        const nn_segment *segment)
{
    const struct kernel kernel = kernel_of(segment);
    const size_t at = segment->offset, width = segment->width;
    nn_real *x = step->scratch, *y = x + width, *w = step->weights + at;
    nn_real *square = y + width, *polynomial = square + kernel.rows * kernel.rows;
    const nn_real momentum = (nn_real)muon->momentum;
    update_momentum(width, momentum, muon->nesterov ? momentum : 0, step->gradients + at,
                    step->slots[0] + at, kernel.transposed ? y : x);
    if (kernel.transposed)
        nn_transpose(kernel.columns, kernel.rows, y, kernel.rows, x, kernel.columns);
    const nn_real *result = orthogonalize(muon, &kernel, x, y, square, polynomial);
    if (kernel.transposed) {
        nn_real *laid = result == x ? y : x;
        nn_transpose(kernel.rows, kernel.columns, result, kernel.columns, laid, kernel.rows);
        result = laid;
    }
    const double rate = step->learning_rate;
    const double size =
        muon->rms_rate.given ? sqrt((double)kernel.columns) * muon->rms_rate.value : 1;
    apply(width, (nn_real)(1 - rate * muon->common.weight_decay.value), (nn_real)(rate * size),
          result, w);
}

struct factors {
    nn_real keep, rate, rest_1, rest_2, epsilon;
};

NN_VECTORIZE
static void update_adam(size_t count, struct factors f, const nn_real *restrict g,
                        nn_real *restrict m, nn_real *restrict v, nn_real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        m[i] += (g[i] - m[i]) * f.rest_1;
        v[i] += (g[i] * g[i] - v[i]) * f.rest_2;
        w[i] = f.keep * w[i] - m[i] * f.rate / (nn_sqrt(v[i]) + f.epsilon);
    }
}

static void step_other(const struct muon *muon, const nn_optimizer_step *step,
                       const nn_segment *segment)
{
    const double t = (double)step->iteration + 1, rate = step->learning_rate;
    const struct factors f = {
        .keep = (nn_real)(1 - rate * muon->adam_weight_decay.value),
        .rate = (nn_real)(rate * muon->adam_lr_ratio * sqrt(1 - pow(muon->adam_beta_2, t)) /
                          (1 - pow(muon->adam_beta_1, t))),
        .rest_1 = (nn_real)(1 - muon->adam_beta_1),
        .rest_2 = (nn_real)(1 - muon->adam_beta_2),
        .epsilon = (nn_real)muon->epsilon,
    };
    const size_t at = segment->offset;
    update_adam(segment->width, f, step->gradients + at, step->slots[0] + at, step->slots[1] + at,
                step->weights + at);
}

/* One tensor after the other: the products of a kernel have the pool. */
static void step(const void *self, const nn_optimizer_step *step)
{
    for (size_t i = 0; i < step->segment_count; i++)
        (is_kernel(self, &step->segments[i]) ? step_kernel : step_other)(self, step,
                                                                         &step->segments[i]);
}

const nn_optimizer nn_optimizer_muon = {
    .part = {.name = "muon",
             .options = options,
             .size = sizeof(struct muon),
             .help = "orthogonal steps for kernels, adam's for the rest; Jordan et al. 2024",
             .sample = "muon learning_rate=0.01 momentum=0.9 nesterov=false rms_rate=none",
             .check = check},
    .slots = slots,
    .decays = true,
    .scratch = scratch,
    .step = step,
};
