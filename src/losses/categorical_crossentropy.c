/* categorical_crossentropy and sparse_categorical_crossentropy: -sum_j t_j log p_j, where p is the
 * output divided by its row's sum and clipped to [epsilon, 1 - epsilon], or the softmax of the output
 * where that is logits. The targets t are values, or one class a row; a row of ignore_class has no loss, and
 * its output may be anything.  Source: Keras. */
#include "crossentropy.h"
#include "exponential.h"
#include "status.h"
#include <string.h>

extern const nn_activation nn_activation_softmax;

#define FROM_LOGITS                                                                                \
    NN_OPTION_BOOL(struct nn_crossentropy, from_logits, false,                                     \
                   "whether the output is logits rather than probabilities")

const nn_option nn_categorical_crossentropy_options[] = {
    FROM_LOGITS,
    NN_OPTION_REAL(struct nn_crossentropy, label_smoothing, 0.0, 0.0, 1.0,
                   "share of each target that is spread over all classes"),
    NN_OPTION_END,
};

const nn_option nn_sparse_categorical_crossentropy_options[] = {
    FROM_LOGITS,
    NN_OPTION_OPTIONAL_INTEGER(struct nn_crossentropy, ignore_class, -INFINITY, INFINITY,
                               "a label whose rows don't count, which may be one of no output"),
    NN_OPTION_END,
};

static nn_optional_integer ignored_class(const void *self)
{
    return ((const struct nn_crossentropy *)self)->ignore_class;
}

static bool is_ignored(const struct nn_crossentropy *loss, const nn_target *target, size_t row)
{
    return loss->ignore_class.given && target->labels[row] == loss->ignore_class.value;
}

/* A label that another loss ignores, and that is no class, is a metric's to meet. */
static void set_ignored_losses(const struct nn_crossentropy *self, size_t rows, size_t width,
                               const nn_target *target, double *loss)
{
    for (size_t i = 0; i < rows && target->kind == NN_TARGET_LABELS; i++)
        if (is_ignored(self, target, i))
            loss[i] = 0;
        else if ((size_t)target->labels[i] >= width)
            loss[i] = NAN;
}

static void set_ignored_gradients(const struct nn_crossentropy *self, size_t rows, size_t width,
                                  const nn_target *target, nn_real *dy)
{
    for (size_t i = 0; i < rows && self->ignore_class.given; i++)
        if (is_ignored(self, target, i))
            memset(dy + i * width, 0, width * sizeof(*dy));
}

static const nn_real epsilon = (nn_real)NN_LOSS_EPSILON;
static const nn_real one_less_epsilon = (nn_real)(1 - NN_LOSS_EPSILON);

/* t_j of a row */
static inline double target_of(const struct nn_crossentropy *loss, const nn_target *target,
                               size_t row, size_t width, size_t j)
{
    if (target->kind == NN_TARGET_LABELS)
        return (size_t)target->labels[row] == j ? 1 : 0;
    return (double)target->values[row * width + j] * (1 - loss->label_smoothing) +
           loss->label_smoothing / (double)width;
}

/* sum_j t_j of a row */
static double target_sum(const struct nn_crossentropy *loss, const nn_target *target, size_t row,
                         size_t width)
{
    if (target->kind == NN_TARGET_LABELS)
        return 1;
    double sum = 0;
    for (size_t j = 0; j < width; j++)
        sum += target_of(loss, target, row, width, j);
    return sum;
}

static double row_sum(size_t width, const nn_real *row)
{
    double sum = 0;
    for (size_t j = 0; j < width; j++)
        sum += (double)row[j];
    return sum;
}

static nn_real row_maximum(size_t width, const nn_real *row)
{
    nn_real maximum = row[0];
    for (size_t j = 1; j < width; j++)
        maximum = row[j] > maximum ? row[j] : maximum;
    return maximum;
}

