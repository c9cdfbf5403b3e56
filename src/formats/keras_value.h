/* Values of options, as a spec has them, made from JSON. All of these set a value that begins as none; on
 * failure it may own something. */
#ifndef NN_FORMATS_KERAS_VALUE_H
#define NN_FORMATS_KERAS_VALUE_H

#include "json.h"
#include "part.h"

/* A value for an option of that type which is no part. Errors: NN_ERR_FORMAT, NN_ERR_UNSUPPORTED,
 * NN_ERR_NO_MEMORY. */
nn_status nn_keras_read_value(nn_value *value, nn_option_type type, const nn_json *json);

/* The shape in [null, 28, 28]: any number of rows, each of the shape that follows. Errors as above. */
nn_status nn_keras_read_batch_shape(nn_value *value, const nn_json *batch_shape);

/* NN_ERR_NO_MEMORY. */
nn_status nn_keras_set_text(nn_value *value, nn_value_kind kind, const char *text);
nn_status nn_keras_set_names(nn_value *value, const char *const *names, size_t count);

#endif
