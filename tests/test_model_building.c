/* Building models: what fits, names, when a model is built and compiled; weights, seeds, class names. */
#include "model.h"
#include "small_model.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- building ---- */

START_TEST(activations_that_compare_values_are_refused_over_one)
{
    static const char *const activations[] = {"softmax", "log_softmax", "sparsemax"};
    for (size_t i = 0; i < COUNT(activations); i++) {
        char layer[64];
        nn_model *model;
        snprintf(layer, sizeof layer, "dense units=1 activation=%s input_shape=(3)",
                 activations[i]);
        OK(nn_model_create(&model));
        OK(nn_model_add(model, layer));
        ck_assert_int_eq(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_SHAPE);
        ck_assert_ptr_nonnull(strstr(nn_error_message(), "use sigmoid, or a unit for each class"));
        nn_model_free(model);
    }
}
END_TEST

START_TEST(an_empty_model_has_nothing)
{
    nn_model *model;
    float values[4] = {0};
    OK(nn_model_create(&model));
    ck_assert_uint_eq(nn_model_input_width(model), 0);
    ck_assert_uint_eq(nn_model_output_width(model), 0);
    ck_assert_uint_eq(nn_model_parameter_count(model), 0);
    ck_assert_uint_eq(nn_model_metric_count(model), 0);
    ck_assert_ptr_null(nn_model_metric_name(model, 0));
    FAILS(nn_predict(model, values, 1, values + 1), NN_ERR_STATE, "no layers");
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_STATE, "no layers");
    FAILS(nn_model_get_weights(model, "dense/kernel", values, 1), NN_ERR_STATE, "no layers");
    OK(nn_model_add(model, "dense units=2 input_shape=(2)")); /* none of that built it */
    nn_model_free(model);
}
END_TEST

START_TEST(the_first_layer_needs_an_input_shape_and_the_others_fit)
{
    nn_model *model;
    OK(nn_model_create(&model));
    FAILS(nn_model_add(model, "dense units=3"), NN_ERR_SHAPE,
          "dense: the first layer needs input_shape");
    OK(nn_model_add(model, "dense units=3 input_shape=(4)"));
    FAILS(nn_model_add(model, "dense units=3 input_shape=(4)"), NN_ERR_SHAPE,
          "input_shape is (4,), but the layer before gives (3,)");
    FAILS(nn_model_add(model, "dense units=3 input_shape=(3,1)"), NN_ERR_SHAPE, "(3, 1)");
    OK(nn_model_add(model, "dense units=5 input_shape=(3)"));
    FAILS(nn_model_add(model, "dnse units=3"), NN_ERR_INVALID, "did you mean 'dense'");
    ck_assert_uint_eq(nn_model_input_width(model), 4);
    ck_assert_uint_eq(nn_model_output_width(model), 5);
    ck_assert_uint_eq(nn_model_weight_count(model), 4);
    nn_model_free(model);
}
END_TEST

START_TEST(layers_and_weights_are_named_as_keras_names_them)
{
    static const char *const layers[] = {
        "dense units=2 input_shape=(3)",
        "dense units=2 name=dense_2",
        "activation activation=relu",
        "dense units=2",
        "dense units=2",
        "dropout rate=0.5",
        "dropout rate=0.5",
        "dense units=1 use_bias=false name='my layer'",
        NULL,
    };
    static const char *const names[] = {
        "dense/kernel", "dense/bias",     "dense_2/kernel", "dense_2/bias",    "dense_1/kernel",
        "dense_1/bias", "dense_3/kernel", "dense_3/bias",   "my layer/kernel",
    };
    nn_model *model = model_of(0, layers);
    ck_assert_uint_eq(nn_model_weight_count(model), COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++)
        ck_assert_str_eq(nn_model_weight_name(model, i), names[i]);
    ck_assert_ptr_null(nn_model_weight_name(model, COUNT(names)));
    ck_assert_str_eq(model->nodes[6].name, "dropout_1");
    FAILS(nn_model_add(model, "flatten name=dense"), NN_ERR_INVALID,
          "flatten: another layer is already named 'dense'");
    FAILS(nn_model_add(model, "flatten name=''"), NN_ERR_INVALID, "name");
    FAILS(nn_model_add(model, "flatten name='a/b'"), NN_ERR_INVALID, "no '/'");
    size_t shape[3] = {9, 9, 9};
    ck_assert_uint_eq(nn_model_weight_shape(model, "dense/kernel", shape, 3), 2);
    ck_assert(shape[0] == 3 && shape[1] == 2 && shape[2] == 9);
    ck_assert_uint_eq(nn_model_weight_shape(model, "dense/kernel", shape + 2, 1), 2);
    ck_assert_uint_eq(shape[2], 3);
    ck_assert_uint_eq(nn_model_weight_shape(model, "dense/gamma", shape, 3), 0);
    nn_model_free(model);
}
END_TEST

