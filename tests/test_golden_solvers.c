/* lbfgs and least_squares against what scikit-learn found, and lbfgs's way there against SciPy's
 * (tests/golden/make_solvers.py). */
#include "golden_file.h"
#include "model.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static nn_model *case_model(void)
{
    char layers[512], *rest = NULL;
    nn_model *model;
    snprintf(layers, sizeof layers, "%s", text(golden, "layers"));
    OK(nn_model_create(&model));
    for (char *layer = strtok_r(layers, ";", &rest); layer != NULL;
         layer = strtok_r(NULL, ";", &rest))
        OK(nn_model_add(model, layer));
    OK(nn_model_compile(model, text(golden, "optimizer"), text(golden, "loss"), NULL));
    return model;
}

/* The arrays that a dataset borrows. */
struct arrays {
    float *x, *y, *weight;
    int32_t *labels;
};

static nn_dataset *case_data(struct arrays *arrays)
{
    const size_t rows = size(golden, "rows"), width = size(golden, "targets");
    const json_t *weight = json_object_get(golden, "sample_weight"), *y = member(golden, "y");
    const bool labels = strcmp(text(golden, "loss"), "sparse_categorical_crossentropy") == 0;
    nn_dataset *data;
    *arrays = (struct arrays){.x = floats(member(golden, "x")), .y = floats(y)};
    ck_assert_uint_eq(json_array_size(y), rows * width);
    ck_assert_uint_eq(json_array_size(member(golden, "x")), rows * size(golden, "inputs"));
    if (labels) {
        arrays->labels = reserve(rows, sizeof(int32_t));
        for (size_t i = 0; i < rows; i++)
            arrays->labels[i] = (int32_t)at(y, i);
    }
    OK(nn_dataset_from_arrays(&data, rows, arrays->x, NN_FLOAT32, size(golden, "inputs"),
                              labels ? (void *)arrays->labels : (void *)arrays->y,
                              labels ? NN_INT32 : NN_FLOAT32, width));
    if (weight != NULL) {
        arrays->weight = floats(weight);
        OK(nn_dataset_add_column(data, "sample_weight", arrays->weight, NN_FLOAT32, 1));
    }
    return data;
}

static void free_arrays(struct arrays *arrays)
{
    free(arrays->x);
    free(arrays->y);
    free(arrays->weight);
    free(arrays->labels);
}

static void set_start(nn_model *model, const json_t *values)
{
    size_t i = 0;
    for (size_t p = 0; p < model->parameter_count; p++) {
        float *start = reserve(model->parameters[p].width, sizeof(*start));
        for (size_t j = 0; j < model->parameters[p].width; j++)
            start[j] = (float)at(values, i++);
        OK(nn_model_set_weights(model, model->parameters[p].name, start,
                                model->parameters[p].width));
        free(start);
    }
    ck_assert_uint_eq(i, json_array_size(values));
}

/* Softmax's coefficients may have any number added to those of a feature in all classes. */
static double center(const nn_parameter *parameter, const nn_real *values, size_t index)
{
    const size_t units = parameter->shape.dimensions[parameter->shape.rank - 1];
    double sum = 0;
    for (size_t j = 0; j < units; j++)
        sum += (double)values[index / units * units + j];
    return units == 1 ? 0 : sum / (double)units;
}

/* The largest difference to scikit-learn. */
static double compare_weights(const nn_model *model, bool centered)
{
    const json_t *expected = member(golden, "weights");
    double largest = 0;
    size_t i = 0;
    for (size_t p = 0; p < model->parameter_count; p++) {
        const nn_real *values = model->weights + model->parameters[p].offset;
        for (size_t j = 0; j < model->parameters[p].width; j++, i++) {
            const double found =
                (double)values[j] - (centered ? center(&model->parameters[p], values, j) : 0);
            const double difference = fabs(found - at(expected, i));
            ck_assert_msg(difference <= json_number_value(member(golden, "bound")),
                          "%s: %s[%zu] is %.9g, scikit-learn has %.9g", text(golden, "name"),
                          model->parameters[p].name, j, found, at(expected, i));
            largest = difference > largest ? difference : largest;
        }
    }
    ck_assert_uint_eq(i, json_array_size(expected));
    return largest;
}

/* In a trace of a run by hand: the largest difference, and how many epochs it took. */
static void tell(double weights, double loss, size_t epochs)
{
    if (getenv("NN_GOLDEN_TRACE") != NULL)
        fprintf(stderr, "weights %8.2g, loss %8.2g, bound %8.2g, %4zu epochs: %s\n", weights, loss,
                json_number_value(member(golden, "bound")), epochs, text(golden, "name"));
}

