/* JSON, and model files: what is saved comes back. */
#include "activation.h"
#include "allocate.h"
#include "fitting.h"
#include "initializer.h"
#include "json.h"
#include "model.h"
#include "saved_model.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ----------------------------------------------------------------------------------- */

static const struct {
    const char *text, *value; /* NULL: not JSON */
} strings[] = {
    {"\"\"", ""},
    {" \"a\" ", "a"},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
    {"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00z\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"},
    {"\"\xc3\xa9\xf0\x9f\x98\x80\"", "\xc3\xa9\xf0\x9f\x98\x80"},
    {"\"", NULL},
    {"\"a", NULL},
    {"\"\\", NULL},
    {"\"\\\"", NULL},
    {"\"\\u12\"", NULL},
    {"\"\\u0000\"", NULL},
    {"\"\\ud83d\"", NULL},
    {"\"\\ude00\"", NULL},
    {"\"\\ud83d\\u0041\"", NULL},
    {"\"\\x\"", NULL},
    {"\"\n\"", NULL},
    {"\"\xe9\"", NULL},
    {"\"\xc3", NULL},
    {"\"a\" x", NULL},
    {"", NULL},
};

START_TEST(json_strings_are_read_as_rfc_8259_says)
{
    nn_json *json;
    const size_t length = strlen(strings[_i].text);
    char *text = malloc(length + 1); /* no byte more: reading past it is an error */
    memcpy(text, strings[_i].text, length);
    nn_status status = nn_json_parse(&json, text, length, "text");
    ck_assert_int_eq(status, strings[_i].value != NULL ? NN_OK : NN_ERR_FORMAT);
    if (strings[_i].value != NULL) {
        ck_assert_str_eq(nn_json_string(json), strings[_i].value);
        nn_text back = NN_TEXT_INIT;
        ck_assert_int_eq(nn_json_write_string(&back, strings[_i].value), NN_OK);
        nn_json *again;
        ck_assert_int_eq(nn_json_parse(&again, back.data, back.length, "text"), NN_OK);
        ck_assert_str_eq(nn_json_string(again), strings[_i].value);
        nn_release(again);
        nn_text_free(&back);
    }
    nn_release(json);
    free(text);
}
END_TEST

START_TEST(json_numbers_come_back_to_the_last_bit)
{
    static const double numbers[] = {
        0, -0.0, 1, -1, 0.1, 1 / 3.0, 1e-310, 5e-324, 1.7976931348623157e308, 0x1p53, 123456.789};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        nn_text text = NN_TEXT_INIT;
        nn_json *json;
        nn_json_write_real(&text, numbers[i]);
        ck_assert_int_eq(nn_json_parse(&json, text.data, text.length, "number"), NN_OK);
        ck_assert_mem_eq(&json->number, &numbers[i], sizeof(double));
        ck_assert(!json->whole);
        nn_release(json);
        nn_text_free(&text);
    }
}
END_TEST

START_TEST(what_is_not_json_is_refused)
{
    static const char *const bad[] = {"01",       "-",
                                      "1.",       ".5",
                                      "1e",       "0x10",
                                      "inf",      "nan",
                                      "1e999",    "nul",
                                      "True",     "[1,]",
                                      "[1 2]",    "[",
                                      "{",        "{\"a\"}",
                                      "{\"a\":}", "{a:1}",
                                      "{,}",      "[1}",
                                      "[1]]",     "{\"a\":1,\"a\":2}",
                                      "'a'",      "1 2"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        nn_json *json;
        nn_status status = nn_json_parse(&json, bad[i], strlen(bad[i]), "text");
        ck_assert_msg(status == NN_ERR_FORMAT && json == NULL, "%s", bad[i]);
    }
}
END_TEST

