/* Graphs: how they are built, what is refused, what the memory plan makes of them, the summary. */
#include "faults.h"
#include "fitting.h"
#include "model.h"
#include "workspace.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static nn_model *graph(const char *layers)
{
    return make_model(7, layers, NULL, NULL, NULL);
}

/* ---- what is refused ---- */

START_TEST(a_layer_that_does_not_fit_is_refused_and_changes_nothing)
{
    static const struct {
        const char *layers, *bad;
        nn_status status;
        const char *said;
    } cases[] = {
        {"dense units=3 input_shape=(2) name=hidden", "dense units=3 inputs=(hiden)",
         NN_ERR_INVALID, "dense: no layer named 'hiden'; did you mean 'hidden'? known: hidden"},
        {"dense units=3 input_shape=(2); dense units=2", "add inputs=(dense,elsewhere)",
         NN_ERR_INVALID, "no layer named 'elsewhere'; known: dense, dense_1"},
        /* a layer isn't known before it is added, so there are no cycles */
        {"dense units=3 input_shape=(3)", "add name=a inputs=(dense,a)", NN_ERR_INVALID,
         "no layer named 'a'"},
        {"", "dense units=3 inputs=x", NN_ERR_INVALID, "no layer named 'x'; known: none"},
        {"", "add", NN_ERR_INVALID, "it takes two inputs or more, not 1: name them"},
        {"dense units=3 input_shape=(3)", "add", NN_ERR_INVALID, "two inputs or more, not 1"},
        {"dense units=3 input_shape=(3)", "subtract inputs=(dense,dense,dense)", NN_ERR_INVALID,
         "it takes two inputs, not 3"},
        {"dense units=3 input_shape=(3)", "dense units=2 inputs=(dense,dense)", NN_ERR_INVALID,
         "it takes one input, not 2"},
        {"dense units=3 input_shape=(2); dense units=4", "add inputs=(dense,dense_1)", NN_ERR_SHAPE,
         "add: the inputs have shapes (3,) and (4,), expected the same"},
        {"dense units=3 input_shape=(2); dense units=4", "dot axes=1 inputs=(dense,dense_1)",
         NN_ERR_SHAPE, "shapes (3,) and (4,)"},
        {"dense units=3 input_shape=(2,2)", "dot axes=1 inputs=(dense,dense)", NN_ERR_SHAPE,
         "expected the same of one dimension"},
        {"dense units=3 input_shape=(2)", "dot axes=0 inputs=(dense,dense)", NN_ERR_INVALID,
         "axes is 0, the batch"},
        {"dense units=3 input_shape=(2,2); dense units=4; flatten",
         "concatenate inputs=(dense,flatten)", NN_ERR_SHAPE, "shapes (2, 3) and (8,)"},
        {"dense units=3 input_shape=(2,2); dense units=4",
         "concatenate axis=1 "
         "inputs=(dense,dense_1)",
         NN_ERR_SHAPE,
         "(2, 3) and (2, 4), expected the same but along "
         "axis 1"},
        {"dense units=3 input_shape=(2)", "concatenate axis=2 inputs=(dense,dense)", NN_ERR_SHAPE,
         "axis is 2, expected 1 to 1 or -1 to -1 for inputs of shape (3,)"},
        {"dense units=3 input_shape=(2)", "concatenate axis=0 inputs=(dense,dense)", NN_ERR_SHAPE,
         "axis is 0"},
        {"dense units=3 input_shape=(2)", "dense units=3 inputs=dense input_shape=(4)",
         NN_ERR_SHAPE, "input_shape is (4,), but the layer before gives (3,)"},
        {"dense units=3 input_shape=(2)", "input shape=(3)", NN_ERR_INVALID,
         "the first layer already brings an input"},
        {"input shape=(3) name=a", "input shape=(3) inputs=a", NN_ERR_INVALID,
         "an input of the model takes no inputs"},
        {"", "input shape=(3) input_shape=(4)", NN_ERR_SHAPE,
         "input_shape is (4,), but shape is (3,)"},
        {"", "input shape=none", NN_ERR_INVALID, "shape is none"},
        {"", "input", NN_ERR_INVALID, "option shape is missing"},
        {"input shape=(3) name=a", "input shape=(3) name=a", NN_ERR_INVALID, "already named 'a'"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_model *model = graph(cases[i].layers);
        const size_t nodes = model->node_count, edges = model->edge_count;
        const long blocks = faults_live_blocks();
        FAILS(nn_model_add(model, cases[i].bad), cases[i].status, cases[i].said);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_uint_eq(model->node_count, nodes);
        ck_assert_uint_eq(model->edge_count, edges);
        for (size_t n = 0; n + 1 < nodes; n++)
            ck_assert_uint_le(model->nodes[n].readers, 1);
        nn_model_free(model);
    }
}
END_TEST

START_TEST(a_layer_that_nobody_reads_is_refused_by_its_name)
{
    nn_model *model = graph("dense units=3 input_shape=(2) name=h; dense units=2 name=left; dense "
                            "units=2 name=right inputs=h");
    float x[2] = {0}, y[2];
    static const char said[] = "nothing reads the output of layer 'left'";
    size_t length;
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_INVALID, said);
    FAILS(nn_predict(model, x, 1, y), NN_ERR_INVALID, said);
    FAILS(nn_model_save_to_memory(model, NULL, 0, &length), NN_ERR_INVALID, said);
    OK(nn_model_set_outputs(model, "right")); /* as it was */
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_INVALID, said);
    OK(nn_model_set_outputs(model, "left, right"));
    OK(nn_model_compile(model, "sgd", "mse", NULL));
    nn_model_free(model);
    model = graph("input shape=2; input shape=3; dense units=1");
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_INVALID,
          "nothing reads the output of layer 'input_layer'");
    nn_model_free(model);
}
END_TEST

