/* Weighted metrics in training: what fit, evaluate and train_on_batch report, and under which names, against what
 * real Keras reported (tests/golden/make_weighted_metrics.py); and compile settings as Keras writes them. How far a
 * value may be off stands beside it in the file. */
#include "allocate.h"
#include "golden_file.h"
#include "keras_config.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char fits_file[] = "weighted_metric_fits.json";

enum { MOST_CLASSES = 3, MOST_VALUES = 16 };

/* ---- a case ---- */

struct job {
    nn_model *model;
    nn_dataset *train, *validation, *weighted_validation;
    golden_column x, y;
    float *weight;
};

/* As Keras's half_error in the script. */
static nn_status half_error(void *user, size_t rows, size_t width, const void *y_true,
                            const float *y_pred, double *values)
{
    const float *wanted = y_true;
    (void)user;
    for (size_t i = 0; i < rows; i++) {
        values[i] = 0;
        for (size_t j = 0; j < width; j++)
            values[i] +=
                fabs((double)(y_pred[i * width + j] - wanted[i * width + j])) / (2 * (double)width);
    }
    return NN_OK;
}

/* Several outputs read the first layer, "shared", and are the model's in their order. */
static void add_layers(nn_model *model)
{
    const char *outputs = text(golden, "outputs");
    const bool several = outputs[0] != '\0';
    size_t index;
    json_t *value;
    json_array_foreach(member(golden, "layers"), index, value)
    {
        char layer[200];
        snprintf(layer, sizeof layer, "%s%s", json_string_value(value),
                 index == 0 ? " input_shape=(3)"
                 : several  ? " inputs=shared"
                            : "");
        OK(nn_model_add(model, layer));
    }
    if (several)
        OK(nn_model_set_outputs(model, outputs));
}

static nn_model *make_case_model(void)
{
    nn_model *model;
    const nn_custom_metric own = {
        .struct_size = sizeof own, .name = "half_error", .values = half_error};
    OK(nn_model_create(&model));
    OK(nn_model_register_metric(model, &own));
    add_layers(model);
    return model;
}

/* The rows from first on, with their weights or without. */
static nn_dataset *rows_from(const struct job *job, size_t first, size_t count, bool weighted)
{
    nn_dataset *whole, *part;
    OK(nn_dataset_from_arrays(&whole, size(golden, "rows"), job->x.values, job->x.type,
                              job->x.width, job->y.values, job->y.type, job->y.width));
    if (weighted)
        OK(nn_dataset_add_column(whole, "sample_weight", job->weight, NN_FLOAT32, 1));
    OK(nn_dataset_slice(&part, whole, first, count));
    nn_dataset_free(whole);
    return part;
}

static struct job begin(void)
{
    struct job job = {.x = read_column("x"), .y = read_column("y")};
    const size_t rows = size(golden, "rows"), train = size(golden, "train");
    job.weight = floats(member(golden, "weights"));
    job.train = rows_from(&job, 0, train, json_is_true(member(golden, "train_weighted")));
    job.validation =
        rows_from(&job, train, rows - train, json_is_true(member(golden, "validation_weighted")));
    job.weighted_validation = rows_from(&job, train, rows - train, true);
    job.model = make_case_model();
    OK(nn_model_compile(job.model, "sgd learning_rate=0.0625", text(golden, "loss"),
                        text(golden, "metrics")));
    set_initial_weights(job.model);
    return job;
}

static void end(struct job *job)
{
    nn_model_free(job->model);
    nn_dataset_free(job->train);
    nn_dataset_free(job->validation);
    nn_dataset_free(job->weighted_validation);
    free(job->x.values);
    free(job->y.values);
    free(job->weight);
}

/* ---- comparing ---- */

/* The series that Keras reported under the name; NULL: none. */
static const json_t *expected_of(const char *prefix, const char *name)
{
    char whole[128];
    size_t index;
    json_t *value;
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    json_array_foreach(member(golden, "expected"), index,
                       value) if (strcmp(text(value, "name"), whole) == 0) return value;
    return NULL;
}