START_TEST(json_values_are_found_by_key_and_in_order)
{
    static const char text[] = "{\"a\":[1,[2,{}],3],\"b\":{\"c\":null},\"d\":true,\"e\":-0}";
    nn_json *json;
    ck_assert_int_eq(nn_json_parse(&json, text, strlen(text), "text"), NN_OK);
    const nn_json *list = nn_json_get(json, "a"), *item = nn_json_first(list);
    ck_assert_uint_eq(nn_json_count(json), 4);
    ck_assert_uint_eq(nn_json_count(list), 3);
    ck_assert_double_eq(item->number, 1);
    item = nn_json_next(list, item);
    ck_assert_uint_eq(nn_json_count(item), 2);
    item = nn_json_next(list, item);
    ck_assert_double_eq(item->number, 3);
    ck_assert_ptr_null(nn_json_next(list, item));
    ck_assert(nn_json_is(nn_json_get(nn_json_get(json, "b"), "c"), NN_JSON_NULL));
    ck_assert(nn_json_is(nn_json_get(json, "d"), NN_JSON_TRUE));
    ck_assert_ptr_null(nn_json_get(json, "c"));
    ck_assert_ptr_null(nn_json_get(list, "a"));
    ck_assert_ptr_null(nn_json_get(NULL, "a"));
    nn_release(json);
}
END_TEST

/* ---- what is saved comes back --------------------------------------------------------------- */

static void check_same_compile(const nn_model *a, const nn_model *b)
{
    ck_assert_int_eq(a->compiled, b->compiled);
    ck_assert_uint_eq(nn_model_metric_count(a), nn_model_metric_count(b));
    for (size_t i = 0; i < nn_model_metric_count(a); i++)
        ck_assert_str_eq(nn_model_metric_name(a, i), nn_model_metric_name(b, i));
    if (!a->compiled)
        return;
    check_same_part(&a->optimizer, &b->optimizer);
    ck_assert_uint_eq(a->output_count, b->output_count);
    for (size_t i = 0; i < a->output_count; i++) {
        check_same_part(&a->outputs[i].loss, &b->outputs[i].loss);
        ck_assert_uint_eq(a->outputs[i].node, b->outputs[i].node);
        ck_assert_double_eq(a->outputs[i].loss_weight, b->outputs[i].loss_weight);
        ck_assert_int_eq(a->outputs[i].fused, b->outputs[i].fused);
    }
    for (size_t i = 0; i < a->metric_count; i++)
        check_same_part(&a->metrics[i].part, &b->metrics[i].part);
    ck_assert_uint_eq(a->iteration, b->iteration);
    ck_assert_uint_eq(a->slot_count, b->slot_count);
    ck_assert_mem_eq(a->slots, b->slots, a->slot_count * a->trainable_size * sizeof(nn_real));
}

/* Saves, loads, compares everything, and saves again: the same bytes. Frees the model. */
static void check_round_trip(nn_model *model, const char *what)
{
    file f = save(model);
    nn_model *loaded = load(f);
    file again = save(loaded);
    ck_assert_uint_eq(f.size, again.size);
    ck_assert_msg(memcmp(f.bytes, again.bytes, f.size) == 0, "%s: other bytes", what);
    check_same_predictions(model, loaded, what);
    check_same_compile(model, loaded);
    check_same_layers(model, loaded);
    free(f.bytes);
    free(again.bytes);
    nn_model_free(model);
    nn_model_free(loaded);
}

/* A part's sample as the value of an option: "leaky_relu(negative_slope=0.1)". */
static char *nested_sample(const nn_room *room, size_t index)
{
    nn_part part;
    nn_text text = NN_TEXT_INIT;
    ck_assert_int_eq(nn_part_parse(&part, room, room->parts[index]->sample), NN_OK);
    nn_part_write(&part, true, &text);
    char *copy = strdup(text.data);
    nn_text_free(&text);
    nn_part_free(&part);
    return copy;
}

static char *formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *formatted(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    ck_assert_int_ge(vasprintf(&text, format, arguments), 0);
    va_end(arguments);
    return text;
}

