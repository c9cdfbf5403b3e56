#include "model_differences.h"
#include "allocate.h"
#include "layer.h"
#include "loss.h"
#include "trainer.h"
#include "walk.h"
#include <string.h>

struct model_context {
    nn_model *model;
    nn_trainer *trainer;
    uint64_t iteration;
};

/* The batch's loss in the step of that number: dropout drops the same each time. */
static double model_value(void *context)
{
    struct model_context *m = context;
    m->model->iteration = m->iteration;
    return nn_trainer_forward(m->trainer, m->model);
}

enum { MOST_ARRAYS = 2 + 2 * (NN_MAX_INPUTS + NN_MAX_OUTPUTS) };

/* What must live as long as a dataset. */
struct arrays {
    void *list[MOST_ARRAYS];
    size_t count;
};

static void *keep(struct arrays *arrays, void *array)
{
    ck_assert_uint_lt(arrays->count, MOST_ARRAYS);
    arrays->list[arrays->count++] = array;
    return array;
}

static float *draw_floats(struct arrays *arrays, nn_random *random, size_t count, double low,
                          double high)
{
    float *values = keep(arrays, nn_allocate(count, sizeof *values));
    for (size_t i = 0; i < count; i++)
        values[i] = (float)between(random, low, high);
    return values;
}

static void add_targets(nn_dataset *data, const nn_model *model, size_t output, nn_random *random,
                        struct arrays *arrays)
{
    const size_t rows = nn_dataset_rows(data);
    const nn_shape *shape = nn_model_output_shape(model, output);
    const char *name = nn_model_output_name(model, output);
    const size_t classes = nn_last_dimension(shape), width = nn_shape_width(shape);
    if (nn_loss_of(&model->outputs[output].loss)->target != NN_TARGET_LABELS) {
        float *values = draw_floats(arrays, random, rows * width, 0, 1);
        OK(nn_dataset_add_column(data, name, values, NN_FLOAT32, width));
        return;
    }
    int32_t *labels = keep(arrays, nn_allocate(rows * width / classes, sizeof *labels));
    for (size_t i = 0; i < rows * width / classes; i++)
        labels[i] = (int32_t)nn_random_below(random, classes);
    OK(nn_dataset_add_column(data, name, labels, NN_INT32, width / classes));
}

/* How many whole numbers the layer that reads an input as it is knows; 0: it takes any numbers. */
static size_t tokens_of_input(const nn_model *model, size_t input)
{
    if (model->input_count == 0)
        return model->nodes[0].build.tokens;
    size_t tokens = 0;
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i].input_count > 0 && model->nodes[i].inputs[0] == model->inputs[input])
            tokens = model->nodes[i].build.tokens;
    return tokens;
}

/* Random inputs, targets and weights of rows for what the model and its losses want. */
static nn_dataset *make_data(const nn_model *model, size_t rows, nn_random *random,
                             struct arrays *arrays)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, rows, NULL, NN_FLOAT32, 0, NULL, NN_FLOAT32, 0));
    for (size_t i = 0; i < nn_model_input_count(model); i++) {
        const size_t width = nn_shape_width(nn_model_input_shape(model, i));
        float *values = draw_floats(arrays, random, rows * width, -1, 1);
        const size_t tokens = tokens_of_input(model, i);
        for (size_t j = 0; j < rows * width && tokens > 0; j++)
            values[j] = (float)nn_random_below(random, tokens);
        OK(nn_dataset_add_column(data, nn_model_input_name(model, i), values, NN_FLOAT32, width));
    }
    for (size_t i = 0; i < model->output_count; i++)
        add_targets(data, model, i, random, arrays);
    if (rows % 2 == 0)
        OK(nn_dataset_add_column(data, "sample_weight", draw_floats(arrays, random, rows, 0, 2),
                                 NN_FLOAT32, 1));
    return data;
}

