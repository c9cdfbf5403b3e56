#include "trainer.h"
#include "allocate.h"
#include "penalty.h"
#include "status.h"
#include "update.h"
#include "walk.h"
#include <math.h>
#include <string.h>

static size_t state_count(const nn_model *model, const nn_named_metric *metric)
{
    return nn_metric_of(&metric->part)
        ->state_count(metric->part.self,
                      nn_last_dimension(nn_model_output_shape(model, metric->output)));
}

static nn_status make_output(nn_trainer_output *output, const nn_model *model, size_t index,
                             size_t most_rows)
{
    const nn_shape *shape = nn_model_output_shape(model, index);
    const nn_loss *loss = nn_loss_of(&model->outputs[index].loss);
    size_t loss_rows, values;
    output->width = nn_last_dimension(shape);
    output->distributions = nn_shape_width(shape) / output->width;
    NN_REQUIRE(nn_multiply(most_rows, output->distributions, &loss_rows) &&
                   nn_multiply(loss_rows, output->width, &values),
               NN_ERR_NO_MEMORY, "a batch of %zu rows is more than memory can hold", most_rows);
    if (loss->target == NN_TARGET_LABELS)
        output->labels = nn_allocate(loss_rows, sizeof(*output->labels));
    else
        output->values = nn_allocate(values, sizeof(*output->values));
    output->row_weight = nn_allocate(loss_rows, sizeof(*output->row_weight));
    output->loss_factor = nn_allocate(loss_rows, sizeof(*output->loss_factor));
    output->row_loss = nn_allocate(loss_rows, sizeof(*output->row_loss));
    output->target = (nn_target){
        .kind = loss->target,
        .values = output->values,
        .labels = output->labels,
    };
    return (output->labels != NULL || output->values != NULL) && output->row_weight != NULL &&
                   output->loss_factor != NULL && output->row_loss != NULL
               ? NN_OK
               : NN_ERR_NO_MEMORY;
}

static nn_status make_batch(nn_trainer *trainer, const nn_model *model)
{
    for (size_t i = 0; i < model->metric_count; i++)
        trainer->metric_state_count += state_count(model, &model->metrics[i]);
    trainer->metric_states =
        nn_allocate(trainer->metric_state_count, sizeof(*trainer->metric_states));
    trainer->outputs = nn_allocate(model->output_count, sizeof(*trainer->outputs));
    if (trainer->metric_states == NULL || trainer->outputs == NULL)
        return NN_ERR_NO_MEMORY;
    trainer->output_count = model->output_count;
    for (size_t i = 0; i < model->output_count; i++)
        NN_TRY(make_output(&trainer->outputs[i], model, i, trainer->most_rows));
    return NN_OK;
}