static void check_series(const char *prefix, const char *name, const double *found, size_t count)
{
    const json_t *expected = expected_of(prefix, name);
    ck_assert_msg(expected != NULL, "%s: Keras has no %s%s", text(golden, "name"), prefix, name);
    const json_t *values = member(expected, "values");
    const double bound = json_number_value(member(expected, "bound"));
    ck_assert_uint_eq(json_array_size(values), count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(fabs(found[i] - at(values, i)) <= bound,
                      "%s: %s%s[%zu] is %.9g, Keras has %.9g: off by %.2g, allowed is %.2g",
                      text(golden, "name"), prefix, name, i, found[i], at(values, i),
                      fabs(found[i] - at(values, i)), bound);
}

/* Values of nn_model_metric_count. */
static void check_values(const char *prefix, const nn_model *model, const double *values)
{
    for (size_t i = 0; i < nn_model_metric_count(model); i++)
        check_series(prefix, nn_model_metric_name(model, i), &values[i], 1);
}

/* Loss, losses of outputs, then the metrics, the weighted ones last. */
static void check_names(const nn_model *model)
{
    const json_t *names = member(golden, "names");
    ck_assert_uint_eq(nn_model_metric_count(model), json_array_size(names));
    for (size_t i = 0; i < nn_model_metric_count(model); i++) {
        size_t index, found = 0;
        json_t *name;
        json_array_foreach(names, index, name) found +=
            strcmp(json_string_value(name), nn_model_metric_name(model, i)) == 0;
        ck_assert_msg(found == 1, "%s: Keras has no %s", text(golden, "name"),
                      nn_model_metric_name(model, i));
    }
}

static void check_history(const nn_history *history)
{
    const size_t count = nn_history_count(history);
    ck_assert_uint_eq(count, 2 * json_array_size(member(golden, "names")));
    for (size_t i = 0; i < count; i++) {
        const double *values;
        size_t epochs;
        OK(nn_history_get(history, nn_history_name(history, i), &values, &epochs));
        check_series("", nn_history_name(history, i), values, epochs);
    }
}

/* ---- tests ---- */

START_TEST(fit_evaluate_and_a_step_report_what_keras_reports)
{
    use_case(fits_file, _i);
    struct job job = begin();
    check_names(job.model);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.shuffle = 0;
    options.epochs = size(golden, "epochs");
    options.batch_size = size(golden, "batch_size");
    options.validation_data = job.validation;
    double class_weight[MOST_CLASSES];
    const json_t *weights = json_object_get(golden, "class_weight");
    options.class_weight_count = json_array_size(weights);
    ck_assert_uint_le(options.class_weight_count, MOST_CLASSES);
    for (size_t i = 0; i < options.class_weight_count; i++)
        class_weight[i] = at(weights, i);
    options.class_weight = weights != NULL ? class_weight : NULL;
    nn_history *history;
    OK(nn_fit(job.model, job.train, &options, &history));
    check_history(history);
    nn_history_free(history);
    if (weights == NULL) {
        double values[MOST_VALUES];
        const size_t count = nn_model_metric_count(job.model);
        ck_assert_uint_le(count, MOST_VALUES);
        OK(nn_evaluate(job.model, job.weighted_validation, values, count));
        check_values("evaluate ", job.model, values);
        OK(nn_train_on_batch(job.model, job.weighted_validation, values, count));
        check_values("step ", job.model, values);
    }
    end(&job);
}
END_TEST

/* The same metrics in the same order under the same names, however they are told. */
START_TEST(compile_settings_of_keras_are_read_and_written_again)
{
    use_case(fits_file, _i);
    nn_model *told = make_case_model(), *read = make_case_model();
    const char *config = text(golden, "config");
    nn_compile_parts parts;
    nn_json *json;
    OK(nn_model_compile(told, "sgd learning_rate=0.0625", text(golden, "loss"),
                        text(golden, "metrics")));
    OK(nn_json_parse(&json, config, strlen(config), "config"));
    OK(nn_keras_read_compile(&parts, read, json));
    OK(nn_model_set_compiled(read, &parts));
    ck_assert_uint_eq(nn_model_metric_count(read), nn_model_metric_count(told));
    for (size_t i = 0; i < nn_model_metric_count(told); i++)
        ck_assert_str_eq(nn_model_metric_name(read, i), nn_model_metric_name(told, i));
    nn_text a = NN_TEXT_INIT, b = NN_TEXT_INIT;
    OK(nn_keras_write_compile(told, &a));
    OK(nn_keras_write_compile(read, &b));
    ck_assert(!a.failed && !b.failed);
    ck_assert_str_eq(a.data, b.data);
    nn_text_free(&a);
    nn_text_free(&b);
    nn_compile_parts_free(&parts);
    nn_release(json);
    nn_model_free(told);
    nn_model_free(read);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden metric fits");
    add_cases(suite, "training", fits_file, fit_evaluate_and_a_step_report_what_keras_reports);
    add_cases(suite, "settings", fits_file, compile_settings_of_keras_are_read_and_written_again);
    return run_suite(suite);
}
