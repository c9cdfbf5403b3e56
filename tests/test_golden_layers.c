/* Layers against what real Keras (and for pca scikit-learn) computed, and how Keras writes them
 * (tests/golden/make_layers.py). How far a value may be off stands beside it in the files. */
#include "allocate.h"
#include "golden_file.h"
#include "json.h"
#include "keras_config.h"
#include "keras_part.h"
#include "layer.h"
#include "model.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the case is about. */
static const char *about(void)
{
    return json_string_value(
        json_object_get(golden, json_object_get(golden, "spec") != NULL ? "spec" : "name"));
}

/* The largest share of a bound that was used is printed with NN_TEST_VERBOSE. */
static void check(const char *what, const json_t *expected, const json_t *bound,
                  const nn_real *found)
{
    const double allowed = json_number_value(bound);
    double largest = 0;
    ck_assert(json_is_number(bound) && allowed >= 0);
    for (size_t i = 0; i < json_array_size(expected); i++) {
        const double off = fabs((double)found[i] - at(expected, i));
        ck_assert_msg(off <= allowed,
                      "%s: %s[%zu] is %.9g, expected %.9g: off by %.2g, allowed is %.2g", about(),
                      what, i, (double)found[i], at(expected, i), off, allowed);
        largest = fmax(largest, off);
    }
    if (getenv("NN_TEST_VERBOSE") != NULL && allowed > 0)
        fprintf(stderr, "%s: %s: %.2f of the bound\n", about(), what, largest / allowed);
}

/* A layer with what a call of it needs. */
struct fixture {
    nn_part part;
    const nn_layer *layer;
    nn_layer_build build;
    nn_layer_call call;
    nn_real *x, *y, *dy, *dx, *kept, *batch_kept;
    nn_real *parameters[NN_LAYER_MAX_PARAMETERS], *gradients[NN_LAYER_MAX_PARAMETERS];
};

static void set_up(struct fixture *f)
{
    nn_text line = NN_TEXT_INIT;
    nn_text_append(&line, "%s input_shape=%s", text(golden, "spec"), text(golden, "shape"));
    OK(nn_part_parse(&f->part, &nn_layer_room, line.data));
    nn_text_free(&line);
    f->layer = nn_layer_of(&f->part);
    f->build.input = ((const nn_layer_common *)f->part.self)->input_shape;
    OK(f->layer->build(f->part.self, &f->build));
    const size_t rows = size(golden, "rows");
    const size_t inputs = rows * nn_shape_width(&f->build.input);
    const size_t outputs = rows * nn_shape_width(&f->build.output);
    ck_assert_uint_eq(json_array_size(member(golden, "x")), inputs);
    ck_assert_uint_eq(json_array_size(member(golden, "y")), outputs);
    f->x = reals(member(golden, "x"));
    f->y = reserve(outputs, sizeof *f->y);
    f->dy = reals(member(golden, "dy"));
    f->dx = reserve(inputs, sizeof *f->dx);
    f->kept = reserve(rows * f->build.kept, sizeof *f->kept);
    f->batch_kept = reserve(f->build.batch_kept, sizeof *f->batch_kept);
    f->call = (nn_layer_call){
        .rows = rows,
        .input = &f->build.input,
        .output = &f->build.output,
        .x = f->x,
        .y = f->y,
        .dy = f->dy,
        .dx = f->dx,
        .parameters = f->parameters,
        .gradients = f->gradients,
        .gradient_scale = 1,
        .loss_scale = 1,
    };
    /* names, order and shapes are Keras's */
    const json_t *weights = member(golden, "weights");
    ck_assert_uint_eq(json_array_size(weights), f->build.parameter_count);
    for (size_t i = 0; i < f->build.parameter_count; i++) {
        const json_t *weight = json_array_get(weights, i);
        const nn_shape *shape = &f->build.parameters[i].shape;
        ck_assert_str_eq(text(weight, "name"), f->build.parameters[i].name);
        ck_assert_uint_eq(json_array_size(member(weight, "shape")), shape->rank);
        for (size_t d = 0; d < shape->rank; d++)
            ck_assert(at(member(weight, "shape"), d) == (double)shape->dimensions[d]);
        f->parameters[i] = reals(member(weight, "values"));
        f->gradients[i] = reserve(nn_shape_width(shape), sizeof(nn_real));
    }
}

static void tear_down(struct fixture *f)
{
    nn_real *all[] = {f->x, f->y, f->dy, f->dx, f->kept, f->batch_kept};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    for (size_t i = 0; i < f->build.parameter_count; i++) {
        free(f->parameters[i]);
        free(f->gradients[i]);
    }
    nn_part_free(&f->part);
}