START_TEST(every_layer_comes_back)
{
    const nn_part_type *type = nn_layer_room.parts[_i];
    const nn_layer *layer = (const nn_layer *)type;
    const char *shape = layer->sample_shape;
    char *layers = layer->takes == NN_TAKES_ONE
                       ? formatted("%s input_shape=%s name='a b'", type->sample, shape)
                   : layer->takes == NN_TAKES_NONE
                       ? formatted("%s name='a b'; flatten", type->sample)
                       : formatted("input shape=%s name=a; input shape=%s name='b c'; %s "
                                   "inputs=(a,'b c') name='a b'",
                                   shape, shape, type->sample);
    nn_model *model = new_model(layers);
    ck_assert_int_eq(nn_model_build(model), NN_OK);
    for (size_t i = 0; i < model->weights_size; i++)
        model->weights[i] += 0.125f; /* not the first values, which a loaded model has anyway */
    check_round_trip(model, layers);
    free(layers);
}
END_TEST

START_TEST(every_activation_comes_back)
{
    char *sample = nested_sample(&nn_activation_room, (size_t)_i);
    /* dense refuses those that change the width */
    const bool in_dense =
        ((const nn_activation *)nn_activation_room.parts[_i])->output_width == NULL;
    char *layers = formatted("dense units=4 activation=%s input_shape=(3,2); activation "
                             "activation=%s; dense units=2 activation=%s",
                             in_dense ? sample : "relu", sample, in_dense ? sample : "relu");
    check_round_trip(new_model(layers), layers);
    free(layers);
    free(sample);
}
END_TEST

START_TEST(every_initializer_comes_back)
{
    char *sample = nested_sample(&nn_initializer_room, (size_t)_i);
    char *layers = formatted("dense units=4 kernel_initializer=%s bias_initializer=%s "
                             "input_shape=3; dense units=2 use_bias=false kernel_initializer=%s",
                             sample, "constant(value=-1e-300)", sample);
    check_round_trip(new_model(layers), layers);
    free(layers);
    free(sample);
}
END_TEST

/* A weight of two dimensions, for all there are to be able to have it. */
START_TEST(every_regularizer_comes_back)
{
    char *sample = nested_sample(&nn_regularizer_room, (size_t)_i);
    const char *name = nn_regularizer_room.parts[_i]->name;
    char *layers = formatted("dense units=4 kernel_regularizer=%s activity_regularizer=%s "
                             "bias_regularizer=l1(l1=1e-300) input_shape=3; "
                             "dense units=2 kernel_regularizer=%s",
                             sample, name, name);
    check_round_trip(new_model(layers), layers);
    free(layers);
    free(sample);
}
END_TEST

START_TEST(every_constraint_comes_back)
{
    char *sample = nested_sample(&nn_constraint_room, (size_t)_i);
    const char *name = nn_constraint_room.parts[_i]->name;
    char *layers = formatted("dense units=4 kernel_constraint=%s bias_constraint=%s input_shape=3; "
                             "dense units=2 use_bias=false kernel_constraint=%s",
                             sample, name, name);
    check_round_trip(new_model(layers), layers);
    free(layers);
    free(sample);
}
END_TEST

static void check_trainable(const nn_model *model, bool first, bool second)
{
    for (size_t i = 0; i < model->parameter_count; i++)
        ck_assert_int_eq(model->parameters[i].trainable, i < 2 ? first : second);
}

START_TEST(a_frozen_layer_comes_back_frozen)
{
    static const char layers[] = "dense units=4 trainable=false input_shape=3; dense units=2";
    nn_model *model = new_model(layers);
    ck_assert_int_eq(nn_model_compile(model, "sgd momentum=0.9", "mse", NULL), NN_OK);
    file f = save(model);
    nn_model *loaded = load(f);
    check_trainable(loaded, false, true);
    free(f.bytes);
    nn_model_free(loaded);
    check_round_trip(model, layers);
}
END_TEST

