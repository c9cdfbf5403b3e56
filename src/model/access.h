/* Who may use a model when: many readers or one writer, and the writer may read (a fit's callbacks
 * predict, evaluate and save). Nobody waits: who comes at the wrong time gets NN_ERR_STATE. */
#ifndef NN_MODEL_ACCESS_H
#define NN_MODEL_ACCESS_H

#include "model.h"

nn_status nn_model_begin_read(const nn_model *model);
void nn_model_end_read(const nn_model *model);

nn_status nn_model_begin_write(nn_model *model);
void nn_model_end_write(nn_model *model); /* frees the model if that was asked for meanwhile */

/* For changes that a callback may make to the model being trained: within a call of this thread that
 * changes the model, that call goes on having it afterwards. *within is for the end. */
nn_status nn_model_begin_change(nn_model *model, bool *within);
void nn_model_end_change(nn_model *model, bool within);

/* True if this thread is within a call that changes the model: the end of that call will free it. */
bool nn_model_defer_free(nn_model *model);

#endif
