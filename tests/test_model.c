/* Models: building, names, weights, summary, predicting, cloning, the memory plan, failures. */
#include "access.h"
#include "allocate.h"
#include "faults.h"
#include "status.h"
#include "suite.h"
#include "workspace.h"
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NULL_REFUSED(call, name) FAILS(call, NN_ERR_INVALID, name)

/* layers: specs, ended by NULL */
static nn_model *make_model(uint64_t seed, const char *const *layers)
{
    nn_model *model;
    OK(nn_model_create(&model));
    OK(nn_model_set_seed(model, seed));
    for (; *layers != NULL; layers++)
        OK(nn_model_add(model, *layers));
    return model;
}

static const char *const small_layers[] = {
    "flatten input_shape=(3,2)",
    "dense units=7 activation=relu",
    "dropout rate=0.5",
    "dense units=4 activation=softmax",
    NULL,
};

enum { SMALL_INPUTS = 6, SMALL_OUTPUTS = 4 };

static const char small_optimizer[] = "sgd learning_rate=0.1 momentum=0.9";
static const char small_loss[] = "sparse_categorical_crossentropy";

static nn_model *make_small(uint64_t seed)
{
    nn_model *model = make_model(seed, small_layers);
    OK(nn_model_compile(model, small_optimizer, small_loss, "accuracy"));
    return model;
}

static float *make_inputs(size_t count)
{
    float *x = malloc(count * sizeof *x);
    nn_random random = nn_random_stream(9, NN_RANDOM_LAYER, 0, 0);
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(2 * nn_random_uniform(&random) - 1);
    return x;
}

static void get_all_weights(const nn_model *model, float *values)
{
    for (size_t i = 0; i < nn_model_weight_count(model); i++) {
        const char *name = nn_model_weight_name(model, i);
        size_t shape[2] = {1, 1};
        nn_model_weight_shape(model, name, shape, 2);
        OK(nn_model_get_weights(model, name, values, shape[0] * shape[1]));
        values += shape[0] * shape[1];
    }
}

enum { SMALL_WEIGHTS = 6 * 7 + 7 + 7 * 4 + 4 };

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
    nn_model *model = make_model(0, layers);
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
    nn_model *model = make_model(0, layers);
    OK(nn_model_compile(model, "sgd", "mse", NULL));
    FAILS(nn_model_add(model, "dense units=2"), NN_ERR_STATE, refusal);
    FAILS(nn_model_set_seed(model, 1), NN_ERR_STATE, "already made");
    nn_model_free(model);
    model = make_model(0, layers);
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
    nn_model *model = make_model(0, layers);
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
    nn_model *model = make_model(0, small_layers);
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
    nn_model *model = make_model(0, small_layers);
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

/* ---- summary ---- */

START_TEST(the_summary_is_kerass_table)
{
    static const char *const layers[] = {
        "flatten input_shape=(28,28)",
        "dense units=300 activation=relu",
        "dense units=100 activation=relu",
        "dense units=10 activation=softmax",
        NULL,
    };
    static const char wanted[] =
        "Model: \"sequential\"\n"
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓\n"
        "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃\n"
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩\n"
        "│ flatten (Flatten)               │ (None, 784)            │             0 │\n"
        "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
        "│ dense (Dense)                   │ (None, 300)            │       235,500 │\n"
        "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
        "│ dense_1 (Dense)                 │ (None, 100)            │        30,100 │\n"
        "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
        "│ dense_2 (Dense)                 │ (None, 10)             │         1,010 │\n"
        "└─────────────────────────────────┴────────────────────────┴───────────────┘\n"
        " Total params: 266,610 (1.02 MB)\n"
        " Trainable params: 266,610 (1.02 MB)\n"
        " Non-trainable params: 0 (0.00 B)\n";
    static char text[4096], part[100];
    size_t length = 0;
    nn_model *model = make_model(0, layers);
    OK(nn_model_summary(model, text, sizeof text, &length));
    ck_assert_str_eq(text, wanted);
    ck_assert_uint_eq(length, strlen(wanted));
    ck_assert_uint_eq(nn_model_parameter_count(model), 266610);
    ck_assert_uint_eq(nn_model_trainable_count(model), 266610);
    OK(nn_model_summary(model, part, sizeof part, &length));
    ck_assert_uint_eq(length, strlen(wanted));
    ck_assert_int_eq(strncmp(part, wanted, sizeof part - 1), 0);
    OK(nn_model_summary(model, NULL, 0, &length));
    nn_model_free(model);

    static const char *const wide[] = {
        "dense units=3 input_shape=(2,4) name='größer als alle anderen'", NULL};
    model = make_model(0, wide); /* characters count, not bytes */
    OK(nn_model_summary(model, text, sizeof text, NULL));
    ck_assert_ptr_nonnull(strstr(text, "┃ Layer (type)                    ┃"));
    ck_assert_ptr_nonnull(strstr(text,
                                 "│ größer als alle anderen (Dense) │ (None, 2, 3)           │"
                                 "            15 │\n"));
    ck_assert_ptr_nonnull(strstr(text, " Total params: 15 (60.00 B)\n"));
    nn_model_free(model);
}
END_TEST