START_TEST(outputs_are_checked)
{
    nn_model *model = graph("dense units=3 input_shape=(2) name=h; dense units=2 name='two words'");
    const double weights[2] = {1, 2}, bad[2] = {1, NAN};
    FAILS(nn_model_set_outputs(NULL, "h"), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_set_outputs(model, NULL), NN_ERR_INVALID, "layers is NULL");
    FAILS(nn_model_set_outputs(model, "hh"), NN_ERR_INVALID,
          "no layer named 'hh'; did you mean 'h'? known: h, two words");
    FAILS(nn_model_set_outputs(model, "h, h"), NN_ERR_INVALID, "'h' is given twice");
    FAILS(nn_model_set_outputs(model, ""), NN_ERR_INVALID, "outputs is empty");
    FAILS(nn_model_set_outputs(model, "h) b=(h"), NN_ERR_INVALID, "expected names");
    FAILS(nn_model_set_outputs(model, "h, 3"), NN_ERR_INVALID, "outputs has 3 in it");
    FAILS(nn_model_set_outputs(model, "h,h,h,h,h,h,h,h,h,h,h,h,h,h,h,h,h"), NN_ERR_INVALID,
          "17 outputs, expected 1 to 16");
    FAILS(nn_model_set_loss_weights(model, weights, 2), NN_ERR_INVALID, "the model has 1 output");
    ck_assert_uint_eq(nn_model_output_count(model), 1);
    ck_assert_str_eq(nn_model_output_name(model, 0), "two words");
    OK(nn_model_set_outputs(model, "'two words', h"));
    FAILS(nn_model_set_loss_weights(model, bad, 2), NN_ERR_INVALID, "weight of output 1 is nan");
    OK(nn_model_set_loss_weights(model, weights, 2));
    ck_assert_uint_eq(nn_model_output_width(model), 5);
    ck_assert_uint_eq(nn_model_layer_width(model, "two words"), 2);
    ck_assert_uint_eq(nn_model_layer_width(model, "none"), 0);
    ck_assert_str_eq(nn_model_output_name(model, 1), "h");
    ck_assert_ptr_null(nn_model_output_name(model, 2));
    FAILS(nn_model_compile(model, "sgd", "mse", NULL), NN_ERR_INVALID,
          "'two words_loss' would be a column of the history");
    OK(nn_model_set_outputs(model, "'two words'"));
    OK(nn_model_compile(model, "sgd", "mse", NULL));
    FAILS(nn_model_set_outputs(model, "h"), NN_ERR_STATE, "already built");
    FAILS(nn_model_add(model, "dense units=1"), NN_ERR_STATE, "already built");
    nn_model_free(model);
    model = graph("");
    FAILS(nn_model_compile(model, "sgd", "mse", "a/mae"), NN_ERR_STATE, "no layers");
    FAILS(nn_model_set_outputs(model, "a"), NN_ERR_INVALID, "no layer named 'a'; known: none");
    FAILS(nn_model_set_loss_weights(model, weights, 1), NN_ERR_STATE, "no layers");
    ck_assert_uint_eq(nn_model_input_count(model), 0);
    ck_assert_ptr_null(nn_model_output_name(model, 0));
    nn_model_free(model);
    ck_assert_uint_eq(nn_model_input_count(NULL), 0);
    ck_assert_uint_eq(nn_model_output_count(NULL), 0);
    ck_assert_ptr_null(nn_model_input_name(NULL, 0));
    ck_assert_ptr_null(nn_model_output_name(NULL, 0));
    ck_assert_uint_eq(nn_model_layer_width(NULL, "x"), 0);
    FAILS(nn_model_set_loss_weights(NULL, weights, 2), NN_ERR_INVALID, "model is NULL");
}
END_TEST

