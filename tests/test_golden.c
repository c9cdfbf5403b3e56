/* Golden values: the library against what real Keras computed (tests/golden/make_golden.py), from the
 * same weights and the same batches. */
#include "activation.h"
#include "golden_file.h"
#include "initializer.h"
#include "loss.h"
#include "nn.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Training: the largest difference in a tensor, as a part of its largest value. */
static const double training_tolerance = 1e-5;
/* One function: Keras computes in float32 too, so both are a few units in the last place off. */
static const double function_tolerance = 2e-6;

/* ---- comparing ------------------------------------------------------------------------------ */

/* Every value within training_tolerance of the tensor's largest. */
static void check_tensor(const char *what, const json_t *expected, const double *found)
{
    double largest = 0, worst = 0;
    size_t place = 0, count = json_array_size(expected);
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(at(expected, i)));
        double difference = fabs(at(expected, i) - found[i]);
        if (difference > worst || isnan(difference)) {
            worst = difference;
            place = i;
        }
        if (isnan(difference))
            break;
    }
    ck_assert_msg(worst <= training_tolerance * largest,
                  "%s: %s[%zu] is %.9g, Keras has %.9g: off by %.2g of the largest value, %.9g",
                  text(golden, "name"), what, place, found[place], at(expected, place),
                  worst / largest, largest);
}

