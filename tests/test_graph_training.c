/* Graphs in use: their data, several inputs and outputs, copies, files, threads, memory that runs out. */
#include "faults.h"
#include "fitting.h"
#include "model.h"
#include "saved_model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DATA_ROWS = 30,
    IMAGE = 4,
    MORE = 3,
    SIZE = 2,
    KINDS = 3,
    X = IMAGE + MORE,
    Y = SIZE + KINDS
};

static uint8_t image[DATA_ROWS][IMAGE];
static int32_t image32[DATA_ROWS][IMAGE];
static float more[DATA_ROWS][MORE], x[DATA_ROWS][X];
static float sizes[DATA_ROWS][SIZE], kinds[DATA_ROWS][KINDS], y[DATA_ROWS][Y];
static int32_t labels[DATA_ROWS];

static void setup(void)
{
    for (size_t r = 0; r < DATA_ROWS; r++) {
        for (size_t i = 0; i < IMAGE; i++) {
            image[r][i] = (uint8_t)((r * 37 + i * 11) % 5);
            image32[r][i] = image[r][i];
            x[r][i] = image[r][i];
        }
        for (size_t i = 0; i < MORE; i++)
            x[r][IMAGE + i] = more[r][i] = noise(r * MORE + i);
        labels[r] = (int32_t)(r * 7 % KINDS);
        for (size_t i = 0; i < SIZE; i++)
            y[r][i] = sizes[r][i] = noise(500 + r * SIZE + i);
        for (size_t i = 0; i < KINDS; i++)
            y[r][SIZE + i] = kinds[r][i] = (int32_t)i == labels[r];
    }
}

/* Two inputs, a residual link, dropout, two outputs. */
static nn_model *big_model(uint64_t seed, const char *losses, const char *metrics)
{
    static const double weights[] = {0.5, 2};
    nn_model *model = make_model(
        seed,
        "input shape=(2,2) name=image; flatten name=flat; dense units=5 activation=tanh name=h; "
        "input shape=(3) name=more; dense units=5 name=m; add inputs=(h,m); dropout rate=0.3; "
        "dense units=2 name=size; concatenate inputs=(dropout,more,add); dense units=3 "
        "activation=softmax name=kind",
        NULL, NULL, NULL);
    OK(nn_model_set_outputs(model, "size, kind"));
    OK(nn_model_set_loss_weights(model, weights, 2));
    if (losses != NULL)
        OK(nn_model_compile(model, "sgd learning_rate=0.05 momentum=0.9", losses, metrics));
    return model;
}

static const char with_labels[] = "mse; sparse_categorical_crossentropy";
static const char with_values[] = "mse; categorical_crossentropy";

static nn_dataset *named(const void *images, nn_dtype type, bool of_labels)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, DATA_ROWS, NULL, NN_FLOAT32, 0, NULL, NN_FLOAT32, 0));
    OK(nn_dataset_add_column(data, "more", more, NN_FLOAT32, MORE));
    OK(nn_dataset_add_column(data, "image", images, type, IMAGE));
    if (of_labels)
        OK(nn_dataset_add_column(data, "kind", labels, NN_INT32, 1));
    else
        OK(nn_dataset_add_column(data, "kind", kinds, NN_FLOAT32, KINDS));
    OK(nn_dataset_add_column(data, "size", sizes, NN_FLOAT32, SIZE));
    return data;
}

static nn_dataset *side_by_side(void)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, DATA_ROWS, x, NN_FLOAT32, X, y, NN_FLOAT32, Y));
    return data;
}

static void fit(nn_model *model, nn_dataset *data, size_t epochs)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = epochs;
    options.batch_size = 7;
    OK(nn_fit(model, data, &options, NULL));
}

/* ---- data ---- */

