/* Trains small models of every layer and saves each with what it computes, for check_saved_model.py to
 * compare with Keras. Run by hand:
 *
 *     save_models DIRECTORY
 *
 * writes DIRECTORY/NAME.safetensors and DIRECTORY/NAME.json:
 *
 *     {"x": [...], "y": [...], "predictions": [...], "evaluated": {"loss": ..., ...}}
 *
 * Several inputs or outputs lie side by side in a row of x, y and predictions. */
#include "nn.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 24, WIDTH = 12, LAYERS = 20 };

typedef struct example {
    const char *name;
    const char *layers[LAYERS]; /* ended by NULL; 12 inputs */
    const char *optimizer, *loss, *metrics;
    size_t classes;      /* labels below it; 0: values as wide as the output */
    const char *outputs; /* NULL: the last layer; else there are two */
    bool own;            /* with the parts below */
} example;

/* Parts of the caller's own, which check_saved_model.py has, too: sine, and the mean of fourth powers. */
static nn_status sine(void *user, size_t rows, size_t width, const float *z, float *y)
{
    (void)user;
    for (size_t i = 0; i < rows * width; i++)
        y[i] = sinf(z[i]);
    return NN_OK;
}

static nn_status sine_backward(void *user, size_t rows, size_t width, const float *z,
                               const float *y, const float *dy, float *dz)
{
    (void)user, (void)y;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = dy[i] * cosf(z[i]);
    return NN_OK;
}

static nn_status fourth(void *user, size_t rows, size_t width, const void *y_true,
                        const float *y_pred, double *loss)
{
    const float *t = y_true;
    (void)user;
    for (size_t i = 0; i < rows; i++) {
        loss[i] = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++)
            loss[i] += pow((double)(y_pred[j] - t[j]), 4) / (double)width;
    }
    return NN_OK;
}

static nn_status fourth_backward(void *user, size_t rows, size_t width, const void *y_true,
                                 const float *y_pred, float *gradient)
{
    const float *t = y_true;
    (void)user;
    for (size_t i = 0; i < rows * width; i++)
        gradient[i] = 4 * powf(y_pred[i] - t[i], 3) / (float)width;
    return NN_OK;
}

