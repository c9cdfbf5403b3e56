/* A C program as a user would write it, compiled by tests/consumers.sh against the installed tree. Its
 * one argument is a file name to save a model under. It prints the library's version. */
#include <nn.h>
#include <stdio.h>
#include <string.h>

static int failed(const char *what)
{
    fprintf(stderr, "consumer.c: %s: %s\n", what, nn_error_message());
    return 1;
}

int main(int argc, char **argv)
{
    static const float x[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    static const int32_t y[4] = {0, 1, 1, 1};
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    nn_dataset *data;
    nn_model *model;
    nn_model *loaded;
    nn_history *history;
    const double *loss;
    size_t count;
    float before[4];
    float after[4];

    if (argc != 2)
        return 2;
    if (nn_dataset_from_arrays(&data, 4, x, NN_FLOAT32, 2, y, NN_INT32, 1) != NN_OK)
        return failed("dataset");
    if (nn_model_create(&model) != NN_OK ||
        nn_model_add(model, "dense units=1 activation=sigmoid input_shape=(2)") != NN_OK ||
        nn_model_compile(model, "sgd learning_rate=1.0", "binary_crossentropy", "accuracy") !=
            NN_OK)
        return failed("model");
    options.epochs = 200;
    options.batch_size = 4;
    if (nn_fit(model, data, &options, &history) != NN_OK)
        return failed("fit");
    if (nn_history_get(history, "loss", &loss, &count) != NN_OK || count != 200 ||
        !(loss[199] < loss[0]))
        return failed("history");
    if (nn_predict(model, &x[0][0], 4, before) != NN_OK)
        return failed("predict");
    for (size_t i = 0; i < 4; i++)
        if ((before[i] > 0.5F) != y[i])
            return failed("OR was not learnt");
    if (nn_model_save(model, argv[1]) != NN_OK || nn_model_load(&loaded, argv[1]) != NN_OK)
        return failed("save and load");
    if (nn_predict(loaded, &x[0][0], 4, after) != NN_OK ||
        memcmp(before, after, sizeof before) != 0)
        return failed("the loaded model predicts otherwise");
    nn_history_free(history);
    nn_model_free(loaded);
    nn_model_free(model);
    nn_dataset_free(data);
    puts(nn_version());
    return 0;
}
