#include "access.h"
#include "elementwise.h"
#include "status.h"
#include "walk.h"

/* Rows of a pass: enough for the products to run at full speed, few enough for cache and memory. */
enum { BLOCK_ROWS = 256 };

static void predict_block(const nn_model *model, nn_workspace *workspace, const float *x,
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

static nn_status predict(const nn_model *model, const float *x, size_t rows, float *y)
{
    NN_TRY(nn_model_build(model));
    const size_t inputs = nn_model_input_width(model), outputs = nn_model_output_width(model);
    const size_t most = rows < BLOCK_ROWS ? rows : BLOCK_ROWS;
    nn_workspace *workspace;
    NN_TRY(nn_workspace_take(&workspace, model, most));
    for (size_t at = 0; at < rows; at += most) {
        const size_t count = rows - at < most ? rows - at : most;
        predict_block(model, workspace, x + at * inputs, count, y + at * outputs);
    }
    nn_workspace_give(model, workspace);
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
