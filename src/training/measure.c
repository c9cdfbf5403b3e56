/* Measured plans of a model's products, on request. */
#include "access.h"
#include "allocate.h"
#include "gemm_measure.h"
#include "status.h"
#include "text.h"
#include "trainer.h"
#include "walk.h"

enum { PRODUCTS_OF_A_NODE = 8 }; /* in all passes; more than those aren't measured */

/* One pass on zeros, in which the products are noted. */
static nn_status note_pass(nn_model *model, size_t rows, nn_workspace_use use)
{
    nn_workspace *workspace;
    NN_TRY(nn_workspace_create(&workspace, model, rows, use));
    nn_real *input = nn_allocate(rows * nn_model_input_width(model), sizeof(*input));
    if (input != NULL) {
        nn_walk_forward(model, workspace, rows, input, true);
        if (use == NN_TO_TRAIN && !nn_custom_failed())
            nn_walk_backward(model, workspace, rows, input, true, 1);
        nn_release(input);
    }
    nn_workspace_free(workspace);
    return input != NULL ? nn_custom_take_failure() : NN_ERR_NO_MEMORY;
}

/* A step, and the passes of evaluation and of predicting a row. None of them changes a weight. */
static nn_status note_products(nn_model *model, size_t batch_size)
{
    NN_TRY(note_pass(model, batch_size, NN_TO_TRAIN));
    NN_TRY(note_pass(model, NN_EVALUATE_ROWS, NN_TO_EVALUATE));
    return note_pass(model, 1, NN_TO_PREDICT);
}

static nn_status measure(nn_model *model, size_t batch_size)
{
    NN_REQUIRE(model->compiled, NN_ERR_STATE, "the model isn't compiled: call nn_model_compile");
    nn_gemm_grids *before = model->grids;
    model->gradients_known = false; /* passes on zeros take their place */
    model->grids = nn_gemm_grids_create(PRODUCTS_OF_A_NODE * model->node_count);
    nn_status status = model->grids != NULL ? note_products(model, batch_size) : NN_ERR_NO_MEMORY;
    if (status == NN_OK && !nn_gemm_grids_measure(model->grids))
        status = NN_ERR_NO_MEMORY;
    if (status != NN_OK) {
        nn_release(model->grids);
        model->grids = before;
        return status;
    }
    nn_release(before);
    return NN_OK;
}

nn_status nn_model_measure(nn_model *model, size_t batch_size)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(batch_size > 0, NN_ERR_INVALID, "batch_size is 0");
    NN_TRY(nn_model_begin_write(model));
    nn_status status = measure(model, batch_size);
    nn_model_end_write(model);
    return status;
}

/* ---- the report ---- */

static void append_grid(nn_text *text, const nn_gemm_grid *grid, double seconds)
{
    nn_text_append(text, "%zu tile%s in calls of %zux%zux%zu%s%s, %.1f us",
                   grid->rows * grid->columns, grid->rows * grid->columns > 1 ? "s" : "", grid->m,
                   grid->n, grid->k, grid->transposed ? " transposed" : "",
                   grid->pooled ? " in the pool" : "", 1e6 * seconds);
}

static void append_choice(nn_text *text, const nn_gemm_choice *choice)
{
    static const char *const kinds[] = {
        [NN_GEMM_NN] = "NN", [NN_GEMM_TN] = "TN", [NN_GEMM_NT] = "NT"};
    const nn_gemm_shape *shape = &choice->shape;
    nn_text_append(text, "%s %zux%zux%zu: ", kinds[shape->kind], shape->m, shape->n, shape->k);
    append_grid(text, &choice->grid, choice->seconds);
    if (choice->seconds < choice->rule_seconds) {
        nn_text_append(text, "; by the rule ");
        append_grid(text, &choice->rule, choice->rule_seconds);
    }
    nn_text_append(text, "\n");
}

nn_status nn_model_plan(const nn_model *model, char *buffer, size_t size, size_t *length)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_TRY(nn_model_begin_read(model));
    nn_text text = NN_TEXT_INIT;
    if (model->grids == NULL)
        nn_text_append(&text, "All products are cut by the rule.\n");
    else if (model->grids->count == 0)
        nn_text_append(&text, "There are no products.\n");
    else
        for (size_t i = 0; i < model->grids->count; i++)
            append_choice(&text, &model->grids->choices[i]);
    nn_model_end_read(model);
    nn_status status = nn_text_copy_out(&text, buffer, size, length);
    nn_text_free(&text);
    return status;
}
