/* What layers compute. */
#include "access.h"
#include "elementwise.h"
#include "pool.h"
#include "status.h"
#include "walk.h"

size_t nn_model_layer_count(const nn_model *model)
{
    return model == NULL ? 0 : model->node_count;
}

const char *nn_model_layer_name(const nn_model *model, size_t index)
{
    return index < nn_model_layer_count(model) ? model->nodes[index].name : NULL;
}

struct job {
    const nn_model *model;
    size_t node, width, block; /* the layer, its values of a row, rows of a pass */
    const float *x;
    size_t rows;
    float *y;
    atomic_bool failed;
};

static void compute_block(void *context, size_t index)
{
    struct job *job = context;
    const nn_model *model = job->model;
    const size_t first = index * job->block, left = job->rows - first;
    const size_t rows = left < job->block ? left : job->block;
    nn_workspace *workspace;
    if (nn_workspace_take(&workspace, model, job->block) != NN_OK) {
        atomic_store(&job->failed, true);
        return;
    }
    const nn_real *input =
        nn_walk_take_inputs(model, workspace, job->x + first * workspace->input_width, rows);
    const nn_real *y = nn_walk_to_node(model, workspace, rows, input, job->node);
    nn_to_float(rows * job->width, y != NULL ? y : input, job->y + first * job->width);
    nn_workspace_give(model, workspace);
}

static nn_status layer_output(const nn_model *model, const char *layer, const float *x, size_t rows,
                              float *y)
{
    size_t node;
    NN_TRY(nn_model_get_node(model, layer, &node));
    NN_TRY(nn_model_build(model));
    struct job job = {
        .model = model,
        .node = node,
        .width = nn_shape_width(&model->nodes[node].build.output),
        .block = rows < NN_PREDICT_ROWS ? rows : NN_PREDICT_ROWS,
        .x = x,
        .rows = rows,
        .y = y,
    };
    const size_t blocks = (rows - 1) / job.block + 1;
    NN_TRY(nn_workspace_reserve(model, blocks, job.block));
    nn_pool_run(blocks, compute_block, &job);
    if (atomic_load(&job.failed))
        nn_custom_move_failure(); /* of another block: there is one status */
    NN_REQUIRE(!atomic_load(&job.failed), NN_ERR_NO_MEMORY,
               "out of memory for the outputs of %zu rows", rows);
    return nn_custom_take_failure();
}

nn_status nn_model_layer_output(const nn_model *model, const char *layer, const float *x,
                                size_t rows, float *y)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(layer != NULL, NN_ERR_INVALID, "layer is NULL");
    NN_REQUIRE(x != NULL, NN_ERR_INVALID, "x is NULL");
    NN_REQUIRE(y != NULL, NN_ERR_INVALID, "y is NULL");
    NN_REQUIRE(rows > 0, NN_ERR_INVALID, "rows is 0");
    NN_TRY(nn_model_begin_read(model));
    nn_status status = layer_output(model, layer, x, rows, y);
    nn_model_end_read(model);
    return status;
}