START_TEST(losses_and_metrics_are_matched_with_outputs)
{
    static const struct {
        const char *loss, *metrics, *said;
    } bad[] = {
        {"mse; mse; mse", NULL, "3 losses, but the model has 2 output(s)"},
        {"", NULL, "loss is empty"},
        {"mse; sparse_categorical_crossentropy", "mae",
         "metric mae can't be used with loss sparse_categorical_crossentropy of output b"},
        {"mse", "c/mae", "metric c/mae: the model has no output of that name"},
        {"mse", "a/mae; mae", "metric mae is given twice"},
        {"mse", "a/nothing", "unknown metric 'nothing'"},
    };
    static const char *const names[] = {"loss",  "a_loss", "b_loss",
                                        "a_mae", "b_mae",  "b_mean_absolute_error"};
    nn_model *model = graph("dense units=2 input_shape=(2) name=a; dense units=2 name=b");
    OK(nn_model_set_outputs(model, "a, b"));
    for (size_t i = 0; i < COUNT(bad); i++) {
        const long blocks = faults_live_blocks();
        FAILS(nn_model_compile(model, "sgd", bad[i].loss, bad[i].metrics), NN_ERR_INVALID,
              bad[i].said);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_uint_eq(nn_model_metric_count(model), 0);
    }
    OK(nn_model_compile(model, "sgd", "mse", "mae; b/mean_absolute_error"));
    ck_assert_uint_eq(nn_model_metric_count(model), COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++)
        ck_assert_str_eq(nn_model_metric_name(model, i), names[i]);
    nn_model_free(model);
    /* names that would be the same */
    model = graph("dense units=2 input_shape=(2) name=a; dense units=2 name=a_mae");
    OK(nn_model_set_outputs(model, "a, a_mae"));
    OK(nn_model_compile(model, "sgd", "mse", "a/mae"));
    nn_model_free(model);
    model = graph("dense units=2 input_shape=(2) name=loss; dense units=2 name=b");
    OK(nn_model_set_outputs(model, "loss, b"));
    OK(nn_model_compile(model, "sgd", "mse", NULL)); /* loss_loss */
    FAILS(nn_model_compile(model, "sgd", "mse", "b/mae; b/mean_absolute_error; b/mae"),
          NN_ERR_INVALID, "metric mae is given twice");
    nn_model_free(model);
}
END_TEST

/* ---- what is built ---- */

START_TEST(a_layer_reads_those_that_it_names)
{
    nn_model *model =
        graph("input shape=(3) name=x; input shape=(3); dense units=3; dense units=3 inputs=x; add "
              "inputs=(dense, dense_1, x); flatten");
    static const char *const names[] = {"x", "input_layer", "dense", "dense_1", "add", "flatten"};
    static const size_t readers[] = {2, 1, 1, 1, 1, 0};
    static const size_t of_add[] = {2, 3, 0};
    ck_assert_uint_eq(model->node_count, COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++) {
        ck_assert_str_eq(model->nodes[i].name, names[i]);
        ck_assert_uint_eq(model->nodes[i].readers, readers[i]);
        ck_assert_uint_eq(nn_model_find_node(model, names[i]), i);
    }
    ck_assert_uint_eq(model->nodes[2].inputs[0], 1);
    ck_assert_mem_eq(model->nodes[4].inputs, of_add, sizeof(of_add));
    ck_assert_uint_eq(nn_model_input_count(model), 2);
    ck_assert_str_eq(nn_model_input_name(model, 0), "x");
    ck_assert_str_eq(nn_model_input_name(model, 1), "input_layer");
    ck_assert_uint_eq(nn_model_input_width(model), 6);
    nn_model_free(model);
    model = graph("dense units=3 input_shape=(4)");
    ck_assert_uint_eq(nn_model_input_count(model), 1);
    ck_assert_str_eq(nn_model_input_name(model, 0), "x");
    ck_assert_str_eq(nn_model_output_name(model, 0), "dense");
    nn_model_free(model);
}
END_TEST

