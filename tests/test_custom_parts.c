/* A caller's own activations, losses and metrics: as good as the built-in ones they are copies of, known to
 * their model alone, kept by clones and by files through their names, and free to fail. */
#include "faults.h"
#include "fitting.h"
#include "model.h"
#include "saved_model.h"
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_STATUS ((nn_status)-1234)

/* What the functions below are given as user: fails the k-th of its calls, and whenever it sees a value
 * above 1e6. */
struct caller {
    atomic_size_t calls, fails_at; /* 0: never */
    atomic_int released;
};

static struct caller caller;

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

static void fail_at(size_t k)
{
    atomic_store(&caller.calls, 0);
    atomic_store(&caller.fails_at, k);
}

/* ---- copies of built-in parts ---- */

static nn_status swish(void *user, size_t rows, size_t width, const float *z, float *y)
{
    nn_status status = count_call(user);
    for (size_t i = 0; i < rows * width; i++) {
        if (z[i] > 1e6f)
            status = OWN_STATUS;
        y[i] = z[i] / (1 + expf(-z[i]));
    }
    return status;
}

static nn_status swish_backward(void *user, size_t rows, size_t width, const float *z,
                                const float *y, const float *dy, float *dz)
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

static const nn_custom_activation my_swish = {sizeof(my_swish), "my_swish", swish,
                                              swish_backward,   &caller,    release_caller};
static const nn_custom_activation my_leaky = {sizeof(my_leaky), "my_leaky", leaky,
                                              leaky_backward,   &caller,    NULL};
static const nn_custom_loss my_squares = {sizeof(my_squares), "my_squares", 0,   squares,
                                          squares_backward,   &caller,      NULL};
static const nn_custom_loss my_label_squares = {sizeof(my_label_squares),
                                                "my_label_squares",
                                                1,
                                                label_squares,
                                                label_squares_backward,
                                                &caller,
                                                NULL};
static const nn_custom_metric my_error = {sizeof(my_error), "my_error", 0, squares, &caller, NULL};
static const nn_custom_metric my_label_error = {sizeof(my_label_error), "my_label_error", 1,
                                                label_squares,          &caller,          NULL};

static nn_status register_all(nn_model *model)
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

static nn_model *parts_model(void)
{
    nn_model *model;
    OK(nn_model_create(&model));
    OK(register_all(model));
    return model;
}

/* Two dense layers of which the first has that activation. */
static nn_model *two_layers(const char *activation, const char *optimizer, const char *loss,
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

static blobs points;
static nn_dataset *labelled, *valued;

static void setup(void)
{
    memset(&caller, 0, sizeof(caller));
    fill_blobs(&points);
    labelled = blob_dataset(&points);
    OK(nn_dataset_from_arrays(&valued, BLOB_ROWS, points.x, NN_FLOAT32, 2, points.one_hot,
                              NN_FLOAT32, 3));
}

static void teardown(void)
{
    nn_dataset_free(labelled);
    nn_dataset_free(valued);
    OK(nn_set_num_threads(0));
}

static nn_status fit(nn_model *model, const nn_dataset *data, size_t epochs)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = epochs;
    options.batch_size = 16;
    return nn_fit(model, data, &options, NULL);
}

/* ---- as good as the built-in ones ---- */

/* The largest difference of their weights. */
static double difference(const nn_model *a, const nn_model *b)
{
    size_t count, other;
    float *wa = weights_of(a, &count), *wb = weights_of(b, &other);
    double largest = 0;
    ck_assert_uint_eq(count, other);
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)wa[i] - (double)wb[i]));
    free(wa);
    free(wb);
    return largest;
}

static const struct {
    const char *activation, *loss, *metric, *optimizer; /* the caller's own */
    const char *built_in[3];
    bool labels;
    double bound; /* 0: bit for bit */
} copies[] = {
    {"my_leaky",
     "mse",
     "mse",
     "sgd momentum=0.9",
     {"leaky_relu(negative_slope=0.25)", "mse", "mse"},
     false,
     0},
    {"my_leaky",
     "my_squares",
     "my_error",
     "sgd momentum=0.9",
     {"leaky_relu(negative_slope=0.25)", "mse", "mse"},
     false,
     1e-6},
    {"my_leaky",
     "my_squares",
     "my_error",
     "sgd learning_rate=0.05",
     {"leaky_relu(negative_slope=0.25)", "mse", "mse"},
     false,
     1e-6},
    {"my_swish", "my_squares", "my_error", "sgd momentum=0.9", {"silu", "mse", "mse"}, false, 1e-6},
    {"tanh",
     "my_label_squares",
     "my_label_error",
     "sgd momentum=0.9",
     {"tanh", "mse", "mse"},
     true,
     1e-6},
};
enum { COPIES = sizeof(copies) / sizeof(copies[0]) };

