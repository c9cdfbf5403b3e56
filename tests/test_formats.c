/* Model files: what is saved comes back, nothing else is let in, and no failure loses the old
 * file. */
#include "activation.h"
#include "allocate.h"
#include "faults.h"
#include "initializer.h"
#include "json.h"
#include "model.h"
#include "suite.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHECKSUM_AT = 37, CHECKSUM_DIGITS = 8 };

/* ---- helpers ------------------------------------------------------------------------------ */

typedef struct file {
    unsigned char *bytes; /* malloc's, of this very size: reading past the end is an error */
    size_t size;
} file;

static nn_model *new_model(const char *layers)
{
    nn_model *model;
    nn_spec_list list;
    ck_assert_int_eq(nn_model_create(&model), NN_OK);
    ck_assert_int_eq(nn_model_set_seed(model, 7), NN_OK);
    ck_assert_int_eq(nn_spec_parse_list(&list, layers), NN_OK);
    for (size_t i = 0; i < list.count; i++) {
        nn_part part;
        ck_assert_msg(nn_part_create(&part, &nn_layer_room, list.specs[i]) == NN_OK &&
                          nn_model_add_part(model, &part) == NN_OK,
                      "%s: %s", layers, nn_error_message());
    }
    nn_spec_list_free(&list);
    return model;
}

static nn_model *small_model(void)
{
    static const char *const names[] = {"T-shirt/top", "\"Bag\" \\ \t \xc3\xa9"};
    nn_model *model = new_model("dense units=3 activation=relu input_shape=2; dense units=2 "
                                "activation=leaky_relu(negative_slope=0.1)");
    ck_assert_int_eq(nn_model_compile(model, "sgd momentum=0.9", "mse", "mae"), NN_OK);
    ck_assert_int_eq(nn_model_set_class_names(model, names, 2), NN_OK);
    return model;
}

static file save(const nn_model *model)
{
    file f = {NULL, 0};
    size_t length = 0;
    ck_assert_int_eq(nn_model_save_to_memory(model, NULL, 0, &f.size), NN_OK);
    f.bytes = malloc(f.size);
    ck_assert_int_eq(nn_model_save_to_memory(model, f.bytes, f.size, &length), NN_OK);
    ck_assert_uint_eq(length, f.size);
    return f;
}

static file small_file(void)
{
    nn_model *model = small_model();
    file f = save(model);
    nn_model_free(model);
    return f;
}

static nn_model *load(file f)
{
    nn_model *model;
    nn_status status = nn_model_load_from_memory(&model, f.bytes, f.size);
    ck_assert_msg(status == NN_OK, "%s", nn_error_message());
    return model;
}

static void put_length(file f, size_t length)
{
    for (size_t i = 0; i < 8; i++)
        f.bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
}

static size_t header_length(file f)
{
    size_t length = 0;
    for (size_t i = 0; i < 8; i++)
        length |= (size_t)f.bytes[i] << (8 * i);
    return length;
}

/* As model_file.c's first comment defines it. */
static void put_checksum(file f)
{
    char digits[CHECKSUM_DIGITS + 1];
    memset(f.bytes + CHECKSUM_AT, '0', CHECKSUM_DIGITS);
    snprintf(digits, sizeof(digits), "%08lx", crc32(0, f.bytes, (unsigned)f.size));
    memcpy(f.bytes + CHECKSUM_AT, digits, CHECKSUM_DIGITS);
}

/* The file with the first from in its header replaced by to, and a checksum that matches. */
static file edited(file f, const char *from, const char *to)
{
    size_t header = header_length(f), from_length = strlen(from), to_length = strlen(to);
    unsigned char *at = memmem(f.bytes + 8, header, from, from_length);
    ck_assert_msg(at != NULL, "no %s in the file", from);
    size_t before = (size_t)(at - f.bytes);
    file e = {malloc(f.size - from_length + to_length), f.size - from_length + to_length};
    memcpy(e.bytes, f.bytes, before);
    memcpy(e.bytes + before, to, to_length);
    memcpy(e.bytes + before + to_length, at + from_length, f.size - before - from_length);
    put_length(e, header - from_length + to_length);
    put_checksum(e);
    return e;
}