static nn_model *residual_chain(size_t blocks)
{
    char line[128];
    nn_model *model = graph("input shape=(4) name=add");
    for (size_t i = 0; i < blocks; i++) {
        OK(nn_model_add(model, "dense units=4 activation=relu"));
        OK(nn_model_add(model, "dense units=4"));
        if (i == 0)
            snprintf(line, sizeof(line), "add inputs=(dense_1,add) name=add_1");
        else
            snprintf(line, sizeof(line), "add inputs=(dense_%zu,add_%zu) name=add_%zu", 2 * i + 1,
                     i, i + 1);
        OK(nn_model_add(model, line));
    }
    return model;
}

static double seconds_of(size_t blocks)
{
    double best = INFINITY;
    for (int i = 0; i < 5; i++) {
        struct timespec start, end;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
        nn_model *model = residual_chain(blocks);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
        nn_model_free(model);
        best = fmin(best, (double)(end.tv_sec - start.tv_sec) +
                              1e-9 * (double)(end.tv_nsec - start.tv_nsec));
    }
    return best;
}

START_TEST(residual_blocks_take_linear_time)
{
    const double few = seconds_of(100), many = seconds_of(1600);
    ck_assert_msg(many < 3 * 16 * few, "100 blocks %g s, 1600 blocks %g s", few, many);
}
END_TEST

START_TEST(a_hundred_residual_blocks_are_trained)
{
    enum { ROWS = 8 };
    float x[ROWS * 4], y[ROWS * 4], found[ROWS * 4];
    nn_model *model = residual_chain(100);
    nn_dataset *data;
    for (size_t i = 0; i < ROWS * 4; i++) {
        x[i] = noise(i);
        y[i] = noise(i + 100);
    }
    for (size_t i = 0; i < nn_model_weight_count(model); i++) { /* blocks that change little */
        float weights[16];
        size_t shape[2],
            rank = nn_model_weight_shape(model, nn_model_weight_name(model, i), shape, 2);
        for (size_t v = 0; v < 16; v++)
            weights[v] = 0.05f * noise(16 * i + v);
        OK(nn_model_set_weights(model, nn_model_weight_name(model, i), weights,
                                rank == 2 ? 16 : 4));
    }
    OK(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, 4, y, NN_FLOAT32, 4));
    OK(nn_model_compile(model, "sgd learning_rate=0.01", "mse", NULL));
    double before, after;
    OK(nn_evaluate(model, data, &before, 1));
    for (int i = 0; i < 200; i++)
        OK(nn_train_on_batch(model, data, NULL, 0));
    OK(nn_evaluate(model, data, &after, 1));
    ck_assert_double_lt(after, before / 2);
    OK(nn_predict(model, x, ROWS, found));
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

/* NaN in any input of any merging layer comes through; what it doesn't touch is as it was. */
START_TEST(nan_comes_through_every_merge)
{
    enum { WIDTH = 3, MOST = 3 };
    for (size_t i = 0; i < nn_layer_room.count; i++) {
        const nn_layer *layer = (const nn_layer *)nn_layer_room.parts[i];
        if (layer->takes != NN_TAKES_TWO && layer->takes != NN_TAKES_SEVERAL)
            continue;
        const size_t count = layer->takes == NN_TAKES_TWO ? 2 : MOST;
        char line[128];
        nn_model *model = graph("input shape=3 name=a; input shape=3 name=b");
        if (count == MOST)
            OK(nn_model_add(model, "input shape=3 name=c"));
        snprintf(line, sizeof(line), "%s inputs=(a,b%s)", layer->part.sample,
                 count == MOST ? ",c" : "");
        OK(nn_model_add(model, line));
        const size_t outputs = nn_model_output_width(model);
        for (size_t at = 0; at < count * WIDTH; at++) {
            float x[MOST * WIDTH], clean[MOST * WIDTH], y[MOST * WIDTH];
            size_t nans = 0;
            for (size_t v = 0; v < MOST * WIDTH; v++)
                x[v] = noise(v);
            OK(nn_predict(model, x, 1, clean));
            x[at] = NAN;
            OK(nn_predict(model, x, 1, y));
            for (size_t v = 0; v < outputs; v++) {
                nans += isnan(y[v]) != 0;
                ck_assert(isnan(y[v]) || y[v] == clean[v]);
            }
            ck_assert_msg(nans == 1, "%s: %zu NaN from one in value %zu", line, nans, at);
        }
        nn_model_free(model);
    }
}
END_TEST

