/* Golden values of losses with reductions and weights: the library against what real Keras computed
 * (tests/golden/make_loss_reductions.py). How far a value may be off stands beside it in the files. */
#include "fitting.h"
#include "golden_file.h"
#include "loss.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char values_file[] = "loss_reductions.json", fits_file[] = "loss_reduction_fits.json";
static const char *const steps_files[] = {"loss_reduction_steps_linear.json",
                                          "loss_reduction_steps_activated.json"};
enum { STEPS_FILES = sizeof(steps_files) / sizeof(steps_files[0]) };

static void check_value(const char *about, const char *what, size_t index, double found,
                        double expected, const json_t *bound)
{
    const double allowed = json_number_value(bound);
    ck_assert(json_is_number(bound) && allowed >= 0);
    ck_assert_msg(fabs(found - expected) <= allowed,
                  "%s: %s[%zu] is %.9g, Keras has %.9g: off by %.2g, allowed is %.2g", about, what,
                  index, found, expected, fabs(found - expected), allowed);
}

static void check_floats(const char *about, const char *what, const json_t *expected,
                         const json_t *bound, const float *found)
{
    for (size_t i = 0; i < json_array_size(expected); i++)
        check_value(about, what, i, (double)found[i], at(expected, i), bound);
}

static void check_series(const char *about, const char *what, const json_t *expected,
                         const json_t *bound, const double *found)
{
    for (size_t i = 0; i < json_array_size(expected); i++)
        check_value(about, what, i, found[i], at(expected, i), bound);
}

/* ---- a batch ---- */

/* x[rows][rows]: a dense layer without bias gives its kernel for it, and the kernel's gradient is that of
 * what it gives. */
static float *identity(size_t rows)
{
    float *x = reserve(rows * rows, sizeof *x);
    for (size_t i = 0; i < rows; i++)
        x[i * rows + i] = 1;
    return x;
}

START_TEST(a_batchs_loss_and_gradient_are_those_of_keras)
{
    use_case(values_file, _i);
    const char *spec = text(golden, "spec");
    const size_t rows = size(golden, "rows");
    const size_t count = json_array_size(member(golden, "outputs"));
    golden_column y = read_column("y");
    float *x = identity(rows), *outputs = floats(member(golden, "outputs")), *weight = NULL;
    float *gradient = reserve(count, sizeof *gradient);
    double loss;
    nn_dataset *batch;
    OK(nn_dataset_from_arrays(&batch, rows, x, NN_FLOAT32, rows, y.values, y.type, y.width));
    if (json_object_get(golden, "sample_weight") != NULL) {
        weight = floats(member(golden, "sample_weight"));
        OK(nn_dataset_add_column(batch, "sample_weight", weight, NN_FLOAT32, 1));
    }
    nn_model *model = make_model(1, text(golden, "layer"), "sgd", spec, NULL);
    OK(nn_model_set_weights(model, "dense/kernel", outputs, count));
    OK(nn_model_compute_gradients(model, batch, &loss, 1));
    OK(nn_model_get_gradients(model, "dense/kernel", gradient, count));
    check_value(spec, "loss", 0, loss, json_number_value(member(golden, "loss")),
                member(golden, "loss_bound"));
    ck_assert_uint_eq(json_array_size(member(golden, "gradient")), count);
    check_floats(spec, "gradient", member(golden, "gradient"), member(golden, "gradient_bound"),
                 gradient);
    OK(nn_evaluate(model, batch, &loss, 1));
    check_value(spec, "evaluated loss", 0, loss, json_number_value(member(golden, "loss")),
                member(golden, "loss_bound"));
    nn_model_free(model);
    nn_dataset_free(batch);
    free(x);
    free(outputs);
    free(weight);
    free(gradient);
    free(y.values);
}
END_TEST

/* ---- training ---- */

struct job {
    nn_model *model;
    nn_dataset *data;
    golden_column x, y;
    float *weight;
};

static struct job begin(void)
{
    struct job job = {.x = read_column("x"), .y = read_column("y")};
    nn_text layers = NN_TEXT_INIT;
    size_t index;
    json_t *value;
    OK(nn_dataset_from_arrays(&job.data, size(golden, "rows"), job.x.values, job.x.type,
                              job.x.width, job.y.values, job.y.type, job.y.width));
    if (json_object_get(golden, "sample_weight") != NULL) {
        job.weight = floats(member(golden, "sample_weight"));
        OK(nn_dataset_add_column(job.data, "sample_weight", job.weight, NN_FLOAT32, 1));
    }
    json_array_foreach(member(golden, "layers"), index, value)
        nn_text_append(&layers, "%s%s", index == 0 ? "" : "; ", json_string_value(value));
    job.model = make_model(1, layers.data, text(golden, "optimizer"), text(golden, "loss"),
                           text(golden, "metrics"));
    nn_text_free(&layers);
    set_initial_weights(job.model);
    return job;
}

