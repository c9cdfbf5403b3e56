/* A model's layers and its compile settings as Keras writes them in JSON: what from_config of keras.Sequential
 * (layers one after the other) or keras.Model (a graph) and model.compile_from_config read in Python. */
#ifndef NN_FORMATS_KERAS_CONFIG_H
#define NN_FORMATS_KERAS_CONFIG_H

#include "json.h"
#include "model.h"

/* NN_ERR_INVALID for a name that isn't UTF-8. */
nn_status nn_keras_write_model(const nn_model *model, nn_text *text);
nn_status nn_keras_write_compile(const nn_model *model, nn_text *text);

/* Adds the layers to an empty model, which isn't built, and tells its inputs and outputs. json is a config,
 * or a whole config.json around it. On failure some layers may have been added.
 * Errors: NN_ERR_UNSUPPORTED (unknown layer, part or option, named), NN_ERR_FORMAT,
 * NN_ERR_NO_MEMORY. */
nn_status nn_keras_read_model(nn_model *model, const nn_json *json);

/* Makes the parts of a compile, which the caller frees, and sets the model's loss weights. Errors as above;
 * then nothing is left to free. */
nn_status nn_keras_read_compile(nn_compile_parts *parts, nn_model *model, const nn_json *json);

#endif