/* ---- the plan ---- */

static bool overlap(const nn_real *a, size_t a_size, const nn_real *b, size_t b_size)
{
    return a != NULL && b != NULL && a < b + b_size && b < a + a_size;
}

/* To predict: what is read later isn't overwritten, and what isn't, is. */
START_TEST(a_buffer_lives_until_its_last_reader)
{
    enum { ROWS = 3 };
    nn_model *model = graph(
        "dense units=40 input_shape=(4) name=h; dense units=40 name=a; dense units=40 name=b; "
        "dense units=40 name=c; dense units=40 name=d; add inputs=(h,d)");
    nn_workspace *workspace;
    OK(nn_model_build(model));
    OK(nn_workspace_create(&workspace, model, ROWS, NN_TO_PREDICT));
    const nn_real *h = workspace->nodes[0].y;
    for (size_t i = 1; i < model->node_count; i++)
        ck_assert(!overlap(h, ROWS * 40, workspace->nodes[i].y, ROWS * 40));
    ck_assert_ptr_eq(workspace->nodes[1].y, workspace->nodes[3].y);
    nn_workspace_free(workspace);
    nn_model_free(model);
}
END_TEST

START_TEST(gradients_go_only_where_something_is_trainable)
{
    nn_model *model = graph("input shape=(4) name=x; input shape=(4) name=z; rescaling scale=2 "
                            "name=r inputs=x; dense units=4 name=h inputs=z; flatten name=f; add "
                            "inputs=(r,f,h,x)");
    nn_workspace *workspace;
    OK(nn_model_build(model));
    OK(nn_workspace_create(&workspace, model, 2, NN_TO_TRAIN));
    static const bool backward[] = {false, false, false, true, true, true};
    for (size_t i = 0; i < COUNT(backward); i++) {
        ck_assert_int_eq(workspace->nodes[i].backward, backward[i]);
        ck_assert_int_eq(workspace->nodes[i].dy != NULL, backward[i] && i != 4); /* 4 is a view */
    }
    const size_t edge = model->nodes[5].first_edge;
    nn_real *const *gradients = workspace->input_gradients + edge, *const *sums =
                                                                       workspace->sums + edge;
    ck_assert_ptr_null(gradients[0]);
    ck_assert_ptr_eq(gradients[1], workspace->nodes[3].dy); /* the first is written in place */
    ck_assert_ptr_null(sums[1]);
    ck_assert_ptr_nonnull(gradients[2]); /* and the other added */
    ck_assert_ptr_ne(gradients[2], gradients[1]);
    ck_assert_ptr_eq(sums[2], workspace->nodes[3].dy);
    ck_assert_ptr_null(gradients[3]);
    nn_workspace_free(workspace);
    nn_model_free(model);
}
END_TEST

START_TEST(a_chain_adds_no_gradients)
{
    nn_model *model = graph("dense units=4 input_shape=(4); flatten; dropout rate=0.5; dense "
                            "units=3; activation activation=softmax");
    nn_workspace *workspace;
    OK(nn_model_build(model));
    OK(nn_workspace_create(&workspace, model, 2, NN_TO_TRAIN));
    for (size_t i = 0; i < model->edge_count; i++)
        ck_assert_ptr_null(workspace->sums[i]);
    ck_assert_ptr_null(workspace->outputs[0].sum);
    nn_workspace_free(workspace);
    nn_model_free(model);
}
END_TEST

