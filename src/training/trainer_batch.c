/* A batch: inputs, targets and weights of rows of a source. */
#include "trainer.h"

/* The class of a row whose targets are values, as Keras finds it for class_weight: the largest, or 0
 * or 1 by rounding where there is one value. */
static size_t class_of(const nn_real *values, size_t width)
{
    return width == 1 ? values[0] >= (nn_real)0.5 : nn_largest(width, values);
}

/* A label that is no class, which the loss ignores, has none. */
static double class_weight_of(const nn_trainer_output *output, const double *class_weight, size_t i)
{
    if (output->labels == NULL)
        return class_weight[class_of(output->values + i * output->width, output->width)];
    const size_t label = (size_t)output->labels[i];
    return label < output->width ? class_weight[label] : 1;
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
        weight *= class_weight_of(output, source->class_weight, i);
    return weight;
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
        output->row_weight[i] = weight_of(output, source, rows, i);
        counted += counts;
        weights += counts ? output->row_weight[i] : 0;
    }
    output->weighted = source->sample_weight != NULL || source->class_weight != NULL;
    output->divisor = nn_loss_divisor(loss, counted, output->weighted, weights);
    for (size_t i = 0; i < loss_rows; i++)
        output->loss_factor[i] = (nn_real)nn_trainer_reduce(output, scale * output->row_weight[i]);
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