START_TEST(a_summary_is_whole_or_fails)
{
    static char wanted[4096], text[4096];
    nn_model *model = make_small(0);
    OK(nn_model_summary(model, wanted, sizeof wanted, NULL));
    const long blocks = faults_live_blocks();
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        faults_fail_allocation(k, true);
        const nn_status status = nn_model_summary(model, text, sizeof text, NULL);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        ck_assert_int_eq(faults_live_blocks(), blocks);
    }
    ck_assert_str_eq(text, wanted);
    nn_model_free(model);
}
END_TEST

/* ---- predicting ---- */

/* The small model by plain loops, from its weights. */
static void predict_in_double(const nn_model *model, const float *x, size_t rows, double *y)
{
    float weights[SMALL_WEIGHTS];
    get_all_weights(model, weights);
    const float *w1 = weights, *b1 = w1 + 42, *w2 = b1 + 7, *b2 = w2 + 28;
    for (size_t i = 0; i < rows; i++) {
        double hidden[7], sum = 0;
        for (size_t j = 0; j < 7; j++) {
            hidden[j] = (double)b1[j];
            for (size_t k = 0; k < 6; k++)
                hidden[j] += (double)x[i * 6 + k] * (double)w1[k * 7 + j];
            hidden[j] = fmax(hidden[j], 0);
        }
        for (size_t j = 0; j < 4; j++) {
            double z = (double)b2[j];
            for (size_t k = 0; k < 7; k++)
                z += hidden[k] * (double)w2[k * 4 + j];
            sum += y[i * 4 + j] = exp(z);
        }
        for (size_t j = 0; j < 4; j++)
            y[i * 4 + j] /= sum;
    }
}

enum { MANY = 700 }; /* more than a block of predict */

START_TEST(predictions_are_the_layers_formulas_however_the_rows_come)
{
    nn_model *model = make_small(3);
    float *x = make_inputs(MANY * SMALL_INPUTS);
    float *y = malloc(MANY * SMALL_OUTPUTS * sizeof *y);
    double *wanted = malloc(MANY * SMALL_OUTPUTS * sizeof *wanted);
    static const size_t splits[] = {1, 100, MANY, 7, 256, 257}; /* small ones first */
    predict_in_double(model, x, MANY, wanted);
    for (size_t s = 0; s < COUNT(splits); s++) {
        memset(y, 0xff, MANY * SMALL_OUTPUTS * sizeof *y);
        for (size_t at = 0; at < MANY; at += splits[s])
            OK(nn_predict(model, x + at * SMALL_INPUTS,
                          MANY - at < splits[s] ? MANY - at : splits[s], y + at * SMALL_OUTPUTS));
        for (size_t i = 0; i < MANY * SMALL_OUTPUTS; i++)
            ck_assert_msg(fabs((double)y[i] - wanted[i]) < 1e-6, "value %zu is %g, expected %g", i,
                          (double)y[i], wanted[i]);
    }
    free(x), free(y), free(wanted);
    nn_model_free(model);
}
END_TEST