START_TEST(columns_of_any_type_and_rows_side_by_side_train_alike)
{
    nn_dataset *data[] = {named(image, NN_UINT8, false), named(image32, NN_INT32, false),
                          side_by_side()};
    nn_model *models[COUNT(data)];
    for (size_t i = 0; i < COUNT(data); i++) {
        models[i] = big_model(3, with_values, "size/mae");
        fit(models[i], data[i], 3);
        ck_assert(i == 0 || same_weights(models[0], models[i]));
    }
    double a[4], b[4];
    OK(nn_evaluate(models[0], data[0], a, 4));
    OK(nn_evaluate(models[0], data[2], b, 4));
    ck_assert_mem_eq(a, b, sizeof(a));
    /* labels are the same targets */
    nn_dataset *labelled = named(image, NN_UINT8, true);
    nn_model *sparse = big_model(3, with_labels, NULL);
    fit(sparse, labelled, 3);
    size_t count;
    float *wanted = weights_of(models[0], &count), *found = weights_of(sparse, &count);
    for (size_t i = 0; i < count; i++)
        ck_assert_float_eq_tol(wanted[i], found[i], 1e-5f);
    free(wanted);
    free(found);
    nn_model_free(sparse);
    nn_dataset_free(labelled);
    for (size_t i = 0; i < COUNT(data); i++) {
        nn_dataset_free(data[i]);
        nn_model_free(models[i]);
    }
}
END_TEST

START_TEST(a_slice_keeps_the_columns_and_their_names)
{
    nn_dataset *data = named(image, NN_UINT8, true);
    nn_dataset *first = slice_of(data, 0, 10), *rest = slice_of(data, 10, 20);
    nn_dataset_free(data); /* the names live on */
    nn_dataset *part = slice_of(rest, 0, 20);
    nn_model *model = big_model(3, with_labels, NULL);
    OK(nn_train_on_batch(model, first, NULL, 0));
    OK(nn_train_on_batch(model, part, NULL, 0));
    ck_assert_uint_eq(nn_dataset_width(part, "image"), IMAGE);
    nn_dataset_free(first);
    nn_dataset_free(rest);
    nn_dataset_free(part);
    nn_model_free(model);
}
END_TEST

START_TEST(a_dataset_that_does_not_fit_is_refused)
{
    static const struct {
        const char *name; /* of a column that is left out, or added */
        size_t width;     /* 0: left out */
        nn_status status;
        const char *said;
    } cases[] = {
        {"more", 0, NN_ERR_INVALID,
         "batch: there is no column 'more' for the input of that name; "
         "expected: image, more"},
        {"size", 0, NN_ERR_INVALID,
         "there is no column 'size' for the target of that name; "
         "expected: size, kind"},
        {"more", 2, NN_ERR_SHAPE,
         "more: the model takes inputs of shape (3,) = 3 values, the data "
         "has rows of shape (2,) = 2 values"},
        {"size", 3, NN_ERR_SHAPE, "size: the model's outputs have shape (2,)"},
        {"kind", 2, NN_ERR_INVALID, "takes class labels of type int32 or uint8"},
        {"sample_weigth", 1, NN_ERR_INVALID,
         "column 'sample_weigth' is neither an input nor an "
         "output of the model; did you mean 'sample_weight'?"},
    };
    nn_model *model = big_model(3, with_labels, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const struct {
            const char *name;
            const void *values;
            nn_dtype type;
            size_t width;
        } columns[] = {{"image", image, NN_UINT8, IMAGE},
                       {"more", more, NN_FLOAT32, MORE},
                       {"size", sizes, NN_FLOAT32, SIZE},
                       {"kind", labels, NN_INT32, 1}};
        nn_dataset *data;
        OK(nn_dataset_from_arrays(&data, DATA_ROWS, NULL, NN_FLOAT32, 0, NULL, NN_FLOAT32, 0));
        for (size_t c = 0; c < COUNT(columns); c++)
            if (strcmp(columns[c].name, cases[i].name) != 0)
                OK(nn_dataset_add_column(data, columns[c].name, columns[c].values, columns[c].type,
                                         columns[c].width));
        if (cases[i].width > 0)
            OK(nn_dataset_add_column(data, cases[i].name, x, NN_FLOAT32, cases[i].width));
        FAILS(nn_train_on_batch(model, data, NULL, 0), cases[i].status, cases[i].said);
        nn_dataset_free(data);
    }
    nn_dataset *data;
    double values[3];
    OK(nn_dataset_from_arrays(&data, DATA_ROWS, x, NN_FLOAT32, X - 1, y, NN_FLOAT32, Y));
    FAILS(nn_evaluate(model, data, values, 3), NN_ERR_SHAPE,
          "data: the model has 2 inputs of 7 values together, column x has rows of shape (6,)");
    nn_dataset_free(data);
    OK(nn_dataset_from_arrays(&data, DATA_ROWS, NULL, NN_FLOAT32, 0, NULL, NN_FLOAT32, 0));
    FAILS(nn_evaluate(model, data, values, 3), NN_ERR_INVALID,
          "there are no inputs: expected column x, or image, more");
    FAILS(nn_dataset_add_column(data, "", x, NN_FLOAT32, 1), NN_ERR_INVALID, "name of a column");
    FAILS(nn_dataset_add_column(data, "a\n", x, NN_FLOAT32, 1), NN_ERR_INVALID, "control");
    FAILS(nn_dataset_add_column(data, "a", x, (nn_dtype)9, 1), NN_ERR_INVALID, "unknown type 9");
    char name[16];
    for (size_t i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "c%zu", i);
        OK(nn_dataset_add_column(data, name, x, NN_FLOAT32, 1));
    }
    FAILS(nn_dataset_add_column(data, "c", x, NN_FLOAT32, 1), NN_ERR_INVALID, "at most 40 columns");
    FAILS(nn_evaluate(model, data, values, 2), NN_ERR_INVALID,
          "count is 2, but there are 3 values: losses and 0 metric(s)");
    nn_dataset_free(data);
    const double weight[KINDS] = {1, 1, 1};
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.class_weight = weight;
    options.class_weight_count = KINDS;
    data = named(image, NN_UINT8, true);
    FAILS(nn_fit(model, data, &options, NULL), NN_ERR_UNSUPPORTED, "models with one output");
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