struct path {
    const nn_model *model;
    const json_t *expected; /* the weights after each epoch */
    size_t epochs;
    double largest; /* difference */
};

static nn_status compare_step(const nn_event *event, void *user)
{
    struct path *path = user;
    if (event->kind != NN_EVENT_EPOCH_END)
        return NN_OK;
    const json_t *expected = json_array_get(path->expected, path->epochs++);
    const nn_model *model = path->model;
    size_t i = 0;
    for (size_t p = 0; p < model->parameter_count; p++) {
        const nn_real *values = model->weights + model->parameters[p].offset;
        for (size_t j = 0; j < model->parameters[p].width; j++)
            path->largest = fmax(path->largest, fabs((double)values[j] - at(expected, i++)));
    }
    ck_assert_uint_eq(i, json_array_size(expected));
    return NN_OK;
}

/* An epoch is one iteration. */
static void compare_path(nn_model *model, const nn_dataset *data)
{
    struct path path = {.model = model, .expected = member(golden, "path")};
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = size(golden, "epochs");
    options.callback = compare_step;
    options.callback_user = &path;
    OK(nn_fit(model, data, &options, NULL));
    ck_assert_uint_eq(path.epochs, json_array_size(path.expected));
    tell(path.largest, 0, path.epochs);
    ck_assert_msg(path.largest <= json_number_value(member(golden, "bound")),
                  "%s: a weight is %.3g off SciPy's", text(golden, "name"), path.largest);
}

static void compare_solution(nn_model *model, const nn_dataset *data)
{
    nn_history *history;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    const double *losses;
    size_t epochs;
    double loss;
    const bool is_linear = strcmp(text(golden, "kind"), "linear") == 0;
    options.epochs = size(golden, "epochs");
    OK(nn_fit(model, data, &options, &history));
    OK(nn_history_get(history, "loss", &losses, &epochs));
    OK(nn_evaluate(model, data, &loss, 1));
    ck_assert(is_linear || epochs < options.epochs); /* it ended by itself */
    ck_assert_double_le(fabs(losses[epochs - 1] - loss), 1e-6 * fmax(1, loss));
    double weights = 0;
    const double difference = fabs(loss - json_number_value(member(golden, "final_loss")));
    if (json_object_get(golden, "weights") != NULL)
        weights = compare_weights(model, strcmp(text(golden, "kind"), "logistic") == 0);
    tell(weights, difference, epochs);
    ck_assert_msg(difference <= 1e-4, "%s: the loss is %.9g, scikit-learn has %.9g",
                  text(golden, "name"), loss, json_number_value(member(golden, "final_loss")));
    nn_history_free(history);
}

START_TEST(solutions_and_steps_are_those_of_scikit_learn_and_scipy)
{
    struct arrays arrays;
    use_case("solvers.json", _i);
    nn_model *model = case_model();
    nn_dataset *data = case_data(&arrays);
    if (json_object_get(golden, "start") != NULL)
        set_start(model, member(golden, "start"));
    if (strcmp(text(golden, "kind"), "steps") == 0)
        compare_path(model, data);
    else
        compare_solution(model, data);
    nn_dataset_free(data);
    nn_model_free(model);
    free_arrays(&arrays);
}
END_TEST

/* Every optimizer that works on whole data has three cases at least. */
START_TEST(every_solver_is_there)
{
    for (size_t p = 0; p < nn_optimizer_room.count; p++) {
        const nn_optimizer *optimizer = (const nn_optimizer *)nn_optimizer_room.parts[p];
        size_t found = 0;
        for (size_t i = 0; i < count_cases("solvers.json"); i++) {
            use_case("solvers.json", (int)i);
            found += strncmp(text(golden, "optimizer"), optimizer->part.name,
                             strlen(optimizer->part.name)) == 0;
            free_file();
        }
        ck_assert_msg(optimizer->solve == NULL || found >= 3, "%s has %zu cases",
                      optimizer->part.name, found);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_solvers");
    TCase *solvers = tcase_create("solvers.json"), *coverage = tcase_create("coverage");
    const size_t count = count_cases("solvers.json");
    if (count == 0)
        return EXIT_FAILURE;
    tcase_set_timeout(solvers, 60);
    tcase_set_timeout(coverage, 60);
    tcase_add_checked_fixture(solvers, NULL, free_file);
    tcase_add_loop_test(solvers, solutions_and_steps_are_those_of_scikit_learn_and_scipy, 0,
                        (int)count);
    tcase_add_test(coverage, every_solver_is_there);
    suite_add_tcase(suite, solvers);
    suite_add_tcase(suite, coverage);
    return run_suite(suite);
}
