/* A step over the batch: forward to the losses, backward from them, and the weights. */
#include "penalty.h"
#include "status.h"
#include "trainer.h"
#include "update.h"
#include "walk.h"

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
    const double reduced = nn_trainer_reduce(output, sum);
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
    nn_trainer_add_batch(trainer, model, loss);
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

/* The losses' gradients are known, unless a function of a caller's failed. */
static nn_status walk_backward(nn_trainer *trainer, nn_model *model)
{
    nn_walk_backward(model, trainer->workspace, trainer->rows, trainer->workspace->x, true,
                     1 / trainer->loss_scale);
    NN_TRY(nn_custom_take_failure());
    if (nn_penalty_exists(model))
        nn_penalty_add_gradients(model, trainer->workspace->loss_scratch);
    if (trainer->norm_sums != NULL)
        nn_trainer_add_norms(trainer, model);
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
