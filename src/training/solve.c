/*
 * The loss of the whole data and its gradients are sums in double over blocks of rows that go through the
 * trainer one after the other, each with its share of the rows: what the trainer adds to the loss of a batch is
 * so added once. Blocks depend on the number of rows alone, so no result depends on threads.
 */
#include "solve.h"
#include "pool.h"
#include "status.h"
#include "vectorize.h"
#include "walk.h"
#include <math.h>
#include <string.h>

struct solving {
    nn_trainer *trainer;
    nn_model *model;
    const nn_source *source;
};

nn_status nn_solve_check(const nn_model *model, const nn_source *source)
{
    NN_REQUIRE(!nn_solves(model) || !nn_source_streams(source), NN_ERR_UNSUPPORTED,
               "%s goes over all rows again and again, and they come as a stream: use data that "
               "can be read at any row, or train with adam",
               model->optimizer.type->name);
    return NN_OK;
}

static size_t parts_of(const nn_source *source)
{
    return (source->rows - 1) / NN_SOLVE_ROWS + 1;
}

static nn_status gather(const struct solving *solving, size_t part)
{
    const size_t first = part * NN_SOLVE_ROWS, left = solving->source->rows - first;
    return nn_trainer_gather(
        solving->trainer, solving->model, solving->source,
        &(nn_rows){.first = first, .count = left < NN_SOLVE_ROWS ? left : NN_SOLVE_ROWS});
}

/* ---- loss and gradients ---- */

enum { PART = 32768 }; /* values that one thread adds up at a time */

struct addition {
    const nn_model *model;
    double share;
    double *gradients;
};

NN_VECTORIZE
static void add(size_t count, double share, const nn_real *restrict g, double *restrict sum)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += share * (double)g[i];
}

static void add_part(void *context, size_t index)
{
    const struct addition *addition = context;
    const size_t first = index * PART, left = addition->model->trainable_size - first;
    add(left < PART ? left : PART, addition->share, addition->model->gradients + first,
        addition->gradients + first);
}

static nn_status evaluate(void *user, double *loss, double *gradients)
{
    const struct solving *solving = user;
    nn_trainer *trainer = solving->trainer;
    nn_model *model = solving->model;
    const size_t size = model->trainable_size;
    const double rows = (double)solving->source->rows;
    nn_trainer_reset_totals(trainer);
    if (gradients != NULL)
        memset(gradients, 0, size * sizeof(*gradients));
    for (size_t part = 0; part < parts_of(solving->source); part++) {
        NN_TRY(gather(solving, part));
        nn_trainer_forward(trainer, model);
        NN_TRY(nn_custom_take_failure());
        if (gradients == NULL || size == 0)
            continue;
        NN_TRY(nn_trainer_gradients(trainer, model));
        struct addition addition = {
            .model = model, .share = (double)trainer->rows / rows, .gradients = gradients};
        nn_pool_run((size - 1) / PART + 1, add_part, &addition);
    }
    *loss = trainer->loss_sum / rows;
    return NN_OK;
}

/* ---- rows of linear models ---- */

/* What the only trained layer reads. */
static const nn_real *trained_input(const nn_model *model, const nn_workspace *workspace)
{
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        if (node->build.parameter_count > 0 && model->parameters[node->first_parameter].trainable)
            return nn_walk_input(model, workspace, i);
    }
    return NULL; /* there is one: compile has looked */
}

static nn_status read(void *user, size_t part, nn_problem_rows *rows)
{
    const struct solving *solving = user;
    const nn_trainer *trainer = solving->trainer;
    const nn_trainer_output *output = &trainer->outputs[0];
    NN_TRY(gather(solving, part));
    nn_walk_forward(solving->model, trainer->workspace, trainer->rows, trainer->workspace->x, true);
    NN_TRY(nn_custom_take_failure());
    *rows = (nn_problem_rows){
        .rows = trainer->rows * output->distributions,
        .x = trained_input(solving->model, trainer->workspace),
        .targets = output->values,
        .weight = output->row_weight,
    };
    return NN_OK;
}

nn_status nn_solve(nn_trainer *trainer, nn_model *model, const nn_source *source, bool begins,
                   double *loss, bool *solved)
{
    struct solving solving = {.trainer = trainer, .model = model, .source = source};
    const nn_optimizer *optimizer = nn_optimizer_of(&model->optimizer);
    const nn_problem problem = {
        .count = model->trainable_size,
        .weights = model->weights,
        .slots = model->slots,
        .scalars = model->scalars,
        .segments = model->segments,
        .segment_count = model->segment_count,
        .scratch = model->step_scratch,
        .learning_rate = nn_optimizer_rate(&model->optimizer, model->iteration),
        .begins = begins,
        .evaluate = evaluate,
        .parts = parts_of(source),
        .read = read,
        .user = &solving,
    };
    model->gradients_known = false;
    nn_status status = optimizer->solve(model->optimizer.self, &problem, solved);
    if (status != NN_OK && status != NN_ERR_NONFINITE)
        return status;
    *loss = status == NN_OK ? trainer->loss_sum / (double)source->rows : NAN;
    model->iteration += isfinite(*loss);
    return NN_OK;
}
