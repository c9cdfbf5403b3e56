/* With I = sum_j t_j y_j:
 * dice: 1 - 2 I / D, D = sum_j t_j + sum_j y_j + epsilon; its gradient by y_j is -2 (t_j D - I) / D^2.
 * tversky: 1 - I / D, D = I + alpha sum_j t_j (1 - y_j) + beta sum_j (1 - t_j) y_j + epsilon; its gradient
 * by y_j is -(t_j D - I d_j) / D^2, d_j = (1 - alpha) t_j + beta (1 - t_j).
 * The sums go over the whole batch (axis=none), and each row's loss is the batch's, or with axis=-1 over one
 * row.  Source: Keras; Milletari et al. 2016; Salehi et al. 2017. */
#include "loss.h"
#include <math.h>

struct dice {
    nn_loss_options common;
    nn_optional_real axis; /* -1 where it is given */
};

struct tversky {
    nn_loss_options common;
    double alpha, beta;
    nn_optional_real axis; /* -1 where it is given */
};

#define AXIS(owner)                                                                                \
    NN_OPTION_OPTIONAL_REAL(owner, axis, -1, -1,                                                   \
                            "-1: sums over each row; none: over the whole batch")

/* What is summed over: rows of a batch, or the batch as one long row. */
struct groups {
    size_t count, width;
};

static struct groups groups_of(const nn_optional_real *axis, size_t rows, size_t width)
{
    return axis->given ? (struct groups){rows, width} : (struct groups){1, rows * width};
}

/* A batch's loss is that of each of its rows. */
static void spread(struct groups groups, size_t rows, double *loss)
{
    for (size_t i = groups.count; i < rows; i++)
        loss[i] = loss[0];
}

/* Of a group's rows, for all of them have its loss. */
static double weight_of(struct groups groups, size_t group, size_t rows, const nn_real *weight)
{
    if (groups.count == rows)
        return (double)weight[group];
    double sum = 0;
    for (size_t i = 0; i < rows; i++)
        sum += (double)weight[i];
    return sum;
}

static const nn_option dice_options[] = {AXIS(struct dice), NN_OPTION_END};

static const nn_option tversky_options[] = {
    NN_OPTION_REAL(struct tversky, alpha, 0.5, 0.0, INFINITY,
                   "weight of what is wanted and not given"),
    NN_OPTION_REAL(struct tversky, beta, 0.5, 0.0, INFINITY,
                   "weight of what is given and not wanted"),
    AXIS(struct tversky),
    NN_OPTION_END,
};

static bool dice_of_batch(const void *self)
{
    return !((const struct dice *)self)->axis.given;
}

static bool tversky_of_batch(const void *self)
{
    return !((const struct tversky *)self)->axis.given;
}

static double intersection(size_t width, const nn_real *y, const nn_real *t)
{
    double sum = 0;
    for (size_t j = 0; j < width; j++)
        sum += (double)t[j] * (double)y[j];
    return sum;
}

static double dice_divisor(size_t width, const nn_real *y, const nn_real *t)
{
    double sum = NN_LOSS_EPSILON;
    for (size_t j = 0; j < width; j++)
        sum += (double)t[j] + (double)y[j];
    return sum;
}

static void dice_forward(const void *self, size_t rows, size_t width, const nn_real *y,
                         const nn_target *target, double *loss)
{
    const struct groups groups = groups_of(&((const struct dice *)self)->axis, rows, width);
    for (size_t i = 0; i < groups.count; i++) {
        const nn_real *row = y + i * groups.width, *t = target->values + i * groups.width;
        loss[i] = 1 - 2 * intersection(groups.width, row, t) / dice_divisor(groups.width, row, t);
    }
    spread(groups, rows, loss);
}

static void dice_backward(const void *self, size_t rows, size_t width, const nn_real *y,
                          const nn_target *target, const nn_real *weight, nn_real *dy)
{
    const struct groups groups = groups_of(&((const struct dice *)self)->axis, rows, width);
    for (size_t i = 0; i < groups.count; i++) {
        const nn_real *row = y + i * groups.width, *t = target->values + i * groups.width;
        const double shared = intersection(groups.width, row, t),
                     divisor = dice_divisor(groups.width, row, t);
        const double factor = 2 * weight_of(groups, i, rows, weight) / divisor;
        for (size_t j = 0; j < groups.width; j++)
            dy[i * groups.width + j] = (nn_real)(factor * (shared / divisor - (double)t[j]));
    }
}

static double tversky_divisor(const struct tversky *self, size_t width, const nn_real *y,
                              const nn_real *t)
{
    double sum = NN_LOSS_EPSILON;
    for (size_t j = 0; j < width; j++) {
        const double wanted = (double)t[j], given = (double)y[j];
        sum +=
            wanted * given + self->alpha * wanted * (1 - given) + self->beta * (1 - wanted) * given;
    }
    return sum;
}

static void tversky_forward(const void *self, size_t rows, size_t width, const nn_real *y,
                            const nn_target *target, double *loss)
{
    const struct groups groups = groups_of(&((const struct tversky *)self)->axis, rows, width);
    for (size_t i = 0; i < groups.count; i++) {
        const nn_real *row = y + i * groups.width, *t = target->values + i * groups.width;
        loss[i] =
            1 - intersection(groups.width, row, t) / tversky_divisor(self, groups.width, row, t);
    }
    spread(groups, rows, loss);
}

static void tversky_backward(const void *self, size_t rows, size_t width, const nn_real *y,
                             const nn_target *target, const nn_real *weight, nn_real *dy)
{
    const struct tversky *tversky = self;
    const struct groups groups = groups_of(&tversky->axis, rows, width);
    for (size_t i = 0; i < groups.count; i++) {
        const nn_real *row = y + i * groups.width, *t = target->values + i * groups.width;
        const double divisor = tversky_divisor(tversky, groups.width, row, t);
        const double share = intersection(groups.width, row, t) / divisor;
        const double factor = weight_of(groups, i, rows, weight) / divisor;
        for (size_t j = 0; j < groups.width; j++) {
            const double wanted = (double)t[j];
            const double change = (1 - tversky->alpha) * wanted + tversky->beta * (1 - wanted);
            dy[i * groups.width + j] = (nn_real)(factor * (share * change - wanted));
        }
    }
}

const nn_loss nn_loss_dice = {
    .part = {.name = "dice",
             .options = dice_options,
             .size = sizeof(struct dice),
             .help = "1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred) + 1e-7)",
             .sample = "dice axis=-1"},
    .target = NN_TARGET_VALUES,
    .forward = dice_forward,
    .backward = dice_backward,
    .of_batch = dice_of_batch,
};

const nn_loss nn_loss_tversky = {
    .part = {.name = "tversky",
             .options = tversky_options,
             .size = sizeof(struct tversky),
             .help = "dice with weights for the two kinds of mistake (Salehi et al. 2017)",
             .sample = "tversky axis=-1 alpha=0.3 beta=0.7"},
    .target = NN_TARGET_VALUES,
    .forward = tversky_forward,
    .backward = tversky_backward,
    .of_batch = tversky_of_batch,
};