START_TEST(of_a_frozen_model_all_layers_are_frozen)
{
    nn_model *model = new_model("dense units=4 input_shape=3; dense units=2");
    file f = save(model);
    file e = edited(f, "\\\"name\\\":\\\"sequential\\\",\\\"trainable\\\":true",
                    "\\\"name\\\":\\\"sequential\\\",\\\"trainable\\\":false");
    nn_model *loaded = load(e);
    check_trainable(loaded, false, false);
    check_same_predictions(model, loaded, "frozen");
    free(f.bytes);
    free(e.bytes);
    nn_model_free(loaded);
    nn_model_free(model);
}
END_TEST

static const char any_model[] = "dense units=3 activation=softmax input_shape=4";

static void check_compiled_round_trip(const char *optimizer, const char *loss, const char *metrics)
{
    nn_model *model =
        new_model(trains(optimizer) == LINEAR_MODEL ? "dense units=3 input_shape=4" : any_model);
    ck_assert_msg(nn_model_compile(model, optimizer, loss, metrics) == NN_OK, "%s",
                  nn_error_message());
    for (size_t i = 0; i < model->parameter_count; i++)
        for (size_t s = 0; s < model->slot_count; s++)
            for (size_t j = 0; j < model->parameters[i].width; j++)
                model->slots[s * model->trainable_size + model->parameters[i].offset + j] =
                    (nn_real)(0.5f + (float)(1 + s + 3 * i + 7 * j) / 1024);
    model->iteration = 12345678901234567890u;
    check_round_trip(model, optimizer);
}

START_TEST(every_optimizer_comes_back_with_its_state)
{
    check_compiled_round_trip(nn_optimizer_room.parts[_i]->sample, "mse", NULL);
    check_compiled_round_trip(nn_optimizer_room.parts[_i]->name, "mse", NULL);
}
END_TEST

START_TEST(every_loss_comes_back)
{
    check_compiled_round_trip("sgd", nn_loss_room.parts[_i]->sample, NULL);
    check_compiled_round_trip("sgd", nn_loss_room.parts[_i]->name, NULL);
}
END_TEST

START_TEST(every_metric_comes_back_under_its_name)
{
    const nn_part_type *type = nn_metric_room.parts[_i];
    bool values = (((const nn_metric *)type)->targets & NN_TARGET_VALUES) != 0;
    const char *loss = values ? "mse" : "sparse_categorical_crossentropy";
    check_compiled_round_trip("sgd", loss, type->sample);
    if (type->alias != NULL)
        check_compiled_round_trip("sgd", loss, type->alias);
    char *named = formatted("%s name=my_own", type->sample);
    check_compiled_round_trip("sgd", loss, named);
    free(named);
}
END_TEST

START_TEST(seeds_names_and_extreme_options_come_back)
{
    nn_model *model =
        new_model("rescaling scale=3e38 offset=5e-324 input_shape=(2,3) name='\"\\ \xc3\xa9'; "
                  "dropout rate=0.1 "
                  "seed=18446744073709551615; dropout rate=0.3 seed=9223372036854775807; flatten; "
                  "dense units=2 kernel_initializer=constant(value=0.1)");
    model->seed = UINT64_MAX;
    model->epochs_started = UINT64_MAX - 1;
    file f = save(model);
    nn_model *loaded = load(f);
    ck_assert_uint_eq(loaded->seed, UINT64_MAX);
    ck_assert_uint_eq(loaded->epochs_started, UINT64_MAX - 1);
    check_same_layers(model, loaded);
    nn_model_free(loaded);
    nn_model_free(model);
    free(f.bytes);
}
END_TEST

START_TEST(class_names_come_back)
{
    nn_model *model = small_model();
    file f = save(model);
    nn_model *loaded = load(f);
    ck_assert_uint_eq(nn_model_class_count(loaded), 2);
    for (size_t i = 0; i < 2; i++)
        ck_assert_str_eq(nn_model_class_name(model, i), nn_model_class_name(loaded, i));
    nn_model_free(model);
    nn_model_free(loaded);
    free(f.bytes);
}
END_TEST

