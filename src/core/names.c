#include "names.h"
#include "allocate.h"
#include "status.h"
#include "text.h"
#include <string.h>

nn_status nn_names_copy(char ***copy, const char *const *names, size_t count)
{
    size_t size;
    *copy = NULL;
    if (count == 0)
        return NN_OK;
    NN_REQUIRE(names != NULL, NN_ERR_INVALID, "names is NULL");
    bool fits = nn_multiply(count, sizeof(char *), &size);
    for (size_t i = 0; i < count && fits; i++) {
        NN_REQUIRE(names[i] != NULL, NN_ERR_INVALID, "name %zu is NULL", i);
        NN_REQUIRE(nn_is_printable(names[i]), NN_ERR_INVALID,
                   "name %zu isn't UTF-8 without control characters", i);
        fits = nn_add(size, strlen(names[i]) + 1, &size);
    }
    NN_REQUIRE(fits, NN_ERR_NO_MEMORY, "%zu names are more than memory can hold", count);
    char **block = nn_allocate(size, 1);
    if (block == NULL)
        return NN_ERR_NO_MEMORY;
    char *text = (char *)(block + count);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]) + 1;
        block[i] = memcpy(text, names[i], length);
        text += length;
    }
    *copy = block;
    return NN_OK;
}