START_TEST(one_input_is_found_by_its_name_or_as_x)
{
    nn_model *model =
        make_model(1, "input shape=4 name=image; dense units=2 name=size", "sgd", "mse", NULL);
    nn_dataset *by_name, *as_x;
    double a, b;
    OK(nn_dataset_from_arrays(&by_name, DATA_ROWS, NULL, NN_FLOAT32, 0, NULL, NN_FLOAT32, 0));
    OK(nn_dataset_add_column(by_name, "image", image, NN_UINT8, IMAGE));
    OK(nn_dataset_add_column(by_name, "size", sizes, NN_FLOAT32, SIZE));
    OK(nn_dataset_from_arrays(&as_x, DATA_ROWS, image, NN_UINT8, IMAGE, sizes, NN_FLOAT32, SIZE));
    OK(nn_evaluate(model, by_name, &a, 1));
    OK(nn_evaluate(model, as_x, &b, 1));
    ck_assert_double_eq(a, b);
    nn_model_free(model);
    /* names that mean something else in a dataset aren't taken for inputs and outputs */
    model = make_model(1, "input shape=4 name=y; dense units=2 name=x", "sgd", "mse", NULL);
    OK(nn_evaluate(model, as_x, &b, 1));
    ck_assert_double_eq(a, b);
    nn_dataset_free(by_name);
    nn_dataset_free(as_x);
    nn_model_free(model);
}
END_TEST

/* ---- outputs ---- */