START_TEST(weights_that_are_not_finite_come_back)
{
    nn_model *model = new_model("dense units=2 input_shape=1");
    ck_assert_int_eq(nn_model_build(model), NN_OK);
    model->weights[model->parameters[0].offset + 1] = INFINITY;
    model->weights[model->parameters[1].offset] = -INFINITY;
    file f = save(model);
    nn_model *loaded = load(f);
    float kernel[2], bias[2];
    ck_assert_int_eq(nn_model_get_weights(loaded, "dense/kernel", kernel, 2), NN_OK);
    ck_assert_int_eq(nn_model_get_weights(loaded, "dense/bias", bias, 2), NN_OK);
    ck_assert(isinf(kernel[1]) && kernel[1] > 0 && isinf(bias[0]) && bias[0] < 0);
    nn_model_free(model);
    nn_model_free(loaded);
    free(f.bytes);
}
END_TEST

static void train(nn_model *model, size_t steps)
{
    float x[4][2] = {{0, 1}, {1, 0}, {0.5f, -1}, {-2, 0.25f}}, y[4][2] = {{1, 0}, {0, 1}};
    nn_dataset *data;
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 4, x, NN_FLOAT32, 2, y, NN_FLOAT32, 2), NN_OK);
    for (size_t i = 0; i < steps; i++)
        ck_assert_int_eq(nn_train_on_batch(model, data, NULL, 0), NN_OK);
    nn_dataset_free(data);
}

START_TEST(training_goes_on_as_if_there_had_been_no_file)
{
    nn_model *model =
        new_model("dense units=8 activation=tanh input_shape=2; dropout rate=0.5; dense units=2");
    ck_assert_int_eq(nn_model_compile(model, "sgd momentum=0.9", "mse", NULL), NN_OK);
    train(model, 3);
    file f = save(model);
    nn_model *loaded = load(f);
    train(model, 5);
    train(loaded, 5);
    check_same_predictions(model, loaded, "after training");
    ck_assert_mem_eq(model->slots, loaded->slots, model->trainable_size * sizeof(nn_real));
    ck_assert_uint_eq(loaded->iteration, 8);
    nn_model_free(model);
    nn_model_free(loaded);
    free(f.bytes);
}
END_TEST

START_TEST(a_model_without_compile_comes_back_without_it)
{
    nn_model *model = new_model(any_model);
    file f = save(model);
    nn_model *loaded = load(f);
    ck_assert_uint_eq(nn_model_metric_count(loaded), 0);
    ck_assert_uint_eq(nn_model_class_count(loaded), 0);
    ck_assert_int_eq(nn_model_add(loaded, "dense units=2"), NN_ERR_STATE);
    nn_model_free(model);
    nn_model_free(loaded);
    free(f.bytes);
}
END_TEST

START_TEST(a_model_without_layers_is_not_saved)
{
    nn_model *model;
    size_t length = 1;
    ck_assert_int_eq(nn_model_create(&model), NN_OK);
    ck_assert_int_eq(nn_model_save_to_memory(model, NULL, 0, &length), NN_ERR_STATE);
    ck_assert_uint_eq(length, 0);
    nn_model_free(model);
}
END_TEST

/* So whatever a model is named can be saved: JSON is nothing but UTF-8. */
START_TEST(names_that_are_not_utf8_are_refused)
{
    static const char *const bad[] = {"\xe9", "a\xc3", "\xc0\x80", "\xed\xa0\x80",
                                      "\xf5\x80\x80\x80"};
    nn_model *model = small_model(), *named;
    ck_assert_int_eq(nn_model_create(&named), NN_OK);
    for (size_t i = 0; i < COUNT(bad); i++) {
        char layer[64];
        snprintf(layer, sizeof(layer), "dense units=1 input_shape=(2) name='%s'", bad[i]);
        ck_assert_int_eq(nn_model_set_class_names(model, &bad[i], 1), NN_ERR_INVALID);
        ck_assert_int_eq(nn_model_add(named, layer), NN_ERR_INVALID);
    }
    nn_model_free(named);
    nn_model_free(model);
}
END_TEST

