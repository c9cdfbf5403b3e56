/* File names with fields in braces, as Python's str.format fills them: "{epoch:02d}-{val_loss:.2f}". */
#ifndef NN_CALLBACKS_PATH_TEMPLATE_H
#define NN_CALLBACKS_PATH_TEMPLATE_H

#include "nn.h"
#include <stdbool.h>

/*
 * A field is { name [: format] }; {{ and }} stand for the braces themselves. A format is
 *
 *     [[fill] <|>|=|^] [+|-|blank] [0] [width] [.precision] [type]
 *
 * where type is d (whole numbers only), f, F, e, E, g, G or %. Without one a whole number is written
 * as d, another as the shortest decimal that reads back as the same double.
 */
typedef struct nn_path_fields {
    size_t epoch; /* counted from 1 */
    size_t batch; /* from 1; 0: there is no field {batch} */
    size_t count; /* of the other fields */
    const char *const *names;
    const double *values; /* NULL: zeros, to check a template */
    bool any;             /* every other name is taken, for 0: to check a template's form */
} nn_path_fields;

/* Writes the name to path[size]. Errors: NN_ERR_INVALID (form, a field that isn't known, too long). */
nn_status nn_path_template_fill(const char *path_template, const nn_path_fields *fields, char *path,
                                size_t size);

#endif
