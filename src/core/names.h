/* Lists of names, such as those of classes. */
#ifndef NN_CORE_NAMES_H
#define NN_CORE_NAMES_H

#include "nn.h"
#include <stddef.h>

/* Names of layers in an option. count 0: none, and names is NULL. */
typedef struct nn_name_list {
    char **names; /* one block */
    size_t count;
} nn_name_list;

/* Copies names into one block (pointers, then texts), given back by nn_release. *copy is NULL for
 * count 0. Errors: NN_ERR_INVALID (a name is NULL or isn't UTF-8 without
 * control characters), NN_ERR_NO_MEMORY; then *copy is NULL. */
nn_status nn_names_copy(char ***copy, const char *const *names, size_t count);

#endif
