/* The confusion matrix of a model on data. */
#include "access.h"
#include "allocate.h"
#include "status.h"
#include "trainer.h"
#include <math.h>
#include <string.h>

/* One output tells two classes apart, as in binary_accuracy. */
static size_t class_of(size_t width, const nn_real *row)
{
    return width == 1 ? row[0] > (nn_real)0.5 : nn_largest(width, row);
}

static size_t true_class_of(const nn_target *target, size_t row, size_t width)
{
    return target->kind == NN_TARGET_VALUES ? class_of(width, target->values + row * width)
                                            : (size_t)target->labels[row];
}

struct counting {
    size_t classes;
    size_t *counts; /* [classes][classes] */
    const nn_part *loss;
};

static nn_status add_batch(void *user, const nn_trainer *trainer, size_t first)
{
    const struct counting *counting = user;
    const nn_trainer_output *output = &trainer->outputs[0];
    const size_t width = output->width, classes = counting->classes;
    for (size_t i = 0; i < trainer->rows * output->distributions; i++) {
        const nn_real *row = output->y + i * width;
        for (size_t j = 0; j < width; j++)
            NN_REQUIRE(!isnan(row[j]), NN_ERR_NONFINITE,
                       "the model's output for row %zu is NaN, which is no class",
                       first + i / output->distributions);
        if (!nn_loss_counts(counting->loss, &output->target, i))
            continue;
        counting
            ->counts[true_class_of(&output->target, i, width) * classes + class_of(width, row)]++;
    }
    return NN_OK;
}

static nn_status confusion_matrix(const nn_model *model, const nn_dataset *data, size_t *counts,
                                  size_t classes)
{
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    NN_REQUIRE(model->output_count == 1, NN_ERR_UNSUPPORTED,
               "the model has %zu outputs, and a confusion matrix is of one", model->output_count);
    const size_t width = nn_last_dimension(nn_model_output_shape(model, 0));
    const size_t known = width == 1 ? 2 : width;
    NN_REQUIRE(classes == known, NN_ERR_INVALID,
               "classes is %zu, but the model tells %zu classes apart", classes, known);
    nn_source source;
    NN_TRY(nn_source_open(&source, model, data, "data"));
    size_t size; /* of the counts, which become the caller's when all went well */
    if (!nn_multiply(classes, classes, &size))
        size = SIZE_MAX; /* which nn_allocate refuses */
    struct counting counting = {.classes = classes,
                                .counts = nn_allocate(size, sizeof(*counting.counts)),
                                .loss = &model->outputs[0].loss};
    nn_status status = NN_ERR_NO_MEMORY;
    if (counting.counts != NULL)
        status = nn_evaluate_source(model, &source, add_batch, &counting, NULL);
    if (status == NN_OK)
        memcpy(counts, counting.counts, size * sizeof(*counts));
    nn_release(counting.counts);
    return status;
}

nn_status nn_confusion_matrix(const nn_model *model, const nn_dataset *data, size_t *counts,
                              size_t classes)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    NN_REQUIRE(counts != NULL, NN_ERR_INVALID, "counts is NULL");
    NN_TRY(nn_model_begin_read(model));
    nn_status status = confusion_matrix(model, data, counts, classes);
    nn_model_end_read(model);
    return status;
}