/* Each layer's output is wider or narrower than its input: places that overlap would show. */
START_TEST(a_chain_of_layers_keeps_its_buffers_apart)
{
    static const char *const layers[] = {
        "dense units=40 input_shape=(3)",
        "dense units=5 activation=tanh",
        "dense units=64",
        "dropout rate=0.5",
        "dense units=70 activation=tanh",
        "flatten",
        "dense units=2",
        "dense units=33",
        NULL,
    };
    static const size_t widths[] = {3, 40, 5, 64, 70, 2, 33};
    enum { CHAIN_ROWS = 300, WIDEST = 70 };
    static float kernel[WIDEST * WIDEST], bias[WIDEST];
    static double from[WIDEST], to[WIDEST];
    nn_model *model = make_model(8, layers);
    float *x = make_inputs(CHAIN_ROWS * 3), *y = malloc(CHAIN_ROWS * 33 * sizeof *y);
    OK(nn_predict(model, x, CHAIN_ROWS, y));
    for (size_t row = 0; row < CHAIN_ROWS; row += 23) {
        for (size_t i = 0; i < 3; i++)
            from[i] = (double)x[row * 3 + i];
        for (size_t l = 0; l + 1 < COUNT(widths); l++) {
            const size_t in = widths[l], out = widths[l + 1];
            OK(nn_model_get_weights(model, nn_model_weight_name(model, 2 * l), kernel, in * out));
            OK(nn_model_get_weights(model, nn_model_weight_name(model, 2 * l + 1), bias, out));
            for (size_t j = 0; j < out; j++) {
                to[j] = (double)bias[j];
                for (size_t i = 0; i < in; i++)
                    to[j] += from[i] * (double)kernel[i * out + j];
                if (out == 5 || out == 70)
                    to[j] = tanh(to[j]);
            }
            memcpy(from, to, sizeof to);
        }
        for (size_t j = 0; j < 33; j++)
            ck_assert_msg(fabs((double)y[row * 33 + j] - from[j]) < 1e-5,
                          "row %zu, value %zu is %g, expected %g", row, j, (double)y[row * 33 + j],
                          from[j]);
    }
    free(x), free(y);
    nn_model_free(model);
}
END_TEST

START_TEST(models_of_views_alone_give_their_input_back)
{
    static const char *const layers[] = {"flatten input_shape=(2,2)", "dropout rate=0.9", NULL};
    const float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    float y[8] = {0};
    nn_model *model = make_model(0, layers);
    OK(nn_predict(model, x, 2, y));
    ck_assert_mem_eq(x, y, sizeof x);
    nn_model_free(model);
}
END_TEST

struct predictor {
    const nn_model *model;
    const float *x, *wanted; /* wanted NULL: only look */
    float y[50 * SMALL_OUTPUTS];
    bool same;
};

static void *predict_again_and_again(void *user)
{
    struct predictor *p = user;
    p->same = true;
    for (int i = 0; i < 20; i++) {
        const nn_status status = nn_predict(p->model, p->x, 50, p->y);
        p->same = p->same && status == NN_OK &&
                  (p->wanted == NULL || memcmp(p->y, p->wanted, sizeof p->y) == 0);
    }
    return NULL;
}

START_TEST(predict_is_the_same_from_64_threads)
{
    enum { THREADS = 64 };
    static struct predictor predictors[THREADS];
    static float wanted[50 * SMALL_OUTPUTS];
    pthread_t threads[THREADS];
    float *x = make_inputs(50 * SMALL_INPUTS);
    nn_model *model = make_model(4, small_layers);
    nn_model *twin = make_model(4, small_layers);
    OK(nn_predict(twin, x, 50, wanted));
    /* The model isn't built yet: the threads meet there as well. */
    for (size_t i = 0; i < THREADS; i++) {
        predictors[i] = (struct predictor){.model = model, .x = x, .wanted = wanted};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, predict_again_and_again, &predictors[i]),
                         0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_msg(predictors[i].same, "thread %zu got other bits", i);
    }
    free(x);
    nn_model_free(model);
    nn_model_free(twin);
}
END_TEST

