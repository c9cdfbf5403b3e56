/* A metric of a caller's own: the mean of what a function gives for each row. */
#ifndef NN_METRICS_CUSTOM_METRIC_H
#define NN_METRICS_CUSTOM_METRIC_H

#include "custom_part.h"

/* *part is to be added to a model or discarded. Errors: NN_ERR_INVALID, NN_ERR_VERSION, NN_ERR_NO_MEMORY. */
nn_status nn_custom_metric_create(nn_custom_part **part, const nn_custom_metric *given);

#endif
