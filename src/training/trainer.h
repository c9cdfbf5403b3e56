/*
 * What steps over batches need: a workspace, the targets and weights of a batch, and the totals of an
 * epoch. Made once, used for every batch: nothing is allocated in between.
 */
#ifndef NN_TRAINING_TRAINER_H
#define NN_TRAINING_TRAINER_H

#include "source.h"
#include "workspace.h"

/* Rows of a pass that only evaluates. */
enum { NN_EVALUATE_ROWS = 256 };

/* The batch as an output's loss and metrics see it: rows * distributions rows of width values. */
typedef struct nn_trainer_output {
    size_t distributions; /* of a row of the batch */
    size_t width;         /* the output's last dimension */
    nn_target target;
    nn_real *values;    /* [rows * distributions][width], or */
    int32_t *labels;    /* [rows * distributions] */
    double *row_weight; /* [rows * distributions] sample weight times class weight */
    nn_real
        *loss_factor; /* [rows * distributions] row_weight times loss_weight over their number */
    double *row_loss; /* [rows * distributions] */
    const nn_real *y; /* [rows * distributions][width] after forward */
    double loss_sum;  /* over the epoch so far: of each batch's loss times its rows */
} nn_trainer_output;

typedef struct nn_trainer {
    size_t most_rows;
    bool training;     /* else it only evaluates */
    double loss_scale; /* gradients are computed of the loss times this */
    nn_workspace *workspace;
    nn_real input_scale, input_offset; /* done while gathering; 1 and 0: nothing to do */

    /* the batch */
    size_t rows; /* rows gathered */
    nn_trainer_output *outputs;
    size_t output_count;

    double penalty; /* on the weights, as they were in the last forward pass */

    /* the epoch so far */
    double
        loss_sum; /* of each batch's loss times its rows; the losses are weighted, penalties included */
    size_t rows_seen;
    double *metric_states; /* [metric_state_count] of all metrics, one after the other */
    size_t metric_state_count;
} nn_trainer;

/* For batches of at most so many rows with a compiled model. Errors: NN_ERR_NO_MEMORY,
 * NN_ERR_INVALID. */
nn_status nn_trainer_create(nn_trainer **trainer, const nn_model *model, size_t rows,
                            bool training);
void nn_trainer_free(nn_trainer *trainer);

/* The trainer that the model keeps, or a new one if that is too small. */
nn_status nn_trainer_keep(nn_trainer **trainer, nn_model *model, size_t rows);

/* Gathers rows of the source as the next batch.
 * Errors: NN_ERR_INVALID (a label that changed since the source was checked). */
nn_status nn_trainer_gather(nn_trainer *trainer, const nn_model *model, const nn_source *source,
                            const nn_rows *rows);

/* Runs the batch forward, adds to the totals and returns the batch's loss. */
double nn_trainer_forward(nn_trainer *trainer, const nn_model *model);

/* After forward: gradients and one optimizer step. */
void nn_trainer_backward(nn_trainer *trainer, nn_model *model);

void nn_trainer_reset_totals(nn_trainer *trainer);

/* values[nn_model_metric_count]: losses and metrics of the epoch so far. */
void nn_trainer_totals(const nn_trainer *trainer, const nn_model *model, double *values);

/* The whole source without training: totals are reset before. */
nn_status nn_trainer_evaluate(nn_trainer *trainer, const nn_model *model, const nn_source *source);

#endif
