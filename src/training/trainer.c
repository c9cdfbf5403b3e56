#include "trainer.h"
#include "allocate.h"
#include "penalty.h"
#include "pool.h"
#include "status.h"
#include "walk.h"
#include <string.h>

enum { STATE_ALIGNMENT = 16 };

static size_t state_size(const nn_named_metric *metric)
{
    const size_t size = nn_metric_of(&metric->part)->state_size;
    return (size + STATE_ALIGNMENT - 1) / STATE_ALIGNMENT * STATE_ALIGNMENT;
}

static nn_status allocate_batch(nn_trainer *trainer, const nn_model *model)
{
    const bool labels = nn_loss_of(&model->loss)->target == NN_TARGET_LABELS;
    size_t loss_rows, values;
    NN_REQUIRE(nn_multiply(trainer->most_rows, trainer->distributions, &loss_rows) &&
                   nn_multiply(loss_rows, trainer->width, &values),
               NN_ERR_NO_MEMORY, "a batch of %zu rows is more than memory can hold",
               trainer->most_rows);
    if (labels)
        trainer->labels = nn_allocate(loss_rows, sizeof(*trainer->labels));
    else
        trainer->values = nn_allocate(values, sizeof(*trainer->values));
    trainer->row_weight = nn_allocate(loss_rows, sizeof(*trainer->row_weight));
    trainer->loss_factor = nn_allocate(loss_rows, sizeof(*trainer->loss_factor));
    trainer->row_loss = nn_allocate(loss_rows, sizeof(*trainer->row_loss));
    trainer->metric_states = nn_allocate(trainer->metric_states_size, 1);
    trainer->target = (nn_target){
        .kind = nn_loss_of(&model->loss)->target,
        .values = trainer->values,
        .labels = trainer->labels,
    };
    return (trainer->labels != NULL || trainer->values != NULL) && trainer->row_weight != NULL &&
                   trainer->loss_factor != NULL && trainer->row_loss != NULL &&
                   trainer->metric_states != NULL
               ? NN_OK
               : NN_ERR_NO_MEMORY;
}

nn_status nn_trainer_create(nn_trainer **trainer, const nn_model *model, size_t rows, bool training)
{
    *trainer = NULL;
    nn_trainer *made = nn_allocate(1, sizeof(*made));
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    const nn_shape *output = nn_model_output_shape(model);
    made->most_rows = rows;
    made->training = training;
    made->width = nn_last_dimension(output);
    made->distributions = nn_shape_width(output) / made->width;
    for (size_t i = 0; i < model->metric_count; i++)
        made->metric_states_size += state_size(&model->metrics[i]);
    nn_status status =
        nn_workspace_create(&made->workspace, model, rows, training ? NN_TO_TRAIN : NN_TO_EVALUATE);
    if (status == NN_OK) {
        const nn_layer_build *input = &model->nodes[0].build;
        made->input_scale = made->workspace->input_scaled ? (nn_real)input->scale : 1;
        made->input_offset = made->workspace->input_scaled ? (nn_real)input->offset : 0;
        status = allocate_batch(made, model);
    }
    if (status != NN_OK) {
        nn_trainer_free(made);
        return status;
    }
    *trainer = made;
    return NN_OK;
}

void nn_trainer_free(nn_trainer *trainer)
{
    if (trainer == NULL)
        return;
    nn_workspace_free(trainer->workspace);
    nn_release(trainer->values);
    nn_release(trainer->labels);
    nn_release(trainer->row_weight);
    nn_release(trainer->loss_factor);
    nn_release(trainer->row_loss);
    nn_release(trainer->metric_states);
    nn_release(trainer);
}

static void free_kept(void *trainer)
{
    nn_trainer_free(trainer);
}