START_TEST(a_warm_predict_or_step_allocates_nothing)
{
    float *x = make_inputs(MANY * SMALL_INPUTS), *y = malloc(MANY * SMALL_OUTPUTS * sizeof *y);
    int32_t labels[32] = {0};
    double values[2];
    nn_dataset *batch;
    nn_model *model = make_small(0);
    OK(nn_dataset_from_arrays(&batch, 32, x, NN_FLOAT32, SMALL_INPUTS, labels, NN_INT32, 1));
    OK(nn_predict(model, x, MANY, y));
    OK(nn_train_on_batch(model, batch, values, 2));
    faults_fail_allocation(1, false);
    OK(nn_predict(model, x, MANY, y));
    OK(nn_predict(model, x, 1, y));
    OK(nn_train_on_batch(model, batch, values, 2));
    ck_assert_uint_eq(faults_calls(), 0);
    faults_reset();
    nn_dataset_free(batch);
    nn_model_free(model);
    free(x), free(y);
}
END_TEST

/* ---- who may use a model when ---- */

static void *use_from_elsewhere(void *user)
{
    nn_model *model = user;
    float x[SMALL_INPUTS] = {0}, y[SMALL_OUTPUTS];
    FAILS(nn_predict(model, x, 1, y), NN_ERR_STATE, "changed by another thread");
    FAILS(nn_model_summary(model, NULL, 0, NULL), NN_ERR_STATE, "another thread");
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_STATE, "another thread");
    FAILS(nn_model_set_class_names(model, NULL, 0), NN_ERR_STATE, "another thread");
    return NULL;
}

START_TEST(a_model_being_changed_is_busy_for_others_but_readable_within)
{
    float x[SMALL_INPUTS] = {0}, y[SMALL_OUTPUTS];
    const long blocks = faults_live_blocks();
    pthread_t thread;
    nn_model *model = make_small(0);
    OK(nn_model_begin_write(model));
    ck_assert_int_eq(pthread_create(&thread, NULL, use_from_elsewhere, model), 0);
    pthread_join(thread, NULL);
    OK(nn_predict(model, x, 1, y));
    FAILS(nn_model_set_seed(model, 1), NN_ERR_STATE, "callback");
    nn_model_end_write(model);
    OK(nn_model_begin_read(model));
    OK(nn_predict(model, x, 1, y));
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_STATE, "in use");
    nn_model_end_read(model);
    OK(nn_model_begin_write(model)); /* all have left */
    nn_model_free(model);            /* lives until the end of the call that changes it */
    OK(nn_predict(model, x, 1, y));
    nn_model_end_write(model);
    ck_assert_int_eq(faults_live_blocks(), blocks);
}
END_TEST

/* ---- cloning ---- */

START_TEST(a_clone_is_equal_and_independent)
{
    float *x = make_inputs(40 * SMALL_INPUTS);
    int32_t labels[40];
    float one[SMALL_WEIGHTS], other[SMALL_WEIGHTS], before[SMALL_WEIGHTS];
    double values[2], same[2];
    const char *const names[] = {"a", "b", "c", "d"};
    nn_dataset *data;
    nn_model *model = make_small(6), *copy;
    for (int32_t i = 0; i < 40; i++)
        labels[i] = i % 4;
    OK(nn_dataset_from_arrays(&data, 40, x, NN_FLOAT32, SMALL_INPUTS, labels, NN_INT32, 1));
    OK(nn_model_set_class_names(model, names, 4));
    for (int i = 0; i < 3; i++)
        OK(nn_train_on_batch(model, data, values, 2));
    OK(nn_model_clone(&copy, model));
    get_all_weights(model, before);
    get_all_weights(copy, other);
    ck_assert_mem_eq(before, other, sizeof other);
    ck_assert_str_eq(nn_model_metric_name(copy, 1), "accuracy");
    ck_assert_str_eq(nn_model_class_name(copy, 3), "d");
    /* Optimizer state and random streams are the same: so is the next step. */
    OK(nn_train_on_batch(copy, data, same, 2));
    get_all_weights(model, one);
    ck_assert_mem_eq(one, before, sizeof one); /* the original doesn't notice */
    OK(nn_train_on_batch(model, data, values, 2));
    ck_assert(values[0] == same[0] && values[1] == same[1]);
    get_all_weights(model, one);
    get_all_weights(copy, other);
    ck_assert_mem_eq(one, other, sizeof one);
    nn_model_free(model);
    OK(nn_evaluate(copy, data, values, 2));
    nn_model_free(copy);

    model = make_model(6, small_layers); /* neither built nor compiled */
    OK(nn_model_clone(&copy, model));
    OK(nn_model_add(copy, "dense units=2"));
    OK(nn_model_add(model, "dense units=2"));
    nn_model_free(copy);
    nn_model_free(model);
    nn_dataset_free(data);
    free(x);
}
END_TEST

