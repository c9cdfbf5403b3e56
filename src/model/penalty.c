/* Weight by weight, or output by output: a regularizer sees one as rows of its last dimension. */
#include "penalty.h"

static bool is_regularized(const nn_parameter *parameter)
{
    return parameter->trainable && parameter->regularizer != NULL;
}

static size_t rows_of(const nn_parameter *parameter)
{
    return parameter->width / nn_last_dimension(&parameter->shape);
}

static void raise_to(size_t *most, size_t values)
{
    if (*most < values)
        *most = values;
}

static const nn_part *activity_regularizer(const nn_node *node)
{
    return &((const nn_layer_common *)node->layer.self)->activity_regularizer;
}

bool nn_penalty_scratch(const nn_model *model, size_t rows, size_t *values)
{
    size_t needed;
    *values = 0;
    for (size_t i = 0; i < model->parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[i];
        if (!is_regularized(parameter))
            continue;
        if (!nn_regularizer_scratch(parameter->regularizer, rows_of(parameter),
                                    nn_last_dimension(&parameter->shape), &needed))
            return false;
        raise_to(values, needed);
    }
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_node *node = &model->nodes[i];
        const nn_shape *output = &node->build.output;
        if (!nn_activity_is_penalized(node))
            continue;
        if (!nn_regularizer_scratch(activity_regularizer(node), rows * nn_positions(output),
                                    nn_last_dimension(output), &needed))
            return false;
        raise_to(values, needed);
    }
    return true;
}

bool nn_penalty_exists(const nn_model *model)
{
    for (size_t i = 0; i < model->parameter_count; i++)
        if (is_regularized(&model->parameters[i]))
            return true;
    return false;
}

double nn_penalty(const nn_model *model, nn_real *scratch)
{
    double sum = 0;
    for (size_t i = 0; i < model->parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[i];
        if (!is_regularized(parameter))
            continue;
        const nn_part *regularizer = parameter->regularizer;
        sum += nn_regularizer_of(regularizer)
                   ->penalty(regularizer->self, rows_of(parameter),
                             nn_last_dimension(&parameter->shape),
                             model->weights + parameter->offset, scratch);
    }
    return sum;
}

void nn_penalty_add_gradients(nn_model *model, nn_real *scratch)
{
    for (size_t i = 0; i < model->parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[i];
        if (!is_regularized(parameter))
            continue;
        const nn_part *regularizer = parameter->regularizer;
        nn_regularizer_of(regularizer)
            ->add_gradient(regularizer->self, rows_of(parameter),
                           nn_last_dimension(&parameter->shape), model->weights + parameter->offset,
                           scratch, 1, model->gradients + parameter->offset);
    }
}

double nn_activity_penalty(const nn_node *node, size_t rows, const nn_real *y, nn_real *scratch)
{
    const nn_part *regularizer = activity_regularizer(node);
    const nn_shape *output = &node->build.output;
    if (regularizer->type == NULL)
        return 0;
    return nn_regularizer_of(regularizer)
               ->penalty(regularizer->self, rows * nn_positions(output), nn_last_dimension(output),
                         y, scratch) /
           (double)rows;
}

void nn_activity_add_gradient(const nn_node *node, size_t rows, const nn_real *y, nn_real *scratch,
                              nn_real scale, nn_real *dy)
{
    const nn_part *regularizer = activity_regularizer(node);
    const nn_shape *output = &node->build.output;
    nn_regularizer_of(regularizer)
        ->add_gradient(regularizer->self, rows * nn_positions(output), nn_last_dimension(output), y,
                       scratch, scale / (nn_real)rows, dy);
}

void nn_constrain(nn_model *model)
{
    for (size_t i = 0; i < model->parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[i];
        if (!parameter->trainable || parameter->constraint == NULL)
            continue;
        nn_constraint_of(parameter->constraint)
            ->project(parameter->constraint->self, &parameter->shape,
                      model->weights + parameter->offset);
    }
}
