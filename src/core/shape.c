#include "shape.h"
#include "allocate.h"
#include "status.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

size_t nn_shape_width(const nn_shape *shape)
{
    size_t width = 1;
    for (size_t i = 0; i < shape->rank; i++)
        width *= shape->dimensions[i];
    return width;
}

nn_status nn_shape_check(const nn_shape *shape, const char *what)
{
    NN_REQUIRE(shape->rank >= 1 && shape->rank <= NN_MAX_RANK, NN_ERR_INVALID,
               "%s: %zu dimensions, expected 1 to %d", what, shape->rank, NN_MAX_RANK);
    size_t width = 1;
    for (size_t i = 0; i < shape->rank; i++) {
        NN_REQUIRE(shape->dimensions[i] > 0, NN_ERR_INVALID, "%s: dimension %zu is 0", what, i);
        NN_REQUIRE(nn_multiply(width, shape->dimensions[i], &width) && width <= INT_MAX,
                   NN_ERR_INVALID, "%s: more than %d values", what, INT_MAX);
    }
    return NN_OK;
}

nn_shape nn_shape_1d(size_t width)
{
    return (nn_shape){.rank = 1, .dimensions = {width}};
}

bool nn_shape_equal(const nn_shape *a, const nn_shape *b)
{
    return a->rank == b->rank &&
           memcmp(a->dimensions, b->dimensions, a->rank * sizeof(a->dimensions[0])) == 0;
}

nn_shape_text nn_shape_string(const nn_shape *shape)
{
    nn_shape_text result;
    size_t at = 0;
    result.text[at++] = '(';
    for (size_t i = 0; i < shape->rank; i++)
        at += (size_t)snprintf(result.text + at, sizeof(result.text) - at, "%s%zu",
                               i == 0 ? "" : ", ", shape->dimensions[i]);
    snprintf(result.text + at, sizeof(result.text) - at, shape->rank == 1 ? ",)" : ")");
    return result;
}