START_TEST(copies_of_built_in_parts_train_as_these_do)
{
    nn_model *own =
        two_layers(copies[_i].activation, copies[_i].optimizer, copies[_i].loss, copies[_i].metric);
    nn_model *other = two_layers(copies[_i].built_in[0], copies[_i].optimizer,
                                 copies[_i].built_in[1], copies[_i].built_in[2]);
    const nn_dataset *data = copies[_i].labels ? labelled : valued;
    OK(fit(own, data, 3));
    OK(fit(other, valued, 3));
    ck_assert_msg(difference(own, other) <= copies[_i].bound, "differ by %g",
                  difference(own, other));
    double mine[2], theirs[2];
    OK(nn_evaluate(own, data, mine, 2));
    OK(nn_evaluate(other, valued, theirs, 2));
    ck_assert_double_le(fabs(mine[0] - theirs[0]), 1e-6);
    ck_assert_double_le(fabs(mine[1] - theirs[1]), 1e-6);
    ck_assert_double_le(fabs(mine[0] - mine[1]), 1e-12); /* its own loss as a metric */
    ck_assert_double_lt(mine[0], 0.15);                  /* and it has learnt something */
    nn_model_free(own);
    nn_model_free(other);
}
END_TEST

/* The loss with one value of a weight moved by so much. */
static double moved_loss(nn_model *model, const char *name, float *values, size_t count, size_t i,
                         float by)
{
    const float kept = values[i];
    double loss;
    values[i] = kept + by;
    OK(nn_model_set_weights(model, name, values, count));
    OK(nn_evaluate(model, valued, &loss, 1));
    values[i] = kept;
    OK(nn_model_set_weights(model, name, values, count));
    return loss;
}

/* The gradient as one step of learning rate 1 shows it, against differences of the fourth order: what they
 * leave out is of the order of h^4 = 1e-6, and what float rounds off 1e-7 / h. */
START_TEST(gradients_are_those_of_finite_differences)
{
    const float h = 0.03125f;
    nn_model *stepped, *model = two_layers("my_swish", "sgd learning_rate=1.0", "my_squares", NULL);
    double largest = 0, worst = 0;
    OK(nn_model_clone(&stepped, model));
    OK(nn_train_on_batch(stepped, valued, NULL, 0));
    for (size_t w = 0; w < nn_model_weight_count(model); w++) {
        const char *name = nn_model_weight_name(model, w);
        size_t shape[2], rank = nn_model_weight_shape(model, name, shape, 2);
        const size_t count = rank == 2 ? shape[0] * shape[1] : shape[0];
        float values[64], after[64];
        OK(nn_model_get_weights(model, name, values, count));
        OK(nn_model_get_weights(stepped, name, after, count));
        for (size_t i = 0; i < count; i++) {
            const double near = moved_loss(model, name, values, count, i, h) -
                                moved_loss(model, name, values, count, i, -h);
            const double far = moved_loss(model, name, values, count, i, 2 * h) -
                               moved_loss(model, name, values, count, i, -2 * h);
            const double gradient = (double)values[i] - (double)after[i];
            largest = fmax(largest, fabs(gradient));
            worst = fmax(worst, fabs(gradient - (8 * near - far) / (12 * (double)h)));
        }
    }
    ck_assert_double_gt(largest, 0.1);
    ck_assert_msg(worst <= 1e-4 * largest, "%g of %g", worst, largest);
    nn_model_free(stepped);
    nn_model_free(model);
}
END_TEST

