/* Optimizers that work on the whole data: how they see it. */
#ifndef NN_TRAINING_SOLVE_H
#define NN_TRAINING_SOLVE_H

#include "trainer.h"

/* Rows that go through the model at a time, whatever batches the caller wants: what is solved for doesn't
 * depend on them. */
enum { NN_SOLVE_ROWS = 256 };

static inline bool nn_solves(const nn_model *model)
{
    return nn_optimizer_of(&model->optimizer)->solve != NULL;
}

/* Rows that the trainer must have room for, where so many are trained on at once. */
static inline size_t nn_solve_rows(const nn_model *model, size_t rows)
{
    return nn_solves(model) && rows > NN_SOLVE_ROWS ? NN_SOLVE_ROWS : rows;
}

/* NN_ERR_UNSUPPORTED if such an optimizer can't go over these rows as often as it needs. */
nn_status nn_solve_check(const nn_model *model, const nn_source *source);

/* One epoch of such an optimizer over all rows of the source, in their own order, with a trainer for nn_solve_rows
 * of them. The trainer's totals are those at the weights that it leaves, and *loss is
 * theirs; it isn't finite if the data or the solution isn't, and then the weights are as they were. begins: of another call than the epoch before. *solved: there is nothing left to do. */
nn_status nn_solve(nn_trainer *trainer, nn_model *model, const nn_source *source, bool begins,
                   double *loss, bool *solved);

#endif