/* Each output alone is a model whose loss and metric are known. */
START_TEST(the_loss_is_the_weighted_sum_of_the_outputs_losses)
{
    static const char *const names[] = {
        "loss",     "size_loss",     "kind_loss",     "size_mae",     "kind_accuracy",
        "val_loss", "val_size_loss", "val_kind_loss", "val_size_mae", "val_kind_accuracy"};
    nn_model *model = big_model(3, with_labels, "kind/accuracy; size/mae");
    nn_dataset *data = named(image, NN_UINT8, true);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    nn_history *history;
    options.epochs = 4;
    options.batch_size = 8;
    options.validation_split = 0.2;
    OK(nn_fit(model, data, &options, &history));
    ck_assert_uint_eq(nn_history_count(history), COUNT(names));
    const double *columns[COUNT(names)];
    for (size_t i = 0; i < COUNT(names); i++) {
        size_t count;
        ck_assert_str_eq(nn_history_name(history, i), names[i]);
        OK(nn_history_get(history, names[i], &columns[i], &count));
        ck_assert_uint_eq(count, 4);
    }
    for (size_t epoch = 0; epoch < 4; epoch++)
        for (size_t of = 0; of < 10; of += 5)
            ck_assert_double_eq_tol(columns[of][epoch],
                                    0.5 * columns[of + 1][epoch] + 2 * columns[of + 2][epoch],
                                    1e-12);
    ck_assert_double_lt(columns[0][3], columns[0][0]);
    nn_history_free(history);

    double values[5], squares = 0, logarithms = 0, differences = 0, right = 0;
    float found[DATA_ROWS][Y];
    OK(nn_evaluate(model, data, values, 5));
    OK(nn_predict(model, x[0], DATA_ROWS, found[0]));
    for (size_t r = 0; r < DATA_ROWS; r++) {
        size_t largest = SIZE;
        for (size_t i = 0; i < SIZE; i++) {
            const double d = (double)found[r][i] - (double)sizes[r][i];
            squares += d * d;
            differences += fabs(d);
        }
        for (size_t i = SIZE; i < Y; i++)
            largest = found[r][i] > found[r][largest] ? i : largest;
        logarithms -= log((double)found[r][SIZE + (size_t)labels[r]]);
        right += (int32_t)(largest - SIZE) == labels[r];
    }
    ck_assert_double_eq_tol(values[1], squares / (DATA_ROWS * SIZE), 1e-6);
    ck_assert_double_eq_tol(values[2], logarithms / DATA_ROWS, 1e-6);
    ck_assert_double_eq_tol(values[3], differences / (DATA_ROWS * SIZE), 1e-6);
    ck_assert_double_eq_tol(values[4], right / DATA_ROWS, 1e-12);
    ck_assert_double_eq_tol(values[0], 0.5 * values[1] + 2 * values[2], 1e-12);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

START_TEST(a_predictor_gives_the_bits_that_predict_gives)
{
    nn_model *model = big_model(3, NULL, NULL);
    nn_predictor *predictor;
    float a[DATA_ROWS * Y], b[DATA_ROWS * Y];
    OK(nn_predict(model, x[0], DATA_ROWS, a));
    OK(nn_predictor_create(&predictor, model, DATA_ROWS));
    OK(nn_predictor_run(predictor, x[0], DATA_ROWS, b));
    ck_assert_mem_eq(a, b, sizeof(a));
    for (size_t r = 0; r < DATA_ROWS; r++) {
        OK(nn_predictor_run(predictor, x[r], 1, b));
        for (size_t i = 0; i < Y; i++)
            ck_assert_float_eq_tol(b[i], a[r * Y + i], 1e-6f);
    }
    nn_predictor_free(predictor);
    nn_model_free(model);
}
END_TEST

START_TEST(a_layers_output_beside_another_is_what_it_is_alone)
{
    float both[DATA_ROWS * 6], alone[DATA_ROWS * 4];
    static const char layers[] = "input shape=3 name=more; dense units=4 activation=relu name=h; "
                                 "dense units=2 name=out";
    nn_model *two = make_model(5, layers, NULL, NULL, NULL);
    nn_model *one = make_model(5, "input shape=3 name=more; dense units=4 activation=relu name=h",
                               NULL, NULL, NULL);
    OK(nn_model_set_outputs(two, "out, h"));
    OK(nn_predict(two, more[0], DATA_ROWS, both));
    OK(nn_predict(one, more[0], DATA_ROWS, alone));
    for (size_t r = 0; r < DATA_ROWS; r++)
        ck_assert_mem_eq(both + r * 6 + 2, alone + r * 4, 4 * sizeof(float));
    nn_model_free(two);
    nn_model_free(one);
    /* the input itself */
    two = make_model(5, "input shape=3 name=more; flatten; dense units=2", NULL, NULL, NULL);
    OK(nn_model_set_outputs(two, "flatten, dense"));
    OK(nn_predict(two, more[0], DATA_ROWS, both));
    for (size_t r = 0; r < DATA_ROWS; r++)
        ck_assert_mem_eq(both + r * 5, more[r], sizeof(more[r]));
    nn_model_free(two);
}
END_TEST

/* ---- the same bits ---- */

START_TEST(a_chain_written_as_a_graph_is_the_chain)
{
    static const char *const layers[] = {
        "dense units=5 activation=tanh input_shape=(4); dropout rate=0.4; dense units=2",
        "dense units=5 activation=tanh input_shape=(4) name=h; dropout rate=0.4 inputs=h; "
        "dense units=2 inputs=dropout",
        "input shape=(4) name=n; dense units=5 activation=tanh inputs=n; dropout rate=0.4; dense "
        "units=2",
    };
    static const char *const scaled[] = {
        "rescaling scale=0.1 offset=-1 input_shape=(4); dense units=5 activation=tanh; dense "
        "units=2",
        "input shape=(4); rescaling scale=0.1 offset=-1; dense units=5 activation=tanh; dense "
        "units=2",
    };
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, DATA_ROWS, image, NN_UINT8, IMAGE, sizes, NN_FLOAT32, SIZE));
    nn_model *models[COUNT(layers) + COUNT(scaled)];
    for (size_t i = 0; i < COUNT(models); i++) {
        models[i] = make_model(9, i < COUNT(layers) ? layers[i] : scaled[i - COUNT(layers)],
                               "sgd learning_rate=0.1", "mse", NULL);
        fit(models[i], data, 2);
    }
    for (size_t i = 0; i < COUNT(models); i++) {
        const size_t first = i < COUNT(layers) ? 0 : COUNT(layers);
        size_t count;
        float *wanted = weights_of(models[first], &count), *found = weights_of(models[i], NULL);
        ck_assert_mem_eq(wanted, found, count * sizeof(*wanted));
        free(wanted);
        free(found);
    }
    for (size_t i = 0; i < COUNT(models); i++)
        nn_model_free(models[i]);
    nn_dataset_free(data);
}
END_TEST

