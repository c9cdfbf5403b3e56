/* A caller's own activations, losses and metrics: as good as the built-in ones they are copies of, known to
 * their model alone, and kept by clones and by files through their names. */
#include "allocate.h"
#include "keras_part.h"
#include "model.h"
#include "own_parts.h"
#include "saved_model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- as good as the built-in ones ---- */

/* Where the library computes in double, functions and files, which have floats, round what passes through
 * them; else they must give the very bits. */
#define ROUNDING (sizeof(nn_real) > sizeof(float) ? 1e-6 : 0.0)

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
enum { COPIES = COUNT(copies) };

START_TEST(copies_of_built_in_parts_train_as_these_do)
{
    nn_model *own =
        two_layers(copies[_i].activation, copies[_i].optimizer, copies[_i].loss, copies[_i].metric);
    nn_model *other = two_layers(copies[_i].built_in[0], copies[_i].optimizer,
                                 copies[_i].built_in[1], copies[_i].built_in[2]);
    const nn_dataset *data = copies[_i].labels ? labelled : valued;
    OK(fit(own, data, 3));
    OK(fit(other, valued, 3));
    ck_assert_msg(difference(own, other) <= fmax(copies[_i].bound, ROUNDING), "differ by %g",
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
    for (size_t i = 0; i < COUNT(names); i++) {
        activation.name = names[i];
        refuse_activation(activation, NN_ERR_INVALID, "a name is of letters");
    }
    static const char *const taken[] = {"relu", "ReLU", "silu", "swish"};
    for (size_t i = 0; i < COUNT(taken); i++) {
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

/* Both go on alike. */
static void check_goes_on(nn_model *a, nn_model *b)
{
    ck_assert(same_weights(a, b));
    ck_assert_uint_eq(nn_model_metric_count(a), nn_model_metric_count(b));
    for (size_t i = 0; i < nn_model_metric_count(a); i++)
        ck_assert_str_eq(nn_model_metric_name(a, i), nn_model_metric_name(b, i));
    OK(fit(a, valued, 2));
    OK(fit(b, valued, 2));
    ck_assert_double_le(difference(a, b), ROUNDING);
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
    for (size_t i = 0; i < COUNT(forged); i++) {
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

static nn_status stop_in_epoch_1(const nn_event *event, void *user)
{
    (void)user;
    return event->kind == NN_EVENT_BATCH_END && event->epoch == 1 && event->batch == 2 ? NN_ERR_IO
                                                                                       : NN_OK;
}

/* A backup is a file with their names, and the model that goes on from it has them. */
START_TEST(a_backup_goes_on_with_them)
{
    char directory[] = "/tmp/nn_custom_parts_XXXXXX", text[128];
    nn_fit_options options = callback_options(3, 16, stop_in_epoch_1, NULL);
    nn_model *whole = two_layers("my_swish", "sgd momentum=0.9", "my_squares", "my_error");
    nn_model *model = two_layers("my_swish", "sgd momentum=0.9", "my_squares", "my_error");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(text, sizeof(text), "backup_and_restore save_freq=1 backup_dir='%s'", directory);
    options.callbacks = text;
    FAILS(nn_fit(model, valued, &options, NULL), NN_ERR_IO, "");
    nn_model_free(model);
    model = two_layers("my_swish", "sgd momentum=0.9", "my_squares", "my_error");
    options.callback = NULL;
    OK(nn_fit(model, valued, &options, NULL));
    OK(fit(whole, valued, 3));
    ck_assert_double_le(difference(model, whole), ROUNDING);
    nn_model_free(model);
    nn_model_free(whole);
    ck_assert_int_ne(access(directory, F_OK), 0); /* the backup had been taken up, and is gone */
}
END_TEST

/* As Keras 3.15 wrote them of a model with functions for an activation, a loss and metrics. */
static const struct {
    const nn_room *room;
    const char *json, *part, *name;
} keras_wrote[] = {
    {&nn_activation_room,
     "{\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"my_swish\", "
     "\"registered_name\": \"function\"}",
     "my_swish", NULL},
    {&nn_activation_room,
     "{\"module\": \"builtins\", \"class_name\": \"function\", \"config\": "
     "\"Custom>my_swish\", \"registered_name\": \"function\"}",
     "my_swish", NULL},
    {&nn_loss_room,
     "{\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"my_squares\", "
     "\"registered_name\": \"function\"}",
     "my_squares", NULL},
    {&nn_metric_room,
     "{\"module\": \"keras.metrics\", \"class_name\": \"MeanMetricWrapper\", \"config\": {"
     "\"name\": \"m2\", \"dtype\": \"float32\", \"fn\": {\"module\": \"builtins\", "
     "\"class_name\": \"function\", \"config\": \"my_error\", \"registered_name\": "
     "\"function\"}}, \"registered_name\": null}",
     "my_error", "m2"},
};
enum { KERAS_WROTE = COUNT(keras_wrote) };

START_TEST(functions_are_read_as_keras_writes_them)
{
    nn_model *model = parts_model();
    const nn_room *room = keras_wrote[_i].room;
    const char *name, *text = keras_wrote[_i].json;
    nn_json *json;
    nn_part part;
    OK(nn_json_parse(&json, text, strlen(text), "text"));
    OK(nn_keras_read_part_with(&part, room, &model->custom, json, &name));
    ck_assert_str_eq(part.type->name, keras_wrote[_i].part);
    ck_assert_ptr_nonnull(part.type->custom);
    ck_assert_pstr_eq(name, keras_wrote[_i].name);
    nn_part_free(&part);
    FAILS(nn_keras_read_part(&part, room, json, NULL), NN_ERR_UNSUPPORTED, keras_wrote[_i].part);
    nn_release(json);
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
    tcase_add_test(tests, a_backup_goes_on_with_them);
    tcase_add_loop_test(tests, functions_are_read_as_keras_writes_them, 0, KERAS_WROTE);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
