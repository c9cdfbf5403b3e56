/* A model's layers and its compile settings as Keras writes them in JSON: what
 * keras.Sequential.from_config and model.compile_from_config read in Python. */
#ifndef NN_FORMATS_KERAS_CONFIG_H
#define NN_FORMATS_KERAS_CONFIG_H

#include "json.h"
#include "model.h"

/* The parts of a compile that aren't in a model yet. */
typedef struct nn_keras_compile {
    nn_part optimizer, loss;
    nn_named_metric *metrics;
    size_t metric_count;
} nn_keras_compile;

/* NN_ERR_INVALID for a name that isn't UTF-8. */
nn_status nn_keras_write_sequential(const nn_model *model, nn_text *text);
nn_status nn_keras_write_compile(const nn_model *model, nn_text *text);

/* Adds the layers to an empty model, which isn't built. On failure some may have been added.
 * Errors: NN_ERR_UNSUPPORTED (unknown layer, part or option, named), NN_ERR_FORMAT,
 * NN_ERR_NO_MEMORY. */
nn_status nn_keras_read_sequential(nn_model *model, const nn_json *json);

/* Makes the parts of a compile. Errors as above; then nothing is left to free. */
nn_status nn_keras_read_compile(nn_keras_compile *compile, const nn_json *json);
void nn_keras_compile_free(nn_keras_compile *compile);

#endif