static const example examples[] = {
    {"labels",
     {"flatten input_shape=(3,4)", "rescaling scale=0.5 offset=-0.25",
      "dense units=8 activation=relu kernel_initializer=he_normal(seed=7)",
      "dropout rate=0.25 seed=3",
      "dense units=3 activation=softmax kernel_initializer=orthogonal(gain=0.5)"},
     "sgd learning_rate=0.1 momentum=0.9 nesterov=true",
     "sparse_categorical_crossentropy",
     "accuracy; accuracy weighted=true; sparse_categorical_crossentropy weighted=true name=ce",
     3,
     NULL,
     false},
    {"values",
     {"dense units=6 activation=tanh input_shape=(3,4) "
      "kernel_initializer=random_normal(mean=0.1, stddev=0.3)",
      "flatten name=flat", "activation activation=leaky_relu(negative_slope=0.3)",
      "dense units=5 use_bias=false activation=relu(negative_slope=0.1, threshold=0.2) "
      "kernel_initializer=random_uniform(minval=-0.4, maxval=0.4)",
      "dense units=2 kernel_initializer=glorot_normal bias_initializer=constant(value=0.5)",
      "activation activation=linear name=last"},
     "sgd learning_rate=0.02 momentum=0.5",
     "mean_squared_error",
     "mean_absolute_error",
     0,
     NULL,
     false},
    {"binary",
     {"dense units=7 activation=sigmoid kernel_initializer=he_uniform bias_initializer=ones "
      "input_shape=(12)",
      "dense units=4 activation=relu(negative_slope=0.3)",
      "dense units=1 activation=sigmoid bias_initializer=zeros"},
     "sgd",
     "binary_crossentropy label_smoothing=0.1",
     "accuracy; auc thresholds=(0.2,0.5,0.9); auc thresholds=0.4 name=one weighted=true",
     2,
     NULL,
     false},
    {"one_hot",
     {"dense units=7 activation=leaky_relu input_shape=(12)", "dense units=3"},
     "sgd learning_rate=0.05",
     "categorical_crossentropy from_logits=true label_smoothing=0.05",
     "categorical_accuracy",
     0,
     NULL,
     false},
    {"penalized",
     {"dense units=7 activation=tanh input_shape=(12) kernel_regularizer=l1_l2(l1=0.01, l2=0.02) "
      "activity_regularizer=l2(l2=0.1) kernel_constraint=min_max_norm(min_value=0.5, rate=0.5)",
      "dense units=6 activation=tanh trainable=false kernel_regularizer=l2(l2=1) "
      "activity_regularizer=l1",
      "dense units=5 activation=relu kernel_regularizer=orthogonal_regularizer(mode=columns) "
      "bias_constraint=non_neg kernel_constraint=unit_norm(axis=1)",
      "dense units=3 activation=softmax bias_regularizer=l2 kernel_constraint=max_norm"},
     "sgd momentum=0.9",
     "sparse_categorical_crossentropy",
     "accuracy",
     3,
     NULL,
     false},
    {"normalized",
     {"normalization input_shape=(3,4)", "normalization mean=(0.5,0,-0.5,1) variance=(2,1,0.5,4)",
      "permute dims=(2,1)", "dense units=6", "batch_normalization momentum=0.5 epsilon=0.01",
      "prelu alpha_initializer=constant(value=0.25) shared_axes=(1)",
      "group_normalization groups=3 scale=false", "gaussian_noise stddev=0.125 seed=4",
      "reshape target_shape=(-1,3)", "layer_normalization center=false", "flatten",
      "activity_regularization l1=0.015625 l2=0.25", "alpha_dropout rate=0.25",
      "gaussian_dropout rate=0.25 seed=5", "rms_normalization epsilon=0.001", "repeat_vector n=2",
      "unit_normalization", "flatten name=last", "dense units=3"},
     "sgd learning_rate=0.05 momentum=0.5",
     "mean_squared_error",
     "mean_absolute_error",
     0,
     NULL,
     false},
    {"embedded",
     {"rescaling scale=2 offset=2 input_shape=(12)",
      "embedding input_dim=5 output_dim=3 embeddings_initializer=random_normal(stddev=0.5)",
      "flatten", "dense units=2"},
     "sgd learning_rate=0.05",
     "mean_squared_error",
     NULL,
     0,
     NULL,
     false},
    {"encoded",
     {"rescaling scale=2 offset=2 input_shape=(12)",
      "category_encoding num_tokens=5 output_mode=count", "dense units=2"},
     "sgd learning_rate=0.05",
     "mean_squared_error",
     NULL,
     0,
     NULL,
     false},
    {"residual",
     {"dense units=5 activation=relu input_shape=(12) name=h", "dropout rate=0.2",
      "dense units=5 name=r", "add inputs=(h,r)", "dense units=3 activation=softmax"},
     "sgd learning_rate=0.1",
     "sparse_categorical_crossentropy",
     "accuracy",
     3,
     NULL,
     false},
    {"two_ends",
     {"input shape=(2,4) name=image", "flatten name=flat", "input shape=4 name=more",
      "dense units=8 activation=tanh name=m", "multiply inputs=(flat,m)", "dense units=2 name=size",
      "dot axes=1 normalize=true name=cosine inputs=(flat,m)",
      "concatenate axis=-1 inputs=(multiply,cosine)", "dense units=3 activation=softmax name=kind"},
     "sgd learning_rate=0.05 momentum=0.9",
     "mean_squared_error; categorical_crossentropy",
     "size/mae; kind/categorical_accuracy",
     0,
     "size, kind",
     false},
    {"gated",
     {"dense units=6 activation=tanh input_shape=(12) name=h",
      "dense units=1 activation=sigmoid name=gate",
      "multiply inputs=(h,gate) activity_regularizer=l2(l2=0.1)", "leaky_relu",
      "identity name=here activity_regularizer=l1(l1=0.05)", "average inputs=(gate,here)",
      "relu max_value=1.5 negative_slope=0.1", "elu alpha=0.5", "dense units=3",
      "softmax activity_regularizer=l2"},
     "sgd learning_rate=0.1",
     "sparse_categorical_crossentropy",
     "accuracy",
     3,
     NULL,
     false},
    {"own",
     {"dense units=5 activation=sine input_shape=(12)", "dense units=3"},
     "sgd learning_rate=0.05 momentum=0.5",
     "fourth_power",
     "fourth_power; fourth_power name=again; mean_absolute_error",
     0,
     NULL,
     true},
};

