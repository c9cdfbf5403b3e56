/* Keys that Keras writes beside those that are read: of a part, in its config, of a model. */
#ifndef NN_FORMATS_KERAS_KEYS_H
#define NN_FORMATS_KERAS_KEYS_H

#include "json.h"

/* NN_OK if a value of an object whose key isn't known may be skipped; else NN_ERR_UNSUPPORTED with
 * the key. */
nn_status nn_keras_skip(const nn_json *item);

/* What stands beside the "config" of a part. NN_ERR_FORMAT, NN_ERR_UNSUPPORTED, with the key. */
nn_status nn_keras_check_object(const nn_json *json);

#endif
