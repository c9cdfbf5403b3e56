#include "saved_model.h"
#include "allocate.h"
#include "faults.h"
#include "layer.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

nn_model *new_model(const char *layers)
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

nn_model *small_model(void)
{
    static const char *const names[] = {"T-shirt/top", "\"Bag\" \\ \xc3\xa9"};
    nn_model *model = new_model("dense units=3 activation=relu input_shape=2; dense units=2 "
                                "activation=leaky_relu(negative_slope=0.1)");
    ck_assert_int_eq(nn_model_compile(model, "sgd momentum=0.9", "mse", "mae"), NN_OK);
    ck_assert_int_eq(nn_model_set_class_names(model, names, 2), NN_OK);
    return model;
}

file save(const nn_model *model)
{
    file f = {NULL, 0};
    size_t length = 0;
    ck_assert_int_eq(nn_model_save_to_memory(model, NULL, 0, &f.size), NN_OK);
    f.bytes = malloc(f.size);
    ck_assert_int_eq(nn_model_save_to_memory(model, f.bytes, f.size, &length), NN_OK);
    ck_assert_uint_eq(length, f.size);
    return f;
}

file small_file(void)
{
    nn_model *model = small_model();
    file f = save(model);
    nn_model_free(model);
    return f;
}

nn_model *load(file f)
{
    nn_model *model;
    nn_status status = nn_model_load_from_memory(&model, f.bytes, f.size);
    ck_assert_msg(status == NN_OK, "%s", nn_error_message());
    return model;
}

void put_length(file f, size_t length)
{
    for (size_t i = 0; i < 8; i++)
        f.bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
}

size_t header_length(file f)
{
    size_t length = 0;
    for (size_t i = 0; i < 8; i++)
        length |= (size_t)f.bytes[i] << (8 * i);
    return length;
}

/* As model_file.c's first comment defines it. */
void put_checksum(file f)
{
    char digits[CHECKSUM_DIGITS + 1];
    memset(f.bytes + CHECKSUM_AT, '0', CHECKSUM_DIGITS);
    snprintf(digits, sizeof(digits), "%08lx", crc32(0, f.bytes, (unsigned)f.size));
    memcpy(f.bytes + CHECKSUM_AT, digits, CHECKSUM_DIGITS);
}

file edited(file f, const char *from, const char *to)
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

void expect_refused(file f, nn_status expected, const char *what)
{
    long blocks = faults_live_blocks();
    nn_model *model = (nn_model *)&model;
    nn_status status = nn_model_load_from_memory(&model, f.bytes, f.size);
    ck_assert_msg(status == expected, "%s: %s (%s)", what, nn_status_string(status),
                  nn_error_message());
    ck_assert_ptr_null(model);
    ck_assert_int_eq(faults_live_blocks(), blocks);
}

void predict(const nn_model *model, float **y, size_t *count)
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

void check_same_predictions(const nn_model *a, const nn_model *b, const char *what)
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

void check_same_part(const nn_part *a, const nn_part *b)
{
    nn_text text[2] = {NN_TEXT_INIT, NN_TEXT_INIT};
    nn_part_write(a, false, &text[0]);
    nn_part_write(b, false, &text[1]);
    ck_assert_str_eq(text[0].data, text[1].data);
    nn_text_free(&text[0]);
    nn_text_free(&text[1]);
}

void check_same_layers(const nn_model *a, const nn_model *b)
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
        ck_assert_uint_eq(a->nodes[i].input_count, b->nodes[i].input_count);
        for (size_t e = 0; e < a->nodes[i].input_count; e++)
            ck_assert_uint_eq(a->nodes[i].inputs[e], b->nodes[i].inputs[e]);
        if (((nn_layer_common *)a->nodes[i].layer.self)->inputs.count == 0) {
            nn_release(common->inputs.names);
            common->inputs = (nn_name_list){.count = 0};
        }
        check_same_part(&a->nodes[i].layer, &b->nodes[i].layer);
    }
}
