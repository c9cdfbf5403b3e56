#include "merge.h"
#include "status.h"

nn_status nn_merge_build(const void *self, nn_layer_build *build)
{
    (void)self;
    for (size_t i = 1; i < build->input_count; i++)
        NN_REQUIRE(nn_shape_equal(&build->input_shapes[i], &build->input), NN_ERR_SHAPE,
                   "the inputs have shapes %s and %s, expected the same",
                   nn_shape_string(&build->input).text,
                   nn_shape_string(&build->input_shapes[i]).text);
    build->output = build->input;
    return NN_OK;
}
