/* Forward and backward walks over the graph. */
#ifndef NN_MODEL_WALK_H
#define NN_MODEL_WALK_H

#include "workspace.h"

/* Runs rows <= workspace->rows rows of x[rows][input] through the model and returns the output
 * [rows][output]; what layers add to the loss is in workspace->added_loss. With fused, the last
 * activation is left to the loss. A workspace for training takes the training path (dropout drops) and
 * keeps what backward needs. */
nn_real *nn_walk_forward(const nn_model *model, nn_workspace *workspace, size_t rows,
                         const nn_real *x, bool fused);

/* Where the gradient by the output (fused: by its z) goes before nn_walk_backward. NULL if nothing in
 * the model is trainable. */
nn_real *nn_walk_output_gradient(const nn_model *model, const nn_workspace *workspace);

/* Writes model->gradients from the output gradient. x, rows and fused as in the forward walk. */
void nn_walk_backward(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                      bool fused);

/* The same, with weights -= learning_rate gradients in place of writing the gradients. */
void nn_walk_backward_folded(nn_model *model, nn_workspace *workspace, size_t rows,
                             const nn_real *x, bool fused, double learning_rate);

#endif