static void forward_probabilities(const struct nn_crossentropy *self, size_t rows, size_t width,
                                  const nn_real *y, const nn_target *target, double *loss)
{
    for (size_t i = 0; i < rows; i++) {
        const double sum = row_sum(width, y + i * width);
        loss[i] = 0;
        for (size_t j = 0; j < width; j++) {
            const nn_real p = (nn_real)((double)y[i * width + j] / sum);
            const nn_real raised = p < epsilon ? epsilon : p;
            const nn_real clipped = raised > one_less_epsilon ? one_less_epsilon : raised;
            loss[i] -= target_of(self, target, i, width, j) * log((double)clipped);
        }
    }
}

/* With g_j = -t_j / p_j, or 0 where p_j is clipped, and p_j = y_j / s, s the row's sum:
 * dy_j = weight (g_j - sum_k g_k p_k) / s, where g_k p_k = -t_k or 0. */
static void backward_probabilities(const struct nn_crossentropy *self, size_t rows, size_t width,
                                   const nn_real *y, const nn_target *target, const nn_real *weight,
                                   nn_real *dy)
{
    for (size_t i = 0; i < rows; i++) {
        const double sum = row_sum(width, y + i * width);
        double unclipped = 0; /* the sum of the targets whose p isn't clipped */
        for (size_t j = 0; j < width; j++) {
            const double p = (double)y[i * width + j] / sum;
            const nn_real rounded = (nn_real)p;
            const bool clipped = rounded < epsilon || rounded > one_less_epsilon;
            const double t = clipped ? 0 : target_of(self, target, i, width, j);
            unclipped += t;
            dy[i * width + j] = (nn_real)(clipped ? 0 : -t / p);
        }
        const double factor = (double)weight[i] / sum;
        for (size_t j = 0; j < width; j++)
            dy[i * width + j] = (nn_real)(factor * ((double)dy[i * width + j] + unclipped));
    }
}

/* The loss from logits z is sum_j t_j (max - z_j) + (sum_j t_j) log sum_k e^(z_k - max): the first
 * part. A class that isn't wanted doesn't count, even with a logit of -inf. */
static double distance_to_maximum(const struct nn_crossentropy *self, size_t row, size_t width,
                                  const nn_real *z, const nn_target *target)
{
    const double maximum = (double)row_maximum(width, z);
    if (target->kind == NN_TARGET_LABELS)
        return (size_t)target->labels[row] < width ? maximum - (double)z[target->labels[row]] : 0;
    double distance = 0;
    for (size_t j = 0; j < width; j++) {
        const double t = target_of(self, target, row, width, j);
        distance += t != 0 ? t * (maximum - (double)z[j]) : 0;
    }
    return distance;
}

static void forward_logits(const struct nn_crossentropy *self, size_t rows, size_t width,
                           const nn_real *z, const nn_target *target, double *loss)
{
    for (size_t i = 0; i < rows; i++) {
        const nn_real *row = z + i * width;
        const nn_real maximum = row_maximum(width, row);
        double sum = 0;
        for (size_t j = 0; j < width; j++)
            sum += (double)nn_exp(row[j] - maximum);
        loss[i] = distance_to_maximum(self, i, width, row, target) +
                  target_sum(self, target, i, width) * log(sum);
    }
}

/* dz = weight (p sum_j t_j - t), from the probabilities p; dz may be p. */
static void backward_logits(const struct nn_crossentropy *self, size_t rows, size_t width,
                            const nn_real *p, const nn_target *target, const nn_real *weight,
                            nn_real *dz)
{
    for (size_t i = 0; i < rows; i++) {
        const double total = target_sum(self, target, i, width);
        for (size_t j = 0; j < width; j++)
            dz[i * width + j] =
                (nn_real)((double)weight[i] * ((double)p[i * width + j] * total -
                                               target_of(self, target, i, width, j)));
    }
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    const struct nn_crossentropy *crossentropy = self;
    if (crossentropy->from_logits)
        forward_logits(crossentropy, rows, width, y, target, loss);
    else
        forward_probabilities(crossentropy, rows, width, y, target, loss);
    set_ignored_losses(crossentropy, rows, width, target, loss);
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    const struct nn_crossentropy *crossentropy = self;
    if (!crossentropy->from_logits) {
        backward_probabilities(crossentropy, rows, width, y, target, weight, dy);
    } else {
        nn_activation_softmax.forward(NULL, rows, width, y, dy);
        backward_logits(crossentropy, rows, width, dy, target, weight, dy);
    }
    set_ignored_gradients(crossentropy, rows, width, target, dy);
}

