/* Layers without weights, of one input or several, against what real Keras computed, and how Keras writes them
 * (tests/golden/make_plain_layers.py). How far a value may be off stands beside it in the file. */
#include "allocate.h"
#include "golden_file.h"
#include "json.h"
#include "keras_part.h"
#include "layer.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_INPUTS = 4 };

/* The largest share of a bound that was used is printed with NN_TEST_VERBOSE. */
static void check(const char *what, const json_t *expected, const json_t *bound,
                  const nn_real *found)
{
    const double allowed = json_number_value(bound);
    double largest = 0;
    ck_assert(json_is_number(bound) && allowed >= 0);
    for (size_t i = 0; i < json_array_size(expected); i++) {
        const double off = fabs((double)found[i] - at(expected, i));
        ck_assert_msg(
            off <= allowed, "%s: %s[%zu] is %.9g, expected %.9g: off by %.2g, allowed is %.2g",
            text(golden, "spec"), what, i, (double)found[i], at(expected, i), off, allowed);
        largest = fmax(largest, off);
    }
    if (getenv("NN_TEST_VERBOSE") != NULL && allowed > 0)
        fprintf(stderr, "%s: %s: %.3f of the bound\n", text(golden, "spec"), what,
                largest / allowed);
}

static nn_shape read_shape(const char *shape)
{
    nn_part part;
    nn_text line = NN_TEXT_INIT;
    nn_text_append(&line, "flatten input_shape=%s", shape);
    OK(nn_part_parse(&part, &nn_layer_room, line.data));
    const nn_shape read = ((const nn_layer_common *)part.self)->input_shape;
    nn_part_free(&part);
    nn_text_free(&line);
    return read;
}

START_TEST(outputs_and_gradients_are_those_of_keras)
{
    use_case("plain_layers.json", _i);
    const json_t *inputs = member(golden, "inputs");
    const size_t count = json_array_size(inputs), rows = size(golden, "rows");
    nn_real *x[MOST_INPUTS] = {NULL}, *dx[MOST_INPUTS] = {NULL};
    nn_shape shapes[MOST_INPUTS];
    nn_part part;
    ck_assert(count >= 1 && count <= MOST_INPUTS);
    OK(nn_part_parse(&part, &nn_layer_room, text(golden, "spec")));
    for (size_t i = 0; i < count; i++) {
        const json_t *input = json_array_get(inputs, i);
        shapes[i] = read_shape(text(input, "shape"));
        x[i] = reals(member(input, "values"));
        ck_assert_uint_eq(json_array_size(member(input, "values")),
                          rows * nn_shape_width(&shapes[i]));
        dx[i] = reserve(rows * nn_shape_width(&shapes[i]), sizeof *dx[i]);
    }
    const nn_layer *layer = nn_layer_of(&part);
    nn_layer_build build = {.input = shapes[0], .input_shapes = shapes, .input_count = count};
    OK(layer->build(part.self, &build));
    ck_assert_uint_eq(build.parameter_count, 0);
    const nn_shape expected_shape = read_shape(text(golden, "shape"));
    ck_assert(nn_shape_equal(&build.output, &expected_shape));
    const size_t values = rows * nn_shape_width(&build.output);
    nn_real *y = reserve(values, sizeof *y), *dy = reals(member(golden, "dy"));
    nn_real *kept = reserve(rows * build.kept, sizeof *kept);
    const nn_layer_call call = {
        .rows = rows,
        .input = &build.input,
        .output = &build.output,
        .training = true,
        .x = x[0],
        .input_count = count,
        .input_shapes = shapes,
        .inputs = (const nn_real *const *)x,
        .y = y,
        .kept = build.kept > 0 ? kept : NULL,
        .dy = dy,
        .dx = dx[0],
        .input_gradients = dx,
        .loss_scale = 1,
    };
    ck_assert_uint_eq(json_array_size(member(golden, "y")), values);
    if (build.view) {
        memcpy(y, x[0], values * sizeof *y);
        memcpy(dx[0], dy, values * sizeof *dy);
    } else {
        layer->forward(part.self, &call);
        layer->backward(part.self, &call);
    }
    check("y", member(golden, "y"), member(golden, "y_bound"), y);
    for (size_t i = 0; i < count; i++) {
        const json_t *input = json_array_get(inputs, i);
        check("dx", member(input, "gradient"), member(input, "bound"), dx[i]);
        free(x[i]);
        free(dx[i]);
    }
    free(y);
    free(dy);
    free(kept);
    nn_part_free(&part);
}
END_TEST

START_TEST(what_keras_wrote_is_read_and_written_alike)
{
    use_case("plain_layers.json", _i);
    nn_part read, parsed;
    nn_text line = NN_TEXT_INIT, found = NN_TEXT_INIT, expected = NN_TEXT_INIT;
    nn_text written = NN_TEXT_INIT;
    const char *config = text(golden, "config"), *name = text(golden, "name");
    nn_json *json;
    OK(nn_json_parse(&json, config, strlen(config), "config"));
    OK(nn_keras_read_layer(&read, NULL, json, NULL, NULL, 0));
    nn_text_append(&line, "%s name=%s", text(golden, "spec"), name);
    OK(nn_part_parse(&parsed, &nn_layer_room, line.data));
    nn_part_write(&read, false, &found);
    nn_part_write(&parsed, false, &expected);
    ck_assert_str_eq(found.data, expected.data);
    /* its name without one given is Keras's */
    const char *named = ((const nn_layer *)read.type)->default_name;
    ck_assert_str_eq(named != NULL ? named : read.type->name, name);
    /* every key that is written is one of Keras's, and has its value */
    OK(nn_keras_write_layer(&read, name, &written));
    nn_text_append(&written, "}");
    json_t *keras = json_loads(config, 0, NULL), *own = json_loads(written.data, 0, NULL);
    const json_t *of_keras = member(keras, "config");
    ck_assert_str_eq(text(own, "class_name"), text(keras, "class_name"));
    const char *key;
    json_t *value;
    json_object_foreach(member(own, "config"), key, value)
    {
        if (strcmp(key, "dtype") == 0) /* which Keras may also write as a policy */
            continue;
        const json_t *theirs = member(of_keras, key);
        ck_assert_msg(json_is_number(value) ? json_number_value(value) == json_number_value(theirs)
                                            : json_equal(value, theirs) == 1,
                      "%s: '%s' isn't as in Keras's config", text(golden, "spec"), key);
    }
    json_decref(keras);
    json_decref(own);
    nn_text *const texts[] = {&line, &found, &expected, &written};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        nn_text_free(texts[i]);
    nn_part_free(&read);
    nn_part_free(&parsed);
    nn_release(json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_plain_layers");
    TCase *tcase = tcase_create("plain_layers.json");
    const size_t count = count_cases("plain_layers.json");
    if (count == 0)
        return EXIT_FAILURE;
    tcase_add_checked_fixture(tcase, NULL, free_file);
    tcase_add_loop_test(tcase, outputs_and_gradients_are_those_of_keras, 0, (int)count);
    tcase_add_loop_test(tcase, what_keras_wrote_is_read_and_written_alike, 0, (int)count);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