nn_status nn_trainer_create(nn_trainer **trainer, const nn_model *model, size_t rows, bool training)
{
    *trainer = NULL;
    nn_trainer *made = nn_allocate(1, sizeof(*made));
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    made->most_rows = rows;
    made->training = training;
    const nn_optional_real *scale = &nn_optimizer_options_of(&model->optimizer)->loss_scale_factor;
    made->loss_scale = scale->given ? scale->value : 1;
    nn_status status =
        nn_workspace_create(&made->workspace, model, rows, training ? NN_TO_TRAIN : NN_TO_EVALUATE);
    if (status == NN_OK) {
        made->workspace->loss_scale = made->loss_scale;
        const size_t scaled = made->workspace->scaled_node;
        const nn_layer_build *input = scaled == NN_NO_NODE ? NULL : &model->nodes[scaled].build;
        made->input_scale = input != NULL ? (nn_real)input->scale : 1;
        made->input_offset = input != NULL ? (nn_real)input->offset : 0;
        status = make_batch(made, model);
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
    nn_reading_free(&trainer->reading);
    for (size_t i = 0; i < trainer->output_count; i++) {
        nn_trainer_output *output = &trainer->outputs[i];
        nn_release(output->values);
        nn_release(output->labels);
        nn_release(output->row_weight);
        nn_release(output->loss_factor);
        nn_release(output->row_loss);
    }
    nn_release(trainer->outputs);
    nn_release(trainer->metric_states);
    nn_release(trainer->norm_sums);
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
    nn_release(kept->norm_sums);
    kept->norm_sums = NULL;
    kept->norm_count = 0;
    nn_trainer_reset_totals(kept);
    *trainer = kept;
    return NN_OK;
}

/* The class of a row whose targets are values, as Keras finds it for class_weight: the largest, or 0
 * or 1 by rounding where there is one value. */
static size_t class_of(const nn_real *values, size_t width)
{
    return width == 1 ? values[0] >= (nn_real)0.5 : nn_largest(width, values);
}

/* Of row i of the output, a distribution of a row of the batch. */
static double weight_of(const nn_trainer_output *output, const nn_source *source,
                        const nn_rows *rows, size_t i)
{
    const nn_column *sample_weight = source->sample_weight;
    const size_t row = i / output->distributions;
    double weight = 1;
    if (sample_weight != NULL)
        weight = (double)((const float *)sample_weight
                              ->values)[nn_column_place(sample_weight, nn_rows_at(rows, row))];
    if (source->class_weight != NULL)
        weight *=
            source->class_weight[output->labels != NULL
                                     ? (size_t)output->labels[i]
                                     : class_of(output->values + i * output->width, output->width)];
    return weight;
}

/* What the reduction makes of a sum over rows. */
static double reduce(const nn_trainer_output *output, double sum)
{
    return output->divisor != 0 ? sum / output->divisor : 0;
}

/* scale: of the gradients */
static void gather_weights(nn_trainer_output *output, const nn_part *loss, double scale,
                           const nn_source *source, const nn_rows *rows)
{
    const size_t loss_rows = rows->count * output->distributions;
    size_t counted = 0;
    double weights = 0;
    for (size_t i = 0; i < loss_rows; i++) {
        const bool counts = nn_loss_counts(loss, &output->target, i);
        output->row_weight[i] = counts ? weight_of(output, source, rows, i) : 0;
        counted += counts;
        weights += output->row_weight[i];
    }
    const bool weighted = source->sample_weight != NULL || source->class_weight != NULL;
    output->divisor = nn_loss_divisor(loss, counted, weighted, weights);
    for (size_t i = 0; i < loss_rows; i++)
        output->loss_factor[i] = (nn_real)reduce(output, scale * output->row_weight[i]);
}

nn_status nn_trainer_prepare(nn_trainer *trainer, const nn_source *source)
{
    return source->reader == NULL
               ? NN_OK
               : nn_reading_reserve(&trainer->reading, source, trainer->most_rows);
}

static nn_status gather(nn_trainer *trainer, const nn_model *model, const nn_source *source,
                        const nn_rows *rows)
{
    trainer->rows = rows->count;
    for (size_t i = 0; i < nn_model_input_count(model); i++)
        nn_column_gather_scaled(&source->inputs[i], rows, trainer->input_scale,
                                trainer->input_offset,
                                nn_workspace_input(trainer->workspace, model, i));
    for (size_t i = 0; i < trainer->output_count; i++) {
        nn_trainer_output *output = &trainer->outputs[i];
        if (output->labels != NULL)
            NN_TRY(nn_column_gather_labels(&source->targets[i], rows, output->width,
                                           nn_loss_ignored_class(&model->outputs[i].loss),
                                           output->labels));
        else
            nn_column_gather(&source->targets[i], rows, output->values);
        gather_weights(output, &model->outputs[i].loss,
                       trainer->loss_scale * model->outputs[i].loss_weight, source, rows);
    }
    return NN_OK;
}

nn_status nn_trainer_gather(nn_trainer *trainer, const nn_model *model, const nn_source *source,
                            const nn_rows *rows)
{
    if (source->reader == NULL)
        return gather(trainer, model, source, rows);
    nn_source batch;
    trainer->rows = 0;
    size_t count = 0;
    NN_TRY(nn_reading_read(&trainer->reading, source, rows, &batch, &count));
    if (count == 0)
        return NN_OK;
    NN_TRY(nn_source_check_tokens(&batch, model));
    return gather(trainer, model, &batch, &(nn_rows){.count = count});
}

/* What an output's loss has to do with: its values in this batch. */
static nn_real *output_values(const nn_trainer *trainer, const nn_model *model, size_t index)
{
    nn_real *y = nn_walk_output(model, trainer->workspace, index);
    return y != NULL ? y : trainer->workspace->x; /* a model of views alone */
}

/* An output's loss of the batch. */
static double find_loss(nn_trainer *trainer, const nn_model *model, size_t index)
{
    nn_trainer_output *output = &trainer->outputs[index];
    const nn_part *part = &model->outputs[index].loss;
    const nn_loss *loss = nn_loss_of(part);
    const size_t loss_rows = trainer->rows * output->distributions;
    nn_real *y = output_values(trainer, model, index);
    if (model->outputs[index].fused)
        loss->fused_forward(part->self, loss_rows, output->width, y, y, &output->target,
                            output->row_loss);
    else
        loss->forward(part->self, loss_rows, output->width, y, &output->target, output->row_loss);
    output->y = y;
    double sum = 0;
    for (size_t i = 0; i < loss_rows; i++)
        sum += output->row_weight[i] * output->row_loss[i];
    const double reduced = reduce(output, sum);
    output->loss_sum += reduced * (double)trainer->rows;
    return reduced;
}

double nn_trainer_forward(nn_trainer *trainer, const nn_model *model)
{
    if (trainer->training)
        trainer->penalty = nn_penalty(model, trainer->workspace->loss_scratch);
    nn_walk_forward(model, trainer->workspace, trainer->rows, trainer->workspace->x, true);
    double loss = trainer->workspace->added_loss + trainer->penalty;
    for (size_t i = 0; i < trainer->output_count; i++)
        loss += model->outputs[i].loss_weight * find_loss(trainer, model, i);
    trainer->loss_sum += loss * (double)trainer->rows;
    trainer->rows_seen += trainer->rows;
    double *state = trainer->metric_states;
    for (size_t i = 0; i < model->metric_count; i++) {
        const nn_named_metric *metric = &model->metrics[i];
        const nn_trainer_output *output = &trainer->outputs[metric->output];
        nn_metric_of(&metric->part)
            ->update(metric->part.self, state, trainer->rows * output->distributions, output->width,
                     output->y, &output->target);
        state += state_count(model, metric);
    }
    return loss;
}

/* The losses' gradients, where backward begins. False if nothing is trainable. */
static bool differentiate_losses(nn_trainer *trainer, const nn_model *model)
{
    bool any = false;
    for (size_t i = 0; i < trainer->output_count; i++) {
        const nn_trainer_output *output = &trainer->outputs[i];
        const nn_part *part = &model->outputs[i].loss;
        const nn_loss *loss = nn_loss_of(part);
        nn_real *dy = nn_walk_output_gradient(trainer->workspace, i);
        if (dy == NULL)
            continue;
        (model->outputs[i].fused ? loss->fused_backward : loss->backward)(
            part->self, trainer->rows * output->distributions, output->width,
            output_values(trainer, model, i), &output->target, output->loss_factor, dy);
        any = true;
    }
    return any;
}

nn_status nn_trainer_sum_norms(nn_trainer *trainer, const nn_model *model)
{
    trainer->norm_sums = nn_allocate(model->node_count, sizeof(*trainer->norm_sums));
    trainer->norm_count = trainer->norm_sums != NULL ? model->node_count : 0;
    return trainer->norm_sums != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

static void add_norms(nn_trainer *trainer, const nn_model *model)
{
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        double squares = 0;
        for (size_t p = 0; p < node->build.parameter_count; p++) {
            const nn_parameter *parameter = &model->parameters[node->first_parameter + p];
            const nn_real *g = model->gradients + parameter->offset;
            for (size_t j = 0; parameter->trainable && j < parameter->width; j++)
                squares += (double)g[j] * (double)g[j];
        }
        trainer->norm_sums[i] += sqrt(squares);
    }
    trainer->norm_batches++;
}

/* The losses' gradients are known, unless a function of a caller's failed. */
static nn_status walk_backward(nn_trainer *trainer, nn_model *model)
{
    nn_walk_backward(model, trainer->workspace, trainer->rows, trainer->workspace->x, true,
                     1 / trainer->loss_scale);
    NN_TRY(nn_custom_take_failure());
    if (nn_penalty_exists(model))
        nn_penalty_add_gradients(model, trainer->workspace->loss_scratch);
    if (trainer->norm_sums != NULL)
        add_norms(trainer, model);
    return NN_OK;
}

nn_status nn_trainer_gradients(nn_trainer *trainer, nn_model *model)
{
    const bool any = differentiate_losses(trainer, model);
    NN_TRY(nn_custom_take_failure());
    return any ? walk_backward(trainer, model) : NN_OK;
}

/* Whether the step is made on the weights as the pass comes to them. Then there are no gradients, of which
 * there could be norms or to which a penalty's could be added, and none of a caller's own functions may fail
 * half-way. */
static bool folds(const nn_trainer *trainer, const nn_model *model)
{
    return trainer->norm_sums == NULL && model->custom.count == 0 && !nn_penalty_exists(model) &&
           nn_optimizer_folds(&model->optimizer);
}

nn_status nn_trainer_backward(nn_trainer *trainer, nn_model *model)
{
    model->gradients_known = false;
    const bool any = differentiate_losses(trainer, model);
    NN_TRY(nn_custom_take_failure());
    if (any) {
        if (folds(trainer, model)) {
            const double rate = nn_optimizer_rate(&model->optimizer, model->iteration);
            nn_walk_backward_folded(model, trainer->workspace, trainer->rows, trainer->workspace->x,
                                    true, rate / trainer->loss_scale);
        } else {
            NN_TRY(walk_backward(trainer, model));
            nn_update_weights(model);
        }
        nn_constrain(model);
    }
    nn_walk_update(model, trainer->workspace, trainer->rows, trainer->workspace->x);
    model->iteration++;
    return NN_OK;
}

void nn_trainer_reset_totals(nn_trainer *trainer)
{
    trainer->loss_sum = 0;
    for (size_t i = 0; i < trainer->output_count; i++)
        trainer->outputs[i].loss_sum = 0;
    trainer->rows_seen = 0;
    trainer->norm_batches = 0;
    if (trainer->norm_sums != NULL)
        memset(trainer->norm_sums, 0, trainer->norm_count * sizeof(*trainer->norm_sums));
    memset(trainer->metric_states, 0,
           trainer->metric_state_count * sizeof(*trainer->metric_states));
}

void nn_trainer_begin_evaluation(nn_trainer *trainer, const nn_model *model)
{
    nn_trainer_reset_totals(trainer);
    trainer->penalty = nn_penalty(model, trainer->workspace->loss_scratch);
}

void nn_trainer_totals(const nn_trainer *trainer, const nn_model *model, double *values)
{
    const double rows = trainer->rows_seen > 0 ? (double)trainer->rows_seen : 1;
    const double *state = trainer->metric_states;
    *values++ = trainer->loss_sum / rows;
    for (size_t i = 0; i < trainer->output_count && trainer->output_count > 1; i++)
        *values++ = trainer->outputs[i].loss_sum / rows;
    for (size_t i = 0; i < model->metric_count; i++) {
        const nn_named_metric *metric = &model->metrics[i];
        *values++ = nn_metric_of(&metric->part)
                        ->result(metric->part.self, trainer->outputs[metric->output].width, state);
        state += state_count(model, metric);
    }
}

nn_status nn_trainer_evaluate(nn_trainer *trainer, const nn_model *model, const nn_source *source,
                              nn_trainer_seeing *see, void *user)
{
    nn_trainer_begin_evaluation(trainer, model);
    NN_TRY(nn_reading_begin_pass(source));
    const size_t most = trainer->most_rows;
    for (size_t at = 0; source->rows == 0 || at < source->rows; at += trainer->rows) {
        const size_t left = source->rows > 0 ? source->rows - at : most;
        const nn_rows rows = {.first = at, .count = left < most ? left : most};
        NN_TRY(nn_trainer_gather(trainer, model, source, &rows));
        if (trainer->rows > 0) {
            nn_trainer_forward(trainer, model);
            NN_TRY(nn_custom_take_failure());
            if (see != NULL)
                NN_TRY(see(user, trainer, at));
        }
        if (trainer->rows < rows.count)
            break; /* the end of a stream */
    }
    NN_REQUIRE(trainer->rows_seen > 0, NN_ERR_INVALID, "the stream has no rows");
    return NN_OK;
}