/* The softmax of the largest logit is 1 / sum_k e^(z_k - max), so no exponential is taken twice. With
 * from_logits the softmax's output is taken as logits again, as Keras does. */
static void fused_forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y,
                          const nn_target *target, double *loss)
{
    const struct nn_crossentropy *crossentropy = self;
    if (!crossentropy->from_logits)
        for (size_t i = 0; i < rows; i++)
            loss[i] = distance_to_maximum(crossentropy, i, width, z + i * width, target);
    nn_activation_softmax.forward(NULL, rows, width, z, y);
    if (crossentropy->from_logits) {
        forward(self, rows, width, y, target, loss);
        return;
    }
    for (size_t i = 0; i < rows; i++)
        loss[i] -= target_sum(crossentropy, target, i, width) *
                   log((double)row_maximum(width, y + i * width));
    set_ignored_losses(crossentropy, rows, width, target, loss);
}

static void fused_backward(const void *self, size_t rows, size_t width, const nn_real *y,
                           const nn_target *target, const nn_real *weight, nn_real *dz)
{
    const struct nn_crossentropy *crossentropy = self;
    if (!crossentropy->from_logits) {
        backward_logits(crossentropy, rows, width, y, target, weight, dz);
    } else {
        backward(self, rows, width, y, target, weight, dz);
        nn_activation_softmax.backward(NULL, rows, width, NULL, y, dz, dz);
    }
    set_ignored_gradients(crossentropy, rows, width, target, dz);
}

static nn_status check_width(const char *name, size_t width)
{
    NN_REQUIRE(width > 1, NN_ERR_SHAPE,
               "%s needs one output a class, and the model has 1 output: use binary_crossentropy "
               "with sigmoid for two classes",
               name);
    return NN_OK;
}

static nn_status check_categorical(const void *self, size_t width)
{
    (void)self;
    return check_width("categorical_crossentropy", width);
}

static nn_status check_sparse(const void *self, size_t width)
{
    (void)self;
    return check_width("sparse_categorical_crossentropy", width);
}

const nn_loss nn_loss_categorical_crossentropy = {
    .part = {.name = "categorical_crossentropy",
             .options = nn_categorical_crossentropy_options,
             .size = sizeof(struct nn_crossentropy),
             .help = "-sum(y_true * log(y_pred)) over classes, for softmax; targets are rows of "
                     "probabilities (one-hot)",
             .sample = "categorical_crossentropy label_smoothing=0.1"},
    .target = NN_TARGET_VALUES,
    .forward = forward,
    .backward = backward,
    .fuses_with = &nn_activation_softmax,
    .fused_forward = fused_forward,
    .fused_backward = fused_backward,
    .check_width = check_categorical,
};

const nn_loss nn_loss_sparse_categorical_crossentropy = {
    .part = {.name = "sparse_categorical_crossentropy",
             .options = nn_sparse_categorical_crossentropy_options,
             .size = sizeof(struct nn_crossentropy),
             .help = "-log(y_pred[label]), for softmax; targets are one class label a row",
             .sample = "sparse_categorical_crossentropy"},
    .target = NN_TARGET_LABELS,
    .forward = forward,
    .backward = backward,
    .fuses_with = &nn_activation_softmax,
    .fused_forward = fused_forward,
    .fused_backward = fused_backward,
    .check_width = check_sparse,
    .ignored_class = ignored_class,
};
