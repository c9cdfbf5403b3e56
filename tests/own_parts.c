#include "own_parts.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct caller caller;

static nn_status count_call(void *user)
{
    struct caller *c = user;
    const size_t call = atomic_fetch_add(&c->calls, 1) + 1;
    return call == atomic_load(&c->fails_at) ? OWN_STATUS : NN_OK;
}

static void release_caller(void *user)
{
    atomic_fetch_add(&((struct caller *)user)->released, 1);
}

void fail_at(size_t k)
{
    atomic_store(&caller.calls, 0);
    atomic_store(&caller.fails_at, k);
}

/* ---- copies of built-in parts ---- */

nn_status swish(void *user, size_t rows, size_t width, const float *z, float *y)
{
    nn_status status = count_call(user);
    for (size_t i = 0; i < rows * width; i++) {
        if (z[i] > 1e6f)
            status = OWN_STATUS;
        y[i] = z[i] / (1 + expf(-z[i]));
    }
    return status;
}

nn_status swish_backward(void *user, size_t rows, size_t width, const float *z, const float *y,
                         const float *dy, float *dz)
{
    (void)y;
    for (size_t i = 0; i < rows * width; i++) {
        const float s = 1 / (1 + expf(-z[i]));
        dz[i] = dy[i] * (s + z[i] * s * (1 - s));
    }
    return count_call(user);
}

static nn_status leaky(void *user, size_t rows, size_t width, const float *z, float *y)
{
    for (size_t i = 0; i < rows * width; i++)
        y[i] = z[i] > 0 ? z[i] : 0.25f * z[i];
    return count_call(user);
}

static nn_status leaky_backward(void *user, size_t rows, size_t width, const float *z,
                                const float *y, const float *dy, float *dz)
{
    (void)y;
    for (size_t i = 0; i < rows * width; i++)
        dz[i] = z[i] > 0 ? dy[i] : 0.25f * dy[i];
    return count_call(user);
}

static nn_status squares(void *user, size_t rows, size_t width, const void *y_true,
                         const float *y_pred, double *loss)
{
    const float *target = y_true;
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++) {
            const double difference = (double)y_pred[j] - (double)target[j];
            sum += difference * difference;
        }
        loss[i] = sum / (double)width;
    }
    return count_call(user);
}

static nn_status squares_backward(void *user, size_t rows, size_t width, const void *y_true,
                                  const float *y_pred, float *gradient)
{
    const float *target = y_true;
    for (size_t i = 0; i < rows * width; i++)
        gradient[i] = 2 * (y_pred[i] - target[i]) / (float)width;
    return count_call(user);
}

/* The same with class labels for one-hot rows. */
static float one_hot(const void *y_true, size_t row, size_t j)
{
    return ((const int32_t *)y_true)[row] == (int32_t)j ? 1 : 0;
}

static nn_status label_squares(void *user, size_t rows, size_t width, const void *y_true,
                               const float *y_pred, double *loss)
{
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = 0; j < width; j++) {
            const double difference = (double)y_pred[i * width + j] - (double)one_hot(y_true, i, j);
            sum += difference * difference;
        }
        loss[i] = sum / (double)width;
    }
    return count_call(user);
}

static nn_status label_squares_backward(void *user, size_t rows, size_t width, const void *y_true,
                                        const float *y_pred, float *gradient)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < width; j++)
            gradient[i * width + j] =
                2 * (y_pred[i * width + j] - one_hot(y_true, i, j)) / (float)width;
    return count_call(user);
}

const nn_custom_activation my_swish = {sizeof(my_swish), "my_swish", swish,
                                       swish_backward,   &caller,    release_caller};
const nn_custom_activation my_leaky = {sizeof(my_leaky), "my_leaky", leaky,
                                       leaky_backward,   &caller,    NULL};
const nn_custom_loss my_squares = {sizeof(my_squares), "my_squares", 0,   squares,
                                   squares_backward,   &caller,      NULL};
const nn_custom_loss my_label_squares = {sizeof(my_label_squares),
                                         "my_label_squares",
                                         1,
                                         label_squares,
                                         label_squares_backward,
                                         &caller,
                                         NULL};
const nn_custom_metric my_error = {sizeof(my_error), "my_error", 0, squares, &caller, NULL};
const nn_custom_metric my_label_error = {sizeof(my_label_error), "my_label_error", 1,
                                         label_squares,          &caller,          NULL};

nn_status register_all(nn_model *model)
{
    nn_status status = nn_model_register_activation(model, &my_swish);
    if (status == NN_OK)
        status = nn_model_register_activation(model, &my_leaky);
    if (status == NN_OK)
        status = nn_model_register_loss(model, &my_squares);
    if (status == NN_OK)
        status = nn_model_register_loss(model, &my_label_squares);
    if (status == NN_OK)
        status = nn_model_register_metric(model, &my_error);
    return status == NN_OK ? nn_model_register_metric(model, &my_label_error) : status;
}

nn_model *parts_model(void)
{
    nn_model *model;
    OK(nn_model_create(&model));
    OK(register_all(model));
    return model;
}

/* Two dense layers of which the first has that activation. */
nn_model *two_layers(const char *activation, const char *optimizer, const char *loss,
                     const char *metrics)
{
    char layer[128];
    nn_model *model = parts_model();
    OK(nn_model_set_seed(model, 5));
    snprintf(layer, sizeof(layer), "dense units=8 activation=%s input_shape=(2)", activation);
    OK(nn_model_add(model, layer));
    OK(nn_model_add(model, "dense units=3"));
    OK(nn_model_compile(model, optimizer, loss, metrics));
    return model;
}

blobs points;
nn_dataset *labelled, *valued;

void setup(void)
{
    memset(&caller, 0, sizeof(caller));
    fill_blobs(&points);
    labelled = blob_dataset(&points);
    OK(nn_dataset_from_arrays(&valued, BLOB_ROWS, points.x, NN_FLOAT32, 2, points.one_hot,
                              NN_FLOAT32, 3));
}

void teardown(void)
{
    nn_dataset_free(labelled);
    nn_dataset_free(valued);
    OK(nn_set_num_threads(0));
}

nn_status fit(nn_model *model, const nn_dataset *data, size_t epochs)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = epochs;
    options.batch_size = 16;
    return nn_fit(model, data, &options, NULL);
}

nn_model *fitted_model(void)
{
    nn_model *model =
        two_layers("my_swish", "sgd momentum=0.9", "my_squares", "my_error; my_error name=e; mse");
    OK(fit(model, valued, 2));
    return model;
}
