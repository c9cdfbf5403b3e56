/* From gradients to weights: what every optimizer has, and the optimizer's own step. */
#ifndef NN_TRAINING_UPDATE_H
#define NN_TRAINING_UPDATE_H

#include "model.h"

/* After model->gradients were written, which it may change: adds them up (gradient_accumulation_steps) or
 * takes a step by them, clipped, with weights decayed, and follows with the moving average. */
void nn_update_weights(nn_model *model);

#endif
