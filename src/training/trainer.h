/*
 * What steps over batches need: a workspace, the targets and weights of a batch, and the totals of an
 * epoch. Made once, used for every batch: nothing is allocated in between.
 */
#ifndef NN_TRAINING_TRAINER_H
#define NN_TRAINING_TRAINER_H

#include "reading.h"
#include "source.h"
#include "workspace.h"

/* Rows of a pass that only evaluates. */
enum { NN_EVALUATE_ROWS = 256 };

/* The batch as an output's loss and metrics see it: rows * distributions rows of width values. */
typedef struct nn_trainer_output {
    size_t distributions; /* of a row of the batch */
    size_t width;         /* the output's last dimension */
    nn_target target;
    nn_real *values;      /* [rows * distributions][width], or */
    int32_t *labels;      /* [rows * distributions] */
    double *row_weight;   /* [rows * distributions] sample weight times class weight */
    bool weighted;        /* there are such weights; else each is 1 */
    double divisor;       /* of the sum of the weighted losses: see nn_loss_divisor */
    nn_real *loss_factor; /* [rows * distributions] row_weight times loss_weight over the divisor */
    double *row_loss;     /* [rows * distributions] */
    const nn_real *y;     /* [rows * distributions][width] after forward */
    double loss_sum;      /* over the epoch so far: of each batch's loss times its rows */
} nn_trainer_output;

/* What the loss's reduction makes of a sum over the batch's rows. */
static inline double nn_trainer_reduce(const nn_trainer_output *output, double sum)
{
    return output->divisor != 0 ? sum / output->divisor : 0;
}

typedef struct nn_trainer {
    size_t most_rows;
    bool training;     /* else it only evaluates */
    double loss_scale; /* gradients are computed of the loss times this */
    nn_workspace *workspace;
    nn_real input_scale, input_offset; /* done while gathering; 1 and 0: nothing to do */

    nn_reading reading; /* where a function's rows go first */

    /* the batch */
    size_t rows; /* rows gathered */
    nn_trainer_output *outputs;
    size_t output_count;

    double penalty; /* on the weights, as they were in the last forward pass */

    /* the epoch so far */
    /* of each batch's loss times its rows; the losses are weighted, penalties included */
    double loss_sum;
    size_t rows_seen;
    double *metric_states; /* [metric_state_count] of all metrics, one after the other */
    size_t metric_state_count;
    double *norm_sums; /* [norm_count] of the layers' gradients; NULL: they aren't wanted */
    size_t norm_count, norm_batches; /* nodes of the model; how many batches are in the sums */
} nn_trainer;

/* For batches of at most so many rows with a compiled model. Errors: NN_ERR_NO_MEMORY,
 * NN_ERR_INVALID. */
nn_status nn_trainer_create(nn_trainer **trainer, const nn_model *model, size_t rows,
                            bool training);
void nn_trainer_free(nn_trainer *trainer);

/* The trainer that the model keeps, or a new one if that is too small. */
nn_status nn_trainer_keep(nn_trainer **trainer, nn_model *model, size_t rows);

/* Has what is needed to read the source's rows, if a function reads them. Errors: NN_ERR_NO_MEMORY. */
nn_status nn_trainer_prepare(nn_trainer *trainer, const nn_source *source);

/* Gathers rows of the source as the next batch. Of a stream, rows->count of the next; trainer->rows then
 * tells how many there were, and if there were none there is no batch.
 * Errors: NN_ERR_INVALID (a label that changed since the source was checked, or that a function read),
 * NN_ERR_NONFINITE (a weight that a function read), the function's. */
nn_status nn_trainer_gather(nn_trainer *trainer, const nn_model *model, const nn_source *source,
                            const nn_rows *rows);

/* Runs the batch forward, adds to the totals and returns the batch's loss; unless a function of a caller's
 * failed, for which the caller of this one asks (nn_custom_take_failure) before anything else. */
double nn_trainer_forward(nn_trainer *trainer, const nn_model *model);

/* After forward: gradients and one optimizer step; or the gradients alone, to model->gradients. Errors: a
 * function's of a caller's; then there was no step. */
nn_status nn_trainer_backward(nn_trainer *trainer, nn_model *model);
nn_status nn_trainer_gradients(nn_trainer *trainer, nn_model *model);

/* The trainer that the model keeps, with all rows of batch gathered; values and count are checked as
 * those of nn_train_on_batch. Errors: as that one's. */
nn_status nn_trainer_take_batch(nn_trainer **trainer, nn_model *model, const nn_dataset *batch,
                                const double *values, size_t count);

/* ---- the totals of an epoch ---- */

/* A trainer's metrics, with their states. Errors: NN_ERR_NO_MEMORY. */
nn_status nn_trainer_make_totals(nn_trainer *trainer, const nn_model *model);

/* From now on, until the model's trainer is taken anew, the norm of each layer's gradients is summed up
 * over an epoch's batches. Errors: NN_ERR_NO_MEMORY. */
nn_status nn_trainer_sum_norms(nn_trainer *trainer, const nn_model *model);

/* Of the batch: its loss and metrics; the norms of the gradients that were computed. */
void nn_trainer_add_batch(nn_trainer *trainer, const nn_model *model, double loss);
void nn_trainer_add_norms(nn_trainer *trainer, const nn_model *model);

void nn_trainer_reset_totals(nn_trainer *trainer);

/* Before passes that only evaluate: the same, and what the weights' regularizers add to the loss. */
void nn_trainer_begin_evaluation(nn_trainer *trainer, const nn_model *model);

/* values[nn_model_metric_count]: losses and metrics of the epoch so far. */
void nn_trainer_totals(const nn_trainer *trainer, const nn_model *model, double *values);

/* ---- a pass ---- */

/* Is handed a batch that went forward; first is its first row in the source. */
typedef nn_status nn_trainer_seeing(void *user, const nn_trainer *trainer, size_t first);

/* The whole source without training, a batch at a time, by a trainer of its own. see may be NULL, and so may
 * values[nn_model_metric_count]. Errors: NN_ERR_NO_MEMORY, NN_ERR_INVALID (a stream without rows), as
 * nn_trainer_gather's, see's. */
nn_status nn_evaluate_source(const nn_model *model, const nn_source *source, nn_trainer_seeing *see,
                             void *user, double *values);

#endif
