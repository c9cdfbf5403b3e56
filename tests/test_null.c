/* Every public function refuses NULL where something must be, and says which argument it was. */
#include "model.h"
#include "small_model.h"
#include "suite.h"
#include <limits.h>

#define NULL_REFUSED(call, name) FAILS(call, NN_ERR_INVALID, name)

START_TEST(every_function_refuses_null)
{
    float x[SMALL_INPUTS] = {0}, y[SMALL_OUTPUTS];
    int32_t label[1] = {0};
    double values[2];
    const double *column;
    const char *const names[] = {"a"};
    size_t count = 0, shape[2];
    nn_dataset *data, *no_data = (nn_dataset *)&count;
    nn_model *model = make_small(0), *no_model = (nn_model *)&count;
    nn_history *history, *no_history = (nn_history *)&count;
    OK(nn_dataset_from_arrays(&data, 1, x, NN_FLOAT32, SMALL_INPUTS, label, NN_INT32, 1));
    OK(nn_fit(model, data, NULL, &history)); /* options may be NULL */

    OK(nn_set_allocator(NULL));
    NULL_REFUSED(nn_dataset_from_arrays(NULL, 1, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0),
                 "data is NULL");
    NULL_REFUSED(nn_dataset_from_arrays(&no_data, 1, NULL, NN_FLOAT32, 1, NULL, NN_FLOAT32, 0),
                 "'x'");
    ck_assert_ptr_null(no_data);
    NULL_REFUSED(nn_dataset_from_arrays(&no_data, 1, x, NN_FLOAT32, 1, NULL, NN_FLOAT32, 1), "y");
    NULL_REFUSED(nn_dataset_from_arrays(&no_data, SIZE_MAX, x, NN_FLOAT32, 2, NULL, NN_FLOAT32, 0),
                 "");
    NULL_REFUSED(nn_dataset_add_column(NULL, "sample_weight", x, NN_FLOAT32, 1), "data is NULL");
    NULL_REFUSED(nn_dataset_add_column(data, NULL, x, NN_FLOAT32, 1), "name is NULL");
    NULL_REFUSED(nn_dataset_add_column(data, "sample_weight", NULL, NN_FLOAT32, 1),
                 "values are NULL");
    NULL_REFUSED(nn_dataset_load_idx(NULL, "a", "b"), "data is NULL");
    no_data = (nn_dataset *)&count;
    NULL_REFUSED(nn_dataset_load_idx(&no_data, NULL, "b"), "images is NULL");
    ck_assert_ptr_null(no_data);
    NULL_REFUSED(nn_dataset_slice(NULL, data, 0, 1), "part is NULL");
    no_data = (nn_dataset *)&count;
    NULL_REFUSED(nn_dataset_slice(&no_data, NULL, 0, 1), "whole is NULL");
    ck_assert_ptr_null(no_data);
    ck_assert_uint_eq(nn_dataset_rows(NULL), 0);
    ck_assert_uint_eq(nn_dataset_width(NULL, "x"), 0);
    ck_assert_uint_eq(nn_dataset_width(data, NULL), 0);
    ck_assert_uint_eq(nn_dataset_shape(NULL, "x", shape, 2), 0);
    ck_assert_uint_eq(nn_dataset_shape(data, NULL, shape, 2), 0);
    ck_assert_uint_eq(nn_dataset_shape(data, "x", NULL, 0), 1);
    NULL_REFUSED(nn_dataset_get_values(NULL, "x", 0, 1, x), "data is NULL");
    NULL_REFUSED(nn_dataset_get_values(data, NULL, 0, 1, x), "column is NULL");
    NULL_REFUSED(nn_dataset_get_values(data, "x", 0, 1, NULL), "values is NULL");
    NULL_REFUSED(nn_dataset_set_class_names(NULL, names, 1), "data is NULL");
    NULL_REFUSED(nn_dataset_set_class_names(data, NULL, 1), "names is NULL");
    ck_assert_uint_eq(nn_dataset_class_count(NULL), 0);
    ck_assert_ptr_null(nn_dataset_class_name(NULL, 0));
    nn_dataset_free(NULL);

    NULL_REFUSED(nn_model_create(NULL), "model is NULL");
    NULL_REFUSED(nn_model_add(NULL, "flatten"), "model is NULL");
    NULL_REFUSED(nn_model_add(model, NULL), "layer is NULL");
    NULL_REFUSED(nn_model_set_seed(NULL, 1), "model is NULL");
    NULL_REFUSED(nn_model_compile(NULL, "sgd", "mse", NULL), "model is NULL");
    NULL_REFUSED(nn_model_compile(model, NULL, "mse", NULL), "optimizer is NULL");
    NULL_REFUSED(nn_model_compile(model, "sgd", NULL, NULL), "loss is NULL");
    NULL_REFUSED(nn_model_clone(NULL, model), "copy is NULL");
    NULL_REFUSED(nn_model_clone(&no_model, NULL), "model is NULL");
    ck_assert_ptr_null(no_model);
    nn_model_free(NULL);

    ck_assert_uint_eq(nn_model_input_width(NULL), 0);
    ck_assert_uint_eq(nn_model_output_width(NULL), 0);
    ck_assert_uint_eq(nn_model_trainable_count(NULL), 0);
    ck_assert_uint_eq(nn_model_parameter_count(NULL), 0);
    ck_assert_uint_eq(nn_model_metric_count(NULL), 0);
    ck_assert_ptr_null(nn_model_metric_name(NULL, 0));
    ck_assert_uint_eq(nn_model_weight_count(NULL), 0);
    ck_assert_ptr_null(nn_model_weight_name(NULL, 0));
    ck_assert_uint_eq(nn_model_weight_shape(NULL, "dense/kernel", shape, 2), 0);
    ck_assert_uint_eq(nn_model_weight_shape(model, NULL, shape, 2), 0);
    ck_assert_uint_eq(nn_model_weight_shape(model, "dense/kernel", NULL, 2), 2);
    NULL_REFUSED(nn_model_get_weights(NULL, "dense/bias", x, 1), "model is NULL");
    NULL_REFUSED(nn_model_get_weights(model, NULL, x, 1), "name is NULL");
    NULL_REFUSED(nn_model_get_weights(model, "dense/bias", NULL, 7), "values is NULL");
    NULL_REFUSED(nn_model_set_weights(NULL, "dense/bias", x, 1), "model is NULL");
    NULL_REFUSED(nn_model_set_weights(model, NULL, x, 1), "name is NULL");
    NULL_REFUSED(nn_model_set_weights(model, "dense/bias", NULL, 7), "values is NULL");
    NULL_REFUSED(nn_model_set_class_names(NULL, names, 1), "model is NULL");
    NULL_REFUSED(nn_model_set_class_names(model, NULL, 1), "names is NULL");
    ck_assert_uint_eq(nn_model_class_count(NULL), 0);
    ck_assert_ptr_null(nn_model_class_name(NULL, 0));
    NULL_REFUSED(nn_model_summary(NULL, NULL, 0, &count), "model is NULL");
    NULL_REFUSED(nn_model_summary(model, NULL, 5, &count), "buffer is NULL");
    OK(nn_model_summary(model, NULL, 0, NULL));

    no_history = (nn_history *)&count;
    NULL_REFUSED(nn_fit(NULL, data, NULL, &no_history), "model is NULL");
    ck_assert_ptr_null(no_history);
    no_history = (nn_history *)&count;
    NULL_REFUSED(nn_fit(model, NULL, NULL, &no_history), "data is NULL");
    ck_assert_ptr_null(no_history);
    NULL_REFUSED(nn_evaluate(NULL, data, values, 2), "model is NULL");
    NULL_REFUSED(nn_evaluate(model, NULL, values, 2), "data is NULL");
    NULL_REFUSED(nn_evaluate(model, data, NULL, 2), "values is NULL");
    NULL_REFUSED(nn_confusion_matrix(NULL, data, &count, 1), "model is NULL");
    NULL_REFUSED(nn_confusion_matrix(model, NULL, &count, 1), "data is NULL");
    NULL_REFUSED(nn_confusion_matrix(model, data, NULL, 1), "counts is NULL");
    NULL_REFUSED(nn_train_on_batch(NULL, data, values, 2), "model is NULL");
    NULL_REFUSED(nn_train_on_batch(model, NULL, values, 2), "batch is NULL");
    NULL_REFUSED(nn_train_on_batch(model, data, NULL, 2), "values is NULL");
    OK(nn_train_on_batch(model, data, NULL, 0));
    NULL_REFUSED(nn_predict(NULL, x, 1, y), "model is NULL");
    NULL_REFUSED(nn_predict(model, NULL, 1, y), "x is NULL");
    NULL_REFUSED(nn_predict(model, x, 1, NULL), "y is NULL");
    NULL_REFUSED(nn_predict(model, x, 0, y), "rows is 0");
    NULL_REFUSED(nn_history_get(NULL, "loss", &column, &count), "history is NULL");
    NULL_REFUSED(nn_history_get(history, NULL, &column, &count), "name is NULL");
    NULL_REFUSED(nn_history_get(history, "loss", NULL, &count), "values is NULL");
    NULL_REFUSED(nn_history_get(history, "loss", &column, NULL), "count is NULL");
    ck_assert_uint_eq(nn_history_count(NULL), 0);
    ck_assert_ptr_null(nn_history_name(NULL, 0));
    nn_history_free(NULL);

    NULL_REFUSED(nn_model_save(NULL, "/tmp/x"), "model is NULL");
    NULL_REFUSED(nn_model_save(model, NULL), "path is NULL");
    NULL_REFUSED(nn_model_load(NULL, "/tmp/x"), "model is NULL");
    no_model = (nn_model *)&count;
    NULL_REFUSED(nn_model_load(&no_model, NULL), "path is NULL");
    ck_assert_ptr_null(no_model);
    NULL_REFUSED(nn_model_save_to_memory(NULL, NULL, 0, &count), "model is NULL");
    NULL_REFUSED(nn_model_save_to_memory(model, NULL, 5, &count), "buffer is NULL");
    NULL_REFUSED(nn_model_save_to_memory(model, NULL, 0, NULL), "length is NULL");
    NULL_REFUSED(nn_model_load_from_memory(NULL, x, 1), "model is NULL");
    no_model = (nn_model *)&count;
    NULL_REFUSED(nn_model_load_from_memory(&no_model, NULL, 1), "bytes is NULL");
    ck_assert_ptr_null(no_model);

    ck_assert_ptr_null(nn_part_kind(1000));
    ck_assert_ptr_null(nn_part_name(NULL, 0));
    ck_assert_ptr_null(nn_part_name("no_such_kind", 0));
    ck_assert_ptr_null(nn_part_name("layer", 1000));
    OK(nn_help(NULL, NULL, 0, &count));
    ck_assert_uint_gt(count, 1000);
    NULL_REFUSED(nn_help("dense", NULL, 5, &count), "buffer is NULL");
    ck_assert_ptr_nonnull(nn_error_message());

    nn_history_free(history);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("null");
    TCase *tcase = add_case(suite, "NULL", NULL, NULL);
    tcase_add_test(tcase, every_function_refuses_null);
    return run_suite(suite);
}
