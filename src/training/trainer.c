/* What a trainer is made of, and the one that a model keeps. */
#include "trainer.h"
#include "allocate.h"
#include "status.h"

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
    NN_TRY(nn_trainer_make_totals(trainer, model));
    trainer->outputs = nn_allocate(model->output_count, sizeof(*trainer->outputs));
    if (trainer->outputs == NULL)
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

nn_status nn_trainer_prepare(nn_trainer *trainer, const nn_source *source)
{
    return source->reader == NULL
               ? NN_OK
               : nn_reading_reserve(&trainer->reading, source, trainer->most_rows);
}
