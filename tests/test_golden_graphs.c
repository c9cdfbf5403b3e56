/* Golden values of graphs: functional models in the library against what real Keras computed
 * (tests/golden/make_graphs.py), from the same weights and the same batches; and the config.json that Keras
 * wrote of them. How far a value may be off stands beside it in the file. */
#include "allocate.h"
#include "golden_file.h"
#include "json.h"
#include "keras_config.h"
#include "nn.h"
#include "suite.h"
#include "trainer.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "graphs.json";

/* found[i] within the bound of the expected values, for all of them */
static void check(const char *what, const json_t *expected, const double *found)
{
    const json_t *values = member(expected, "values"), *bound = member(expected, "bound");
    const double allowed = json_number_value(bound);
    ck_assert(json_is_number(bound) && allowed > 0);
    for (size_t i = 0; i < json_array_size(values); i++)
        ck_assert_msg(fabs(found[i] - at(values, i)) <= allowed,
                      "%s: %s[%zu] is %.9g, Keras has %.9g: off by %.2g, allowed is %.2g",
                      text(golden, "name"), what, i, found[i], at(values, i),
                      fabs(found[i] - at(values, i)), allowed);
}

static void check_floats(const char *what, const json_t *expected, const float *found)
{
    const size_t count = json_array_size(member(expected, "values"));
    double *values = reserve(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (double)found[i];
    check(what, expected, values);
    free(values);
}

/* ---- the case ---- */

static nn_model *make_model(void)
{
    nn_model *model;
    size_t index;
    json_t *value;
    OK(nn_model_create(&model));
    json_array_foreach(member(golden, "layers"), index, value)
        OK(nn_model_add(model, json_string_value(value)));
    if (json_is_string(member(golden, "outputs")))
        OK(nn_model_set_outputs(model, text(golden, "outputs")));
    return model;
}

static void compile(nn_model *model, const char *optimizer)
{
    const json_t *given = member(golden, "loss_weights");
    double weights[NN_MAX_OUTPUTS];
    for (size_t i = 0; i < json_array_size(given); i++)
        weights[i] = at(given, i);
    if (json_array_size(given) > 0)
        OK(nn_model_set_loss_weights(model, weights, json_array_size(given)));
    OK(nn_model_compile(model, optimizer, text(golden, "loss"), text(golden, "metrics")));
}

enum { MOST_COLUMNS = NN_MAX_INPUTS + NN_MAX_OUTPUTS };

typedef struct table {
    nn_dataset *data;
    void *values[MOST_COLUMNS];
    size_t count;
} table;

static void add_columns(table *t, const char *kind)
{
    json_t *case_ = golden, *value;
    size_t index;
    json_array_foreach(member(golden, kind), index, value)
    {
        json_t *wrapped = json_pack("{s:O,s:O}", "column", value, "rows", member(case_, "rows"));
        golden = wrapped; /* where read_column looks */
        const golden_column made = read_column("column");
        golden = case_;
        OK(nn_dataset_add_column(t->data, text(value, "name"), made.values, made.type, made.width));
        t->values[t->count++] = made.values;
        json_decref(wrapped);
    }
}

static table make_table(void)
{
    table made = {.count = 0};
    OK(nn_dataset_from_arrays(&made.data, size(golden, "rows"), NULL, NN_FLOAT32, 0, NULL,
                              NN_FLOAT32, 0));
    add_columns(&made, "inputs");
    add_columns(&made, "targets");
    return made;
}

static void free_table(table *t)
{
    nn_dataset_free(t->data);
    for (size_t i = 0; i < t->count; i++)
        free(t->values[i]);
}

/* The first batch's inputs, side by side in the order of the model's. */
static float *side_by_side(const nn_model *model, const table *t)
{
    const size_t rows = size(golden, "batch_size"), all = nn_model_input_width(model);
    float *x = reserve(rows * all, sizeof *x);
    for (size_t i = 0, place = 0; i < nn_model_input_count(model); i++) {
        const char *name = nn_model_input_name(model, i);
        const size_t width = nn_dataset_width(t->data, name);
        float *values = reserve(rows * width, sizeof *values);
        OK(nn_dataset_get_values(t->data, name, 0, rows, values));
        for (size_t row = 0; row < rows; row++)
            memcpy(x + row * all + place, values + row * width, width * sizeof *values);
        place += width;
        free(values);
    }
    return x;
}

static void check_forward(const nn_model *model, const table *t)
{
    const size_t rows = size(golden, "batch_size");
    float *x = side_by_side(model, t);
    float *y = reserve(rows * nn_model_output_width(model), sizeof *y);
    ck_assert_uint_eq(json_array_size(member(member(golden, "forward"), "values")),
                      rows * nn_model_output_width(model));
    OK(nn_predict(model, x, rows, y));
    check_floats("output", member(golden, "forward"), y);
    free(x);
    free(y);
}

START_TEST(outputs_are_those_of_keras)
{
    use_case(file_name, _i);
    table t = make_table();
    nn_model *model = make_model();
    set_initial_weights(model);
    check_forward(model, &t);
    nn_model_free(model);
    free_table(&t);
}
END_TEST

START_TEST(gradients_are_those_of_keras)
{
    use_case(file_name, _i);
    table t = make_table();
    nn_model *model = make_model();
    const size_t rows = size(golden, "batch_size");
    nn_source source;
    nn_trainer *trainer;
    set_initial_weights(model);
    compile(model, "sgd learning_rate=0 momentum=0.5"); /* which isn't folded into the walk */
    OK(nn_source_open(&source, model, t.data, "data"));
    OK(nn_trainer_create(&trainer, model, rows, true));
    OK(nn_trainer_gather(trainer, model, &source, &(nn_rows){.count = rows}));
    nn_trainer_forward(trainer, model);
    nn_trainer_backward(trainer, model);
    size_t index;
    json_t *value;
    ck_assert_uint_eq(json_array_size(member(golden, "gradients")), model->parameter_count);
    json_array_foreach(member(golden, "gradients"), index, value)
    {
        const size_t found = nn_model_find_parameter(model, text(value, "name"));
        ck_assert_uint_lt(found, model->parameter_count);
        check_floats(text(value, "name"), value,
                     model->gradients + model->parameters[found].offset);
    }
    nn_trainer_free(trainer);
    nn_model_free(model);
    free_table(&t);
}
END_TEST

/* Losses and metrics of each step under Keras's names, then the weights. */
START_TEST(training_goes_where_keras_goes)
{
    use_case(file_name, _i);
    table t = make_table();
    nn_model *model = make_model();
    const size_t rows = size(golden, "rows"), steps = size(golden, "steps");
    const size_t batch_size = size(golden, "batch_size");
    set_initial_weights(model);
    compile(model, "sgd learning_rate=0.05");
    const size_t count = nn_model_metric_count(model);
    double *values = reserve(count, sizeof *values),
           *series = reserve(count * steps, sizeof *series);
    for (size_t step = 0; step < steps; step++) {
        nn_dataset *batch;
        OK(nn_dataset_slice(&batch, t.data, step * batch_size % rows, batch_size));
        OK(nn_train_on_batch(model, batch, values, count));
        nn_dataset_free(batch);
        for (size_t i = 0; i < count; i++)
            series[i * steps + step] = values[i];
    }
    size_t index;
    json_t *value;
    ck_assert_uint_eq(json_array_size(member(golden, "by_step")), count);
    json_array_foreach(member(golden, "by_step"), index, value)
    {
        size_t i = 0;
        while (i < count && strcmp(nn_model_metric_name(model, i), text(value, "name")) != 0)
            i++;
        ck_assert_msg(i < count, "no %s", text(value, "name"));
        check(text(value, "name"), value, series + i * steps);
    }
    json_array_foreach(member(golden, "final_weights"), index, value)
    {
        const size_t width = json_array_size(member(value, "values"));
        float *found = reserve(width, sizeof *found);
        OK(nn_model_get_weights(model, text(value, "name"), found, width));
        check_floats(text(value, "name"), value, found);
        free(found);
    }
    free(values);
    free(series);
    nn_model_free(model);
    free_table(&t);
}
END_TEST

/* What Keras saves is read; the model, and one read from what libnn writes of it, give Keras's values. */
START_TEST(a_config_that_keras_wrote_is_read)
{
    use_case(file_name, _i);
    const json_t *config = member(golden, "config");
    if (json_is_null(config))
        return;
    table t = make_table();
    nn_model *model, *again;
    nn_json *json;
    OK(nn_json_parse(&json, json_string_value(config), json_string_length(config), "config"));
    OK(nn_model_create(&model));
    OK(nn_keras_read_model(model, json));
    nn_release(json);
    ck_assert_uint_eq(nn_model_input_count(model), json_array_size(member(golden, "inputs")));
    for (size_t i = 0; i < nn_model_input_count(model); i++)
        ck_assert_str_eq(nn_model_input_name(model, i),
                         text(json_array_get(member(golden, "inputs"), i), "name"));
    set_initial_weights(model);
    check_forward(model, &t);

    size_t length;
    OK(nn_model_save_to_memory(model, NULL, 0, &length));
    void *bytes = reserve(length, 1);
    OK(nn_model_save_to_memory(model, bytes, length, NULL));
    OK(nn_model_load_from_memory(&again, bytes, length));
    check_forward(again, &t);
    free(bytes);
    nn_model_free(again);
    nn_model_free(model);
    free_table(&t);
}
END_TEST

START_TEST(four_configs_are_there)
{
    size_t found = 0;
    for (size_t i = 0; i < count_cases(file_name); i++) {
        use_case(file_name, (int)i);
        found += json_is_string(member(golden, "config"));
        free_file();
    }
    ck_assert_uint_eq(found, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden graphs");
    add_cases(suite, "outputs", file_name, outputs_are_those_of_keras);
    add_cases(suite, "gradients", file_name, gradients_are_those_of_keras);
    add_cases(suite, "training", file_name, training_goes_where_keras_goes);
    add_cases(suite, "configs", file_name, a_config_that_keras_wrote_is_read);
    TCase *whole = tcase_create("all");
    tcase_add_test(whole, four_configs_are_there);
    suite_add_tcase(suite, whole);
    return run_suite(suite);
}
