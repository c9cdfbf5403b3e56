/* How a model lies in a safetensors file; see model_file.c for the whole. */
#ifndef NN_FORMATS_MODEL_FILE_H
#define NN_FORMATS_MODEL_FILE_H

#include "model.h"
#include <stdint.h>

#define NN_MODEL_FORMAT "libnn"
#define NN_MODEL_FORMAT_VERSION 1

/* Called for each tensor, in the order of the file. values is NULL while there are none. */
typedef nn_status (*nn_tensor_visitor)(void *user, const char *name, const nn_parameter *parameter,
                                       nn_real *values);

/* The weights, then the slots of an optimizer unless it is NULL. */
nn_status nn_model_visit_tensors(const nn_model *model, const nn_part *optimizer,
                                 nn_tensor_visitor visit, void *user);

/* Where the checksum's digits stand, and the least size of a file that has them. */
enum { NN_CHECKSUM_DIGITS = 8, NN_MODEL_FILE_START = 8 + 29 + NN_CHECKSUM_DIGITS };

/* NN_ERR_FORMAT unless a file starts as ours do. */
nn_status nn_model_file_check_start(const unsigned char *bytes, size_t size);

/* The digits that belong into a file of two pieces, of which the first has at least
 * NN_MODEL_FILE_START bytes, whatever it has in their place. */
void nn_model_file_checksum(const unsigned char *bytes, size_t size, const unsigned char *rest,
                            size_t rest_size, char digits[NN_CHECKSUM_DIGITS + 1]);

#endif
