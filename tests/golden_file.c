#include "golden_file.h"
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *golden;
static json_t *file;

static json_t *load(const char *name)
{
    char path[4096];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s", NN_GOLDEN_DIR, name);
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
    return root;
}

size_t count_cases(const char *name)
{
    json_t *root = load(name);
    size_t count = json_array_size(json_object_get(root, "cases"));
    json_decref(root);
    return count;
}

void use_case(const char *name, int index)
{
    file = load(name);
    ck_assert_ptr_nonnull(file);
    golden = json_array_get(json_object_get(file, "cases"), (size_t)index);
    ck_assert_ptr_nonnull(golden);
}

void free_file(void)
{
    json_decref(file);
    file = golden = NULL;
}

json_t *member(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    ck_assert_msg(value != NULL, "no '%s' in the golden file", key);
    return value;
}

const char *text(const json_t *object, const char *key)
{
    return json_string_value(member(object, key));
}

size_t size(const json_t *object, const char *key)
{
    return (size_t)json_integer_value(member(object, key));
}

double at(const json_t *array, size_t index)
{
    json_t *value = json_array_get(array, index);
    ck_assert(json_is_number(value));
    return json_number_value(value);
}

void *reserve(size_t count, size_t each)
{
    void *memory = calloc(count ? count : 1, each);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

float *floats(const json_t *array)
{
    float *values = reserve(json_array_size(array), sizeof *values);
    for (size_t i = 0; i < json_array_size(array); i++)
        values[i] = (float)at(array, i);
    return values;
}

nn_real *reals(const json_t *array)
{
    nn_real *values = reserve(json_array_size(array), sizeof *values);
    for (size_t i = 0; i < json_array_size(array); i++)
        values[i] = (nn_real)at(array, i);
    return values;
}

double largest_of(const json_t *array, size_t first, size_t count)
{
    double largest = 0;
    for (size_t i = first; i < first + count; i++)
        largest = fmax(largest, fabs(at(array, i)));
    return largest;
}

golden_column read_column(const char *key)
{
    const json_t *described = member(golden, key);
    const json_t *array = member(described, "values");
    const char *type = text(described, "type");
    golden_column made = {.width = size(described, "width")};
    size_t count = json_array_size(array);
    ck_assert_uint_eq(count, made.width * size(golden, "rows"));
    if (strcmp(type, "float32") == 0) {
        made.type = NN_FLOAT32;
        made.values = floats(array);
    } else if (strcmp(type, "uint8") == 0) {
        made.type = NN_UINT8;
        uint8_t *bytes = made.values = reserve(count, 1);
        for (size_t i = 0; i < count; i++)
            bytes[i] = (uint8_t)at(array, i);
    } else {
        ck_assert_str_eq(type, "int32");
        made.type = NN_INT32;
        int32_t *integers = made.values = reserve(count, sizeof *integers);
        for (size_t i = 0; i < count; i++)
            integers[i] = (int32_t)at(array, i);
    }
    return made;
}

void set_initial_weights(nn_model *model)
{
    size_t index;
    json_t *value;
    const json_t *weights = member(golden, "initial_weights");
    ck_assert_uint_eq(nn_model_weight_count(model), json_array_size(weights));
    json_array_foreach(weights, index, value)
    {
        float *values = floats(member(value, "values"));
        OK(nn_model_set_weights(model, text(value, "name"), values,
                                json_array_size(member(value, "values"))));
        free(values);
    }
}

nn_model *golden_model(void)
{
    nn_model *model;
    size_t index;
    json_t *value;
    OK(nn_model_create(&model));
    json_array_foreach(member(golden, "layers"), index, value)
        OK(nn_model_add(model, json_string_value(value)));
    OK(nn_model_compile(model, text(golden, "optimizer"), text(golden, "loss"), NULL));
    set_initial_weights(model);
    return model;
}

bool is_spec_of(const char *spec, const char *part)
{
    const size_t length = strlen(part);
    return strncmp(spec, part, length) == 0 && (spec[length] == '\0' || spec[length] == ' ');
}

size_t count_cases_of(const char *file_name, const char *key, const char *part)
{
    const size_t count = count_cases(file_name);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        use_case(file_name, (int)i);
        found += is_spec_of(text(golden, key), part);
        free_file();
    }
    return found;
}

void add_cases(Suite *suite, const char *name, const char *file_name, const TTest *test)
{
    const size_t count = count_cases(file_name);
    if (count == 0)
        exit(EXIT_FAILURE); /* a loop of no runs would pass */
    TCase *cases = add_case(suite, name, NULL, free_file);
    tcase_add_loop_test(cases, test, 0, (int)count);
}
