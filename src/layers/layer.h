/* The room of layers: forward and backward over a batch of rows. */
#ifndef NN_LAYERS_LAYER_H
#define NN_LAYERS_LAYER_H

#include "constraint.h"
#include "gemm.h"
#include "part.h"
#include "random.h"
#include "real.h"
#include "regularizer.h"

/* Options that every layer has; the first member of each layer's struct. */
typedef struct nn_layer_common {
    char *name;                   /* NULL: named by the model */
    nn_shape input_shape;         /* rank 0: the layer before tells */
    nn_name_list inputs;          /* the layers that it reads; none: the one added last */
    bool trainable;               /* false: its weights stay as they are */
    nn_part activity_regularizer; /* of y; the walk sees to it */
} nn_layer_common;

/* How many inputs a layer takes. */
typedef enum nn_layer_takes {
    NN_TAKES_ONE,
    NN_TAKES_NONE, /* it is an input of the model */
    NN_TAKES_TWO,
    NN_TAKES_SEVERAL /* at least two */
} nn_layer_takes;

#define NN_LAYER_MAX_PARAMETERS 8

/* A weight that a layer declares. The memory plan gives it a place; its initializer fills it. */
typedef struct nn_layer_parameter {
    const char *name; /* "kernel" */
    nn_shape shape;
    const nn_part *initializer;
    const nn_part *regularizer, *constraint; /* NULL or a part that is none: there is none */
    bool trainable;                          /* has a gradient; trainable ones are declared first */
} nn_layer_parameter;

/* What build is given and what it finds out; zeroed before. Sizes count nn_real of one row. */
typedef struct nn_layer_build {
    nn_shape input;               /* the first one's */
    const nn_shape *input_shapes; /* [input_count]; NULL once build has returned */
    size_t input_count;
    nn_shape output;
    nn_layer_parameter parameters[NN_LAYER_MAX_PARAMETERS];
    size_t parameter_count;
    size_t kept;       /* values that forward keeps for backward beside x and y */
    size_t batch_kept; /* the same, but of the whole batch, however many rows that has */
    size_t scratch;    /* values that backward needs to find dx, such as transposed copies */
    bool view;         /* y is x, only seen in another shape: neither forward nor backward exists */
    /* y = scale x + offset for each value, and no more: where it comes first, whoever gathers the input
     * does it in the same pass. */
    bool affine;
    double scale, offset;
    bool training_only; /* y is x when not training (dropout) */
    /* Of a batch to train on, unless the layer isn't trainable; 0: any number. fit and train_on_batch
     * see to it. */
    size_t least_rows;
    /* x holds whole numbers 0 ... tokens - 1, which are checked where they come from a dataset; 0: x
     * is any numbers. */
    size_t tokens;
} nn_layer_build;

/* One pass over a batch. What backward finds is what the last forward was given and left. */
typedef struct nn_layer_call {
    size_t rows;
    const nn_shape *input, *output; /* of one row; with several inputs, input is the first one's */
    bool training;
    bool skip_activation; /* the loss does the layer's last activation: y is its z, dy its dz */
    const nn_real *x;     /* [rows][input], the first input */
    /* Of layers that take several inputs; two may be the same. */
    size_t input_count;
    const nn_shape *input_shapes; /* [input_count] */
    const nn_real *const *inputs; /* [input_count], each [rows][its shape] */
    nn_real *y;                   /* [rows][output] */
    nn_real *kept;                /* [rows][kept] as declared; NULL if none or not training */
    nn_real *batch_kept;          /* [batch_kept] likewise */
    nn_real *const *parameters;   /* as declared */
    nn_random random;             /* this layer's numbers in this step */
    nn_gemm_grids *grids;         /* measured plans of products; NULL: by rule */
    /* backward only */
    nn_real *dy; /* [rows][output]; may be overwritten */
    nn_real *dx; /* [rows][input]; NULL: nobody wants it */
    /* [input_count] as inputs, each in a place of its own; NULL: nobody wants it */
    nn_real *const *input_gradients;
    nn_real *scratch;   /* [rows][scratch] as declared; NULL where nobody wants a dx */
    nn_real loss_scale; /* dy is of the loss times this, and so is what the layer adds to it */
    /* NULL where nothing of the layer is trained, so that a dx alone is wanted. Else, of the trainable
     * parameters, with g the gradient:
     * gradients[i] = gradient_scale g + gradient_keep gradients[i]. Where the optimizer's step is as
     * simple, gradients are the parameters themselves; so a layer finishes with its parameters
     * before it writes here. */
    nn_real *const *gradients;
    nn_real gradient_scale, gradient_keep;
} nn_layer_call;