static void expect_refused(file f, nn_status expected, const char *what)
{
    long blocks = faults_live_blocks();
    nn_model *model = (nn_model *)&model;
    nn_status status = nn_model_load_from_memory(&model, f.bytes, f.size);
    ck_assert_msg(status == expected, "%s: %s (%s)", what, nn_status_string(status),
                  nn_error_message());
    ck_assert_ptr_null(model);
    ck_assert_int_eq(faults_live_blocks(), blocks);
}

enum { ROWS = 5 };

static void predict(const nn_model *model, float **y, size_t *count)
{
    size_t inputs = nn_model_input_width(model) * ROWS;
    float *x = calloc(inputs, sizeof(*x));
    *count = nn_model_output_width(model) * ROWS;
    *y = calloc(*count, sizeof(**y));
    for (size_t i = 0; i < inputs; i++)
        x[i] = (float)sin(0.7 * (double)i) * 2.0f;
    ck_assert_int_eq(nn_predict(model, x, ROWS, *y), NN_OK);
    free(x);
}

static void check_same_predictions(const nn_model *a, const nn_model *b, const char *what)
{
    float *y[2];
    size_t count[2];
    predict(a, &y[0], &count[0]);
    predict(b, &y[1], &count[1]);
    ck_assert_uint_eq(count[0], count[1]);
    ck_assert_msg(memcmp(y[0], y[1], count[0] * sizeof(float)) == 0, "%s: other predictions", what);
    free(y[0]);
    free(y[1]);
}

static void check_same_part(const nn_part *a, const nn_part *b)
{
    nn_text text[2] = {NN_TEXT_INIT, NN_TEXT_INIT};
    nn_part_write(a, false, &text[0]);
    nn_part_write(b, false, &text[1]);
    ck_assert_str_eq(text[0].data, text[1].data);
    nn_text_free(&text[0]);
    nn_text_free(&text[1]);
}

/* A loaded layer has the name that the model gave it as an option; else the specs are the same. */
static void check_same_layers(const nn_model *a, const nn_model *b)
{
    ck_assert_uint_eq(a->node_count, b->node_count);
    for (size_t i = 0; i < a->node_count; i++) {
        ck_assert_str_eq(a->nodes[i].name, b->nodes[i].name);
        nn_layer_common *common = b->nodes[i].layer.self;
        ck_assert_str_eq(common->name, a->nodes[i].name);
        if (((nn_layer_common *)a->nodes[i].layer.self)->name == NULL) {
            nn_release(common->name);
            common->name = NULL;
        }
        check_same_part(&a->nodes[i].layer, &b->nodes[i].layer);
    }
}