/* Where a weight is; the gaps between them hold zeros, and so do their gradients. */
static void check_gaps(const nn_model *model)
{
    size_t used = 0, zeros = 0;
    bool *taken = nn_allocate(model->trainable_size, sizeof *taken);
    for (size_t i = 0; i < model->parameter_count; i++) {
        ck_assert_uint_eq(model->parameters[i].offset * sizeof(nn_real) % NN_ALIGNMENT, 0);
        for (size_t j = 0; j < model->parameters[i].width && model->parameters[i].trainable; j++) {
            ck_assert(!taken[model->parameters[i].offset + j]);
            taken[model->parameters[i].offset + j] = true;
            used++;
        }
    }
    for (size_t i = 0; i < model->trainable_size; i++)
        zeros += !taken[i] && model->gradients[i] == 0 && model->weights[i] == 0;
    ck_assert_uint_eq(used + zeros, model->trainable_size);
    nn_release(taken);
}

/* A step of plain gradient descent, which writes no gradients, takes just these off the weights. */
static void check_folded(struct model_context *m, const char *loss, const nn_real *gradients)
{
    nn_model *model = m->model;
    const size_t size = model->trainable_size;
    nn_real *before = nn_allocate(size, sizeof *before);
    memcpy(before, model->weights, size * sizeof *before);
    OK(nn_model_compile(model, "sgd learning_rate=1", loss, NULL));
    model_value(m);
    nn_trainer_backward(m->trainer, model);
    for (size_t i = 0; i < size; i++) /* the last digit of a double */
        ck_assert_double_eq_tol(before[i] - model->weights[i], gradients[i], 1e-14);
    nn_release(before);
}

void check_graph(const char *layers, const char *outputs, const char *loss, size_t rows,
                 nn_random *random, struct tally *tally)
{
    struct model_context m = {.iteration = nn_random_below(random, 1000)};
    nn_spec_list list;
    nn_text about = NN_TEXT_INIT;
    nn_text_append(&about, "%s -> %s", layers, loss);
    OK(nn_model_create(&m.model));
    OK(nn_model_set_seed(m.model, seed()));
    OK(nn_spec_parse_list(&list, layers));
    for (size_t i = 0; i < list.count; i++) {
        nn_part layer;
        OK(nn_part_create(&layer, &nn_layer_room, list.specs[i]));
        OK(nn_model_add_part(m.model, &layer));
    }
    nn_spec_list_free(&list);
    if (outputs != NULL) {
        double weights[NN_MAX_OUTPUTS];
        OK(nn_model_set_outputs(m.model, outputs));
        for (size_t i = 0; i < m.model->output_count; i++)
            weights[i] = 0.5 + (double)i;
        OK(nn_model_set_loss_weights(m.model, weights, m.model->output_count));
    }
    /* a step changes nothing, and isn't folded into the product */
    OK(nn_model_compile(m.model, "sgd learning_rate=0 momentum=0.5", loss, NULL));
    for (size_t i = 0; i < m.model->parameter_count; i++)
        for (size_t j = 0; j < m.model->parameters[i].width; j++)
            m.model->weights[m.model->parameters[i].offset + j] = m.model->parameters[i].trainable
                                                                      ? between(random, -0.8, 0.8)
                                                                      : between(random, 0.5, 2);

    struct arrays arrays = {.count = 0};
    nn_dataset *data = make_data(m.model, rows, random, &arrays);
    nn_source source;
    OK(nn_source_open(&source, m.model, data, "data"));
    OK(nn_trainer_create(&m.trainer, m.model, rows + rows % 3, true)); /* may hold more */
    OK(nn_trainer_gather(m.trainer, m.model, &source, &(nn_rows){.count = rows}));
    model_value(&m);
    nn_trainer_backward(m.trainer, m.model);
    check_gaps(m.model);
    nn_real *gradients = nn_allocate(m.model->trainable_size, sizeof *gradients);
    memcpy(gradients, m.model->gradients, m.model->trainable_size * sizeof *gradients);
    for (size_t i = 0; i < m.model->parameter_count; i++) {
        const size_t offset = m.model->parameters[i].offset;
        if (!m.model->parameters[i].trainable)
            continue;
        compare(m.model->weights + offset, m.model->parameters[i].width, gradients + offset,
                model_value, &m, about.data, tally);
    }
    check_folded(&m, loss, gradients);
    nn_release(gradients);
    nn_trainer_free(m.trainer);
    nn_dataset_free(data);
    nn_model_free(m.model);
    for (size_t i = 0; i < arrays.count; i++)
        nn_release(arrays.list[i]);
    nn_text_free(&about);
}

const char *pick(nn_random *random, const char *const *from, size_t count)
{
    return from[nn_random_below(random, count)];
}
