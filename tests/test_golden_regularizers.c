/* Golden values of regularizers, constraints and frozen layers: the library against what real Keras
 * computed (tests/golden/make_regularizers.py). How far a value may be off stands beside it in the files. */
#include "constraint.h"
#include "golden_file.h"
#include "model.h"
#include "regularizer.h"
#include "suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* found[i] within the bound of expected[i], for all i */
static void check_values(const char *about, const char *what, const json_t *expected,
                         const json_t *bound, const double *found)
{
    const double allowed = json_number_value(bound);
    ck_assert(json_is_number(bound) && allowed >= 0);
    ck_assert_uint_gt(json_array_size(expected), 0);
    for (size_t i = 0; i < json_array_size(expected); i++)
        ck_assert_msg(fabs(found[i] - at(expected, i)) <= allowed,
                      "%s: %s[%zu] is %.9g, Keras has %.9g: off by %.2g, allowed is %.2g", about,
                      what, i, found[i], at(expected, i), fabs(found[i] - at(expected, i)),
                      allowed);
}

static void check_reals(const char *about, const char *what, const json_t *expected,
                        const json_t *bound, const nn_real *found)
{
    const size_t count = json_array_size(expected);
    double *values = reserve(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (double)found[i];
    check_values(about, what, expected, bound, values);
    free(values);
}

static nn_shape read_shape(void)
{
    const json_t *dimensions = member(golden, "shape");
    nn_shape shape = {.rank = json_array_size(dimensions)};
    for (size_t i = 0; i < shape.rank; i++)
        shape.dimensions[i] = (size_t)at(dimensions, i);
    return shape;
}

/* The case's part: its spec is as an option's value is written. */
static void make_part(nn_part *part, const nn_room *room)
{
    nn_spec *spec;
    nn_text line = NN_TEXT_INIT;
    nn_text_append(&line, "x v=%s", text(golden, "spec"));
    OK(nn_spec_parse(&spec, line.data));
    const nn_value *value = &spec->arguments[0].value;
    OK(nn_part_create(
        part, room, value->kind == NN_VALUE_SPEC ? value->spec : &(nn_spec){.name = value->text}));
    nn_spec_free(spec);
    nn_text_free(&line);
}

/* ---- values ---- */

START_TEST(each_penalty_and_its_gradient_are_those_of_keras)
{
    use_case("regularizers.json", _i);
    const char *spec = text(golden, "spec");
    nn_part part;
    make_part(&part, &nn_regularizer_room);
    const nn_regularizer *regularizer = nn_regularizer_of(&part);
    const nn_shape shape = read_shape();
    const size_t count = nn_shape_width(&shape), width = nn_last_dimension(&shape);
    size_t needed;
    nn_real *x = reals(member(golden, "x")), *gradient = reserve(count, sizeof *gradient);
    ck_assert_uint_eq(json_array_size(member(golden, "gradient")), count);
    OK(nn_regularizer_check_rank(&part, shape.rank, "x"));
    ck_assert(nn_regularizer_scratch(&part, count / width, width, &needed));
    nn_real *scratch = reserve(needed, sizeof *scratch);
    const double penalty = regularizer->penalty(part.self, count / width, width, x, scratch);
    check_values(spec, "penalty", member(golden, "penalty"), member(golden, "penalty_bound"),
                 &penalty);
    regularizer->add_gradient(part.self, count / width, width, x, scratch, 1, gradient);
    check_reals(spec, "gradient", member(golden, "gradient"), member(golden, "gradient_bound"),
                gradient);
    free(x);
    free(gradient);
    free(scratch);
    nn_part_free(&part);
}
END_TEST

START_TEST(each_weight_becomes_what_keras_makes_of_it)
{
    use_case("constraints.json", _i);
    nn_part part;
    make_part(&part, &nn_constraint_room);
    const nn_shape shape = read_shape();
    nn_real *w = reals(member(golden, "w"));
    ck_assert_uint_eq(json_array_size(member(golden, "projected")), nn_shape_width(&shape));
    OK(nn_constraint_check_shape(&part, &shape));
    nn_constraint_of(&part)->project(part.self, &shape, w);
    check_reals(text(golden, "spec"), "projected", member(golden, "projected"),
                member(golden, "bound"), w);
    free(w);
    nn_part_free(&part);
}
END_TEST

/* ---- training ---- */

static nn_dataset *read_data(golden_column *x, golden_column *y, float **sample_weight)
{
    const json_t *weight = json_object_get(golden, "sample_weight");
    nn_dataset *data;
    *x = read_column("x");
    *y = read_column("y");
    *sample_weight = weight == NULL ? NULL : floats(weight);
    OK(nn_dataset_from_arrays(&data, size(golden, "rows"), x->values, x->type, x->width, y->values,
                              y->type, y->width));
    if (weight != NULL)
        OK(nn_dataset_add_column(data, "sample_weight", *sample_weight, NN_FLOAT32, 1));
    return data;
}

/* The whole of one case, and the weights that it ends with. */
static void train(nn_model *model, const nn_dataset *data)
{
    const char *name = text(golden, "name");
    const size_t steps = size(golden, "steps"), batch_size = size(golden, "batch_size");
    double *series = reserve(steps, sizeof *series), evaluated;
    ck_assert_uint_eq(json_array_size(member(golden, "loss_by_step")), steps);
    for (size_t step = 0; step < steps; step++) {
        nn_dataset *batch;
        OK(nn_dataset_slice(&batch, data, step % 2 * batch_size, batch_size));
        OK(nn_train_on_batch(model, batch, &series[step], 1));
        nn_dataset_free(batch);
    }
    check_values(name, "loss", member(golden, "loss_by_step"), member(golden, "loss_by_step_bound"),
                 series);
    OK(nn_evaluate(model, data, &evaluated, 1));
    free(series);
    check_values(name, "evaluated", member(golden, "evaluated"), member(golden, "evaluated_bound"),
                 &evaluated);

    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    nn_history *history;
    const double *losses;
    size_t epochs;
    options.epochs = json_array_size(member(golden, "loss_by_epoch"));
    options.batch_size = batch_size;
    options.shuffle = 0;
    OK(nn_fit(model, data, &options, &history));
    OK(nn_history_get(history, "loss", &losses, &epochs));
    ck_assert_uint_eq(epochs, options.epochs);
    check_values(name, "epoch", member(golden, "loss_by_epoch"),
                 member(golden, "loss_by_epoch_bound"), losses);
    nn_history_free(history);
}

static void check_training(const char *file, int index)
{
    use_case(file, index);
    golden_column x, y;
    float *sample_weight;
    nn_dataset *data = read_data(&x, &y, &sample_weight);
    nn_model *model = golden_model();
    train(model, data);
    const json_t *weights = member(golden, "final_weights"),
                 *initial = member(golden, "initial_weights");
    size_t i, trainable = 0;
    json_t *weight;
    ck_assert_uint_eq(json_array_size(weights), nn_model_weight_count(model));
    json_array_foreach(weights, i, weight)
    {
        const char *name = text(weight, "name");
        const size_t count = json_array_size(member(weight, "values"));
        float *found = reserve(count, sizeof *found);
        float *first = floats(member(json_array_get(initial, i), "values"));
        nn_real *values = reserve(count, sizeof *values);
        OK(nn_model_get_weights(model, name, found, count));
        for (size_t j = 0; j < count; j++)
            values[j] = (nn_real)found[j];
        check_reals(text(golden, "name"), name, member(weight, "values"), member(weight, "bound"),
                    values);
        const bool trained = strcmp(text(weight, "trainable"), "yes") == 0;
        trainable += trained ? count : 0;
        ck_assert_int_eq(memcmp(found, first, count * sizeof *found) != 0, trained);
        free(found);
        free(first);
        free(values);
    }
    ck_assert_uint_eq(nn_model_trainable_count(model), trainable);
    nn_model_free(model);
    nn_dataset_free(data);
    free(x.values);
    free(y.values);
    free(sample_weight);
}

static const char *const training_files[] = {"penalty_steps.json", "penalty_steps_momentum.json"};

START_TEST(plain_training_goes_where_keras_goes)
{
    check_training(training_files[0], _i);
}
END_TEST

START_TEST(training_with_momentum_goes_where_keras_goes)
{
    check_training(training_files[1], _i);
}
END_TEST

/* ---- all of them ---- */

static bool begins_with_part(const char *spec, const char *name)
{
    const size_t length = strlen(name);
    return strncmp(spec, name, length) == 0 && (spec[length] == '\0' || spec[length] == '(');
}

static size_t values_of(const char *file, const char *part)
{
    const size_t count = count_cases(file);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        use_case(file, (int)i);
        found += begins_with_part(text(golden, "spec"), part);
        free_file();
    }
    return found;
}