/* ---- the memory plan ---- */

START_TEST(no_two_buffers_alive_at_once_overlap)
{
    enum { MOST = 24 };
    nn_random random = nn_random_stream(12, NN_RANDOM_LAYER, 0, 0);
    const size_t step = NN_ALIGNMENT / sizeof(nn_real);
    for (int round = 0; round < 500; round++) {
        nn_plan_buffer buffers[MOST];
        const size_t count = nn_random_below(&random, MOST + 1);
        size_t total = SIZE_MAX, sum = 0, peak = 0;
        for (size_t i = 0; i < count; i++) {
            const size_t first = nn_random_below(&random, 20);
            buffers[i] = (nn_plan_buffer){.size = nn_random_below(&random, 200),
                                          .first = first,
                                          .last = first + nn_random_below(&random, 8)};
        }
        size_t asked[MOST];
        for (size_t i = 0; i < count; i++)
            asked[i] = buffers[i].size;
        ck_assert(nn_plan_place(buffers, count, &total));
        for (size_t i = 0; i < count; i++) {
            sum += (asked[i] + step - 1) / step * step;
            ck_assert_uint_eq(buffers[i].offset % step, 0);
            ck_assert_uint_le(buffers[i].offset + asked[i], total);
            for (size_t j = 0; j < i; j++) {
                const bool together =
                    buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
                const bool apart = buffers[i].offset + asked[i] <= buffers[j].offset ||
                                   buffers[j].offset + asked[j] <= buffers[i].offset;
                ck_assert_msg(!together || apart || asked[i] == 0 || asked[j] == 0,
                              "round %d: buffers %zu and %zu overlap", round, i, j);
            }
        }
        for (size_t time = 0; time < 30; time++) {
            size_t alive = 0;
            for (size_t i = 0; i < count; i++)
                if (buffers[i].first <= time && time <= buffers[i].last)
                    alive += asked[i];
            peak = alive > peak ? alive : peak;
        }
        ck_assert(total >= peak && total <= sum);
    }
}
END_TEST

START_TEST(a_plan_that_no_memory_can_hold_is_refused)
{
    size_t total;
    nn_plan_buffer one = {.size = SIZE_MAX, .first = 0, .last = 1};
    ck_assert(!nn_plan_place(&one, 1, &total));
    nn_plan_buffer two[2] = {{.size = SIZE_MAX / 2 + 100, .last = 1},
                             {.size = SIZE_MAX / 2 + 100, .last = 1}};
    ck_assert(!nn_plan_place(two, 2, &total));
    nn_plan_buffer apart[2] = {{.size = 100, .first = 0, .last = 0},
                               {.size = 100, .first = 1, .last = 1}};
    ck_assert(nn_plan_place(apart, 2, &total));
    ck_assert_uint_eq(total, 112); /* one place for both, rounded up to the alignment */
    faults_fail_allocation(1, true);
    ck_assert(!nn_plan_place(apart, 2, &total));
    faults_reset();
}
END_TEST

/* ---- failures ---- */

