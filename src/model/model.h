/* The model: layers as a graph in topological order, their weights in one flat run, and what compile
 * adds. Other rooms read these structs; only this room and formats (when loading) fill them. */
#ifndef NN_MODEL_MODEL_H
#define NN_MODEL_MODEL_H

#include "layer.h"
#include "loss.h"
#include "metric.h"
#include "nn.h"
#include "optimizer.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define NN_MAX_METRICS 31   /* with the loss, and all again for validation, 64 columns */
#define NN_NO_NODE SIZE_MAX /* as an input: the model's own input */

typedef struct nn_node {
    nn_part layer;
    char *name; /* "dense_1" */
    size_t input;
    nn_layer_build build;   /* what the layer's build found out */
    size_t first_parameter; /* its parameters in the model's table are consecutive */
} nn_node;

typedef struct nn_parameter {
    char *name; /* "dense_1/kernel" */
    nn_shape shape;
    size_t width;   /* values */
    size_t offset;  /* in the flat run */
    bool trainable; /* declared so, in a layer that is trainable */
    const nn_part *initializer;
    const nn_part *regularizer, *constraint; /* NULL: none */
} nn_parameter;

typedef struct nn_named_metric {
    char *name; /* as the user gave it, "mae"; the part's own name is in part.type->name */
    nn_part part;
} nn_named_metric;

typedef struct nn_workspace nn_workspace;

enum { NN_KEPT_WORKSPACES = 64 }; /* callers at once that allocate nothing */

/*
 * The arenas. Every tensor starts at a multiple of 64 bytes; the gaps hold zeros.
 *
 *   weights:   | trainable, layer by layer | moving statistics and frozen weights, layer by layer |
 *              0                           trainable_size                            weights_size
 *   gradients: | as the trainable run |                         made by compile
 *   slots:     | trainable_size | trainable_size | ...          made by compile: the optimizer's
 */
struct nn_model {
    atomic_int users;        /* readers; -1: one writer. See access.h */
    atomic_uintptr_t writer; /* the writing thread, while users is -1 */
    atomic_bool free_pending;

    uint64_t seed;
    nn_node *nodes;
    size_t node_count, node_capacity;
    nn_parameter *parameters; /* in the order of the layers and their declarations */
    size_t parameter_count, parameter_capacity;

    pthread_mutex_t build_lock; /* the first readers of an unbuilt model may be many */
    atomic_bool built;
    nn_real *weights; /* [weights_size] once built */
    size_t trainable_size, weights_size;

    bool compiled;
    nn_part optimizer, loss;
    nn_named_metric *metrics;
    size_t metric_count;
    bool fused;        /* the loss does the last activation: */
    size_t fused_node; /* that of this node; what follows it only changes the shape */
    nn_real *gradients;
    nn_real *slots; /* [slot_count][trainable_size] */
    size_t slot_count;
    uint64_t iteration;      /* optimizer steps done */
    uint64_t epochs_started; /* epochs begun by all fits: names the shuffle */

    nn_gemm_grids *grids; /* measured on request, else NULL */

    char **class_names; /* one block */
    size_t class_count;

    void *trainer; /* what training keeps between its calls; dropped by compile */
    void (*trainer_free)(void *trainer);

    _Atomic(nn_workspace *) workspaces[NN_KEPT_WORKSPACES]; /* idle ones, for predict */
};

/* Adds a layer that is already made; takes it over in any case. */
nn_status nn_model_add_part(nn_model *model, nn_part *layer);

/* Lays out the weights and fills them by their initializers, once; many threads may call it.
 * NN_ERR_STATE without layers. */
nn_status nn_model_build(const nn_model *model);

/* The same with weights of zero, for a model whose weights come from elsewhere. */
nn_status nn_model_build_zeros(nn_model *model);

/* Takes the build back, for a call that failed after it: only with the model to oneself, and before
 * anything else was made from the weights. */
void nn_model_unbuild(nn_model *model);

/* Lays a built model out anew after parameters became trainable or were frozen: their values move with
 * them. It is no longer compiled. On failure nothing has changed. */
nn_status nn_model_lay_out_again(nn_model *model, const bool *trainable);

/* The index of a weight, parameter_count if there is none of that name. */
size_t nn_model_find_parameter(const nn_model *model, const char *name);

/* What compile does after parsing: takes over the parts, checks that they fit the model, and makes
 * gradients and slots. On failure nothing has changed and the parts are still the caller's. */
nn_status nn_model_set_compiled(nn_model *model, nn_part *optimizer, nn_part *loss,
                                nn_named_metric *metrics, size_t metric_count);

/* Takes back what compile did. */
void nn_model_uncompile(nn_model *model);

/* Frees what training kept. */
void nn_model_drop_trainer(nn_model *model);

void nn_named_metrics_free(nn_named_metric *metrics, size_t count);

/* Output shape of the model; only for models with layers. */
static inline const nn_shape *nn_model_output_shape(const nn_model *model)
{
    return &model->nodes[model->node_count - 1].build.output;
}

static inline const nn_shape *nn_model_input_shape(const nn_model *model)
{
    return &model->nodes[0].build.input;
}

#endif