nn_status nn_trainer_keep(nn_trainer **trainer, nn_model *model, size_t rows)
{
    nn_trainer *kept = model->trainer;
    if (kept == NULL || kept->most_rows < rows) {
        nn_model_drop_trainer(model);
        NN_TRY(nn_trainer_create(&kept, model, rows, true));
        model->trainer = kept;
        model->trainer_free = free_kept;
    }
    nn_trainer_reset_totals(kept);
    *trainer = kept;
    return NN_OK;
}

/* The class of a row whose targets are values, as Keras finds it for class_weight: the largest, or 0
 * or 1 by rounding where there is one value. */
static size_t class_of(const nn_real *values, size_t width)
{
    if (width == 1)
        return values[0] >= (nn_real)0.5;
    size_t largest = 0;
    for (size_t i = 1; i < width; i++)
        if (values[i] > values[largest])
            largest = i;
    return largest;
}

static void gather_weights(nn_trainer *trainer, const nn_source *source, const nn_rows *rows)
{
    const size_t loss_rows = trainer->rows * trainer->distributions;
    const float *sample_weight =
        source->sample_weight != NULL ? source->sample_weight->values : NULL;
    for (size_t i = 0; i < loss_rows; i++) {
        const size_t row = i / trainer->distributions;
        double weight = 1;
        if (sample_weight != NULL)
            weight = (double)sample_weight[nn_rows_at(rows, row)];
        if (source->class_weight != NULL)
            weight *= source->class_weight[trainer->labels != NULL
                                               ? (size_t)trainer->labels[i]
                                               : class_of(trainer->values + i * trainer->width,
                                                          trainer->width)];
        trainer->row_weight[i] = weight;
        trainer->loss_factor[i] = (nn_real)(weight / (double)loss_rows);
    }
}

nn_status nn_trainer_gather(nn_trainer *trainer, const nn_source *source, const nn_rows *rows)
{
    trainer->rows = rows->count;
    nn_column_gather_scaled(source->x, rows, trainer->input_scale, trainer->input_offset,
                            trainer->workspace->x);
    if (trainer->labels != NULL)
        NN_TRY(nn_column_gather_labels(source->y, rows, source->classes, trainer->labels));
    else
        nn_column_gather(source->y, rows, trainer->values);
    gather_weights(trainer, source, rows);
    return NN_OK;
}

static void *metric_state(const nn_trainer *trainer, const nn_model *model, size_t index)
{
    size_t at = 0;
    for (size_t i = 0; i < index; i++)
        at += state_size(&model->metrics[i]);
    return trainer->metric_states + at;
}

double nn_trainer_forward(nn_trainer *trainer, const nn_model *model)
{
    const nn_loss *loss = nn_loss_of(&model->loss);
    const size_t loss_rows = trainer->rows * trainer->distributions;
    if (trainer->training)
        trainer->penalty = nn_penalty(model, trainer->workspace->loss_scratch);
    nn_real *y = nn_walk_forward(model, trainer->workspace, trainer->rows, trainer->workspace->x,
                                 model->fused);
    if (y == NULL)
        y = trainer->workspace->x; /* a model of views alone */
    if (model->fused)
        loss->fused_forward(model->loss.self, loss_rows, trainer->width, y, y, &trainer->target,
                            trainer->row_loss);
    else
        loss->forward(model->loss.self, loss_rows, trainer->width, y, &trainer->target,
                      trainer->row_loss);
    double sum = 0;
    for (size_t i = 0; i < loss_rows; i++)
        sum += trainer->row_weight[i] * trainer->row_loss[i];
    const double mean = sum / (double)loss_rows + trainer->workspace->added_loss + trainer->penalty;
    trainer->loss_sum += mean * (double)trainer->rows;
    trainer->rows_seen += trainer->rows;
    for (size_t i = 0; i < model->metric_count; i++) {
        const nn_part *metric = &model->metrics[i].part;
        nn_metric_of(metric)->update(metric->self, metric_state(trainer, model, i), loss_rows,
                                     trainer->width, y, &trainer->target);
    }
    return mean;
}