/* A view, or one that does nothing but in training, gives its input. */
static void forward(struct fixture *f, bool training)
{
    f->call.training = training;
    f->call.kept = training && f->build.kept > 0 ? f->kept : NULL;
    f->call.batch_kept = training && f->build.batch_kept > 0 ? f->batch_kept : NULL;
    if (f->build.view || (f->build.training_only && !training))
        memcpy(f->y, f->x, f->call.rows * nn_shape_width(&f->build.input) * sizeof *f->y);
    else
        f->layer->forward(f->part.self, &f->call);
}

static void check_gradients(struct fixture *f)
{
    if (f->build.view)
        memcpy(f->dx, f->dy, f->call.rows * nn_shape_width(&f->build.input) * sizeof *f->dx);
    else
        f->layer->backward(f->part.self, &f->call);
    if (json_object_get(golden, "dx") != NULL)
        check("dx", member(golden, "dx"), member(golden, "dx_bound"), f->dx);
    size_t index;
    json_t *gradient;
    json_array_foreach(member(golden, "gradients"), index, gradient)
    {
        ck_assert_str_eq(text(gradient, "name"), f->build.parameters[index].name);
        check(text(gradient, "name"), member(gradient, "values"), member(gradient, "bound"),
              f->gradients[index]);
    }
}

/* Moving statistics after several batches. */
static void check_moving(struct fixture *f)
{
    size_t index;
    json_t *value;
    json_array_foreach(member(golden, "batches"), index, value)
    {
        nn_real *batch = reals(value);
        f->call.x = batch;
        forward(f, true);
        f->layer->update(f->part.self, &f->call);
        free(batch);
    }
    json_array_foreach(member(golden, "moved"), index, value)
    {
        size_t p = 0;
        while (strcmp(f->build.parameters[p].name, text(value, "name")) != 0)
            ck_assert_uint_lt(++p, f->build.parameter_count);
        ck_assert(!f->build.parameters[p].trainable);
        check(text(value, "name"), member(value, "values"), member(value, "bound"),
              f->parameters[p]);
    }
}

START_TEST(outputs_gradients_and_statistics_are_those_of_keras)
{
    use_case("layers.json", _i);
    struct fixture f = {.part = {.type = NULL}};
    set_up(&f);
    forward(&f, false);
    check("y", member(golden, "y"), member(golden, "y_bound"), f.y);
    forward(&f, true);
    if (json_object_get(golden, "y_training") != NULL)
        check("y when training", member(golden, "y_training"), member(golden, "y_training_bound"),
              f.y);
    else
        check("y when training", member(golden, "y"), member(golden, "y_bound"), f.y);
    ck_assert_int_eq(f.layer->loss != NULL, json_object_get(golden, "loss") != NULL);
    if (f.layer->loss != NULL)
        ck_assert_double_eq_tol(f.layer->loss(f.part.self, &f.call),
                                json_number_value(member(golden, "loss")),
                                json_number_value(member(golden, "loss_bound")));
    if (json_object_get(golden, "gradients") != NULL)
        check_gradients(&f);
    ck_assert_int_eq(f.layer->update != NULL, json_object_get(golden, "batches") != NULL);
    if (f.layer->update != NULL)
        check_moving(&f);
    tear_down(&f);
}
END_TEST

/* ---- training ---- */

static void check_training(const char *file, int index)
{
    use_case(file, index);
    golden_column x = read_column("x"), y = read_column("y");
    const size_t rows = size(golden, "rows"), batch_size = size(golden, "batch_size");
    const json_t *losses = member(golden, "loss_by_step");
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, rows, x.values, x.type, x.width, y.values, y.type, y.width));
    nn_model *model = golden_model();
    ck_assert_uint_eq(json_array_size(losses), size(golden, "steps"));
    for (size_t step = 0; step < size(golden, "steps"); step++) {
        nn_dataset *batch;
        double loss;
        OK(nn_dataset_slice(&batch, data, step * batch_size % rows, batch_size));
        OK(nn_train_on_batch(model, batch, &loss, 1));
        ck_assert_double_eq_tol(loss, at(losses, step),
                                json_number_value(member(golden, "loss_bound")));
        nn_dataset_free(batch);
    }
    size_t at_weight;
    json_t *value;
    json_array_foreach(member(golden, "final_weights"), at_weight, value)
    {
        const size_t count = json_array_size(member(value, "values"));
        float *found = reserve(count, sizeof *found);
        ck_assert_str_eq(nn_model_weight_name(model, at_weight), text(value, "name"));
        OK(nn_model_get_weights(model, text(value, "name"), found, count));
        check(text(value, "name"), member(value, "values"), member(value, "bound"), found);
        free(found);
    }
    nn_model_free(model);
    nn_dataset_free(data);
    free(x.values);
    free(y.values);
}

START_TEST(training_goes_where_keras_goes)
{
    check_training("layer_steps.json", _i);
}
END_TEST

START_TEST(training_with_penalties_on_outputs_goes_where_keras_goes)
{
    check_training("activity_steps.json", _i);
}
END_TEST

/* ---- what is learned, and how Keras writes it ---- */