START_TEST(results_are_the_same_on_any_number_of_threads)
{
    static float x[4000], y[3][6000];
    for (size_t i = 0; i < 4000; i++)
        x[i] = noise(i);
    nn_model *models[3];
    for (size_t i = 0; i < 3; i++) {
        OK(nn_set_num_threads((size_t)1 << i));
        models[i] = two_layers("my_swish", "sgd momentum=0.9", "my_squares", "my_error");
        OK(fit(models[i], valued, 2));
        OK(nn_predict(models[i], x, 2000, y[i]));
        ck_assert(same_weights(models[0], models[i]));
        ck_assert_mem_eq(y[0], y[i], sizeof(y[0]));
    }
    for (size_t i = 0; i < 3; i++)
        nn_model_free(models[i]);
}
END_TEST

START_TEST(sample_weights_count)
{
    static float weights[BLOB_ROWS];
    nn_dataset *weighted;
    nn_model *own = two_layers("tanh", "sgd momentum=0.5", "my_squares", NULL);
    nn_model *other = two_layers("tanh", "sgd momentum=0.5", "mse", NULL);
    for (size_t i = 0; i < BLOB_ROWS; i++)
        weights[i] = (float)(i % 4);
    OK(nn_dataset_from_arrays(&weighted, BLOB_ROWS, points.x, NN_FLOAT32, 2, points.one_hot,
                              NN_FLOAT32, 3));
    OK(nn_dataset_add_column(weighted, "sample_weight", weights, NN_FLOAT32, 1));
    OK(fit(own, weighted, 2));
    OK(fit(other, weighted, 2));
    ck_assert_double_le(difference(own, other), 1e-6);
    nn_dataset_free(weighted);
    nn_model_free(own);
    nn_model_free(other);
}
END_TEST

START_TEST(a_layer_of_its_own_and_two_outputs_may_have_them)
{
    nn_model *model = parts_model();
    OK(nn_model_add(model, "input shape=(2) name=x"));
    OK(nn_model_add(model, "dense units=3 name=a"));
    OK(nn_model_add(model, "activation activation=my_swish name=b"));
    OK(nn_model_set_outputs(model, "a, b"));
    OK(nn_model_compile(model, "sgd", "mse; my_squares", NULL));
    nn_model_free(model);
    model = parts_model();
    OK(nn_model_add(model, "input shape=(2) name=x"));
    OK(nn_model_add(model, "dense units=3 activation=my_swish name=a"));
    OK(nn_model_add(model, "dense units=3 name=b inputs=x"));
    OK(nn_model_set_outputs(model, "a, b"));
    OK(nn_model_compile(model, "sgd", "my_squares; my_squares", "a/my_error; b/my_error name=e"));
    ck_assert_str_eq(nn_model_metric_name(model, 4), "b_e");
    OK(nn_model_compile(model, "sgd", "my_squares", "my_error"));
    nn_model_free(model);
}
END_TEST

/* ---- whose they are ---- */

START_TEST(a_name_is_known_to_its_model_alone)
{
    nn_model *with = parts_model(), *without;
    OK(nn_model_create(&without));
    FAILS(nn_model_add(without, "dense units=3 activation=my_swish input_shape=(2)"),
          NN_ERR_INVALID, "unknown activation 'my_swish'");
    ck_assert_ptr_null(strstr(nn_error_message(), ", my_swish"));
    FAILS(nn_model_add(with, "dense units=3 activation=my_swsh input_shape=(2)"), NN_ERR_INVALID,
          "did you mean 'my_swish'?");
    ck_assert_ptr_nonnull(strstr(nn_error_message(), ", my_swish, my_leaky"));
    ck_assert_ptr_null(strstr(nn_error_message(), "my_squares"));
    FAILS(nn_model_add(with, "dense units=3 activation=my_swish(beta=2) input_shape=(2)"),
          NN_ERR_INVALID, "unknown option 'beta'");
    OK(nn_model_add(with, "dense units=3 activation=my_swish input_shape=(2)"));
    FAILS(nn_model_compile(with, "sgd", "my_square", NULL), NN_ERR_INVALID,
          "did you mean 'my_squares'?");
    FAILS(nn_model_compile(with, "sgd", "mse", "my_errors"), NN_ERR_INVALID,
          "did you mean 'my_error'?");
    FAILS(nn_model_compile(with, "sgd", "mse", "my_label_error"), NN_ERR_INVALID,
          "it needs class labels");
    FAILS(nn_model_compile(with, "sgd", "my_label_squares", "my_error"), NN_ERR_INVALID,
          "it needs values");
    ck_assert_ptr_null(nn_part_name("activation", 1000));
    nn_model_free(with);
    nn_model_free(without);
}
END_TEST

