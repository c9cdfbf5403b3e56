/* The history of a fit: each quantity after each epoch. */
#ifndef NN_TRAINING_HISTORY_H
#define NN_TRAINING_HISTORY_H

#include "nn.h"
#include <stdbool.h>

/* The model's quantities, and with validation the same again behind "val_". */
nn_status nn_history_create(nn_history **history, const nn_model *model, bool validation);

/* Adds a column behind these, unless there is one of that name. Only before the first epoch. */
nn_status nn_history_add_column(nn_history *history, const char *name);

/* Room for one more epoch, made before the epoch so that its end can't fail. */
nn_status nn_history_reserve(nn_history *history);

/* Appends an epoch's values[count of names], for which there is room; those of skip_count columns from
 * skip on aren't known. */
void nn_history_append(nn_history *history, const double *values, size_t skip, size_t skip_count);

/* The names of all columns. */
const char *const *nn_history_names(const nn_history *history);

#endif
