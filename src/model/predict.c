#include "access.h"
#include "allocate.h"
#include "elementwise.h"
#include "pool.h"
#include "status.h"
#include "walk.h"

struct job {
    const nn_model *model;
    const float *x;
    size_t rows;
    float *y;
    size_t block; /* rows of a block; the last may have fewer */
    atomic_bool failed;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A model of views alone gives its input back. */
static const nn_real *find_output(const nn_model *model, const nn_workspace *workspace,
                                  size_t index, const nn_real *x)
{
    const nn_real *y = nn_walk_output(model, workspace, index);
    return y != NULL ? y : x;
}

/* Several outputs side by side. */
static void join_outputs(const nn_model *model, const nn_workspace *workspace, const nn_real *x,
                         size_t rows, float *y)
{
    const size_t all = workspace->output_width;
    for (size_t i = 0; i < model->output_count; i++) {
        const size_t width = nn_shape_width(nn_model_output_shape(model, i));
        const nn_real *output = find_output(model, workspace, i, x);
        for (size_t row = 0; row < rows; row++)
            nn_to_float(width, output + row * width, y + row * all);
        y += width;
    }
}

static void predict_rows(const nn_model *model, nn_workspace *workspace, const float *x,
                         size_t rows, float *y)
{
    const nn_real *input = nn_walk_take_inputs(model, workspace, x, rows);
    nn_walk_forward(model, workspace, rows, input, false);
    if (model->output_count > 1)
        join_outputs(model, workspace, input, rows, y);
    else
        nn_to_float(rows * workspace->output_width, find_output(model, workspace, 0, input), y);
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
    predict_rows(model, workspace, job->x + first * workspace->input_width, least(left, job->block),
                 job->y + first * workspace->output_width);
    nn_workspace_give(model, workspace);
}

static nn_status predict(const nn_model *model, const float *x, size_t rows, float *y)
{
    NN_TRY(nn_model_build(model));
    NN_TRY(nn_walk_check_ready(model, NULL));
    struct job job = {
        .model = model,
        .x = x,
        .rows = rows,
        .y = y,
        .block = least(rows, NN_PREDICT_ROWS),
    };
    const size_t blocks = (rows - 1) / job.block + 1;
    NN_TRY(nn_workspace_reserve(model, blocks, job.block));
    nn_pool_run(blocks, predict_block, &job);
    if (atomic_load(&job.failed))
        nn_custom_move_failure(); /* of another block: there is one status */
    NN_REQUIRE(!atomic_load(&job.failed), NN_ERR_NO_MEMORY,
               "out of memory for a prediction of %zu rows", rows);
    return nn_custom_take_failure();
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

/* ---- predictors ---- */

struct nn_predictor {
    const nn_model *model;
    size_t rows; /* the most of a run */
    nn_workspace *workspace;
};

nn_status nn_predictor_create(nn_predictor **predictor, const nn_model *model, size_t rows)
{
    NN_REQUIRE(predictor != NULL, NN_ERR_INVALID, "predictor is NULL");
    *predictor = NULL;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(rows > 0, NN_ERR_INVALID, "rows is 0");
    NN_TRY(nn_model_begin_read(model));
    nn_workspace *workspace = NULL;
    nn_status status = nn_model_build(model);
    if (status == NN_OK)
        status = nn_walk_check_ready(model, NULL);
    if (status == NN_OK)
        status =
            nn_workspace_create(&workspace, model, least(rows, NN_PREDICT_ROWS), NN_TO_PREDICT);
    nn_model_end_read(model);
    NN_TRY(status);
    nn_predictor *made = nn_allocate(1, sizeof(*made));
    if (made == NULL) {
        nn_workspace_free(workspace);
        return NN_ERR_NO_MEMORY;
    }
    *made = (nn_predictor){.model = model, .rows = rows, .workspace = workspace};
    *predictor = made;
    return NN_OK;
}

nn_status nn_predictor_run(nn_predictor *predictor, const float *x, size_t rows, float *y)
{
    NN_REQUIRE(predictor != NULL, NN_ERR_INVALID, "predictor is NULL");
    NN_REQUIRE(x != NULL, NN_ERR_INVALID, "x is NULL");
    NN_REQUIRE(y != NULL, NN_ERR_INVALID, "y is NULL");
    NN_REQUIRE(rows > 0 && rows <= predictor->rows, NN_ERR_INVALID,
               "rows is %zu, expected 1 ... %zu, for which the predictor was made", rows,
               predictor->rows);
    const nn_model *model = predictor->model;
    NN_TRY(nn_model_begin_read(model));
    const nn_workspace *workspace = predictor->workspace;
    const size_t inputs = workspace->input_width, outputs = workspace->output_width;
    const bool stayed = nn_pool_stay(true);
    for (size_t at = 0; at < rows; at += NN_PREDICT_ROWS)
        predict_rows(model, predictor->workspace, x + at * inputs,
                     least(rows - at, NN_PREDICT_ROWS), y + at * outputs);
    nn_pool_stay(stayed);
    nn_status status = nn_custom_take_failure();
    nn_model_end_read(model);
    return status;
}

void nn_predictor_free(nn_predictor *predictor)
{
    if (predictor == NULL)
        return;
    nn_workspace_free(predictor->workspace);
    nn_release(predictor);
}
