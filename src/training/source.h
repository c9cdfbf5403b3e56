/* A dataset as training and evaluation see it: its columns checked against the model. */
#ifndef NN_TRAINING_SOURCE_H
#define NN_TRAINING_SOURCE_H

#include "dataset.h"
#include "model.h"

typedef struct nn_source {
    size_t rows;                       /* 0: a stream of unknown length */
    const nn_row_reader *reader;       /* NULL: the rows are in memory */
    nn_column inputs[NN_MAX_INPUTS];   /* of the model's inputs */
    nn_column targets[NN_MAX_OUTPUTS]; /* of its outputs */
    size_t input_count, target_count;
    const nn_column *sample_weight; /* NULL: none */
    const double *class_weight;     /* [classes]; NULL: none */
} nn_source;

static inline bool nn_source_streams(const nn_source *source)
{
    return source->reader != NULL && source->reader->stream;
}

/* Finds the columns: each of an input's or output's own name, or parts of "x" and "y", where these lie side
 * by side. Checks data against a compiled model: widths, types, every class label, every weight, and whole
 * numbers where an input goes to a layer that takes these, so that nothing can go wrong once training has
 * begun; of rows that a function reads, values are checked as they come. what names the dataset in messages.
 * Errors: NN_ERR_INVALID, NN_ERR_SHAPE, with both shapes, or row and value, in the message. */
nn_status nn_source_open(nn_source *source, const nn_model *model, const nn_dataset *data,
                         const char *what);

/* Finds the columns of a model's inputs alone: inputs[nn_model_input_count]. The model needn't be
 * compiled. Errors as above; NN_ERR_UNSUPPORTED (rows that a function reads). */
nn_status nn_source_find_inputs(nn_column *inputs, const nn_model *model, const nn_dataset *data,
                                const char *what);

/* Whether whole numbers are what layers take, of rows that came from a function; nn_source_open does it for
 * those in memory. NN_ERR_INVALID, with row and value. */
nn_status nn_source_check_tokens(const nn_source *source, const nn_model *model);

/* Whether steps of so many rows can be made. NN_ERR_INVALID, with the layer that can't and what to do. */
nn_status nn_source_check_batch(const nn_model *model, size_t rows);

/* The fewest rows that all layers can make a step of, at least 1. */
size_t nn_source_least_rows(const nn_model *model);

/* Adds factors for the classes; they stay the caller's. */
nn_status nn_source_set_class_weight(nn_source *source, const nn_model *model,
                                     const double *class_weight, size_t count);

#endif
