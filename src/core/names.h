/* Lists of names, such as those of classes. */
#ifndef NN_CORE_NAMES_H
#define NN_CORE_NAMES_H

#include "nn.h"

/* Copies names into one block (pointers, then texts), given back by nn_release. *copy is NULL for
 * count 0. Errors: NN_ERR_INVALID (a name is NULL or isn't UTF-8 without
 * control characters), NN_ERR_NO_MEMORY; then *copy is NULL. */
nn_status nn_names_copy(char ***copy, const char *const *names, size_t count);

#endif