static void refuse_activation(nn_custom_activation changed, nn_status status, const char *text)
{
    nn_model *model = parts_model();
    FAILS(nn_model_register_activation(model, &changed), status, text);
    nn_model_free(model);
}

START_TEST(bad_registrations_are_refused)
{
    static const char *const names[] = {"", "3d", "a b", "a-b", "a/b", "\xc3\xa9", "none", "true"};
    nn_custom_activation activation = my_swish;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        activation.name = names[i];
        refuse_activation(activation, NN_ERR_INVALID, "a name is of letters");
    }
    static const char *const taken[] = {"relu", "ReLU", "silu", "swish"};
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        activation.name = taken[i];
        refuse_activation(activation, NN_ERR_INVALID, "one of the library's own");
    }
    refuse_activation(my_swish, NN_ERR_INVALID, "already registered");
    activation.name = NULL;
    refuse_activation(activation, NN_ERR_INVALID, "name is NULL");
    activation.name = "other";
    activation.forward = NULL;
    refuse_activation(activation, NN_ERR_INVALID, "forward is NULL");
    activation.forward = swish;
    activation.backward = NULL;
    refuse_activation(activation, NN_ERR_INVALID, "backward is NULL");
    activation.backward = swish_backward;
    activation.struct_size = 0;
    refuse_activation(activation, NN_ERR_INVALID, "struct_size is 0");
    activation.struct_size = sizeof(activation) - 1;
    refuse_activation(activation, NN_ERR_INVALID, "struct_size");

    nn_model *model = parts_model();
    nn_custom_loss loss = my_squares;
    nn_custom_metric metric = my_error;
    FAILS(nn_model_register_activation(NULL, &my_swish), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_register_activation(model, NULL), NN_ERR_INVALID, "activation is NULL");
    FAILS(nn_model_register_loss(NULL, &loss), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_register_loss(model, NULL), NN_ERR_INVALID, "loss is NULL");
    FAILS(nn_model_register_loss(model, &loss), NN_ERR_INVALID, "already registered");
    FAILS(nn_model_register_metric(NULL, &metric), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_register_metric(model, NULL), NN_ERR_INVALID, "metric is NULL");
    FAILS(nn_model_register_metric(model, &metric), NN_ERR_INVALID, "already registered");
    loss.name = "mse";
    FAILS(nn_model_register_loss(model, &loss), NN_ERR_INVALID, "library's own");
    loss.name = "other";
    loss.backward = NULL;
    FAILS(nn_model_register_loss(model, &loss), NN_ERR_INVALID, "backward is NULL");
    metric.name = "accuracy";
    FAILS(nn_model_register_metric(model, &metric), NN_ERR_INVALID, "library's own");
    metric.name = "other";
    metric.values = NULL;
    FAILS(nn_model_register_metric(model, &metric), NN_ERR_INVALID, "values is NULL");
    nn_model_free(model);
}
END_TEST

START_TEST(a_larger_struct_counts_if_its_end_is_zero)
{
    struct {
        nn_custom_activation known;
        void *later;
    } larger = {.known = my_swish};
    larger.known.struct_size = sizeof(larger);
    larger.known.name = "later";
    nn_model *model = parts_model();
    larger.later = &larger;
    FAILS(nn_model_register_activation(model, &larger.known), NN_ERR_VERSION, "isn't zero");
    larger.later = NULL;
    OK(nn_model_register_activation(model, &larger.known));
    OK(nn_model_add(model, "dense units=3 activation=later input_shape=(2)"));
    nn_model_free(model);
}
END_TEST

START_TEST(a_built_model_takes_losses_but_no_activations)
{
    nn_model *model = make_model(1, "dense units=3 input_shape=(2)", "sgd", "mse", NULL);
    FAILS(nn_model_register_activation(model, &my_swish), NN_ERR_STATE, "already built");
    OK(nn_model_register_loss(model, &my_squares));
    OK(nn_model_register_metric(model, &my_error));
    OK(nn_model_compile(model, "sgd", "my_squares", "my_error"));
    OK(fit(model, valued, 1));
    nn_model_free(model);
    ck_assert_int_eq(atomic_load(&caller.released), 0);
}
END_TEST