START_TEST(nothing_is_added_to_a_built_model)
{
    static const char *const layers[] = {"dense units=2 input_shape=(2)", NULL};
    static const char refusal[] = "already built";
    float x[2] = {1, 2}, y[2];
    nn_model *model = model_of(0, layers);
    OK(nn_model_compile(model, "sgd", "mse", NULL));
    FAILS(nn_model_add(model, "dense units=2"), NN_ERR_STATE, refusal);
    FAILS(nn_model_set_seed(model, 1), NN_ERR_STATE, "already made");
    nn_model_free(model);
    model = model_of(0, layers);
    OK(nn_predict(model, x, 1, y)); /* needs no compile */
    FAILS(nn_model_add(model, "dense units=2"), NN_ERR_STATE, refusal);
    OK(nn_model_compile(model, "sgd", "mse", NULL)); /* but may have one */
    nn_model_free(model);
}
END_TEST

START_TEST(a_call_that_fails_doesnt_build_the_model)
{
    static const char *const layers[] = {"dense units=1 input_shape=(2)", NULL};
    float values[2] = {1, NAN};
    nn_model *model = model_of(0, layers);
    FAILS(nn_model_compile(model, "sdg", "mse", NULL), NN_ERR_INVALID, "did you mean 'sgd'");
    FAILS(nn_model_compile(model, "sgd", "msf", NULL), NN_ERR_INVALID, "unknown loss 'msf'");
    FAILS(nn_model_compile(model, "sgd", "mse", "acuracy"), NN_ERR_INVALID, "'accuracy'");
    FAILS(nn_model_compile(model, "sgd", "mse", "mae; mae"), NN_ERR_INVALID, "given twice");
    FAILS(nn_model_compile(model, "sgd", "mse", "mae;="), NN_ERR_INVALID, "metrics: ");
    FAILS(nn_model_compile(model, "sgd", "mse", "sparse_categorical_accuracy"), NN_ERR_INVALID,
          "class labels, not values");
    FAILS(nn_model_compile(model, "sgd", "sparse_categorical_crossentropy", NULL), NN_ERR_SHAPE,
          "binary_crossentropy");
    FAILS(nn_model_get_weights(model, "dense/gamma", values, 2), NN_ERR_INVALID, "dense/gamma");
    FAILS(nn_model_set_weights(model, "dense/kernel", values, 3), NN_ERR_SHAPE, "3");
    FAILS(nn_model_set_weights(model, "dense/kernel", values, 2), NN_ERR_NONFINITE, "value 1");
    ck_assert_uint_eq(nn_model_metric_count(model), 0);
    OK(nn_model_set_seed(model, 5));
    OK(nn_model_add(model, "dense units=3"));
    nn_model_free(model);
}
END_TEST

