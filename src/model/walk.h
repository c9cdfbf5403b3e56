/* Forward and backward walks over the graph. One in which a function of a caller's failed ends there: whoever
 * calls it asks nn_custom_take_failure. */
#ifndef NN_MODEL_WALK_H
#define NN_MODEL_WALK_H

#include "workspace.h"

/* To predict: puts a caller's rows, x[rows][all inputs], where a walk takes them, and gives what this is
 * handed as x. */
const nn_real *nn_walk_take_inputs(const nn_model *model, const nn_workspace *workspace,
                                   const float *x, size_t rows);

/* Runs rows <= workspace->rows rows of x[rows][input] through the model; several inputs are already in
 * their places (nn_workspace_input), and x is NULL. What layers add to the loss is then in
 * workspace->added_loss. With fused, the activations that losses take over are left to these. A workspace
 * for training takes the training path (dropout drops) and keeps what backward needs. */
void nn_walk_forward(const nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                     bool fused);

/* The same up to and with one node, without fusing; gives what that computes, or NULL if it passes the
 * model's only input on. Valid until the next walk. */
nn_real *nn_walk_to_node(const nn_model *model, nn_workspace *workspace, size_t rows,
                         const nn_real *x, size_t node);

/* After nn_walk_forward: an output, [rows][output]; NULL: it is the model's only input. */
nn_real *nn_walk_output(const nn_model *model, const nn_workspace *workspace, size_t index);

/* What a node of one input has read, [rows][input]. */
const nn_real *nn_walk_input(const nn_model *model, const nn_workspace *workspace, size_t node);
/* Runs the layers that are true in wanted[node_count], all those that a layer of one input depends on,
 * and returns that layer's input. */
const nn_real *nn_walk_forward_to(const nn_model *model, nn_workspace *workspace, size_t rows,
                                  const nn_real *x, size_t layer, const bool *wanted);

/* Whether layers of a built model can be used: those that are true in wanted[node_count]; NULL: all.
 * NN_ERR_STATE, with the layer's name. */
nn_status nn_walk_check_ready(const nn_model *model, const bool *wanted);

/* When a step is made, with forward's arguments: what layers change beside what backward gives. */
void nn_walk_update(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x);

/* Where the gradients by the outputs (fused: by their z) go before nn_walk_backward. NULL if nothing
 * that an output depends on is trainable. */
nn_real *nn_walk_output_gradient(const nn_workspace *workspace, size_t index);

/* Writes model->gradients = scale times the gradients from the output gradients. x, rows and fused as in
 * the forward walk. */
void nn_walk_backward(nn_model *model, nn_workspace *workspace, size_t rows, const nn_real *x,
                      bool fused, double scale);

/* The same with scale 1, and with weights -= learning_rate gradients in place of writing the gradients. Not
 * for a model with parts of the caller's own: after a failure some weights would have made the step. */
void nn_walk_backward_folded(nn_model *model, nn_workspace *workspace, size_t rows,
                             const nn_real *x, bool fused, double learning_rate);

#endif