/* How many layers of a file's cases have the part as an option's value. */
static size_t trainings_with(const char *file, const char *part)
{
    const size_t count = count_cases(file);
    size_t found = 0, index;
    json_t *layer;
    for (size_t i = 0; i < count; i++) {
        use_case(file, (int)i);
        json_array_foreach(member(golden, "layers"), index, layer)
        {
            const char *spec = json_string_value(layer);
            while ((spec = strchr(spec, '=')) != NULL)
                found += begins_with_part(++spec, part) || strncmp(spec, part, strlen(part)) == 0;
        }
        free_file();
    }
    return found;
}

START_TEST(every_regularizer_and_constraint_is_compared)
{
    const nn_room *const rooms[] = {&nn_regularizer_room, &nn_constraint_room};
    const char *const files[] = {"regularizers.json", "constraints.json"};
    for (size_t r = 0; r < 2; r++)
        for (size_t i = 0; i < rooms[r]->count; i++) {
            const char *name = rooms[r]->parts[i]->name;
            ck_assert_msg(values_of(files[r], name) >= 3, "few values of %s", name);
            for (size_t f = 0; f < 2; f++)
                ck_assert_msg(trainings_with(training_files[f], name) >= 1, "no training with %s",
                              name);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden regularizers");
    add_cases(suite, "regularizers.json", "regularizers.json",
              each_penalty_and_its_gradient_are_those_of_keras);
    add_cases(suite, "constraints.json", "constraints.json",
              each_weight_becomes_what_keras_makes_of_it);
    add_cases(suite, training_files[0], training_files[0], plain_training_goes_where_keras_goes);
    add_cases(suite, training_files[1], training_files[1],
              training_with_momentum_goes_where_keras_goes);
    TCase *whole = tcase_create("all");
    tcase_set_timeout(whole, 120);
    tcase_add_test(whole, every_regularizer_and_constraint_is_compared);
    suite_add_tcase(suite, whole);
    return run_suite(suite);
}