START_TEST(a_loss_fuses_only_with_what_nobody_else_reads)
{
    static const struct {
        const char *layers, *outputs;
        bool fused[2];
    } cases[] = {
        {"input shape=3; dense units=2 activation=softmax name=p", "p", {true}},
        {"input shape=(2,3); dense units=2 activation=softmax name=p; dense units=2 name=q; add "
         "inputs=(p,q)",
         "add",
         {false}},
        {"input shape=3 name=x; dense units=2 activation=softmax name=p; dense units=2 "
         "activation=softmax name=q inputs=x",
         "p,q",
         {true, true}},
        {"input shape=3 name=x; dense units=2 activation=softmax name=p; dense units=2 "
         "activation=softmax name=q",
         "p,q",
         {false, true}},
        {"input shape=(1,3); dense units=2 activation=softmax name=p; flatten name=f", "f", {true}},
        {"input shape=(1,3); dense units=2 activation=softmax name=p; flatten name=f",
         "f, p",
         {false, false}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_model *model = graph(cases[i].layers);
        OK(nn_model_set_outputs(model, cases[i].outputs));
        OK(nn_model_compile(model, "sgd", "categorical_crossentropy", NULL));
        for (size_t o = 0; o < model->output_count; o++)
            ck_assert_msg(model->outputs[o].fused == cases[i].fused[o], "%s -> %s", cases[i].layers,
                          cases[i].outputs);
        nn_model_free(model);
    }
}
END_TEST

/* ---- the summary ---- */

START_TEST(the_summary_says_what_each_layer_reads)
{
    static const char expected[] =
        "Model: \"functional\"\n"
        "┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓\n"
        "┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃\n"
        "┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩\n"
        "│ x (InputLayer)      │ (None, 4)         │          0 │ -                 │\n"
        "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n"
        "│ h (Dense)           │ (None, 4)         │         20 │ x[0][0]           │\n"
        "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n"
        "│ add (Add)           │ (None, 4)         │          0 │ x[0][0], h[0][0]  │\n"
        "└─────────────────────┴───────────────────┴────────────┴───────────────────┘\n"
        " Total params: 20 (80.00 B)\n"
        " Trainable params: 20 (80.00 B)\n"
        " Non-trainable params: 0 (0.00 B)\n";
    char text[4096];
    nn_model *model = graph("input shape=4 name=x; dense units=4 name=h; add inputs=(x,h)");
    OK(nn_model_summary(model, text, sizeof(text), NULL));
    ck_assert_str_eq(text, expected);
    nn_model_free(model);
    model = graph("dense units=4 input_shape=4; dense units=4 inputs=dense");
    OK(nn_model_summary(model, text, sizeof(text), NULL));
    ck_assert_ptr_nonnull(strstr(text, "\"sequential\""));
    ck_assert_ptr_null(strstr(text, "Connected to"));
    nn_model_free(model);
    model = graph("input shape=4; dense units=4");
    OK(nn_model_summary(model, text, sizeof(text), NULL));
    ck_assert_ptr_nonnull(strstr(text, "\"functional\""));
    ck_assert_ptr_nonnull(strstr(text, "input_layer (InputLayer)"));
    ck_assert_ptr_null(strstr(text, "Connected to"));
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graphs");
    TCase *tcase = tcase_create("refused");
    tcase_add_test(tcase, a_layer_that_does_not_fit_is_refused_and_changes_nothing);
    tcase_add_test(tcase, a_layer_that_nobody_reads_is_refused_by_its_name);
    tcase_add_test(tcase, outputs_are_checked);
    tcase_add_test(tcase, losses_and_metrics_are_matched_with_outputs);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("built");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, a_layer_reads_those_that_it_names);
    tcase_add_test(tcase, nan_comes_through_every_merge);
    tcase_add_test(tcase, residual_blocks_take_linear_time);
    tcase_add_test(tcase, a_hundred_residual_blocks_are_trained);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("planned");
    tcase_add_test(tcase, a_buffer_lives_until_its_last_reader);
    tcase_add_test(tcase, gradients_go_only_where_something_is_trainable);
    tcase_add_test(tcase, a_chain_adds_no_gradients);
    tcase_add_test(tcase, a_loss_fuses_only_with_what_nobody_else_reads);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("summary");
    tcase_add_test(tcase, the_summary_says_what_each_layer_reads);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
