/* How a model lies in a safetensors file; see model_file.c for the whole. */
#ifndef NN_FORMATS_MODEL_FILE_H
#define NN_FORMATS_MODEL_FILE_H

#include "model.h"
#include "safetensors.h"
#include <stdint.h>

#define NN_MODEL_FORMAT "libnn"
#define NN_MODEL_FORMAT_VERSION 1

/* Called for each tensor, in the order of the file. values is NULL while there are none. */
typedef nn_status (*nn_tensor_visitor)(void *user, const char *name, const nn_parameter *parameter,
                                       nn_real *values);

/* What the names of a backup's copies of the weights begin with; their number follows. */
#define NN_TRAINING_WEIGHTS "training/weights/"

/* The weights, then the slots of an optimizer unless it is NULL. */
nn_status nn_model_visit_tensors(const nn_model *model, const nn_part *optimizer,
                                 nn_tensor_visitor visit, void *user);

/* What a backup of training holds beside the model: how far training had come, and copies of all weights
 * that callbacks keep. A file that has it is a model file, too. */
typedef struct nn_model_training {
    char *progress;      /* JSON; NULL: there is none */
    size_t weight_count; /* copies */
    nn_real **weights;   /* [weight_count][model->weights_size] */
} nn_model_training;

nn_status nn_model_save_training(const nn_model *model, const nn_model_training *training,
                                 const char *path);

/* training->progress is NULL if the file is a model alone; training may be NULL. parts as in
 * nn_model_load_with_parts. Errors: as nn_model_load's. */
nn_status nn_model_load_training(nn_model **model, nn_model_training *training,
                                 const nn_model *parts, const char *path);
void nn_model_training_free(nn_model_training *training);

/* The same of a file whose container has been checked and whose data is at hand. */
nn_status nn_model_read(nn_model **model, nn_model_training *training, const nn_model *parts,
                        nn_safetensors *file);

/* Where the checksum's digits stand, and the least size of a file that has them. */
enum { NN_CHECKSUM_DIGITS = 8, NN_MODEL_FILE_START = 8 + 29 + NN_CHECKSUM_DIGITS };

/* NN_ERR_FORMAT unless a file starts as ours do. */
nn_status nn_model_file_check_start(const unsigned char *bytes, size_t size);

/* The digits that belong into a file of two pieces, of which the first has at least
 * NN_MODEL_FILE_START bytes, whatever it has in their place. */
void nn_model_file_checksum(const unsigned char *bytes, size_t size, const unsigned char *rest,
                            size_t rest_size, char digits[NN_CHECKSUM_DIGITS + 1]);

#endif
