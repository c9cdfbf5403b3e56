#include "access.h"
#include "elementwise.h"
#include "pool.h"
#include "status.h"
#include "walk.h"

/* Rows of a pass: enough for the products to run at full speed, few enough for the layers' outputs to
 * stay in a core's cache. A thread takes a block through all layers before it takes the next. */
enum { BLOCK_ROWS = 128 };

struct job {
    const nn_model *model;
    const float *x;
    size_t rows;
    float *y;
    size_t block; /* rows of a block; the last may have fewer */
    atomic_bool failed;
};

static void predict_rows(const nn_model *model, nn_workspace *workspace, const float *x,
                         size_t rows, float *y)
{
#ifdef NN_REAL_DOUBLE
    nn_from_float(rows * nn_model_input_width(model), x, workspace->x);
    const nn_real *input = workspace->x;
#else
    const nn_real *input = x;
#endif
    const nn_real *output = nn_walk_forward(model, workspace, rows, input, false);
    /* a model of views alone gives its input back */
    nn_to_float(rows * nn_model_output_width(model), output != NULL ? output : input, y);
}

static void predict_block(void *context, size_t index)
{
    struct job *job = context;
    const nn_model *model = job->model;
    const size_t first = index * job->block, left = job->rows - first;
    nn_workspace *workspace;
    if (nn_workspace_take(&workspace, model, job->block) != NN_OK) {
        atomic_store(&job->failed, true);
        return;
    }
    predict_rows(model, workspace, job->x + first * nn_model_input_width(model),
                 left < job->block ? left : job->block,
                 job->y + first * nn_model_output_width(model));
    nn_workspace_give(model, workspace);
}

static nn_status predict(const nn_model *model, const float *x, size_t rows, float *y)
{
    NN_TRY(nn_model_build(model));
    struct job job = {
        .model = model,
        .x = x,
        .rows = rows,
        .y = y,
        .block = rows < BLOCK_ROWS ? rows : BLOCK_ROWS,
    };
    nn_pool_run((rows - 1) / job.block + 1, predict_block, &job);
    NN_REQUIRE(!atomic_load(&job.failed), NN_ERR_NO_MEMORY,
               "out of memory for a prediction of %zu rows", rows);
    return NN_OK;
}

nn_status nn_predict(const nn_model *model, const float *x, size_t rows, float *y)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(x != NULL, NN_ERR_INVALID, "x is NULL");
    NN_REQUIRE(y != NULL, NN_ERR_INVALID, "y is NULL");
    NN_REQUIRE(rows > 0, NN_ERR_INVALID, "rows is 0");
    NN_TRY(nn_model_begin_read(model));
    nn_status status = predict(model, x, rows, y);
    nn_model_end_read(model);
    return status;
}