START_TEST(training_and_evaluating_need_a_compiled_model)
{
    float x[SMALL_INPUTS] = {0};
    int32_t y[1] = {1};
    double values[2];
    size_t count;
    nn_dataset *data;
    nn_history *history = (nn_history *)&data;
    nn_model *model = model_of(0, small_layers);
    OK(nn_dataset_from_arrays(&data, 1, x, NN_FLOAT32, SMALL_INPUTS, y, NN_INT32, 1));
    FAILS(nn_fit(model, data, NULL, &history), NN_ERR_STATE, "nn_model_compile");
    ck_assert_ptr_null(history);
    FAILS(nn_evaluate(model, data, values, 1), NN_ERR_STATE, "nn_model_compile");
    FAILS(nn_train_on_batch(model, data, NULL, 0), NN_ERR_STATE, "nn_model_compile");
    FAILS(nn_confusion_matrix(model, data, &count, 1), NN_ERR_STATE, "nn_model_compile");
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

START_TEST(metrics_are_named_as_the_user_named_them)
{
    nn_model *model = model_of(0, small_layers);
    OK(nn_model_compile(model, "sgd", small_loss,
                        "acc; sparse_categorical_accuracy; precision name=first class_id=0; "
                        "precision class_id=1 name='second'"));
    ck_assert_uint_eq(nn_model_metric_count(model), 5);
    ck_assert_str_eq(nn_model_metric_name(model, 3), "first");
    ck_assert_str_eq(nn_model_metric_name(model, 4), "second");
    ck_assert_str_eq(nn_model_metric_name(model, 0), "loss");
    ck_assert_str_eq(nn_model_metric_name(model, 1), "acc");
    ck_assert_str_eq(nn_model_metric_name(model, 2), "sparse_categorical_accuracy");
    ck_assert_ptr_null(nn_model_metric_name(model, 5));
    FAILS(nn_model_compile(model, "sgd", small_loss, "recall; recall class_id=1"), NN_ERR_INVALID,
          "recall is given twice: tell them apart by name=");
    FAILS(nn_model_compile(model, "sgd", small_loss, "recall name=a; precision name=a"),
          NN_ERR_INVALID, "metric a is given twice");
    FAILS(nn_model_compile(model, "sgd", small_loss, "recall name=a name=b"), NN_ERR_INVALID,
          "option name is given twice");
    FAILS(nn_model_compile(model, "sgd", small_loss, "recall name=3"), NN_ERR_INVALID,
          "name isn't a word");
    FAILS(nn_model_compile(model, "sgd", small_loss, "recall name='a b'"), NN_ERR_INVALID,
          "can't be named 'a b'");
    FAILS(nn_model_compile(model, "sgd", small_loss, "recall name=loss"), NN_ERR_INVALID,
          "can't be named loss");
    FAILS(nn_model_compile(model, "sgd", small_loss, "recall name=val_loss"), NN_ERR_INVALID,
          "'val_loss' would be a column of the history, which has others of that name");
    FAILS(nn_model_compile(model, "sgd", small_loss, "recall name=learning_rate"), NN_ERR_INVALID,
          "'learning_rate' would be");
    FAILS(nn_model_compile(model, "sgd", small_loss, "recall name=epoch"), NN_ERR_INVALID,
          "'epoch' would be");
    ck_assert_str_eq(nn_model_metric_name(model, 4), "second");
    nn_model_free(model);
}
END_TEST

/* ---- weights ---- */

START_TEST(weights_are_set_and_got_by_name)
{
    nn_model *model = make_small(0);
    float set[7 * 4], got[7 * 4];
    for (size_t i = 0; i < COUNT(set); i++)
        set[i] = (float)i / 8;
    OK(nn_model_set_weights(model, "dense_1/kernel", set, COUNT(set)));
    OK(nn_model_get_weights(model, "dense_1/kernel", got, COUNT(got)));
    ck_assert_mem_eq(set, got, sizeof set);
    FAILS(nn_model_set_weights(model, "dense_1/kernel", set, 27), NN_ERR_SHAPE,
          "dense_1/kernel has shape (7, 4) = 28 values, but count is 27");
    FAILS(nn_model_get_weights(model, "dense_1/kernel", got, 29), NN_ERR_SHAPE,
          "dense_1/kernel has shape (7, 4) = 28 values, but count is 29");
    FAILS(nn_model_get_weights(model, "dense_2/kernel", got, 28), NN_ERR_INVALID,
          "no weight is named 'dense_2/kernel'; known: dense/kernel, dense/bias, dense_1/kernel, "
          "dense_1/bias");
    set[5] = INFINITY;
    FAILS(nn_model_set_weights(model, "dense_1/kernel", set, 28), NN_ERR_NONFINITE,
          "dense_1/kernel: value 5 is inf");
    OK(nn_model_get_weights(model, "dense_1/kernel", set, 28)); /* nothing has changed */
    ck_assert_mem_eq(set, got, sizeof set);
    nn_model_free(model);
}
END_TEST

START_TEST(a_seed_names_the_weights)
{
    float one[SMALL_WEIGHTS], other[SMALL_WEIGHTS];
    const uint64_t seeds[] = {0, 0, 1, 1ull << 40};
    for (size_t i = 0; i < COUNT(seeds); i++) {
        nn_model *model = make_small(seeds[i]);
        get_all_weights(model, i == 0 ? one : other);
        if (i > 0)
            ck_assert((memcmp(one, other, sizeof one) == 0) == (seeds[i] == 0));
        nn_model_free(model);
    }
    nn_model *model; /* 0 unless set, and built by the first use as by compile */
    OK(nn_model_create(&model));
    for (const char *const *layer = small_layers; *layer != NULL; layer++)
        OK(nn_model_add(model, *layer));
    get_all_weights(model, other);
    ck_assert_mem_eq(one, other, sizeof one);
    nn_model_free(model);
}
END_TEST

START_TEST(compiling_again_keeps_the_weights_and_starts_the_optimizer_anew)
{
    float x[SMALL_INPUTS] = {1, 2, 3, 4, 5, 6}, before[SMALL_WEIGHTS], after[SMALL_WEIGHTS];
    uint8_t y[1] = {2};
    nn_dataset *data;
    nn_model *model = make_small(0);
    OK(nn_dataset_from_arrays(&data, 1, x, NN_FLOAT32, SMALL_INPUTS, y, NN_UINT8, 1));
    get_all_weights(model, before);
    OK(nn_train_on_batch(model, data, NULL, 0));
    get_all_weights(model, after);
    ck_assert_mem_ne(before, after, sizeof after);
    ck_assert(model->iteration == 1 && model->slot_count == 1);
    FAILS(nn_model_compile(model, "sgd", "mse", "no_such_metric"), NN_ERR_INVALID, "metric");
    ck_assert(model->iteration == 1 && model->slot_count == 1); /* as it was */
    ck_assert_str_eq(nn_model_metric_name(model, 1), "accuracy");
    OK(nn_model_compile(model, "sgd", "mse", NULL));
    get_all_weights(model, before);
    ck_assert_mem_eq(before, after, sizeof after);
    ck_assert(model->iteration == 0 && model->slot_count == 0);
    ck_assert_uint_eq(nn_model_metric_count(model), 1);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

START_TEST(class_names_are_copied)
{
    char cat[] = "cat";
    const char *const names[] = {cat, "dog"}, *const broken[] = {"a", NULL};
    nn_model *model = make_small(0);
    ck_assert_uint_eq(nn_model_class_count(model), 0);
    OK(nn_model_set_class_names(model, names, 2));
    cat[0] = 'b';
    FAILS(nn_model_set_class_names(model, broken, 2), NN_ERR_INVALID, "name 1 is NULL");
    ck_assert_uint_eq(nn_model_class_count(model), 2);
    ck_assert_str_eq(nn_model_class_name(model, 0), "cat");
    ck_assert_str_eq(nn_model_class_name(model, 1), "dog");
    ck_assert_ptr_null(nn_model_class_name(model, 2));
    const char *const own[] = {nn_model_class_name(model, 1)};
    OK(nn_model_set_class_names(model, own, 1)); /* its own names may be given */
    ck_assert_str_eq(nn_model_class_name(model, 0), "dog");
    OK(nn_model_set_class_names(model, NULL, 0));
    ck_assert_uint_eq(nn_model_class_count(model), 0);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_building");
    TCase *tcase = add_case(suite, "building", NULL, NULL);
    tcase_add_test(tcase, activations_that_compare_values_are_refused_over_one);
    tcase_add_test(tcase, an_empty_model_has_nothing);
    tcase_add_test(tcase, the_first_layer_needs_an_input_shape_and_the_others_fit);
    tcase_add_test(tcase, layers_and_weights_are_named_as_keras_names_them);
    tcase_add_test(tcase, nothing_is_added_to_a_built_model);
    tcase_add_test(tcase, a_call_that_fails_doesnt_build_the_model);
    tcase_add_test(tcase, training_and_evaluating_need_a_compiled_model);
    tcase_add_test(tcase, metrics_are_named_as_the_user_named_them);

    tcase = add_case(suite, "weights", NULL, NULL);
    tcase_add_test(tcase, weights_are_set_and_got_by_name);
    tcase_add_test(tcase, a_seed_names_the_weights);
    tcase_add_test(tcase, compiling_again_keeps_the_weights_and_starts_the_optimizer_anew);
    tcase_add_test(tcase, class_names_are_copied);
    return run_suite(suite);
}