enum { NN_ADAPT_ROWS = 256 };

/* A batch of at most NN_ADAPT_ROWS rows that a layer learns from before training. */
typedef struct nn_layer_sample {
    size_t rows;
    const nn_shape *input;
    const nn_real *x; /* [rows][input] */
    double *state;    /* [adapt_state], zeroed before the first batch */
} nn_layer_sample;

typedef struct nn_layer {
    nn_part_type part;
    nn_layer_takes takes;
    const char *sample_shape; /* an input shape for the tests, "(3,4)" */
    /* the one that Keras numbers, where that isn't part.name; else NULL */
    const char *default_name;
    /* Infers the output shape and declares parameters. Errors: NN_ERR_SHAPE, NN_ERR_INVALID. */
    nn_status (*build)(const void *self, nn_layer_build *build);
    void (*forward)(const void *self, const nn_layer_call *call);
    void (*backward)(const void *self, const nn_layer_call *call);
    /* What a step changes beside the trainable parameters, such as moving statistics: called once the
     * batch's gradients are there. Of what forward left, batch_kept alone still is. NULL: nothing. Layers
     * that aren't trainable stay as they are. */
    void (*update)(const void *self, const nn_layer_call *call);
    /* What the layer adds to the batch's loss, in training and evaluation; its gradient is backward's
     * to add. NULL: nothing. Called after forward, also where that is left out for y is x. */
    double (*loss)(const void *self, const nn_layer_call *call);
    /* nn_model_adapt: each batch goes to adapt, then the parameters are set by adapt_end (which
     * changes nothing where it fails). NULL: nothing is learned so. */
    size_t (*adapt_state)(const void *self, const nn_layer_build *build); /* how many values */
    void (*adapt)(const void *self, const nn_layer_sample *sample);
    nn_status (*adapt_end)(const void *self, const nn_layer_build *build, const double *state,
                           nn_real *const *parameters);
    /* Whether the parameters are such that the layer can be used. NULL: always. NN_ERR_STATE. */
    nn_status (*check_ready)(const void *self, nn_real *const *parameters);
    /* The activation that ends the layer and that skip_activation leaves out; NULL: it has none. */
    const nn_part *(*last_activation)(const void *self);
    /* But for that activation, y = x W + b along the last dimension, W its first parameter and b, if it has
     * one, its second. */
    bool linear;
} nn_layer;

extern const nn_room nn_layer_room;

/* NN_OK if axis is the last one, which is all that layers here work along: -1, or counted from the
 * batch, which is 0, the rank of a row's shape. Errors: NN_ERR_UNSUPPORTED. */
nn_status nn_layer_check_axis(const nn_shape *input, int axis);

static inline const nn_layer *nn_layer_of(const nn_part *part)
{
    return (const nn_layer *)part->type;
}

/* The last dimension of a shape, and how many of these a row holds. */
static inline size_t nn_last_dimension(const nn_shape *shape)
{
    return shape->dimensions[shape->rank - 1];
}

static inline size_t nn_positions(const nn_shape *shape)
{
    return nn_shape_width(shape) / nn_last_dimension(shape);
}

#endif