static nn_status register_in_callback(const nn_event *event, void *user)
{
    *(nn_status *)user = nn_model_register_metric(event->model, &my_error);
    return NN_OK;
}

START_TEST(a_model_being_fitted_takes_none)
{
    nn_model *model = make_model(1, "dense units=3 input_shape=(2)", "sgd", "mse", NULL);
    nn_status status = NN_OK;
    const nn_fit_options options = callback_options(1, 16, register_in_callback, &status);
    OK(nn_fit(model, valued, &options, NULL));
    ck_assert_int_eq(status, NN_ERR_STATE);
    nn_model_free(model);
}
END_TEST

/* ---- clones and files ---- */

static nn_model *fitted_model(void)
{
    nn_model *model =
        two_layers("my_swish", "sgd momentum=0.9", "my_squares", "my_error; my_error name=e; mse");
    OK(fit(model, valued, 2));
    return model;
}

/* Both go on alike. */
static void check_goes_on(nn_model *a, nn_model *b)
{
    ck_assert(same_weights(a, b));
    ck_assert_uint_eq(nn_model_metric_count(a), nn_model_metric_count(b));
    for (size_t i = 0; i < nn_model_metric_count(a); i++)
        ck_assert_str_eq(nn_model_metric_name(a, i), nn_model_metric_name(b, i));
    OK(fit(a, valued, 2));
    OK(fit(b, valued, 2));
    ck_assert(same_weights(a, b));
}

START_TEST(a_clone_has_them_and_outlives_its_model)
{
    nn_model *model = fitted_model(), *clone, *other;
    OK(nn_model_clone(&clone, model));
    OK(nn_model_clone(&other, model));
    check_goes_on(model, clone);
    nn_model_free(model);
    nn_model_free(clone);
    ck_assert_int_eq(atomic_load(&caller.released), 0);
    OK(nn_model_compile(other, "sgd", "my_squares", "my_error"));
    OK(fit(other, valued, 1));
    nn_model_free(other);
    ck_assert_int_eq(atomic_load(&caller.released), 1);
}
END_TEST

START_TEST(a_file_needs_them_handed_to_the_load)
{
    char directory[] = "/tmp/nn_custom_parts_XXXXXX", path[64];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/model.safetensors", directory);
    nn_model *model = fitted_model(), *parts = parts_model(), *empty, *loaded = model;
    OK(nn_model_create(&empty));
    OK(nn_model_save(model, path));
    FAILS(nn_model_load(&loaded, path), NN_ERR_UNSUPPORTED, "activation 'my_swish'");
    ck_assert_ptr_null(loaded);
    ck_assert_ptr_nonnull(strstr(nn_error_message(), "nn_model_load_with_parts"));
    FAILS(nn_model_load_with_parts(&loaded, path, NULL), NN_ERR_UNSUPPORTED, "'my_swish'");
    FAILS(nn_model_load_with_parts(&loaded, path, empty), NN_ERR_UNSUPPORTED, "'my_swish'");
    OK(nn_model_register_activation(empty, &my_swish));
    FAILS(nn_model_load_with_parts(&loaded, path, empty), NN_ERR_UNSUPPORTED, "loss 'my_squares'");
    OK(nn_model_register_loss(empty, &my_squares));
    FAILS(nn_model_load_with_parts(&loaded, path, empty), NN_ERR_UNSUPPORTED, "metric 'my_error'");
    FAILS(nn_model_load_with_parts(NULL, path, parts), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_load_with_parts(&loaded, NULL, parts), NN_ERR_INVALID, "path is NULL");
    OK(nn_model_load_with_parts(&loaded, path, parts));
    nn_model_free(parts);
    nn_model_free(empty);
    check_goes_on(model, loaded);
    nn_model_free(model);
    nn_model_free(loaded);
    unlink(path);
    rmdir(directory);
}
END_TEST

START_TEST(memory_holds_them_as_a_file_does_and_saves_the_same_bytes_again)
{
    nn_model *model = fitted_model(), *loaded;
    file f = save(model);
    FAILS(nn_model_load_from_memory(&loaded, f.bytes, f.size), NN_ERR_UNSUPPORTED, "'my_swish'");
    OK(nn_model_load_from_memory_with_parts(&loaded, f.bytes, f.size, model));
    file again = save(loaded);
    ck_assert_uint_eq(f.size, again.size);
    ck_assert_mem_eq(f.bytes, again.bytes, f.size);
    check_goes_on(model, loaded);
    free(f.bytes);
    free(again.bytes);
    nn_model_free(model);
    nn_model_free(loaded);
}
END_TEST