START_TEST(saving_to_memory_tells_its_length_and_respects_the_size)
{
    nn_model *model = small_model();
    file f = save(model);
    size_t length = 0;
    unsigned char *larger = malloc(f.size + 10);
    memset(larger, 0xaa, f.size + 10);
    ck_assert_int_eq(nn_model_save_to_memory(model, larger, f.size - 1, &length), NN_ERR_INVALID);
    ck_assert_uint_eq(length, f.size);
    ck_assert_int_eq(larger[0], 0xaa);
    ck_assert_int_eq(nn_model_save_to_memory(model, larger, f.size + 10, NULL), NN_OK);
    ck_assert_mem_eq(larger, f.bytes, f.size);
    for (size_t i = 0; i < 10; i++)
        ck_assert_int_eq(larger[f.size + i], 0xaa);
    ck_assert_int_eq(nn_model_save_to_memory(model, NULL, 5, &length), NN_ERR_INVALID);
    ck_assert_int_eq(nn_model_save_to_memory(NULL, NULL, 0, &length), NN_ERR_INVALID);
    free(larger);
    free(f.bytes);
    nn_model_free(model);
}
END_TEST

START_TEST(the_data_starts_at_a_multiple_of_64_bytes)
{
    file f = small_file();
    ck_assert_uint_eq((8 + header_length(f)) % 64, 0);
    free(f.bytes);
}
END_TEST

/* ---- the suite ------------------------------------------------------------------------------ */

int main(void)
{
    Suite *suite = suite_create("formats");
    TCase *tests = tcase_create("json");
    tcase_add_loop_test(tests, json_strings_are_read_as_rfc_8259_says, 0, COUNT(strings));
    tcase_add_test(tests, json_numbers_come_back_to_the_last_bit);
    tcase_add_test(tests, what_is_not_json_is_refused);
    tcase_add_test(tests, json_values_are_found_by_key_and_in_order);
    suite_add_tcase(suite, tests);

    tests = tcase_create("round trips");
    tcase_add_loop_test(tests, every_layer_comes_back, 0, (int)nn_layer_room.count);
    tcase_add_loop_test(tests, every_activation_comes_back, 0, (int)nn_activation_room.count);
    tcase_add_loop_test(tests, every_initializer_comes_back, 0, (int)nn_initializer_room.count);
    tcase_add_loop_test(tests, every_regularizer_comes_back, 0, (int)nn_regularizer_room.count);
    tcase_add_loop_test(tests, every_constraint_comes_back, 0, (int)nn_constraint_room.count);
    tcase_add_test(tests, a_frozen_layer_comes_back_frozen);
    tcase_add_test(tests, of_a_frozen_model_all_layers_are_frozen);
    tcase_add_loop_test(tests, every_optimizer_comes_back_with_its_state, 0,
                        (int)nn_optimizer_room.count);
    tcase_add_loop_test(tests, every_loss_comes_back, 0, (int)nn_loss_room.count);
    tcase_add_loop_test(tests, every_metric_comes_back_under_its_name, 0,
                        (int)nn_metric_room.count);
    tcase_add_test(tests, seeds_names_and_extreme_options_come_back);
    tcase_add_test(tests, class_names_come_back);
    tcase_add_test(tests, weights_that_are_not_finite_come_back);
    tcase_add_test(tests, training_goes_on_as_if_there_had_been_no_file);
    tcase_add_test(tests, a_model_without_compile_comes_back_without_it);
    tcase_add_test(tests, a_model_without_layers_is_not_saved);
    tcase_add_test(tests, names_that_are_not_utf8_are_refused);
    tcase_add_test(tests, saving_to_memory_tells_its_length_and_respects_the_size);
    tcase_add_test(tests, the_data_starts_at_a_multiple_of_64_bytes);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
