/* The model: layers as a graph in topological order, their weights in one flat run, and what compile
 * adds. Other rooms read these structs; only this room and formats (when loading) fill them. */
#ifndef NN_MODEL_MODEL_H
#define NN_MODEL_MODEL_H

#include "custom_part.h"
#include "layer.h"
#include "loss.h"
#include "metric.h"
#include "nn.h"
#include "optimizer.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define NN_MAX_METRICS 31 /* with the loss, and all again for validation, 64 columns */
#define NN_MAX_INPUTS 16
#define NN_MAX_OUTPUTS 16
#define NN_NO_NODE SIZE_MAX

typedef struct nn_node {
    nn_part layer;
    char *name;     /* "dense_1" */
    size_t *inputs; /* [input_count] nodes before this one. None: it is an input of the model, or
                       the first layer, with an input_shape, and reads the model's only input */
    nn_shape *input_shapes; /* [input_count] */
    size_t input_count;
    size_t first_edge;      /* its inputs' places in the tables of a workspace are consecutive */
    size_t readers;         /* inputs of other nodes that are this one */
    size_t number;          /* among the layers that aren't inputs: names its random numbers */
    nn_layer_build build;   /* what the layer's build found out */
    size_t first_parameter; /* its parameters in the model's table are consecutive */
} nn_node;

typedef struct nn_output {
    size_t node;
    double loss_weight;
    /* made by compile: */
    nn_part loss;
    bool fused;        /* the loss does the last activation: */
    size_t fused_node; /* that of this node; what follows it only changes the shape */
} nn_output;

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
    size_t output; /* of which output */
    bool weighted; /* takes in sample and class weights */
} nn_named_metric;

/* What a model is compiled with. */
typedef struct nn_compile_parts {
    nn_part optimizer;
    nn_part *losses; /* one for each output, or one for all */
    size_t loss_count;
    /* those that aren't weighted in the order of the outputs, then so those that are */
    nn_named_metric *metrics;
    size_t metric_count;
} nn_compile_parts;

typedef struct nn_workspace nn_workspace;

enum { NN_KEPT_WORKSPACES = 64 }; /* callers at once that allocate nothing */

/*
 * The arenas. Every tensor starts at a multiple of 64 bytes; the gaps hold zeros.
 *
 *   weights:   | trainable, layer by layer | moving statistics and frozen weights, layer by layer |
 *              0                           trainable_size                            weights_size
 *   gradients: | as the trainable run |                         made by compile
 *   slots:     | trainable_size | trainable_size | ...          made by compile: the optimizer's, the
 *              weights' moving average, the accumulated gradients
 */
struct nn_model {
    atomic_int users;        /* readers; -1: one writer. See access.h */
    atomic_uintptr_t writer; /* the writing thread, while users is -1 */
    atomic_bool free_pending;

    nn_custom_parts custom; /* the caller's own parts, which layers, losses and metrics may be of */
    uint64_t seed;
    nn_node *nodes;
    size_t node_count, node_capacity;
    size_t edge_count;
    size_t *name_table; /* [name_capacity] nodes by name: see layer_names.c */
    size_t name_capacity;
    size_t *unnamed;              /* [layers in the room] how many of each the model has named */
    size_t inputs[NN_MAX_INPUTS]; /* nodes; none: the first layer's input_shape is the input */
    size_t input_count;
    nn_output *outputs; /* [output_count]; unless they are given, the layer added last */
    size_t output_count;
    bool outputs_given;
    nn_parameter *parameters; /* in the order of the layers and their declarations */
    size_t parameter_count, parameter_capacity;

    pthread_mutex_t build_lock; /* the first readers of an unbuilt model may be many */
    atomic_bool built;
    nn_real *weights; /* [weights_size] once built */
    size_t trainable_size, weights_size;

    bool compiled;
    nn_part optimizer;
    nn_named_metric *metrics;
    size_t metric_count;
    /* names: loss, each output's loss if there are several, metrics; one block */
    char **quantities;
    size_t quantity_count;
    nn_real *gradients;
    bool gradients_known; /* they are those of nn_model_compute_gradients */
    nn_real *slots;       /* [slot_count][trainable_size] */
    size_t slot_count;
    double scalars[NN_OPTIMIZER_MAX_SCALARS];
    nn_segment *segments; /* [segment_count] the trainable weights in the runs */
    size_t segment_count;
    double *norms;           /* [segment_count] of their gradients, while they are clipped */
    nn_real *step_scratch;   /* what the optimizer's step needs */
    uint64_t iteration;      /* batches trained on since compile */
    uint64_t epochs_started; /* passes over the data begun by all fits: names the shuffle */

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

/* The weight of that name, which must have so many values. Errors: as nn_model_get_weights'. */
nn_status nn_model_find_weight(const nn_model *model, const char *name, size_t count,
                               const nn_parameter **parameter);

/* What compile does after parsing: takes over the parts, checks that they fit the model, and makes
 * gradients and slots. On failure nothing has changed in the model; in any case parts is to be freed. */
nn_status nn_model_set_compiled(nn_model *model, nn_compile_parts *parts);
void nn_compile_parts_free(nn_compile_parts *parts);
void nn_named_metrics_free(nn_named_metric *metrics, size_t count);

/* From specs: one loss or a list, and a list of metrics, for this model's outputs. On failure, too, parts is
 * to be freed. */
nn_status nn_compile_parts_parse(nn_compile_parts *parts, const nn_model *model,
                                 const char *optimizer, const char *loss, const char *metrics);

/* NN_ERR_UNSUPPORTED with reason and remedy if the built model isn't one that the optimizer can train. */
nn_status nn_model_check_optimizer(const nn_model *model, const nn_compile_parts *parts);

/* Frees what the model was compiled with but for gradients and slots. */
void nn_model_drop_compiled(nn_model *model);

/* Takes back what compile did. */
void nn_model_uncompile(nn_model *model);

/* Frees what training kept. */
void nn_model_drop_trainer(nn_model *model);

/* ---- layers by name: layer_names.c ---- */

/* The node of that name, NN_NO_NODE if there is none. */
size_t nn_model_find_node(const nn_model *model, const char *name);

/* The same; NN_ERR_INVALID with the nearest name and all known ones. */
nn_status nn_model_get_node(const nn_model *model, const char *name, size_t *node);

/* The name that a new layer gets, which is the caller's: the one it was given, or Keras's. */
nn_status nn_model_name_layer(const nn_model *model, const nn_part *layer, char **name);

/* Makes room for one more name; then a node at the end of the table is entered. */
nn_status nn_model_reserve_name(nn_model *model);
void nn_model_enter_name(nn_model *model, size_t node);

/* ---- inputs and outputs: inputs_outputs.c ---- */

/* Shapes of a row; only for models with layers. */
const nn_shape *nn_model_input_shape(const nn_model *model, size_t index);
static inline const nn_shape *nn_model_output_shape(const nn_model *model, size_t index)
{
    return &model->nodes[model->outputs[index].node].build.output;
}

/* Whether the model is its layers one after the other, as Keras's Sequential is. */
bool nn_model_is_chain(const nn_model *model);

bool nn_model_is_output(const nn_model *model, size_t node);

/* Makes these nodes the outputs. */
nn_status nn_model_set_output_nodes(nn_model *model, const size_t *nodes, size_t count);

/* NN_ERR_INVALID with the layer's name if nothing reads its output. */
nn_status nn_model_check_readers(const nn_model *model);

#endif
