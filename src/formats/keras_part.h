/* Parts as Keras writes them in JSON:
 *
 *     {"module": "keras.initializers", "class_name": "RandomNormal",
 *      "config": {"mean": 0.0, "stddev": 0.01, "seed": null}, "registered_name": null}
 *
 * or, where Keras has a function for it (activations, losses, metrics) and no option differs from
 * its default, as the function's name, "relu". All options are written. Options that Keras doesn't
 * know are written like the others. */
#ifndef NN_FORMATS_KERAS_PART_H
#define NN_FORMATS_KERAS_PART_H

#include "json.h"
#include "part.h"

/* A layer's common options aren't among the others there: a layer is written by
 * nn_keras_write_layer. NN_ERR_INVALID for a string that isn't UTF-8. */
nn_status nn_keras_write_part(const nn_part *part, nn_text *text);

/* A metric under the name that the user gave it. */
nn_status nn_keras_write_metric(const nn_part *part, const char *name, nn_text *text);

/* A layer with that name, without input_shape and inputs. The object isn't closed:
 * more may follow. */
nn_status nn_keras_write_layer(const nn_part *layer, const char *name, nn_text *text);

/* Makes a part from JSON. *name (may be NULL) is the "name" in its config, or the string it was
 * given by; NULL if there is none; it belongs to the tree.
 *
 * Keys that change nothing are skipped: those that say what holds anyway ("trainable": true,
 * "dtype": "float32"), and unknown ones whose value is null ("kernel_quantizer": null).
 * Errors: NN_ERR_UNSUPPORTED (unknown part or option, named), NN_ERR_FORMAT, NN_ERR_NO_MEMORY; then
 * part->type is NULL. */
nn_status nn_keras_read_part(nn_part *part, const nn_room *room, const nn_json *json,
                             const char **name);

/* The same where a caller's own parts are known, too (NULL: none): those are functions to Keras,
 *
 *     {"module": "builtins", "class_name": "function", "config": "my_swish",
 *      "registered_name": "function"}
 *
 * and a metric that has another name than its function is a "MeanMetricWrapper" of it. */
nn_status nn_keras_read_part_with(nn_part *part, const nn_room *room, const nn_custom_parts *custom,
                                  const nn_json *json, const char **name);

/* The same of a layer. batch_shape, unless NULL, is what an input layer says ([null, 28, 28]), and becomes
 * the option input_shape; inputs[count], unless there are none, become the option inputs. */
nn_status nn_keras_read_layer(nn_part *part, const nn_custom_parts *custom, const nn_json *json,
                              const nn_json *batch_shape, const char *const *inputs, size_t count);

/* An input layer of that name (NULL: none), as a layer of its own. */
nn_status nn_keras_read_input_layer(nn_part *part, const char *name, const nn_json *batch_shape);

/* A status for what is wrong in a file, from one for what is wrong in an argument. */
nn_status nn_keras_status(nn_status status);

#endif