/* A file can't name a function that nobody gave that name, nor a built-in part as one. */
START_TEST(names_in_a_file_become_no_code)
{
    nn_model *model = fitted_model();
    static const struct {
        const char *from, *to;
        nn_status status;
    } forged[] = {
        {"my_swish", "system", NN_ERR_UNSUPPORTED},     {"my_swish", "relu", NN_ERR_UNSUPPORTED},
        {"my_swish", "my_squares", NN_ERR_UNSUPPORTED}, /* a loss */
        {"\\\"my_swish\\\"", "7", NN_ERR_FORMAT},       {"\\\"my_swish\\\"", "{}", NN_ERR_FORMAT},
    };
    file f = save(model);
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        nn_model *loaded = model;
        file changed = edited(f, forged[i].from, forged[i].to);
        const nn_status status =
            nn_model_load_from_memory_with_parts(&loaded, changed.bytes, changed.size, model);
        ck_assert_msg(status == forged[i].status && loaded == NULL, "%s: %s", forged[i].to,
                      nn_error_message());
        free(changed.bytes);
    }
    free(f.bytes);
    nn_model_free(model);
}
END_TEST

/* ---- failures ---- */

static float steps[64][64]; /* weights after so many steps */
static size_t step_count;

static nn_status note_weights(const nn_event *event, void *user)
{
    (void)user;
    if (event->kind != NN_EVENT_TRAIN_BEGIN && event->kind != NN_EVENT_BATCH_END)
        return NN_OK;
    float *weights = weights_of(event->model, NULL);
    memcpy(steps[step_count++], weights, nn_model_parameter_count(event->model) * sizeof(*weights));
    free(weights);
    return NN_OK;
}

/* Each function of each part fails in turn, forward or backward: nn_fit gives its status, and the weights
 * are those of the last whole step. */
START_TEST(a_failing_function_stops_fit_before_the_step)
{
    const char *optimizer = _i == 0 ? "sgd" : "sgd momentum=0.9";
    nn_fit_options options = callback_options(2, 32, note_weights, NULL);
    options.validation_data = valued;
    nn_model *model = two_layers("my_swish", optimizer, "my_squares", "my_error");
    step_count = 0;
    OK(nn_fit(model, valued, &options, NULL));
    nn_model_free(model);
    options.callback = NULL;
    size_t k = 1, seen[3] = {0};
    for (;; k++) {
        model = two_layers("my_swish", optimizer, "my_squares", "my_error");
        fail_at(k);
        const nn_status status = nn_fit(model, valued, &options, NULL);
        if (atomic_load(&caller.calls) < k) {
            OK(status);
            nn_model_free(model);
            break;
        }
        ck_assert_int_eq(status, OWN_STATUS);
        ck_assert_uint_eq(atomic_load(&caller.calls), k); /* none is called after it */
        ck_assert_uint_lt(model->iteration, step_count);
        ck_assert(has_weights(model, steps[model->iteration]));
        seen[0] += strstr(nn_error_message(), "activation my_swish") != NULL;
        seen[1] += strstr(nn_error_message(), "loss my_squares") != NULL;
        seen[2] += strstr(nn_error_message(), "metric my_error") != NULL;
        fail_at(0);
        OK(nn_fit(model, valued, &options, NULL)); /* nothing is left over */
        nn_model_free(model);
    }
    ck_assert_uint_eq(seen[0] + seen[1] + seen[2], k - 1);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_gt(seen[i], 5);
}
END_TEST

static nn_status evaluate(nn_model *model)
{
    double values[2] = {7, 7};
    const nn_status status = nn_evaluate(model, valued, values, 2);
    ck_assert(status == NN_OK || values[0] == 7);
    return status;
}

static nn_status confuse(nn_model *model)
{
    size_t counts[9] = {7};
    const nn_status status = nn_confusion_matrix(model, valued, counts, 3);
    ck_assert(status == NN_OK || counts[0] == 7);
    return status;
}

static nn_status step(nn_model *model)
{
    return nn_train_on_batch(model, valued, NULL, 0);
}

