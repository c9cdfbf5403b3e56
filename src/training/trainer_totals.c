/* The totals of an epoch: losses, the states of the metrics, norms of gradients. */
#include "allocate.h"
#include "penalty.h"
#include "trainer.h"
#include <math.h>
#include <string.h>

static size_t state_count(const nn_model *model, const nn_named_metric *metric)
{
    return nn_metric_of(&metric->part)
        ->state_count(metric->part.self,
                      nn_last_dimension(nn_model_output_shape(model, metric->output)));
}

nn_status nn_trainer_make_totals(nn_trainer *trainer, const nn_model *model)
{
    for (size_t i = 0; i < model->metric_count; i++)
        trainer->metric_state_count += state_count(model, &model->metrics[i]);
    trainer->metric_states =
        nn_allocate(trainer->metric_state_count, sizeof(*trainer->metric_states));
    return trainer->metric_states != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

/* Of the rows; NULL: none. */
static const double *weights_for(const nn_named_metric *metric, const nn_trainer_output *output)
{
    return metric->weighted && output->weighted ? output->row_weight : NULL;
}

void nn_trainer_add_batch(nn_trainer *trainer, const nn_model *model, double loss)
{
    double *state = trainer->metric_states;
    trainer->loss_sum += loss * (double)trainer->rows;
    trainer->rows_seen += trainer->rows;
    for (size_t i = 0; i < model->metric_count; i++) {
        const nn_named_metric *metric = &model->metrics[i];
        const nn_trainer_output *output = &trainer->outputs[metric->output];
        nn_metric_of(&metric->part)
            ->update(metric->part.self, state, trainer->rows * output->distributions, output->width,
                     output->y, &output->target, weights_for(metric, output));
        state += state_count(model, metric);
    }
}

nn_status nn_trainer_sum_norms(nn_trainer *trainer, const nn_model *model)
{
    trainer->norm_sums = nn_allocate(model->node_count, sizeof(*trainer->norm_sums));
    trainer->norm_count = trainer->norm_sums != NULL ? model->node_count : 0;
    return trainer->norm_sums != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

void nn_trainer_add_norms(nn_trainer *trainer, const nn_model *model)
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
