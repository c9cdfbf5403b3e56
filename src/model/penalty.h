/* What regularizers and constraints do to a model's trainable weights, and regularizers to its layers' outputs. */
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

/* Whether a layer's output is penalized, by its activity_regularizer. */
static inline bool nn_activity_is_penalized(const nn_node *node)
{
    return ((const nn_layer_common *)node->layer.self)->activity_regularizer.type != NULL;
}

/* That penalty on y[rows][the node's output], divided by rows as Keras does; 0 if there is none. */
double nn_activity_penalty(const nn_node *node, size_t rows, const nn_real *y, nn_real *scratch);

/* dy[rows][the node's output] += scale times the gradient of that penalty, which there is */
void nn_activity_add_gradient(const nn_node *node, size_t rows, const nn_real *y, nn_real *scratch,
                              nn_real scale, nn_real *dy);

/* Weights that are trained become what their constraints allow. */
void nn_constrain(nn_model *model);

#endif