static nn_status predict_all(nn_model *model)
{
    static float y[BLOB_ROWS * 3];
    return nn_predict(model, points.x[0], BLOB_ROWS, y);
}

/* More rows than a block of a prediction has. */
static nn_status predict_blocks(nn_model *model)
{
    static float x[2 * 700], y[3 * 700];
    return nn_predict(model, x, 700, y);
}

static nn_status run_predictor(nn_model *model)
{
    static float x[2 * 700], y[3 * 700];
    nn_predictor *predictor;
    OK(nn_predictor_create(&predictor, model, 700));
    const nn_status status = nn_predictor_run(predictor, x, 700, y);
    nn_predictor_free(predictor);
    return status;
}

static nn_status measure(nn_model *model)
{
    return nn_model_measure(model, 8);
}

static const struct {
    nn_status (*call)(nn_model *model);
    size_t least; /* calls of functions at least */
} calls[] = {
    {evaluate, 3},       {confuse, 3},       {step, 5},    {predict_all, 1},
    {predict_blocks, 6}, {run_predictor, 6}, {measure, 4},
};
enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

START_TEST(a_failing_function_stops_every_call_with_its_status)
{
    OK(nn_set_num_threads(4));
    nn_model *model = two_layers("my_swish", "sgd", "my_squares", "my_error");
    size_t k = 1;
    for (;; k++) {
        float *weights = weights_of(model, NULL);
        fail_at(k);
        const nn_status status = calls[_i].call(model);
        const bool failed = atomic_load(&caller.calls) >= k;
        fail_at(0);
        if (failed) {
            ck_assert_int_eq(status, OWN_STATUS);
            ck_assert_ptr_nonnull(
                strstr(nn_error_message(), "failed: unknown status (status -1234)"));
            ck_assert(has_weights(model, weights));
        }
        free(weights);
        if (!failed) {
            OK(status);
            break;
        }
        OK(predict_all(model)); /* nothing is left over */
    }
    ck_assert_uint_gt(k, calls[_i].least);
    nn_model_free(model);
}
END_TEST

static nn_status stop(void *user, size_t rows, size_t width, const float *z, float *y)
{
    (void)user, (void)rows, (void)width, (void)z, (void)y;
    return NN_STOPPED;
}

START_TEST(a_positive_status_is_no_success)
{
    nn_custom_activation stops = my_swish;
    float y;
    nn_model *model = parts_model();
    stops.name = "stops";
    stops.forward = stop;
    OK(nn_model_register_activation(model, &stops));
    OK(nn_model_add(model, "dense units=1 activation=stops input_shape=(1)"));
    FAILS(nn_predict(model, &(float){1}, 1, &y), NN_ERR_INVALID, "gave 1, expected NN_OK");
    nn_model_free(model);
}
END_TEST

/* Threads predict with one model, and the rows of some let the function fail: it does for those alone. */
enum { THREADS = 16, REPEATS = 200, PREDICTED = 300 };

struct predictions {
    const nn_model *model;
    const float *x, *wanted; /* wanted NULL: it must fail */
    bool right;
};

static void *predict_often(void *argument)
{
    struct predictions *p = argument;
    float y[3 * PREDICTED];
    p->right = true;
    for (int i = 0; i < REPEATS; i++) {
        const nn_status status = nn_predict(p->model, p->x, PREDICTED, y);
        p->right = p->right &&
                   (p->wanted == NULL
                        ? status == OWN_STATUS && strstr(nn_error_message(), "my_swish") != NULL
                        : status == NN_OK && memcmp(y, p->wanted, sizeof(y)) == 0);
    }
    return NULL;
}