static void check(nn_status status, const char *what)
{
    if (status == NN_OK)
        return;
    fprintf(stderr, "%s: %s: %s\n", what, nn_status_string(status), nn_error_message());
    exit(EXIT_FAILURE);
}

static void add_own_parts(nn_model *model)
{
    const nn_custom_activation activation = {sizeof activation, "sine", sine,
                                             sine_backward,     NULL,   NULL};
    const nn_custom_loss loss = {sizeof loss,     "fourth_power", 0,   fourth,
                                 fourth_backward, NULL,           NULL};
    const nn_custom_metric metric = {sizeof metric, "fourth_power", 0, fourth, NULL, NULL};
    check(nn_model_register_activation(model, &activation), "sine");
    check(nn_model_register_loss(model, &loss), "fourth_power");
    check(nn_model_register_metric(model, &metric), "fourth_power");
}

static FILE *open_json(const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.json", directory, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

static void write_list(FILE *file, const char *key, size_t count, const float *values)
{
    fprintf(file, "\"%s\": [", key);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s%.9g", i == 0 ? "" : ", ", (double)values[i]);
    fprintf(file, "],\n");
}

static void save(const nn_model *model, const nn_dataset *data, const char *directory,
                 const example *made)
{
    static float x[ROWS * WIDTH], y[ROWS * WIDTH], predictions[ROWS * WIDTH];
    char path[4096];
    double values[8];
    const size_t width = nn_dataset_width(data, "y"), output = nn_model_output_width(model);
    const size_t count = nn_model_metric_count(model);
    check(nn_dataset_get_values(data, "x", 0, ROWS, x), made->name);
    check(nn_dataset_get_values(data, "y", 0, ROWS, y), made->name);
    check(nn_predict(model, x, ROWS, predictions), made->name);
    check(nn_evaluate(model, data, values, count), made->name);
    snprintf(path, sizeof path, "%s/%s.safetensors", directory, made->name);
    check(nn_model_save(model, path), path);
    FILE *file = open_json(directory, made->name);
    fprintf(file, "{\n");
    write_list(file, "x", (size_t)ROWS * WIDTH, x);
    write_list(file, "y", ROWS * width, y);
    write_list(file, "predictions", ROWS * output, predictions);
    fprintf(file, "\"evaluated\": {");
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s\"%s\": %.17g", i == 0 ? "" : ", ", nn_model_metric_name(model, i),
                values[i]);
    fprintf(file, "}\n}\n");
    if (fclose(file) != 0) {
        perror(made->name);
        exit(EXIT_FAILURE);
    }
}

static void make(const char *directory, const example *made)
{
    static float x[ROWS * WIDTH], y[ROWS * WIDTH];
    static int32_t labels[ROWS];
    nn_model *model;
    nn_dataset *data;
    check(nn_model_create(&model), made->name);
    if (made->own)
        add_own_parts(model);
    for (size_t i = 0; made->layers[i] != NULL; i++)
        check(nn_model_add(model, made->layers[i]), made->layers[i]);
    if (made->outputs != NULL) {
        check(nn_model_set_outputs(model, made->outputs), made->outputs);
        check(nn_model_set_loss_weights(model, (const double[]){0.5, 2}, 2), made->name);
    }
    check(nn_model_compile(model, made->optimizer, made->loss, made->metrics), made->name);
    const size_t output = nn_model_output_width(model);
    for (size_t i = 0; i < (size_t)ROWS * WIDTH; i++)
        x[i] = (float)sin(0.7 * (double)(i * i % 101));
    for (size_t i = 0; i < ROWS; i++) {
        labels[i] = made->classes == 0 ? 0 : (int32_t)(i * 5 / 3 % made->classes);
        for (size_t j = 0; j < output; j++)
            y[i * output + j] = i % output == j;
    }
    const void *targets = made->classes == 0 ? (const void *)y : (const void *)labels;
    check(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, WIDTH, targets,
                                 made->classes == 0 ? NN_FLOAT32 : NN_INT32,
                                 made->classes == 0 ? output : 1),
          made->name);
    check(nn_model_adapt(model, NULL, data), made->name);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 3;
    options.batch_size = 10;
    check(nn_fit(model, data, &options, NULL), made->name);
    save(model, data, directory, made);
    nn_model_free(model);
    nn_dataset_free(data);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: save_models DIRECTORY\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        make(arguments[1], &examples[i]);
    return EXIT_SUCCESS;
}