static void check_same_compile(const nn_model *a, const nn_model *b)
{
    ck_assert_int_eq(a->compiled, b->compiled);
    ck_assert_uint_eq(nn_model_metric_count(a), nn_model_metric_count(b));
    for (size_t i = 0; i < nn_model_metric_count(a); i++)
        ck_assert_str_eq(nn_model_metric_name(a, i), nn_model_metric_name(b, i));
    if (!a->compiled)
        return;
    check_same_part(&a->optimizer, &b->optimizer);
    check_same_part(&a->loss, &b->loss);
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
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
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
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
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

START_TEST(every_layer_comes_back)
{
    const nn_part_type *type = nn_layer_room.parts[_i];
    char *layers = formatted("%s input_shape=%s name='a b'", type->sample,
                             ((const nn_layer *)type)->sample_shape);
    check_round_trip(new_model(layers), layers);
    free(layers);
}
END_TEST

START_TEST(every_activation_comes_back)
{
    char *sample = nested_sample(&nn_activation_room, (size_t)_i);
    const char *name = nn_activation_room.parts[_i]->name;
    char *layers = formatted("dense units=4 activation=%s input_shape=(3,2); activation "
                             "activation=%s; dense units=2 activation=%s",
                             sample, name, name);
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

static const char any_model[] = "dense units=3 activation=softmax input_shape=4";

static void check_compiled_round_trip(const char *optimizer, const char *loss, const char *metrics)
{
    nn_model *model = new_model(any_model);
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
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
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

/* ---- nothing else is let in ----------------------------------------------------------------- */

START_TEST(a_file_cut_at_any_byte_is_refused)
{
    file whole = small_file();
    for (size_t size = 0; size < whole.size; size++) {
        file cut = {malloc(size + (size == 0)), size};
        memcpy(cut.bytes, whole.bytes, size);
        expect_refused(cut, NN_ERR_FORMAT, "cut");
        if (size >= CHECKSUM_AT + CHECKSUM_DIGITS) {
            put_checksum(cut); /* as if it had been written so: the container tells */
            expect_refused(cut, NN_ERR_FORMAT, "cut, with a new checksum");
        }
        free(cut.bytes);
    }
    free(whole.bytes);
}
END_TEST

START_TEST(a_file_with_any_bit_flipped_is_refused)
{
    file f = small_file();
    for (size_t i = 0; i < f.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            f.bytes[i] ^= (unsigned char)(1 << bit);
            expect_refused(f, NN_ERR_FORMAT, "flipped");
            f.bytes[i] ^= (unsigned char)(1 << bit);
        }
    nn_model_free(load(f));
    free(f.bytes);
}
END_TEST

/* Whatever a byte of the header is changed to, under a checksum that matches: nothing breaks. */
START_TEST(a_forged_header_does_no_harm)
{
    static const unsigned char forged[] = {'0', '9', '-', '"', '}', ']', 'a', ' ', 0, 0xff};
    file f = small_file();
    long blocks = faults_live_blocks();
    for (size_t i = 0; i < 8 + header_length(f); i++) {
        unsigned char old = f.bytes[i];
        for (size_t j = 0; j < sizeof(forged); j++) {
            nn_model *model;
            f.bytes[i] = forged[j];
            put_checksum(f);
            if (nn_model_load_from_memory(&model, f.bytes, f.size) == NN_OK) {
                float *y;
                size_t count;
                predict(model, &y, &count);
                free(y);
            }
            nn_model_free(model);
            ck_assert_int_eq(faults_live_blocks(), blocks);
        }
        f.bytes[i] = old;
    }
    free(f.bytes);
}
END_TEST

#define KERNEL "\"dense/kernel\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}"

static const struct {
    const char *from, *to;
    nn_status status;
    const char *message;
} edits[] = {
    {"\"format\":\"libnn\"", "\"format\":\"pt\"", NN_ERR_FORMAT, "not a model file"},
    {"\"format_version\":\"1\"", "\"format_version\":\"2\"", NN_ERR_VERSION, "2"},
    {"\"format_version\":\"1\"", "\"format_version\":\"11\"", NN_ERR_VERSION, "11"},
    {"\"format_version\":\"1\"", "\"format_version\":\"0\"", NN_ERR_FORMAT, "'0'"},
    {"\"format_version\":\"1\"", "\"format_version\":1", NN_ERR_FORMAT, "string"},
    {"\"config\":\"", "\"other\":\"", NN_ERR_FORMAT, "config"},
    {"\"class_name\\\":\\\"Dense\\\"", "\"class_name\\\":\\\"Conv9D\\\"", NN_ERR_UNSUPPORTED,
     "Conv9D"},
    {"\\\"activation\\\":\\\"relu\\\"", "\\\"activation\\\":\\\"wurzel\\\"", NN_ERR_UNSUPPORTED,
     "wurzel"},
    {"\\\"activation\\\":\\\"relu\\\"", "\\\"activation\\\":3", NN_ERR_FORMAT, "activation"},
    {"\\\"activation\\\":\\\"relu\\\"", "\\\"activation\\\":[1,2]", NN_ERR_FORMAT, "activation"},
    {"\\\"units\\\":3", "\\\"units\\\":4", NN_ERR_FORMAT, "(2, 4)"},
    {"\\\"units\\\":3", "\\\"units\\\":0", NN_ERR_FORMAT, "units"},
    {"\\\"units\\\":3", "\\\"units\\\":-3", NN_ERR_FORMAT, "units"},
    {"\\\"units\\\":3", "\\\"units\\\":3.5", NN_ERR_FORMAT, "units"},
    {"\\\"units\\\":3", "\\\"units\\\":1e400", NN_ERR_FORMAT, "config"},
    {"\\\"units\\\":3", "\\\"units\\\":1000000000", NN_ERR_FORMAT, "1000000000"},
    {"\\\"units\\\":3", "\\\"units\\\":3,\\\"lora_rank\\\":4", NN_ERR_UNSUPPORTED, "lora_rank"},
    {"\\\"units\\\":3", "\\\"units\\\":3,\\\"units\\\":3", NN_ERR_FORMAT, "config"},
    {"\\\"units\\\":3,", "", NN_ERR_FORMAT, "units"},
    {"\\\"trainable\\\":true", "\\\"trainable\\\":false", NN_ERR_UNSUPPORTED, "trainable"},
    {"\\\"dtype\\\":\\\"float32\\\"", "\\\"dtype\\\":\\\"float16\\\"", NN_ERR_UNSUPPORTED, "dtype"},
    {"\\\"name\\\":\\\"dense_1\\\"", "\\\"name\\\":\\\"dense\\\"", NN_ERR_FORMAT, "dense"},
    {"\\\"name\\\":\\\"dense_1\\\"", "\\\"name\\\":\\\"a/../b\\\"", NN_ERR_FORMAT, "a/../b"},
    {"[null,2]", "[null]", NN_ERR_FORMAT, "input_shape"},
    {"[null,2]", "[]", NN_ERR_UNSUPPORTED, "batch_shape"},
    {"[null,2]", "[null,1,1,1,1,1,1,1,1,1]", NN_ERR_UNSUPPORTED, "batch_shape"},
    {"[null,2]", "[null,null]", NN_ERR_FORMAT, "batch_shape"},
    {"[null,2]", "[32,2]", NN_ERR_UNSUPPORTED, "rows"},
    {"[null,2]", "[null,9223372036854775807]", NN_ERR_FORMAT, "input_shape"},
    {"[null,2]", "[null,2147483647,2147483647,2147483647,4]", NN_ERR_FORMAT, "input_shape"},
    {"\"compile\":\"{", "\"compile\":\"[{", NN_ERR_FORMAT, "compile"},
    {"\\\"class_name\\\":\\\"SGD\\\"", "\\\"class_name\\\":\\\"Sgdd\\\"", NN_ERR_UNSUPPORTED,
     "Sgdd"},
    {"\\\"metrics\\\":[", "\\\"metrics\\\":[\\\"mae\\\",", NN_ERR_FORMAT, "mae"},
    {"\\\"metrics\\\":[", "\\\"metrics\\\":[null,", NN_ERR_FORMAT, "metric"},
    {"\\\"metrics\\\":[", "\\\"metrics\\\":[\\\"accuracy\\\",{},", NN_ERR_FORMAT, "metric"},
    {"\\\"loss\\\":\\\"mean_squared_error\\\"", "\\\"loss\\\":null", NN_ERR_FORMAT, "loss"},
    {"\"state\":\"{", "\"state\":\"[{", NN_ERR_FORMAT, "state"},
    {"\\\"seed\\\":7", "\\\"seed\\\":-7", NN_ERR_FORMAT, "seed"},
    {"\\\"seed\\\":7", "\\\"seed\\\":\\\"18446744073709551616\\\"", NN_ERR_FORMAT, "seed"},
    {"\"class_names\":\"[", "\"class_names\":\"[1,", NN_ERR_FORMAT, "class name"},
    {KERNEL ",", "", NN_ERR_FORMAT, "gap"},
    {KERNEL, KERNEL "," KERNEL, NN_ERR_FORMAT, "duplicate"},
    {KERNEL, KERNEL ",\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}",
     NN_ERR_FORMAT, "tensors"},
    {"\"dense/kernel\"", "\"dense/colonel\"", NN_ERR_FORMAT, "'dense/kernel' is missing"},
    {"\"optimizer/momentum/dense/bias\"", "\"optimizer/velocity/dense/bias\"", NN_ERR_FORMAT,
     "'optimizer/momentum/dense/bias' is missing"},
    {"\"dtype\":\"F32\"", "\"dtype\":\"F16\"", NN_ERR_UNSUPPORTED, "F16"},
    {"\"shape\":[2,3]", "\"shape\":[3,2]", NN_ERR_FORMAT, "(3, 2)"},
    {"\"shape\":[2,3]", "\"shape\":[6]", NN_ERR_FORMAT, "(6,)"},
    {"\"shape\":[2,3]", "\"shape\":[-2,-3]", NN_ERR_FORMAT, "dimension"},
    {"\"shape\":[2,3]", "\"shape\":[4294967296,4294967296]", NN_ERR_FORMAT, "memory"},
    {"\"shape\":[2,3]", "\"shape\":[1,1,1,1,1,1,1,2,3]", NN_ERR_UNSUPPORTED, "rank 9"},
    {"\"shape\":[2,3]", "\"shape\":null", NN_ERR_FORMAT, "shape"},
    {"[0,24]", "[0,36]", NN_ERR_FORMAT, "36"},
    {"[0,24]", "[24,0]", NN_ERR_FORMAT, "within"},
    {"[0,24]", "[12,36]", NN_ERR_FORMAT, "gap"},
    {"[24,36]", "[12,24]", NN_ERR_FORMAT, "overlap"},
    {"[24,36]", "[24,9223372036854775807]", NN_ERR_FORMAT, "within"},
    {"[24,36]", "[24,99999999999999999999]", NN_ERR_FORMAT, "offset"},
    {"[24,36]", "[24.0,36.0]", NN_ERR_FORMAT, "offset"},
};

START_TEST(what_does_not_belong_into_a_file_is_named)
{
    file f = small_file();
    file e = edited(f, edits[_i].from, edits[_i].to);
    size_t before = faults_bytes_asked();
    expect_refused(e, edits[_i].status, edits[_i].to);
    ck_assert_msg(strstr(nn_error_message(), edits[_i].message) != NULL, "%s: %s", edits[_i].to,
                  nn_error_message());
    ck_assert_uint_lt(faults_bytes_asked() - before, 100 * 1024);
    free(e.bytes);
    free(f.bytes);
}
END_TEST

#define INITIALIZER                                                                                \
    "{\\\"module\\\":\\\"keras.initializers\\\",\\\"class_name\\\":\\\"GlorotUniform\\\","         \
    "\\\"config\\\":{\\\"seed\\\":null},\\\"registered_name\\\":null}"

/* What Keras writes beside the options, and a tensor order of somebody else's. */
static const char *const harmless[][2] = {
    {"\\\"dtype\\\":\\\"float32\\\"",
     "\\\"dtype\\\":{\\\"module\\\":\\\"keras\\\",\\\"class_name\\\":\\\"DTypePolicy\\\","
     "\\\"config\\\":{\\\"name\\\":\\\"float32\\\"},\\\"registered_name\\\":null}"},
    {"\\\"units\\\":3", "\\\"units\\\":3,\\\"kernel_regularizer\\\":null"},
    {"\\\"units\\\":3", "\\\"units\\\":3.0"},
    {INITIALIZER, "\\\"GlorotUniform\\\""},
    {INITIALIZER, "null"},
    {"\\\"sparse\\\":false", "\\\"sparse\\\":false,\\\"ragged\\\":false,\\\"optional\\\":false"},
    {"\\\"registered_name\\\":null",
     "\\\"registered_name\\\":null,\\\"build_config\\\":{\\\"input_shape\\\":[null,2]}"},
    {"\"format\":\"libnn\"", "\"format\":\"libnn\",\"note\":\"mine\""},
    {"{\\\"negative_slope\\\":0.1}",
     "{\\\"name\\\":\\\"leaky_re_lu_1\\\",\\\"trainable\\\":true,\\\"negative_slope\\\":0.1}"},
};

START_TEST(what_changes_nothing_is_skipped)
{
    nn_model *model = small_model();
    file f = save(model);
    file e = edited(f, harmless[_i][0], harmless[_i][1]);
    nn_model *loaded = load(e);
    check_same_predictions(model, loaded, harmless[_i][1]);
    check_same_layers(model, loaded);
    nn_model_free(model);
    nn_model_free(loaded);
    free(e.bytes);
    free(f.bytes);
}
END_TEST

START_TEST(a_header_longer_than_the_file_is_refused)
{
    static const uint64_t lengths[] = {UINT64_MAX, UINT64_MAX - 8, INT64_MAX, 100000001, 1, 0};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        file f = small_file();
        size_t before = faults_bytes_asked();
        put_length(f, (size_t)lengths[i]);
        put_checksum(f);
        expect_refused(f, NN_ERR_FORMAT, "length");
        ck_assert_uint_lt(faults_bytes_asked() - before, 64 * 1024);
        free(f.bytes);
    }
}
END_TEST

/* {"a": {"a": ... in the header, and parts within parts in the config. */
START_TEST(deep_nesting_is_refused)
{
    enum { DEPTH = 100000 };
    static const char list[] = "[", part[] = "{\\\"class_name\\\":\\\"LeakyReLU\\\",\\\"config\\\":"
                                             "{\\\"negative_slope\\\":";
    for (int kind = 0; kind < 2; kind++) {
        const char *open = kind == 0 ? list : part;
        size_t size = strlen(open);
        char *deep = malloc(DEPTH * size + 1);
        for (size_t i = 0; i < DEPTH; i++)
            memcpy(deep + i * size, open, size);
        deep[DEPTH * size] = '\0';
        file f = small_file();
        file e = kind == 0 ? edited(f, "\"shape\":[", "\"shape\":[") : edited(f, "0.1", deep);
        if (kind == 0) {
            free(e.bytes);
            e = edited(f, "\"shape\":[", deep);
        }
        expect_refused(e, NN_ERR_FORMAT, "deep");
        free(deep);
        free(e.bytes);
        free(f.bytes);
    }
}
END_TEST

START_TEST(files_of_other_kinds_are_refused)
{
    static const char *const paths[] = {"/dev/zero", "/proc/self/exe", "/dev/null"};
    nn_model *model;
    ck_assert_int_eq(nn_model_load(&model, paths[_i]), NN_ERR_FORMAT);
    ck_assert_ptr_null(model);
    ck_assert_ptr_nonnull(strstr(nn_error_message(), paths[_i]));
}
END_TEST

/* ---- files ---------------------------------------------------------------------------------- */

static char directory[64], path[128];

static void set_up(void)
{
    strcpy(directory, "/tmp/test_formats_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/model.safetensors", directory);
}

static void tear_down(void)
{
    faults_reset();
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0); /* fails if a temporary file was left */
}

static size_t count_files(void)
{
    DIR *open = opendir(directory);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(open);
    return count;
}

static file read_path(void)
{
    file f = {NULL, 0};
    struct stat status;
    FILE *stream = fopen(path, "rb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(fstat(fileno(stream), &status), 0);
    f.size = (size_t)status.st_size;
    f.bytes = malloc(f.size + 1);
    ck_assert_uint_eq(fread(f.bytes, 1, f.size, stream), f.size);
    fclose(stream);
    return f;
}

static void check_path_holds(file expected)
{
    file f = read_path();
    ck_assert_uint_eq(f.size, expected.size);
    ck_assert_mem_eq(f.bytes, expected.bytes, f.size);
    free(f.bytes);
}

START_TEST(a_file_holds_what_memory_holds)
{
    nn_model *model = small_model(), *loaded;
    file f = save(model);
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    check_path_holds(f);
    ck_assert_int_eq(nn_model_load(&loaded, path), NN_OK);
    check_same_predictions(model, loaded, path);
    nn_model_free(model);
    nn_model_free(loaded);
    free(f.bytes);
}
END_TEST

START_TEST(a_file_larger_than_the_first_block_comes_back)
{
    nn_model *model = new_model("dense units=300 input_shape=300"), *loaded;
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    ck_assert_int_eq(nn_model_load(&loaded, path), NN_OK);
    check_same_predictions(model, loaded, path);
    nn_model_free(model);
    nn_model_free(loaded);
}
END_TEST

static nn_status save_each_epoch(const nn_event *event, void *user)
{
    size_t *saved = user;
    if (event->kind != NN_EVENT_EPOCH_END)
        return NN_OK;
    ++*saved;
    return nn_model_save(event->model, path);
}

START_TEST(a_callback_saves_the_model_that_is_being_fitted)
{
    float x[4][2] = {{0, 1}, {1, 0}, {0.5f, -1}, {-2, 0.25f}}, y[4][2] = {{1, 0}, {0, 1}};
    size_t saved = 0;
    nn_dataset *data;
    nn_model *model = small_model(), *loaded;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 3;
    options.batch_size = 2;
    options.callback = save_each_epoch;
    options.callback_user = &saved;
    ck_assert_int_eq(nn_dataset_from_arrays(&data, 4, x, NN_FLOAT32, 2, y, NN_FLOAT32, 2), NN_OK);
    ck_assert_int_eq(nn_fit(model, data, &options, NULL), NN_OK);
    ck_assert_uint_eq(saved, 3);
    ck_assert_int_eq(nn_model_load(&loaded, path), NN_OK);
    check_same_predictions(model, loaded, path);
    ck_assert_uint_eq(loaded->epochs_started, 3);
    ck_assert_int_eq(nn_fit(model, data, &options, NULL), NN_OK);
    ck_assert_int_eq(nn_fit(loaded, data, &options, NULL), NN_OK);
    check_same_predictions(model, loaded, "a second fit");
    nn_dataset_free(data);
    nn_model_free(model);
    nn_model_free(loaded);
}
END_TEST

START_TEST(a_relative_path_is_saved_beside_itself)
{
    nn_model *model = small_model();
    ck_assert_int_eq(chdir(directory), 0);
    ck_assert_int_eq(nn_model_save(model, "model.safetensors"), NN_OK);
    ck_assert_uint_eq(count_files(), 1);
    ck_assert_int_eq(chdir("/"), 0);
    nn_model_free(model);
}
END_TEST

START_TEST(saving_over_a_file_keeps_its_permissions)
{
    struct stat status;
    nn_model *model = small_model();
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    nn_model_free(model);
}
END_TEST

START_TEST(paths_that_cannot_be_written_or_read_are_named)
{
    static const char *const paths[] = {"/nonexistent/model", "/proc/model", "/tmp", "",
                                        "/dev/null"};
    nn_model *model = small_model(), *loaded;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ck_assert_int_eq(nn_model_save(model, paths[i]), NN_ERR_IO);
        ck_assert_ptr_nonnull(strstr(nn_error_message(), paths[i]));
        if (i < 4) {
            ck_assert_int_eq(nn_model_load(&loaded, paths[i]), NN_ERR_IO);
            ck_assert_ptr_nonnull(strstr(nn_error_message(), paths[i]));
        }
    }
    ck_assert_int_eq(nn_model_save(model, NULL), NN_ERR_INVALID);
    ck_assert_int_eq(nn_model_save(NULL, path), NN_ERR_INVALID);
    ck_assert_int_eq(nn_model_load(&loaded, NULL), NN_ERR_INVALID);
    ck_assert_int_eq(nn_model_load(NULL, path), NN_ERR_INVALID);
    nn_model_free(model);
}
END_TEST

/* ---- every call that can fail, failed -------------------------------------------------------- */

/* Two models of which the first is in the file and the second is to replace it. */
static nn_model *other_model(void)
{
    nn_model *model = small_model();
    float bias[3] = {1, 2, 3};
    ck_assert_int_eq(nn_model_set_weights(model, "dense/bias", bias, 3), NN_OK);
    return model;
}

START_TEST(saving_survives_every_failed_allocation)
{
    nn_model *old = small_model(), *model = other_model();
    file old_file = save(old), new_file = save(model);
    size_t k;
    ck_assert_int_eq(nn_model_save(old, path), NN_OK);
    for (k = 1;; k++) {
        long blocks = faults_live_blocks(), files = faults_open_files();
        faults_fail_allocation(k, _i == 0);
        nn_status status = nn_model_save(model, path);
        bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_int_eq(faults_open_files(), files);
        ck_assert_uint_eq(count_files(), 1);
        check_path_holds(status == NN_OK ? new_file : old_file);
        if (!failed) {
            ck_assert_int_eq(status, NN_OK);
            break;
        }
        if (status != NN_OK)
            ck_assert_int_eq(status, NN_ERR_NO_MEMORY);
        ck_assert_int_eq(nn_model_save(old, path), NN_OK);
    }
    ck_assert_uint_gt(k, 10);
    nn_model_free(old);
    nn_model_free(model);
    free(old_file.bytes);
    free(new_file.bytes);
}
END_TEST

START_TEST(loading_survives_every_failed_allocation)
{
    nn_model *model = small_model(), *loaded;
    size_t k;
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    nn_model_free(model);
    for (k = 1;; k++) {
        long blocks = faults_live_blocks(), files = faults_open_files();
        faults_fail_allocation(k, _i == 0);
        nn_status status = nn_model_load(&loaded, path);
        bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        ck_assert(failed == (loaded == NULL));
        nn_model_free(loaded);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_int_eq(faults_open_files(), files);
        if (!failed)
            break;
    }
    ck_assert_uint_gt(k, 50);
}
END_TEST

START_TEST(saving_survives_every_failed_file_call)
{
    nn_model *old = small_model(), *model = other_model();
    file old_file = save(old), new_file = save(model);
    size_t k, refused = 0;
    ck_assert_int_eq(nn_model_save(old, path), NN_OK);
    for (k = 1;; k++) {
        long blocks = faults_live_blocks(), files = faults_open_files();
        faults_fail_io(k, true);
        nn_status status = nn_model_save(model, path);
        bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_int_eq(faults_open_files(), files);
        ck_assert_uint_eq(count_files(), 1);
        check_path_holds(status == NN_OK ? new_file : old_file);
        if (!failed)
            break;
        refused += status == NN_ERR_IO;
        ck_assert_int_eq(nn_model_save(old, path), NN_OK);
    }
    ck_assert_uint_eq(refused, 5); /* open, write, fsync, close, rename */
    nn_model_free(old);
    nn_model_free(model);
    free(old_file.bytes);
    free(new_file.bytes);
}
END_TEST

START_TEST(loading_survives_every_failed_file_call)
{
    nn_model *model = small_model(), *loaded;
    ck_assert_int_eq(nn_model_save(model, path), NN_OK);
    nn_model_free(model);
    for (size_t k = 1;; k++) {
        long blocks = faults_live_blocks(), files = faults_open_files();
        faults_fail_io(k, true);
        nn_status status = nn_model_load(&loaded, path);
        bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status == NN_OK, loaded != NULL);
        if (k < 4) /* open, read, read to the end; what close says of a file only read is nothing */
            ck_assert_int_eq(status, NN_ERR_IO);
        nn_model_free(loaded);
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_int_eq(faults_open_files(), files);
        if (!failed)
            break;
    }
}
END_TEST