/* A call that may fail once for want of memory; then it has changed nothing, so it can be repeated. */
#define REPEATED(call)                                                                             \
    do {                                                                                           \
        nn_status status_ = (call);                                                                \
        if (status_ == NN_ERR_NO_MEMORY)                                                           \
            status_ = (call);                                                                      \
        ck_assert_msg(status_ == NN_OK, "%s: %d, %s", #call, (int)status_, nn_error_message());    \
    } while (0)

static void work(const float *x, float *y)
{
    nn_model *model = NULL, *copy = NULL;
    REPEATED(nn_model_create(&model));
    for (const char *const *layer = small_layers; *layer != NULL; layer++)
        REPEATED(nn_model_add(model, *layer));
    REPEATED(nn_model_compile(model, small_optimizer, small_loss, "acc"));
    REPEATED(nn_predict(model, x, 3, y));
    REPEATED(nn_model_clone(&copy, model));
    nn_model_free(model);
    REPEATED(nn_predict(copy, x, 3, y));
    ck_assert_str_eq(nn_model_metric_name(copy, 1), "acc");
    nn_model_free(copy);
}

START_TEST(a_failed_allocation_changes_nothing_and_the_call_can_be_repeated)
{
    float *x = make_inputs(3 * SMALL_INPUTS), wanted[3 * SMALL_OUTPUTS], y[3 * SMALL_OUTPUTS];
    work(x, wanted);
    const long blocks = faults_live_blocks();
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        memset(y, 0, sizeof y);
        faults_fail_allocation(k, true);
        work(x, y);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_mem_eq(y, wanted, sizeof y);
        ck_assert_uint_lt(k, 100000);
    }
    free(x);
}
END_TEST

/* When everything fails from the k-th call on. */
START_TEST(lasting_want_of_memory_is_told_and_leaks_nothing)
{
    float *x = make_inputs(3 * SMALL_INPUTS), y[3 * SMALL_OUTPUTS];
    const long blocks = faults_live_blocks();
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        nn_model *model = NULL, *copy = NULL;
        faults_fail_allocation(k, false);
        nn_status status = nn_model_create(&model);
        ck_assert((status == NN_OK) == (model != NULL));
        for (const char *const *layer = small_layers; *layer != NULL && status == NN_OK; layer++)
            status = nn_model_add(model, *layer);
        if (status == NN_OK)
            status = nn_model_compile(model, small_optimizer, small_loss, "acc");
        if (status == NN_OK)
            status = nn_predict(model, x, 3, y);
        if (status == NN_OK)
            status = nn_model_clone(&copy, model);
        ck_assert((status == NN_OK) == (copy != NULL));
        failed = faults_calls() >= k;
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        ck_assert_int_ne(nn_error_message()[0], failed ? '\0' : 1);
        nn_model_free(model);
        nn_model_free(copy);
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
    }
    free(x);
}
END_TEST

START_TEST(a_compile_without_memory_leaves_the_model_unbuilt)
{
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        nn_model *model = make_model(0, small_layers);
        faults_fail_allocation(k, true);
        const nn_status status = nn_model_compile(model, small_optimizer, small_loss, "acc");
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        if (failed) {
            OK(nn_model_set_seed(model, 1));
            OK(nn_model_add(model, "dense units=2"));
        }
        nn_model_free(model);
    }
}
END_TEST

struct host {
    long live;
    size_t calls, largest, limit;
    bool misaligned;
};

static void *host_allocate(void *user, size_t alignment, size_t size)
{
    struct host *host = user;
    void *memory = NULL;
    host->largest = size > host->largest ? size : host->largest;
    if (size == 0 || alignment > 64 || (alignment & (alignment - 1)) != 0)
        host->misaligned = true;
    if (size > host->limit || posix_memalign(&memory, alignment, size) != 0)
        return NULL;
    memset(memory, 0xa5, size); /* a host's memory isn't zeroed */
    host->live++;
    host->calls++;
    return memory;
}

static void host_release(void *user, void *memory)
{
    ((struct host *)user)->live--;
    free(memory);
}