static void check_floats(const char *what, const json_t *expected, const float *found)
{
    size_t count = json_array_size(expected);
    double *values = reserve(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = found[i];
    check_tensor(what, expected, values);
    free(values);
}

/* |found - expected| <= function_tolerance * scale */
static void check_value(const char *what, size_t index, double found, double expected, double scale)
{
    ck_assert_msg(fabs(found - expected) <= function_tolerance * scale,
                  "%s: %s[%zu] is %.9g, Keras has %.9g", text(golden, "spec"), what, index, found,
                  expected);
}

/* ---- training -------------------------------------------------------------------------------- */

typedef struct job {
    nn_model *model;
    nn_dataset *data;
    golden_column x, y;
    float *sample_weight;
} job;

/* The case's model with Keras's initial weights, and its data. */
static job start_job(void)
{
    job made = {.x = read_column("x"), .y = read_column("y")};
    OK(nn_dataset_from_arrays(&made.data, size(golden, "rows"), made.x.values, made.x.type,
                              made.x.width, made.y.values, made.y.type, made.y.width));
    const json_t *sample_weight = json_object_get(golden, "sample_weight");
    if (sample_weight) {
        made.sample_weight = floats(sample_weight);
        OK(nn_dataset_add_column(made.data, "sample_weight", made.sample_weight, NN_FLOAT32, 1));
    }
    OK(nn_model_create(&made.model));
    size_t index;
    json_t *value;
    json_array_foreach(member(golden, "layers"), index, value)
        OK(nn_model_add(made.model, json_string_value(value)));
    OK(nn_model_compile(made.model, text(golden, "optimizer"), text(golden, "loss"),
                        text(golden, "metrics")));
    set_initial_weights(made.model);
    json_array_foreach(member(golden, "initial_weights"), index, value) /* in Keras's order, too */
        ck_assert_str_eq(nn_model_weight_name(made.model, index), text(value, "name"));
    return made;
}

/* Weights and predictions as Keras's are at the end. */
static void finish_job(job *done)
{
    size_t index;
    json_t *value;
    json_array_foreach(member(golden, "final_weights"), index, value)
    {
        size_t count = json_array_size(member(value, "values"));
        float *found = reserve(count, sizeof *found);
        OK(nn_model_get_weights(done->model, text(value, "name"), found, count));
        check_floats(text(value, "name"), member(value, "values"), found);
        free(found);
    }
    const json_t *predictions = member(member(golden, "expected"), "predictions");
    size_t count = json_array_size(predictions);
    size_t rows = count / nn_model_output_width(done->model);
    float *x = reserve(rows * done->x.width, sizeof *x), *y = reserve(count, sizeof *y);
    OK(nn_dataset_get_values(done->data, "x", 0, rows, x));
    OK(nn_predict(done->model, x, rows, y));
    check_floats("prediction", predictions, y);
    free(x);
    free(y);
    nn_model_free(done->model);
    nn_dataset_free(done->data);
    free(done->x.values);
    free(done->y.values);
    free(done->sample_weight);
}

/* Losses and metrics of each step, then weights and predictions. */
START_TEST(a_hundred_steps_end_where_keras_ends)
{
    use_case("trajectories.json", _i);
    job run = start_job();
    const json_t *expected = member(golden, "expected");
    size_t steps = size(golden, "steps"), rows = size(golden, "rows");
    size_t batch_size = size(golden, "batch_size");
    size_t count = nn_model_metric_count(run.model);
    ck_assert_uint_eq(count, json_object_size(expected) - 1);
    double *values = reserve(count, sizeof *values);
    double *series = reserve(count * steps, sizeof *series);
    for (size_t step = 0, first = 0; step < steps; step++) {
        size_t here = rows - first < batch_size ? rows - first : batch_size;
        nn_dataset *batch;
        OK(nn_dataset_slice(&batch, run.data, first, here));
        OK(nn_train_on_batch(run.model, batch, values, count));
        nn_dataset_free(batch);
        for (size_t i = 0; i < count; i++)
            series[i * steps + step] = values[i];
        first = first + here == rows ? 0 : first + here;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = nn_model_metric_name(run.model, i);
        ck_assert_uint_eq(json_array_size(member(expected, name)), steps);
        check_tensor(name, member(expected, name), series + i * steps);
    }
    free(values);
    free(series);
    finish_job(&run);
}
END_TEST

START_TEST(fit_gives_the_history_that_keras_gives)
{
    use_case("fit.json", _i);
    job run = start_job();
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.shuffle = 0;
    options.epochs = size(golden, "epochs");
    options.batch_size = size(golden, "batch_size");
    options.validation_split = json_number_value(member(golden, "validation_split"));
    double class_weight[16];
    const json_t *weights = json_object_get(golden, "class_weight");
    if (weights) {
        options.class_weight = class_weight;
        options.class_weight_count = json_array_size(weights);
        ck_assert_uint_le(options.class_weight_count, 16);
        for (size_t i = 0; i < options.class_weight_count; i++)
            class_weight[i] = at(weights, i);
    }
    nn_history *history;
    OK(nn_fit(run.model, run.data, &options, &history));
    const char *name;
    json_t *expected;
    json_object_foreach(member(golden, "expected"), name, expected)
    {
        if (strcmp(name, "predictions") == 0)
            continue;
        const double *values;
        size_t count;
        OK(nn_history_get(history, name, &values, &count));
        ck_assert_uint_eq(count, json_array_size(expected));
        check_tensor(name, expected, values);
    }
    nn_history_free(history);
    finish_job(&run);
}
END_TEST

/* ---- single functions ------------------------------------------------------------------------- */

START_TEST(activations_are_those_of_keras)
{
    use_case("activations.json", _i);
    nn_part part;
    OK(nn_part_parse(&part, &nn_activation_room, text(golden, "spec")));
    const nn_activation *activation = nn_activation_of(&part);
    size_t rows = size(golden, "rows"), width = size(golden, "width");
    nn_real *z = reals(member(golden, "z")), *dy = reals(member(golden, "dy"));
    nn_real *y = reserve(rows * width, sizeof *y), *dz = reserve(rows * width, sizeof *dz);
    activation->forward(part.self, rows, width, z, y);
    activation->backward(part.self, rows, width, activation->needs_z ? z : NULL, y, dy, dz);
    for (size_t i = 0; i < rows * width; i++) {
        double expected = at(member(golden, "y"), i);
        double scale = width == 1 ? fabs(expected) : 1; /* a sum in softmax: of the row's total */
        check_value("y", i, y[i], expected, scale + 1e-30); /* Keras flushes subnormals to 0 */
        size_t row = i - i % width;
        scale = largest_of(member(golden, "dy"), row, width);
        check_value("dz", i, dz[i], at(member(golden, "dz"), i), scale);
    }
    free(z);
    free(y);
    free(dy);
    free(dz);
    nn_part_free(&part);
}
END_TEST

START_TEST(losses_and_their_gradients_are_those_of_keras)
{
    use_case("losses.json", _i);
    nn_part part;
    OK(nn_part_parse(&part, &nn_loss_room, text(golden, "spec")));
    const nn_loss *loss = nn_loss_of(&part);
    size_t rows = size(golden, "rows"), width = size(golden, "width");
    nn_real *y = reals(member(golden, "y")), *weight = reals(member(golden, "weight"));
    nn_real *dy = reserve(rows * width, sizeof *dy), *values = reals(member(golden, "target"));
    int32_t *labels = reserve(rows, sizeof *labels);
    double *found = reserve(rows, sizeof *found);
    nn_target target = {.kind = NN_TARGET_VALUES, .values = values};
    if (strcmp(text(golden, "target_kind"), "labels") == 0) {
        for (size_t row = 0; row < rows; row++)
            labels[row] = (int32_t)values[row];
        target = (nn_target){.kind = NN_TARGET_LABELS, .labels = labels};
    }
    ck_assert_int_eq(loss->target, target.kind);
    if (json_object_get(golden, "fused")) {
        ck_assert_ptr_nonnull(loss->fuses_with);
        loss->fused_forward(part.self, rows, width, y, y, &target, found);
        for (size_t i = 0; i < rows * width; i++)
            check_value("output", i, y[i], at(member(golden, "output"), i), 1);
        loss->fused_backward(part.self, rows, width, y, &target, weight, dy);
    } else {
        loss->forward(part.self, rows, width, y, &target, found);
        loss->backward(part.self, rows, width, y, &target, weight, dy);
    }
    for (size_t row = 0; row < rows; row++) {
        double expected = at(member(golden, "loss"), row);
        check_value("loss", row, found[row], expected, fmax(1, fabs(expected)));
        double scale = fmax(1, largest_of(member(golden, "gradient"), row * width, width));
        for (size_t i = row * width; i < (row + 1) * width; i++)
            check_value("gradient", i, dy[i], at(member(golden, "gradient"), i), scale);
    }
    free(y);
    free(dy);
    free(weight);
    free(values);
    free(labels);
    free(found);
    nn_part_free(&part);
}
END_TEST

START_TEST(inputs_and_outputs_of_a_weight_are_counted_as_keras_counts_them)
{
    use_case("initializers.json", _i);
    const json_t *dimensions = member(golden, "shape");
    nn_shape shape = {.rank = json_array_size(dimensions)};
    for (size_t i = 0; i < shape.rank; i++)
        shape.dimensions[i] = (size_t)json_integer_value(json_array_get(dimensions, i));
    double fan_in, fan_out;
    nn_initializer_fans(&shape, &fan_in, &fan_out);
    ck_assert_double_eq(fan_in, json_number_value(member(golden, "fan_in")));
    ck_assert_double_eq(fan_out, json_number_value(member(golden, "fan_out")));
}
END_TEST

/* W' W = gain^2 I, or W W' where W has fewer rows than columns. */
START_TEST(orthogonal_kernels_are_orthogonal)
{
    static const size_t shapes[][2] = {{20, 5}, {5, 20}, {7, 7}, {1, 4}, {4, 1}};
    static const double gains[] = {1, 2, 0.5, 1, 3};
    size_t inputs = shapes[_i][0], units = shapes[_i][1];
    double gain = gains[_i];
    char layer[128];
    snprintf(layer, sizeof layer,
             "dense units=%zu kernel_initializer=orthogonal(gain=%g) input_shape=(%zu)", units,
             gain, inputs);
    nn_model *model;
    OK(nn_model_create(&model));
    OK(nn_model_add(model, layer));
    OK(nn_model_compile(model, "sgd", "mean_squared_error", NULL));
    float w[100];
    OK(nn_model_get_weights(model, "dense/kernel", w, inputs * units));
    nn_model_free(model);
    size_t vectors = inputs < units ? inputs : units, length = inputs < units ? units : inputs;
    size_t next = inputs < units ? units : 1, along = inputs < units ? 1 : units;
    for (size_t i = 0; i < vectors; i++)
        for (size_t j = 0; j < vectors; j++) {
            double product = 0;
            for (size_t k = 0; k < length; k++)
                product += (double)w[i * next + k * along] * (double)w[j * next + k * along];
            ck_assert_double_eq_tol(product, i == j ? gain * gain : 0, 1e-6 * gain * gain);
        }
}
END_TEST

/* ---- the suite -------------------------------------------------------------------------------- */

int main(void)
{
    Suite *suite = suite_create("golden");
    add_cases(suite, "activations.json", "activations.json", activations_are_those_of_keras);
    add_cases(suite, "losses.json", "losses.json", losses_and_their_gradients_are_those_of_keras);
    add_cases(suite, "initializers.json", "initializers.json",
              inputs_and_outputs_of_a_weight_are_counted_as_keras_counts_them);
    add_cases(suite, "trajectories.json", "trajectories.json",
              a_hundred_steps_end_where_keras_ends);
    add_cases(suite, "fit.json", "fit.json", fit_gives_the_history_that_keras_gives);
    TCase *orthogonal = tcase_create("orthogonal");
    tcase_add_loop_test(orthogonal, orthogonal_kernels_are_orthogonal, 0, 5);
    suite_add_tcase(suite, orthogonal);
    return run_suite(suite);
}
