/* What one pass over a batch needs beside the weights: one arena, laid out by a plan from the model's
 * shapes and the greatest number of rows. */
#ifndef NN_MODEL_WORKSPACE_H
#define NN_MODEL_WORKSPACE_H

#include "model.h"

/* Places of one node's buffers in the arena; NULL where it needs none. A view shares its input's y, and
 * what is wanted as its dy is added to its input's. */
typedef struct nn_node_buffers {
    nn_real *y;          /* [rows][output]; NULL: the model's only input, seen in another shape */
    nn_real *kept;       /* [rows][kept] */
    nn_real *batch_kept; /* [batch_kept] */
    nn_real *dy;         /* [rows][output], training only */
    nn_real *scratch;    /* [rows][scratch] during this node's backward; NULL if dx isn't wanted */
    bool backward;       /* a weight in it or before it is trained */
} nn_node_buffers;

/*
 * Where a gradient by a node's output goes. The first one that backward comes by, which is the last
 * reader's, is written to the node's dy; each further one to a place of its own, and is then added:
 * always in the same order, and with one reader nothing is added.
 */
typedef struct nn_gradient_place {
    nn_real *written; /* NULL: nobody wants it */
    nn_real *sum;     /* what it is added to; NULL: written is dy itself */
} nn_gradient_place;

typedef enum nn_workspace_use {
    NN_TO_EVALUATE,
    NN_TO_TRAIN,
    NN_TO_PREDICT /* as to evaluate, but the input is the caller's own */
} nn_workspace_use;

struct nn_workspace {
    size_t rows;                      /* it holds batches of at most so many rows */
    size_t input_width, output_width; /* the model's, of all inputs and outputs */
    bool training;
    bool predicts;      /* else what layers add to the loss is asked for: */
    double added_loss;  /* by the last forward walk */
    double loss_scale;  /* the gradients that backward is given are of the loss times this; 1 */
    size_t scaled_node; /* it is affine and first, and what is put into x is already its output;
                           NN_NO_NODE: there is none */
    nn_node_buffers *nodes;
    const nn_real **inputs;    /* [edges] each node's inputs, of those with several, in this walk */
    nn_real **input_gradients; /* [edges] where each node's gradients by its inputs are written */
    nn_real **sums;            /* [edges] what they are added to, or NULL; see nn_gradient_place */
    nn_gradient_place *outputs; /* [outputs] of the losses */
    nn_real *x; /* [rows][input of the model], for one input that isn't nn_real yet; else NULL */
    nn_real *arena;
    nn_real *loss_scratch; /* for penalties on weights and outputs; NULL if they need none */
};

/* Whether a node's output is its input, as far as this workspace is concerned. */
static inline bool nn_workspace_passes(const nn_workspace *workspace, const nn_model *model,
                                       size_t index)
{
    const nn_layer_build *build = &model->nodes[index].build;
    return build->view || (build->training_only && !workspace->training) ||
           index == workspace->scaled_node;
}

/* Where the rows of an input of the model are put before a walk; NULL: the walk is handed them. */
static inline nn_real *nn_workspace_input(const nn_workspace *workspace, const nn_model *model,
                                          size_t index)
{
    return model->input_count > 1 ? workspace->nodes[model->inputs[index]].y : workspace->x;
}

/* Makes a workspace. Errors: NN_ERR_NO_MEMORY, NN_ERR_INVALID (more rows than BLAS can count). */
nn_status nn_workspace_create(nn_workspace **workspace, const nn_model *model, size_t rows,
                              nn_workspace_use use);
void nn_workspace_free(nn_workspace *workspace);

/* To predict: an idle workspace of at least so many rows, or a new one; and giving it back. */
nn_status nn_workspace_take(nn_workspace **workspace, const nn_model *model, size_t rows);
void nn_workspace_give(const nn_model *model, nn_workspace *workspace);

/* Rows of a pass: enough for the products to run at full speed, few enough for the layers' outputs to
 * stay in a core's cache. A thread takes a block through all layers before it takes the next. */
enum { NN_PREDICT_ROWS = 128 };

/* Sees to it that as many workspaces are idle as the pool's threads may want at once for so many blocks, of
 * rows each: how many do differs from call to call, and a warm call allocates nothing. One block takes its
 * own. Errors: as nn_workspace_create's. */
nn_status nn_workspace_reserve(const nn_model *model, size_t blocks, size_t rows);

/* Makes the arena, and points the workspace's tables into it. gathers: it has a place for the model's only
 * input. Errors: NN_ERR_NO_MEMORY. */
nn_status nn_workspace_plan(nn_workspace *workspace, const nn_model *model, bool gathers);

/* Places buffers that are alive from first to last (times of the walk) in one run, so that no two
 * alive at once overlap. Sizes and offsets count nn_real and keep the alignment. */
typedef struct nn_plan_buffer {
    size_t size;
    size_t first, last;
    size_t offset; /* found by the plan */
} nn_plan_buffer;

/* *total = the size of the run; false if it overflows or memory runs out. */
bool nn_plan_place(nn_plan_buffer *buffers, size_t count, size_t *total);

#endif