START_TEST(any_number_of_threads_gives_the_same_bits)
{
    nn_dataset *data = named(image, NN_UINT8, true);
    nn_model *models[3];
    static const size_t threads[] = {1, 2, 5};
    for (size_t i = 0; i < 3; i++) {
        OK(nn_set_num_threads(threads[i]));
        models[i] = big_model(3, with_labels, NULL);
        fit(models[i], data, 3);
        ck_assert(same_weights(models[0], models[i]));
    }
    OK(nn_set_num_threads(0));
    for (size_t i = 0; i < 3; i++)
        nn_model_free(models[i]);
    nn_dataset_free(data);
}
END_TEST

/* Copies of a model that has begun to train go on as it does: dropout, momentum, loss weights. */
START_TEST(a_clone_and_a_loaded_file_go_on_with_the_same_bits)
{
    nn_dataset *data = named(image, NN_UINT8, true);
    nn_model *model = big_model(3, with_labels, "kind/accuracy"), *clone;
    fit(model, data, 2);
    file saved = save(model);
    nn_model *loaded = load(saved);
    OK(nn_model_clone(&clone, model));
    nn_model *copies[] = {clone, loaded};
    fit(model, data, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(nn_model_metric_count(copies[i]), 4);
        ck_assert_str_eq(nn_model_metric_name(copies[i], 3), "kind_accuracy");
        ck_assert_str_eq(nn_model_input_name(copies[i], 1), "more");
        fit(copies[i], data, 2);
        ck_assert(same_weights(model, copies[i]));
    }
    file again = save(loaded), original = save(model);
    ck_assert_uint_eq(again.size, original.size);
    ck_assert_mem_eq(again.bytes, original.bytes, original.size);
    free(saved.bytes);
    free(again.bytes);
    free(original.bytes);
    for (size_t i = 0; i < 2; i++)
        nn_model_free(copies[i]);
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

/* The first layer's own input becomes a layer of its own in a file of a graph. */
START_TEST(a_graph_without_input_layers_comes_back)
{
    nn_model *model =
        make_model(3,
                   "dense units=3 input_shape=(3) name=input_layer; dropout rate=0.5 name=d; "
                   "dense units=3; add inputs=(d, dense)",
                   "sgd learning_rate=0.1", "mse", NULL);
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, DATA_ROWS, more, NN_FLOAT32, MORE, kinds, NN_FLOAT32, KINDS));
    fit(model, data, 1);
    file saved = save(model);
    nn_model *loaded = load(saved);
    ck_assert_str_eq(nn_model_input_name(loaded, 0), "input_layer_1");
    fit(model, data, 2);
    fit(loaded, data, 2);
    ck_assert(same_weights(model, loaded));
    free(saved.bytes);
    nn_model_free(model);
    nn_model_free(loaded);
    nn_dataset_free(data);
}
END_TEST

START_TEST(a_measured_graph_keeps_its_weights_and_works)
{
    nn_dataset *data = named(image, NN_UINT8, true);
    nn_model *model = big_model(3, with_labels, NULL), *other = big_model(3, with_labels, NULL);
    OK(nn_model_measure(model, 7));
    ck_assert(same_weights(model, other));
    fit(model, data, 1);
    nn_model_free(model);
    nn_model_free(other);
    nn_dataset_free(data);
}
END_TEST

