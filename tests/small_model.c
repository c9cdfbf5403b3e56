#include "small_model.h"
#include "random.h"
#include <stdlib.h>

nn_model *model_of(uint64_t seed, const char *const *layers)
{
    nn_model *model;
    OK(nn_model_create(&model));
    OK(nn_model_set_seed(model, seed));
    for (; *layers != NULL; layers++)
        OK(nn_model_add(model, *layers));
    return model;
}

const char *const small_layers[] = {
    "flatten input_shape=(3,2)",
    "dense units=7 activation=relu",
    "dropout rate=0.5",
    "dense units=4 activation=softmax",
    NULL,
};

const char small_optimizer[] = "sgd learning_rate=0.1 momentum=0.9";
const char small_loss[] = "sparse_categorical_crossentropy";

nn_model *make_small(uint64_t seed)
{
    nn_model *model = model_of(seed, small_layers);
    OK(nn_model_compile(model, small_optimizer, small_loss, "accuracy"));
    return model;
}

float *make_inputs(size_t count)
{
    float *x = malloc(count * sizeof *x);
    nn_random random = nn_random_stream(9, NN_RANDOM_LAYER, 0, 0);
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(2 * nn_random_uniform(&random) - 1);
    return x;
}

void get_all_weights(const nn_model *model, float *values)
{
    for (size_t i = 0; i < nn_model_weight_count(model); i++) {
        const char *name = nn_model_weight_name(model, i);
        size_t shape[2] = {1, 1};
        nn_model_weight_shape(model, name, shape, 2);
        OK(nn_model_get_weights(model, name, values, shape[0] * shape[1]));
        values += shape[0] * shape[1];
    }
}