static void end(struct job *job)
{
    size_t index;
    json_t *value;
    ck_assert_uint_eq(json_array_size(member(golden, "final_weights")),
                      nn_model_weight_count(job->model));
    json_array_foreach(member(golden, "final_weights"), index, value)
    {
        const size_t count = json_array_size(member(value, "values"));
        float *found = reserve(count, sizeof *found);
        OK(nn_model_get_weights(job->model, text(value, "name"), found, count));
        check_floats(text(golden, "loss"), text(value, "name"), member(value, "values"),
                     member(value, "bound"), found);
        free(found);
    }
    nn_model_free(job->model);
    nn_dataset_free(job->data);
    free(job->x.values);
    free(job->y.values);
    free(job->weight);
}

static void check_steps(const char *file, int index)
{
    use_case(file, index);
    struct job job = begin();
    const size_t steps = size(golden, "steps"), rows = size(golden, "rows");
    const size_t batch_size = size(golden, "batch_size");
    double *series = reserve(steps, sizeof *series);
    ck_assert_uint_eq(json_array_size(member(golden, "loss_by_step")), steps);
    for (size_t step = 0, first = 0; step < steps; step++) {
        const size_t here = rows - first < batch_size ? rows - first : batch_size;
        nn_dataset *batch;
        OK(nn_dataset_slice(&batch, job.data, first, here));
        OK(nn_train_on_batch(job.model, batch, &series[step], 1));
        nn_dataset_free(batch);
        first = (first + here) % rows;
    }
    check_series(text(golden, "loss"), "loss", member(golden, "loss_by_step"),
                 member(golden, "loss_bound"), series);
    free(series);
    end(&job);
}

START_TEST(training_without_activation_goes_where_keras_goes)
{
    check_steps(steps_files[0], _i);
}
END_TEST

START_TEST(training_behind_an_activation_goes_where_keras_goes)
{
    check_steps(steps_files[1], _i);
}
END_TEST

/* The expected series of a name, and its bound. */
static void check_expected(const char *name, const double *found, size_t count)
{
    const json_t *expected = member(member(golden, "expected"), name);
    ck_assert_uint_eq(json_array_size(expected), count);
    check_series(text(golden, "loss"), name, expected, member(member(golden, "bounds"), name),
                 found);
}

START_TEST(fit_and_evaluate_report_what_keras_reports)
{
    use_case(fits_file, _i);
    struct job job = begin();
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.shuffle = 0;
    options.epochs = size(golden, "epochs");
    options.batch_size = size(golden, "batch_size");
    options.validation_split = json_number_value(member(golden, "validation_split"));
    double class_weight[3];
    const json_t *weights = json_object_get(golden, "class_weight");
    for (size_t i = 0; i < 3 && weights != NULL; i++)
        class_weight[i] = at(weights, i);
    options.class_weight = weights != NULL ? class_weight : NULL;
    options.class_weight_count = weights != NULL ? 3 : 0;
    nn_history *history;
    OK(nn_fit(job.model, job.data, &options, &history));
    const char *name;
    json_t *expected;
    json_object_foreach(member(golden, "expected"), name, expected)
    {
        const double *values;
        size_t count;
        if (strcmp(name, "evaluate") == 0)
            continue;
        OK(nn_history_get(history, name, &values, &count));
        check_expected(name, values, count);
    }
    double whole[4];
    const size_t count = nn_model_metric_count(job.model);
    ck_assert_uint_le(count, 4);
    OK(nn_evaluate(job.model, job.data, whole, count));
    check_expected("evaluate", whole, count);
    nn_history_free(history);
    end(&job);
}
END_TEST

/* ---- all of them ---- */

START_TEST(every_loss_is_compared)
{
    for (size_t i = 0; i < nn_loss_room.count; i++) {
        const char *name = nn_loss_room.parts[i]->name;
        size_t trained = 0;
        for (size_t f = 0; f < STEPS_FILES; f++)
            trained += count_cases_of(steps_files[f], "loss", name);
        ck_assert_msg(count_cases_of(values_file, "spec", name) >= 3, "few values of %s", name);
        ck_assert_msg(trained >= 3, "little training with %s", name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden loss reductions");
    add_cases(suite, values_file, values_file, a_batchs_loss_and_gradient_are_those_of_keras);
    add_cases(suite, steps_files[0], steps_files[0],
              training_without_activation_goes_where_keras_goes);
    add_cases(suite, steps_files[1], steps_files[1],
              training_behind_an_activation_goes_where_keras_goes);
    add_cases(suite, fits_file, fits_file, fit_and_evaluate_report_what_keras_reports);
    TCase *whole = tcase_create("all");
    tcase_set_timeout(whole, 120);
    tcase_add_test(whole, every_loss_is_compared);
    suite_add_tcase(suite, whole);
    return run_suite(suite);
}