/* ---- forged files ---- */

START_TEST(a_forged_graph_is_refused)
{
    static const struct {
        const char *from, *to;
        nn_status status;
    } cases[] = {
        {"[\\\"more\\\",0,0]", "[\\\"mare\\\",0,0]", NN_ERR_FORMAT},
        {"[\\\"h\\\",0,0]", "[\\\"h\\\",1,0]", NN_ERR_UNSUPPORTED},
        {"[\\\"h\\\",0,0]", "[\\\"h\\\",0]", NN_ERR_FORMAT},
        {"[\\\"h\\\",0,0]", "[\\\"kind\\\",0,0]", NN_ERR_FORMAT},
        {"__keras_tensor__", "__numpy__", NN_ERR_UNSUPPORTED},
        {"\\\"kwargs\\\":{}", "\\\"kwargs\\\":{\\\"training\\\":true}", NN_ERR_UNSUPPORTED},
        {"\\\"args\\\":[[", "\\\"args\\\":[1,[", NN_ERR_UNSUPPORTED},
        {"\\\"inbound_nodes\\\":[{", "\\\"inbound_nodes\\\":[{},{", NN_ERR_UNSUPPORTED},
        {"\\\"input_layers\\\":[[\\\"image\\\",0,0],", "\\\"input_layers\\\":[", NN_ERR_FORMAT},
        {"\\\"input_layers\\\":[[\\\"image\\\"", "\\\"input_layers\\\":[[\\\"more\\\"",
         NN_ERR_FORMAT},
        {"\\\"input_layers\\\":[[\\\"image\\\"", "\\\"input_layers\\\":[[\\\"flat\\\"",
         NN_ERR_FORMAT},
        {"\\\"output_layers\\\":[[\\\"size\\\",0,0],", "\\\"output_layers\\\":[",
         NN_ERR_UNSUPPORTED},
        {"\\\"output_layers\\\":[[\\\"size\\\"", "\\\"output_layers\\\":[[\\\"kind\\\"",
         NN_ERR_FORMAT},
        {"\\\"loss_weights\\\":[0.5,", "\\\"loss_weights\\\":[", NN_ERR_UNSUPPORTED},
        {"\\\"metrics\\\":[[],", "\\\"metrics\\\":[", NN_ERR_FORMAT},
        {"\\\"loss\\\":[\\\"mean_squared_error\\\",", "\\\"loss\\\":[1,", NN_ERR_FORMAT},
    };
    nn_model *model = big_model(3, with_labels, "kind/accuracy");
    file saved = save(model);
    for (size_t i = 0; i < COUNT(cases); i++) {
        file forged = edited(saved, cases[i].from, cases[i].to);
        expect_refused(forged, cases[i].status, cases[i].to);
        free(forged.bytes);
    }
    free(saved.bytes);
    nn_model_free(model);
}
END_TEST

/* Whatever stands in a header is read as data: it is refused, or gives some model. */
START_TEST(a_header_with_a_changed_byte_does_no_harm)
{
    static const char changes[] = {'0', '"', '[', '}', 'x', ','};
    nn_model *model = big_model(3, with_labels, "kind/accuracy");
    file saved = save(model);
    const size_t end = 8 + header_length(saved);
    const long blocks = faults_live_blocks();
    size_t refused = 0, tried = 0;
    for (size_t at = CHECKSUM_AT + CHECKSUM_DIGITS + (size_t)_i; at < end; at += COUNT(changes)) {
        const unsigned char was = saved.bytes[at];
        nn_model *loaded;
        saved.bytes[at] = (unsigned char)changes[(at / COUNT(changes)) % COUNT(changes)];
        put_checksum(saved);
        const nn_status status = nn_model_load_from_memory(&loaded, saved.bytes, saved.size);
        ck_assert((status == NN_OK) == (loaded != NULL));
        nn_model_free(loaded);
        saved.bytes[at] = was;
        refused += status != NN_OK;
        tried++;
    }
    ck_assert_int_eq(faults_live_blocks(), blocks);
    ck_assert_uint_gt(refused * 2, tried);
    free(saved.bytes);
    nn_model_free(model);
}
END_TEST

/* ---- memory that runs out ---- */