START_TEST(the_hosts_allocator_is_used_for_everything)
{
    struct host host = {.limit = SIZE_MAX};
    nn_allocator allocator = {sizeof allocator, host_allocate, host_release, &host};
    float *x = make_inputs(40 * SMALL_INPUTS), y[40 * SMALL_OUTPUTS], wanted[40 * SMALL_OUTPUTS];
    int32_t labels[40] = {0};
    char *file = malloc(1 << 16);
    double values[2];
    nn_model *model, *copy, *loaded;
    nn_history *history;
    nn_dataset *data, *part;
    size_t length;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 2;
    options.validation_split = 0.25;

    allocator.struct_size = 1;
    FAILS(nn_set_allocator(&allocator), NN_ERR_INVALID, "struct_size");
    allocator.struct_size = sizeof allocator;
    allocator.release = NULL;
    FAILS(nn_set_allocator(&allocator), NN_ERR_INVALID, "release");
    allocator.release = host_release;
    OK(nn_set_allocator(&allocator));
    model = make_small(0);
    OK(nn_dataset_from_arrays(&data, 40, x, NN_FLOAT32, SMALL_INPUTS, labels, NN_INT32, 1));
    OK(nn_dataset_slice(&part, data, 3, 30));
    OK(nn_fit(model, part, &options, &history));
    OK(nn_evaluate(model, data, values, 2));
    OK(nn_predict(model, x, 40, wanted));
    OK(nn_model_clone(&copy, model));
    OK(nn_model_save_to_memory(model, file, 1 << 16, &length));
    OK(nn_model_load_from_memory(&loaded, file, length));
    OK(nn_predict(loaded, x, 40, y));
    ck_assert_mem_eq(y, wanted, sizeof y);
    OK(nn_model_summary(model, NULL, 0, &length));
    ck_assert_int_eq(nn_help("no_such_part", NULL, 0, &length), NN_ERR_INVALID);
    ck_assert(host.live > 0 && host.calls > 50 && !host.misaligned);
    nn_model_free(model);
    nn_model_free(copy);
    nn_model_free(loaded);
    nn_history_free(history);
    nn_dataset_free(data);
    nn_dataset_free(part);
    ck_assert_int_eq(host.live, 0);
    const size_t calls = host.calls;
    OK(nn_set_allocator(NULL));
    nn_model_free(make_small(0));
    ck_assert_uint_eq(host.calls, calls);
    free(x), free(file);
}
END_TEST

START_TEST(sizes_beyond_an_int_or_memory_are_refused_before_they_are_asked_for)
{
    struct host host = {.limit = 1 << 20};
    const nn_allocator allocator = {sizeof allocator, host_allocate, host_release, &host};
    static const struct {
        const char *first, *second;
        nn_status wanted;
    } adds[] = {
        {"dense units=2000000000 input_shape=(2000000000)", NULL, NN_ERR_INVALID},
        {"dense units=2147483648 input_shape=(1)", NULL, NN_ERR_INVALID},
        {"flatten input_shape=(65536,65536)", NULL, NN_ERR_INVALID},
        {"flatten input_shape=(4294967296,4294967296)", NULL, NN_ERR_INVALID},
        {"flatten input_shape=(9007199254740992,2048)", NULL, NN_ERR_INVALID},
        {"flatten input_shape=(46341,46341)", NULL, NN_ERR_INVALID},
        {"dense units=50000 input_shape=(50000,1)", "flatten", NN_ERR_INVALID}, /* the output */
        {"flatten input_shape=(46340,46340)", "dense units=2", NN_ERR_INVALID}, /* the kernel */
    };
    OK(nn_set_allocator(&allocator));
    for (size_t i = 0; i < COUNT(adds); i++) {
        nn_model *model;
        OK(nn_model_create(&model));
        nn_status status = nn_model_add(model, adds[i].first);
        if (adds[i].second != NULL && status == NN_OK)
            status = nn_model_add(model, adds[i].second);
        ck_assert_msg(status == adds[i].wanted, "%s: %d, %s", adds[i].first, (int)status,
                      nn_error_message());
        nn_model_free(model);
    }
    ck_assert_uint_lt(host.largest, 1 << 16);

    /* The most that an int can count, which the host doesn't have. */
    static const char *const large[] = {"dense units=2147483647 input_shape=(1)", NULL};
    float x[1] = {1}, y[1];
    nn_model *model = make_model(0, large);
    ck_assert_uint_eq(nn_model_parameter_count(model), 2 * (size_t)INT_MAX);
    FAILS(nn_model_compile(model, "sgd momentum=0.9", "mse", NULL), NN_ERR_NO_MEMORY, "memory");
    FAILS(nn_predict(model, x, 1, y), NN_ERR_NO_MEMORY, "memory");
    nn_model_free(model);

    nn_workspace *workspace;
    model = make_model(0, small_layers);
    FAILS(nn_workspace_create(&workspace, model, (size_t)INT_MAX + 1, false), NN_ERR_INVALID,
          "too large");
    ck_assert_ptr_null(workspace);
    FAILS(nn_workspace_create(&workspace, model, SIZE_MAX / 2, true), NN_ERR_INVALID, "too large");
    FAILS(nn_workspace_create(&workspace, model, INT_MAX, true), NN_ERR_NO_MEMORY, "memory");
    nn_model_free(model);
    ck_assert_int_eq(host.live, 0);
    OK(nn_set_allocator(NULL));
}
END_TEST