/* Values of the flat runs that one thread steps at a time. */
enum { STEP_VALUES = 32768 };

struct part_step {
    const nn_model *model;
    double learning_rate;
    size_t values;
};

static void step_part(void *context, size_t index)
{
    const struct part_step *part = context;
    const nn_model *model = part->model;
    const size_t first = index * part->values, left = model->trainable_size - first;
    nn_optimizer_step step = {
        .count = left < part->values ? left : part->values,
        .iteration = model->iteration,
        .learning_rate = part->learning_rate,
        .weights = model->weights + first,
        .gradients = model->gradients + first,
    };
    for (size_t i = 0; i < model->slot_count; i++)
        step.slots[i] = model->slots + i * model->trainable_size + first;
    nn_optimizer_of(&model->optimizer)->step(model->optimizer.self, &step);
}

static void optimizer_step(nn_model *model, double learning_rate)
{
    const bool elementwise = nn_optimizer_of(&model->optimizer)->elementwise;
    struct part_step part = {
        .model = model,
        .learning_rate = learning_rate,
        .values = elementwise ? STEP_VALUES : model->trainable_size,
    };
    if (model->trainable_size > 0)
        nn_pool_run((model->trainable_size - 1) / part.values + 1, step_part, &part);
}

void nn_trainer_backward(nn_trainer *trainer, nn_model *model)
{
    const nn_loss *loss = nn_loss_of(&model->loss);
    const size_t loss_rows = trainer->rows * trainer->distributions;
    nn_workspace *workspace = trainer->workspace;
    nn_real *dy = nn_walk_output_gradient(model, workspace);
    if (dy != NULL) { /* else nothing is trainable */
        const nn_real *y = workspace->nodes[model->node_count - 1].y;
        (model->fused ? loss->fused_backward : loss->backward)(model->loss.self, loss_rows,
                                                               trainer->width, y, &trainer->target,
                                                               trainer->loss_factor, dy);
        const nn_optimizer *optimizer = nn_optimizer_of(&model->optimizer);
        const double learning_rate = optimizer->learning_rate(model->optimizer.self);
        const bool penalized = nn_penalty_exists(model);
        if (!penalized && optimizer->folds != NULL && optimizer->folds(model->optimizer.self)) {
            nn_walk_backward_folded(model, workspace, trainer->rows, workspace->x, model->fused,
                                    learning_rate);
        } else {
            nn_walk_backward(model, workspace, trainer->rows, workspace->x, model->fused);
            if (penalized)
                nn_penalty_add_gradients(model, workspace->loss_scratch);
            optimizer_step(model, learning_rate);
        }
        nn_constrain(model);
    }
    model->iteration++;
}

void nn_trainer_reset_totals(nn_trainer *trainer)
{
    trainer->loss_sum = 0;
    trainer->rows_seen = 0;
    memset(trainer->metric_states, 0, trainer->metric_states_size);
}

void nn_trainer_totals(const nn_trainer *trainer, const nn_model *model, double *values)
{
    values[0] = trainer->rows_seen > 0 ? trainer->loss_sum / (double)trainer->rows_seen : 0;
    for (size_t i = 0; i < model->metric_count; i++) {
        const nn_part *metric = &model->metrics[i].part;
        values[1 + i] = nn_metric_of(metric)->result(metric->self, metric_state(trainer, model, i));
    }
}

nn_status nn_trainer_evaluate(nn_trainer *trainer, const nn_model *model, const nn_source *source)
{
    nn_trainer_reset_totals(trainer);
    trainer->penalty = nn_penalty(model, trainer->workspace->loss_scratch);
    for (size_t at = 0; at < source->rows; at += trainer->most_rows) {
        const size_t left = source->rows - at;
        NN_TRY(nn_trainer_gather(
            trainer, source,
            &(nn_rows){.first = at,
                       .count = left < trainer->most_rows ? left : trainer->most_rows}));
        nn_trainer_forward(trainer, model);
    }
    return NN_OK;
}