/* ---- the suite ------------------------------------------------------------------------------ */

static int count(size_t parts)
{
    return (int)parts;
}

int main(void)
{
    Suite *suite = suite_create("formats");
    TCase *tests = tcase_create("json");
    tcase_add_loop_test(tests, json_strings_are_read_as_rfc_8259_says, 0,
                        count(sizeof(strings) / sizeof(strings[0])));
    tcase_add_test(tests, json_numbers_come_back_to_the_last_bit);
    tcase_add_test(tests, what_is_not_json_is_refused);
    tcase_add_test(tests, json_values_are_found_by_key_and_in_order);
    suite_add_tcase(suite, tests);

    tests = tcase_create("round trips");
    tcase_add_loop_test(tests, every_layer_comes_back, 0, count(nn_layer_room.count));
    tcase_add_loop_test(tests, every_activation_comes_back, 0, count(nn_activation_room.count));
    tcase_add_loop_test(tests, every_initializer_comes_back, 0, count(nn_initializer_room.count));
    tcase_add_loop_test(tests, every_optimizer_comes_back_with_its_state, 0,
                        count(nn_optimizer_room.count));
    tcase_add_loop_test(tests, every_loss_comes_back, 0, count(nn_loss_room.count));
    tcase_add_loop_test(tests, every_metric_comes_back_under_its_name, 0,
                        count(nn_metric_room.count));
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

    tests = tcase_create("bad files");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_file_cut_at_any_byte_is_refused);
    tcase_add_test(tests, a_file_with_any_bit_flipped_is_refused);
    tcase_add_test(tests, a_forged_header_does_no_harm);
    tcase_add_loop_test(tests, what_does_not_belong_into_a_file_is_named, 0,
                        count(sizeof(edits) / sizeof(edits[0])));
    tcase_add_loop_test(tests, what_changes_nothing_is_skipped, 0,
                        count(sizeof(harmless) / sizeof(harmless[0])));
    tcase_add_test(tests, a_header_longer_than_the_file_is_refused);
    tcase_add_test(tests, deep_nesting_is_refused);
    tcase_add_loop_test(tests, files_of_other_kinds_are_refused, 0, 3);
    suite_add_tcase(suite, tests);

    tests = tcase_create("files");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_file_holds_what_memory_holds);
    tcase_add_test(tests, a_file_larger_than_the_first_block_comes_back);
    tcase_add_test(tests, a_callback_saves_the_model_that_is_being_fitted);
    tcase_add_test(tests, a_relative_path_is_saved_beside_itself);
    tcase_add_test(tests, saving_over_a_file_keeps_its_permissions);
    tcase_add_test(tests, paths_that_cannot_be_written_or_read_are_named);
    tcase_add_loop_test(tests, saving_survives_every_failed_allocation, 0, 2);
    tcase_add_loop_test(tests, loading_survives_every_failed_allocation, 0, 2);
    tcase_add_test(tests, saving_survives_every_failed_file_call);
    tcase_add_test(tests, loading_survives_every_failed_file_call);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
