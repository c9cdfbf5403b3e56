/* Forward and backward walks over the graph. */
#ifndef NN_MODEL_WALK_H
#define NN_MODEL_WALK_H

#include "workspace.h"

/* Runs rows <= workspace->rows rows of x[rows][input] through the model; several inputs are already in
 * their places (nn_workspace_input), and x is NULL. What layers add to the loss is then in
 * workspace->added_loss. With fused, the activations that losses take over are left to these. A workspace
 * for training takes the training path (dropout drops) and keeps what backward needs. */
void nn_walk_forward(const nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                     bool fused);

/* After it: an output, [rows][output]; NULL: it is the model's only input. */
nn_real *nn_walk_output(const nn_model *model, const nn_workspace *workspace, size_t index);

/* Runs the layers that are true in wanted[node_count], all those that a layer of one input depends on,
 * and returns that layer's input. */
const nn_real *nn_walk_forward_to(const nn_model *model, nn_workspace *workspace, size_t rows,
                                  const nn_real *x, size_t layer, const bool *wanted);

/* Whether layers of a built model can be used: those that are true in wanted[node_count]; NULL: all.
 * NN_ERR_STATE, with the layer's name. */
nn_status nn_walk_check_ready(const nn_model *model, const bool *wanted);

/* After forward, with its arguments: what layers change in a step beside what backward gives. */
void nn_walk_update(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x);

/* Where the gradients by the outputs (fused: by their z) go before nn_walk_backward. NULL if nothing
 * that an output depends on is trainable. */
nn_real *nn_walk_output_gradient(const nn_workspace *workspace, size_t index);

/* Writes model->gradients = scale times the gradients from the output gradients. x, rows and fused as in
 * the forward walk. */
void nn_walk_backward(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                      bool fused, double scale);

/* The same with scale 1, and with weights -= learning_rate gradients in place of writing the gradients. */
void nn_walk_backward_folded(nn_model *model, nn_workspace *workspace, size_t rows,
                             const nn_real *x, bool fused, double learning_rate);

#endif