START_TEST(a_failure_is_that_of_the_call_that_met_it)
{
    static float good[2 * PREDICTED], bad[2 * PREDICTED], wanted[3 * PREDICTED];
    OK(nn_set_num_threads(4));
    nn_model *model = parts_model();
    OK(nn_model_add(model, "dense units=3 activation=my_swish kernel_initializer=ones "
                           "input_shape=(2)"));
    for (size_t i = 0; i < 2 * PREDICTED; i++)
        bad[i] = good[i] = noise(i);
    bad[2 * PREDICTED - 1] = 1e7f; /* in the last of its blocks */
    OK(nn_predict(model, good, PREDICTED, wanted));
    pthread_t threads[THREADS];
    struct predictions work[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        work[i] = (struct predictions){model, i % 2 ? bad : good, i % 2 ? NULL : wanted, false};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, predict_often, &work[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_msg(work[i].right, "thread %zu", i);
    nn_model_free(model);
}
END_TEST

/* ---- memory ---- */

static nn_status do_all(file f)
{
    nn_model *model = NULL, *clone = NULL, *loaded = NULL;
    nn_status status = nn_model_create(&model);
    if (status == NN_OK)
        status = register_all(model);
    if (status == NN_OK)
        status = nn_model_add(model, "dense units=3 activation=my_swish input_shape=(2)");
    if (status == NN_OK)
        status = nn_model_compile(model, "sgd", "my_squares", "my_error name=e");
    if (status == NN_OK)
        status = fit(model, valued, 1);
    if (status == NN_OK)
        status = nn_model_clone(&clone, model);
    if (status == NN_OK)
        status = nn_model_load_from_memory_with_parts(&loaded, f.bytes, f.size, clone);
    nn_model_free(model);
    nn_model_free(clone);
    nn_model_free(loaded);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    nn_model *model = fitted_model();
    file f = save(model);
    nn_model_free(model);
    const long blocks = faults_live_blocks();
    size_t refused = 0, k = 1;
    for (;; k++) {
        atomic_store(&caller.released, 0);
        faults_fail_allocation(k, true);
        const nn_status status = do_all(f);
        const bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        /* a clone can do without one: an option that it can't tell from its default is written out */
        ck_assert_msg(status == NN_OK || (failed && status == NN_ERR_NO_MEMORY),
                      "allocation %zu: %s", k, nn_error_message());
        refused += status != NN_OK;
        ck_assert_int_le(atomic_load(&caller.released), 1);
        if (!failed)
            break;
    }
    ck_assert_int_eq(atomic_load(&caller.released), 1);
    ck_assert_uint_gt(refused, k - 10);
    free(f.bytes);
}
END_TEST

START_TEST(a_warm_prediction_and_a_second_epoch_allocate_nothing_more)
{
    nn_model *model = fitted_model();
    OK(predict_all(model));
    faults_fail_allocation(1, false);
    OK(predict_all(model));
    ck_assert_uint_eq(faults_calls(), 0);
    faults_reset();
    OK(fit(model, valued, 1));
    size_t calls_of[2];
    for (size_t i = 0; i < 2; i++) {
        faults_fail_allocation(1000000, true);
        OK(fit(model, valued, 1 + i));
        calls_of[i] = faults_calls();
        faults_reset();
    }
    ck_assert_uint_eq(calls_of[0], calls_of[1]);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("custom_parts");
    TCase *tests = tcase_create("custom_parts");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, copies_of_built_in_parts_train_as_these_do, 0, COPIES);
    tcase_add_test(tests, gradients_are_those_of_finite_differences);
    tcase_add_test(tests, results_are_the_same_on_any_number_of_threads);
    tcase_add_test(tests, sample_weights_count);
    tcase_add_test(tests, a_layer_of_its_own_and_two_outputs_may_have_them);
    tcase_add_test(tests, a_name_is_known_to_its_model_alone);
    tcase_add_test(tests, bad_registrations_are_refused);
    tcase_add_test(tests, a_larger_struct_counts_if_its_end_is_zero);
    tcase_add_test(tests, a_built_model_takes_losses_but_no_activations);
    tcase_add_test(tests, a_model_being_fitted_takes_none);
    tcase_add_test(tests, a_clone_has_them_and_outlives_its_model);
    tcase_add_test(tests, a_file_needs_them_handed_to_the_load);
    tcase_add_test(tests, memory_holds_them_as_a_file_does_and_saves_the_same_bytes_again);
    tcase_add_test(tests, names_in_a_file_become_no_code);
    tcase_add_loop_test(tests, a_failing_function_stops_fit_before_the_step, 0, 2);
    tcase_add_loop_test(tests, a_failing_function_stops_every_call_with_its_status, 0, CALLS);
    tcase_add_test(tests, a_positive_status_is_no_success);
    tcase_add_test(tests, a_failure_is_that_of_the_call_that_met_it);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_add_test(tests, a_warm_prediction_and_a_second_epoch_allocate_nothing_more);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
