/* Which columns of a dataset are a model's inputs and targets: each of an input's or output's own name, or parts
 * of "x" and "y", where these lie side by side. Whether they fit is for the caller to check. */
#ifndef NN_TRAINING_COLUMNS_H
#define NN_TRAINING_COLUMNS_H

#include "dataset.h"
#include "model.h"

/* inputs[nn_model_input_count]; the model needn't be compiled. Errors: NN_ERR_INVALID (a column that isn't
 * there), NN_ERR_SHAPE (x is wider or narrower than all inputs). */
nn_status nn_columns_find_inputs(nn_column *inputs, const nn_model *model, const nn_dataset *data);

/* The same, and targets[output_count] of a compiled model; then no column may be left over
 * (NN_ERR_INVALID). */
nn_status nn_columns_find(nn_column *inputs, nn_column *targets, const nn_model *model,
                          const nn_dataset *data);

/* Whether an output of a compiled model is compared with class labels. */
static inline bool nn_columns_are_labels(const nn_model *model, size_t output)
{
    return nn_loss_of(&model->outputs[output].loss)->target == NN_TARGET_LABELS;
}

#endif