static nn_status add_and_compile(nn_model *model)
{
    static const char *const layers[] = {
        "input shape=(2,2) name=image",     "flatten name=flat",   "dense units=3 name=h",
        "input shape=3 name=more",          "add inputs=(h,more)", "dense units=2 name=size",
        "multiply name=kind inputs=(add,h)"};
    static const double weights[] = {0.5, 2};
    for (size_t i = 0; i < COUNT(layers); i++) {
        const nn_status status = nn_model_add(model, layers[i]);
        if (status != NN_OK)
            return status;
    }
    nn_status status = nn_model_set_outputs(model, "size, kind");
    if (status == NN_OK)
        status = nn_model_set_loss_weights(model, weights, 2);
    return status == NN_OK ? nn_model_compile(model, "sgd momentum=0.5", "mse", "mae") : status;
}

/* Everything that allocates, once; what was made is freed. */
static nn_status do_everything(void)
{
    nn_model *model = NULL, *copy = NULL;
    nn_dataset *data = NULL;
    nn_predictor *predictor = NULL;
    float found[DATA_ROWS * Y];
    size_t length = 0;
    void *bytes = NULL;
    nn_status status = nn_model_create(&model);
    if (status == NN_OK)
        status = add_and_compile(model);
    if (status == NN_OK)
        status = nn_dataset_from_arrays(&data, DATA_ROWS, x, NN_FLOAT32, X, y, NN_FLOAT32, Y);
    if (status == NN_OK)
        status = nn_fit(model, data, NULL, NULL);
    if (status == NN_OK)
        status = nn_predict(model, x[0], 2, found);
    if (status == NN_OK)
        status = nn_predictor_create(&predictor, model, 2);
    if (status == NN_OK)
        status = nn_model_clone(&copy, model);
    nn_model_free(copy);
    copy = NULL;
    if (status == NN_OK)
        status = nn_model_save_to_memory(model, NULL, 0, &length);
    if (status == NN_OK) {
        bytes = malloc(length);
        status = nn_model_save_to_memory(model, bytes, length, NULL);
    }
    if (status == NN_OK)
        status = nn_model_load_from_memory(&copy, bytes, length);
    free(bytes);
    nn_predictor_free(predictor);
    nn_dataset_free(data);
    nn_model_free(copy);
    nn_model_free(model);
    return status;
}

START_TEST(no_failed_allocation_leaks_or_is_overlooked)
{
    ck_assert_int_eq(do_everything(), NN_OK); /* what is kept for the process is made */
    const long blocks = faults_live_blocks();
    for (size_t k = 1;; k++) {
        faults_fail_allocation(k, _i == 0); /* that one only, or it and all later ones */
        const nn_status status = do_everything();
        const bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        if (!failed) {
            ck_assert_int_eq(status, NN_OK);
            ck_assert_uint_gt(k, 200);
            break;
        }
        ck_assert_msg(status == NN_ERR_NO_MEMORY || (status == NN_OK && _i == 0),
                      "allocation %zu: status %d, %s", k, (int)status, nn_error_message());
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graph training");
    TCase *tcase = tcase_create("data");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, columns_of_any_type_and_rows_side_by_side_train_alike);
    tcase_add_test(tcase, a_slice_keeps_the_columns_and_their_names);
    tcase_add_test(tcase, a_dataset_that_does_not_fit_is_refused);
    tcase_add_test(tcase, one_input_is_found_by_its_name_or_as_x);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("outputs");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, the_loss_is_the_weighted_sum_of_the_outputs_losses);
    tcase_add_test(tcase, a_predictor_gives_the_bits_that_predict_gives);
    tcase_add_test(tcase, a_layers_output_beside_another_is_what_it_is_alone);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("bits");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, a_chain_written_as_a_graph_is_the_chain);
    tcase_add_test(tcase, any_number_of_threads_gives_the_same_bits);
    tcase_add_test(tcase, a_clone_and_a_loaded_file_go_on_with_the_same_bits);
    tcase_add_test(tcase, a_graph_without_input_layers_comes_back);
    tcase_add_test(tcase, a_measured_graph_keeps_its_weights_and_works);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("faults");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, a_forged_graph_is_refused);
    tcase_add_loop_test(tcase, a_header_with_a_changed_byte_does_no_harm, 0, 6);
    tcase_add_loop_test(tcase, no_failed_allocation_leaks_or_is_overlooked, 0, 2);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
