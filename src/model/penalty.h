/* What regularizers and constraints do to a model's trainable weights. */
#ifndef NN_MODEL_PENALTY_H
#define NN_MODEL_PENALTY_H

#include "model.h"

/* *values = how many values of scratch the penalties of the model's weights and outputs need, for batches
 * of so many rows; false if that overflows. */
bool nn_penalty_scratch(const nn_model *model, size_t rows, size_t *values);

/* Whether a weight that is trained has a regularizer. */
bool nn_penalty_exists(const nn_model *model);

/* The sum of the penalties of the weights that are trained. */
double nn_penalty(const nn_model *model, nn_real *scratch);

/* model->gradients += the gradient of that sum */
void nn_penalty_add_gradients(nn_model *model, nn_real *scratch);

/* Weights that are trained become what their constraints allow. */
void nn_constrain(nn_model *model);

#endif