/* ---- NULL ---- */

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
    Suite *suite = suite_create("model");
    TCase *tcase = tcase_create("building");
    tcase_add_test(tcase, activations_that_compare_values_are_refused_over_one);
    tcase_add_test(tcase, an_empty_model_has_nothing);
    tcase_add_test(tcase, the_first_layer_needs_an_input_shape_and_the_others_fit);
    tcase_add_test(tcase, layers_and_weights_are_named_as_keras_names_them);
    tcase_add_test(tcase, nothing_is_added_to_a_built_model);
    tcase_add_test(tcase, a_call_that_fails_doesnt_build_the_model);
    tcase_add_test(tcase, training_and_evaluating_need_a_compiled_model);
    tcase_add_test(tcase, metrics_are_named_as_the_user_named_them);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("weights and summary");
    tcase_add_test(tcase, weights_are_set_and_got_by_name);
    tcase_add_test(tcase, a_seed_names_the_weights);
    tcase_add_test(tcase, compiling_again_keeps_the_weights_and_starts_the_optimizer_anew);
    tcase_add_test(tcase, class_names_are_copied);
    tcase_add_test(tcase, the_summary_is_kerass_table);
    tcase_add_test(tcase, a_summary_is_whole_or_fails);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("predicting");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, predictions_are_the_layers_formulas_however_the_rows_come);
    tcase_add_test(tcase, a_chain_of_layers_keeps_its_buffers_apart);
    tcase_add_test(tcase, models_of_views_alone_give_their_input_back);
    tcase_add_test(tcase, predict_is_the_same_from_64_threads);
    tcase_add_test(tcase, a_warm_predict_or_step_allocates_nothing);
    tcase_add_test(tcase, a_model_being_changed_is_busy_for_others_but_readable_within);
    tcase_add_test(tcase, a_clone_is_equal_and_independent);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("memory");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, no_two_buffers_alive_at_once_overlap);
    tcase_add_test(tcase, a_plan_that_no_memory_can_hold_is_refused);
    tcase_add_test(tcase, a_failed_allocation_changes_nothing_and_the_call_can_be_repeated);
    tcase_add_test(tcase, lasting_want_of_memory_is_told_and_leaks_nothing);
    tcase_add_test(tcase, a_compile_without_memory_leaves_the_model_unbuilt);
    tcase_add_test(tcase, the_hosts_allocator_is_used_for_everything);
    tcase_add_test(tcase, sizes_beyond_an_int_or_memory_are_refused_before_they_are_asked_for);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("arguments");
    tcase_add_test(tcase, every_function_refuses_null);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
