#include "fitting.h"
#include "optimizer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const common_options[] = {
    "weight_decay=0.01 clipnorm=0.05 use_ema=true ema_momentum=0.9 ema_overwrite_frequency=2",
    "clipvalue=0.01 gradient_accumulation_steps=2 use_ema=true ema_overwrite_frequency=3",
    "global_clipnorm=0.1 gradient_accumulation_steps=2 loss_scale_factor=3",
    "learning_rate=cosine_decay(initial_learning_rate=0.01, decay_steps=4, alpha=0.5)",
    NULL,
};

kind_of_model trains(const char *optimizer)
{
    nn_part part;
    OK(nn_part_parse(&part, &nn_optimizer_room, optimizer));
    const nn_optimizer *type = nn_optimizer_of(&part);
    const kind_of_model kind = type->solve == NULL                ? ANY_MODEL
                               : type->trains == NN_TRAINS_LINEAR ? LINEAR_MODEL
                                                                  : NO_DROPOUT;
    nn_part_free(&part);
    return kind;
}

bool takes(const char *optimizer, const char *common)
{
    nn_part part;
    char spec[512];
    if (trains(optimizer) == ANY_MODEL || strncmp(common, "learning_rate", 13) == 0)
        return true;
    snprintf(spec, sizeof(spec), "%s %s", optimizer, common);
    FAILS(nn_part_parse(&part, &nn_optimizer_room, spec), NN_ERR_INVALID,
          "is for optimizers that step over batches");
    return false;
}

nn_model *make_model(uint64_t seed, const char *layers, const char *optimizer, const char *loss,
                     const char *metrics)
{
    nn_model *model;
    char *rest = NULL, *copy = strdup(layers);
    OK(nn_model_create(&model));
    OK(nn_model_set_seed(model, seed));
    for (char *layer = strtok_r(copy, ";", &rest); layer != NULL;
         layer = strtok_r(NULL, ";", &rest))
        OK(nn_model_add(model, layer));
    free(copy);
    if (loss != NULL)
        OK(nn_model_compile(model, optimizer, loss, metrics));
    return model;
}

static size_t weight_width(const nn_model *model, const char *name)
{
    size_t shape[8], width = 1;
    const size_t rank = nn_model_weight_shape(model, name, shape, 8);
    for (size_t i = 0; i < rank; i++)
        width *= shape[i];
    return width;
}

float *weights_of(const nn_model *model, size_t *count)
{
    size_t at = 0;
    const size_t total = nn_model_parameter_count(model);
    float *weights = malloc((total > 0 ? total : 1) * sizeof(*weights));
    for (size_t i = 0; i < nn_model_weight_count(model); i++) {
        const char *name = nn_model_weight_name(model, i);
        const size_t width = weight_width(model, name);
        OK(nn_model_get_weights(model, name, weights + at, width));
        at += width;
    }
    ck_assert_uint_eq(at, total);
    if (count != NULL)
        *count = total;
    return weights;
}

bool has_weights(const nn_model *model, const float *weights)
{
    size_t count;
    float *own = weights_of(model, &count);
    const bool same = memcmp(own, weights, count * sizeof(*own)) == 0;
    free(own);
    return same;
}

bool same_weights(const nn_model *a, const nn_model *b)
{
    float *weights = weights_of(b, NULL);
    const bool same =
        nn_model_parameter_count(a) == nn_model_parameter_count(b) && has_weights(a, weights);
    free(weights);
    return same;
}

float noise(size_t index)
{
    uint32_t bits = (uint32_t)index * 2654435761u + 12345u;
    bits ^= bits >> 16;
    bits *= 2246822519u;
    bits ^= bits >> 13;
    return (float)(bits >> 8) / (float)(1 << 23) - 1;
}

void fill_blobs(blobs *points)
{
    static const float centers[BLOB_CLASSES][2] = {{2, 0}, {-1, 1.7f}, {-1, -1.7f}};
    memset(points, 0, sizeof(*points));
    for (size_t i = 0; i < BLOB_ROWS; i++) {
        const size_t label = i % BLOB_CLASSES;
        for (size_t j = 0; j < 2; j++)
            points->x[i][j] = centers[label][j] + 0.9f * noise(2 * i + j);
        points->label[i] = (int32_t)label;
        points->one_hot[i][label] = 1;
    }
}

nn_dataset *blob_dataset(const blobs *points)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, BLOB_ROWS, points->x, NN_FLOAT32, 2, points->label, NN_INT32,
                              1));
    return data;
}

nn_model *blob_model(uint64_t seed)
{
    return make_model(seed,
                      "dense units=8 activation=tanh input_shape=(2); "
                      "dense units=3 activation=softmax",
                      "sgd learning_rate=0.1 momentum=0.9", "sparse_categorical_crossentropy",
                      "accuracy");
}

nn_dataset *slice_of(const nn_dataset *whole, size_t first, size_t count)
{
    nn_dataset *part;
    OK(nn_dataset_slice(&part, whole, first, count));
    return part;
}

nn_fit_options callback_options(size_t epochs, size_t batch_size, nn_event_function callback,
                                void *user)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = epochs;
    options.batch_size = batch_size;
    options.callback = callback;
    options.callback_user = user;
    return options;
}

size_t epochs_in(const nn_history *history)
{
    const double *values;
    size_t count;
    OK(nn_history_get(history, "loss", &values, &count));
    return count;
}

double last_of(const nn_history *history, const char *name, size_t epochs)
{
    const double *values;
    size_t count;
    OK(nn_history_get(history, name, &values, &count));
    ck_assert_uint_eq(count, epochs);
    return values[count - 1];
}