START_TEST(what_is_learned_from_data_is_what_keras_and_scikit_learn_find)
{
    use_case("adapted_layers.json", _i);
    nn_model *model;
    nn_dataset *data;
    nn_text line = NN_TEXT_INIT;
    const size_t rows = size(golden, "rows");
    nn_text_append(&line, "%s input_shape=%s", text(golden, "spec"), text(golden, "shape"));
    OK(nn_model_create(&model));
    OK(nn_model_add(model, line.data));
    float *x = floats(member(golden, "x"));
    OK(nn_dataset_from_arrays(&data, rows, x, NN_FLOAT32, nn_model_input_width(model), NULL,
                              NN_FLOAT32, 0));
    OK(nn_model_adapt(model, NULL, data));
    size_t index;
    json_t *weight;
    json_array_foreach(member(golden, "weights"), index, weight)
    {
        const char *name = text(weight, "name");
        const size_t count = json_array_size(member(weight, "values"));
        float *found = reserve(count, sizeof *found);
        OK(nn_model_get_weights(model, name, found, count));
        check(name, member(weight, "values"), member(weight, "bound"), found);
        free(found);
    }
    const json_t *expected = member(golden, "y");
    const size_t predicted = json_array_size(expected) / nn_model_output_width(model);
    float *y = reserve(json_array_size(expected), sizeof *y);
    OK(nn_predict(model, x, predicted, y));
    check("y", expected, member(golden, "y_bound"), y);
    free(x);
    free(y);
    nn_text_free(&line);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

static nn_json *parse_config(void)
{
    nn_json *json;
    const char *config = text(golden, "config");
    OK(nn_json_parse(&json, config, strlen(config), "config"));
    return json;
}

START_TEST(a_layer_that_keras_wrote_is_read)
{
    use_case("layer_configs.json", _i);
    nn_part read, parsed;
    nn_text line = NN_TEXT_INIT, found = NN_TEXT_INIT, expected = NN_TEXT_INIT;
    nn_json *json = parse_config();
    OK(nn_keras_read_layer(&read, NULL, json, NULL, NULL, 0));
    nn_text_append(&line, "%s name=%s", text(golden, "spec"), text(golden, "name"));
    OK(nn_part_parse(&parsed, &nn_layer_room, line.data));
    nn_part_write(&read, false, &found);
    nn_part_write(&parsed, false, &expected);
    ck_assert_str_eq(found.data, expected.data);
    /* its name without one given is Keras's */
    const char *name = ((const nn_layer *)read.type)->default_name;
    ck_assert_str_eq(name != NULL ? name : read.type->name, text(golden, "name"));
    nn_text_free(&line);
    nn_text_free(&found);
    nn_text_free(&expected);
    nn_part_free(&read);
    nn_part_free(&parsed);
    nn_release(json);
}
END_TEST

START_TEST(a_model_that_keras_wrote_is_read_and_computes_the_same)
{
    use_case("layer_models.json", _i);
    nn_model *model;
    nn_json *json = parse_config();
    OK(nn_model_create(&model));
    OK(nn_keras_read_model(model, json));
    size_t index;
    json_t *weight;
    const json_t *weights = member(golden, "weights");
    ck_assert_uint_eq(nn_model_weight_count(model), json_array_size(weights));
    json_array_foreach(weights, index, weight)
    {
        float *values = floats(member(weight, "values"));
        ck_assert_str_eq(nn_model_weight_name(model, index), text(weight, "name"));
        OK(nn_model_set_weights(model, text(weight, "name"), values,
                                json_array_size(member(weight, "values"))));
        free(values);
    }
    const json_t *expected = member(golden, "y");
    float *x = floats(member(golden, "x")), *y = reserve(json_array_size(expected), sizeof *y);
    ck_assert_uint_eq(json_array_size(expected),
                      size(golden, "rows") * nn_model_output_width(model));
    OK(nn_predict(model, x, size(golden, "rows"), y));
    for (size_t i = 0; i < json_array_size(expected); i++)
        ck_assert_double_eq_tol((double)y[i], at(expected, i),
                                json_number_value(member(golden, "y_bound")));
    free(x);
    free(y);
    nn_release(json);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_layers");
    add_cases(suite, "layers.json", "layers.json",
              outputs_gradients_and_statistics_are_those_of_keras);
    add_cases(suite, "layer_steps.json", "layer_steps.json", training_goes_where_keras_goes);
    add_cases(suite, "activity_steps.json", "activity_steps.json",
              training_with_penalties_on_outputs_goes_where_keras_goes);
    add_cases(suite, "adapted_layers.json", "adapted_layers.json",
              what_is_learned_from_data_is_what_keras_and_scikit_learn_find);
    add_cases(suite, "layer_configs.json", "layer_configs.json", a_layer_that_keras_wrote_is_read);
    add_cases(suite, "layer_models.json", "layer_models.json",
              a_model_that_keras_wrote_is_read_and_computes_the_same);
    return run_suite(suite);
}
