/* Reading a model from an open file: its layers, what it is compiled with, how far training had come. Its memory
 * is only asked for once every tensor that fills it has been found in the file. */
#include "access.h"
#include "allocate.h"
#include "keras_config.h"
#include "keras_part.h"
#include "model_file.h"
#include "status.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static nn_status check_version(const nn_safetensors *file)
{
    const char *format = nn_safetensors_metadata(file, "format");
    const char *text = nn_safetensors_metadata(file, "format_version");
    NN_REQUIRE(format != NULL && strcmp(format, NN_MODEL_FORMAT) == 0 && text != NULL,
               NN_ERR_FORMAT, "not a model file of libnn");
    size_t digits = strspn(text, "0123456789");
    NN_REQUIRE(digits > 0 && text[digits] == '\0' && text[0] != '0', NN_ERR_FORMAT,
               "format_version is '%.40s'", text);
    NN_REQUIRE(digits == 1 && text[0] - '0' <= NN_MODEL_FORMAT_VERSION, NN_ERR_VERSION,
               "format_version is %.40s, this library knows versions up to %d", text,
               NN_MODEL_FORMAT_VERSION);
    return NN_OK;
}

/* Parses the JSON under a key and reads it; a key that isn't there is left to the reader as
 * NULL. */
static nn_status read_json(const nn_safetensors *file, const char *key, void *to,
                           nn_status (*read)(void *to, const nn_json *json))
{
    const char *text = nn_safetensors_metadata(file, key);
    nn_json *json = NULL;
    if (text != NULL)
        NN_TRY(nn_json_parse(&json, text, strlen(text), key));
    nn_status status = read(to, json);
    nn_release(json);
    return status;
}

static nn_status read_config(void *to, const nn_json *json)
{
    NN_REQUIRE(json != NULL, NN_ERR_FORMAT, "config is missing");
    return nn_keras_read_model(to, json);
}

struct compile {
    nn_model *model;
    nn_compile_parts parts;
};

static nn_status read_compile(void *to, const nn_json *json)
{
    struct compile *compile = to;
    return json == NULL ? NN_OK : nn_keras_read_compile(&compile->parts, compile->model, json);
}

static nn_status read_state(void *to, const nn_json *json)
{
    nn_model *model = to;
    NN_TRY(nn_json_read_uint64(nn_json_get(json, "seed"), "seed", &model->seed));
    NN_TRY(nn_json_read_uint64(nn_json_get(json, "iteration"), "iteration", &model->iteration));
    return nn_json_read_uint64(nn_json_get(json, "epochs_started"), "epochs_started",
                               &model->epochs_started);
}

/* What the optimizer of a compiled model keeps beside its slots. */
static nn_status read_scalars(void *to, const nn_json *json)
{
    nn_model *model = to;
    const char *const *names = model->compiled ? nn_optimizer_of(&model->optimizer)->scalars : NULL;
    const nn_json *scalars = nn_json_get(json, "scalars");
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        const nn_json *number = nn_json_get(scalars, names[i]);
        NN_REQUIRE(nn_json_is(number, NN_JSON_NUMBER) && isfinite(number->number), NN_ERR_FORMAT,
                   "%s isn't a finite number", names[i]);
        model->scalars[i] = number->number;
    }
    return NN_OK;
}

static nn_status read_class_names(void *to, const nn_json *json)
{
    size_t count = nn_json_count(json);
    NN_REQUIRE(json == NULL || nn_json_is(json, NN_JSON_LIST), NN_ERR_FORMAT,
               "class_names aren't a list");
    const char **names = nn_allocate(count, sizeof(*names));
    if (names == NULL)
        return NN_ERR_NO_MEMORY;
    nn_status status = NN_OK;
    size_t i = 0;
    for (const nn_json *item = nn_json_first(json); item != NULL && status == NN_OK;
         item = nn_json_next(json, item)) {
        names[i] = nn_json_string(item);
        if (names[i++] == NULL)
            status = nn_fail(NN_ERR_FORMAT, "a class name isn't a string");
    }
    if (status == NN_OK)
        status = nn_keras_status(nn_model_set_class_names(to, names, count));
    nn_release(names);
    return status;
}

typedef struct tensors {
    const nn_safetensors *file;
    size_t count; /* met so far */
} tensors;

static nn_status check_tensor(void *user, const char *name, const nn_parameter *parameter,
                              nn_real *values)
{
    tensors *t = user;
    const unsigned char *bytes;
    (void)values;
    t->count++;
    return nn_safetensors_find(t->file, name, &parameter->shape, &bytes);
}

static size_t count_copies(const nn_safetensors *file)
{
    size_t count = 0;
    for (const nn_json *item = nn_json_first(file->header); item != NULL;
         item = nn_json_next(file->header, item))
        count += strncmp(item->key, NN_TRAINING_WEIGHTS, strlen(NN_TRAINING_WEIGHTS)) == 0;
    return count;
}

/* Every tensor of the model is in the file, and no other but a backup's. */
static nn_status check_tensors(const nn_safetensors *file, const nn_model *model,
                               const nn_part *optimizer)
{
    tensors t = {.file = file};
    NN_TRY(nn_model_visit_tensors(model, optimizer, check_tensor, &t));
    NN_REQUIRE(t.count + count_copies(file) == file->tensor_count, NN_ERR_FORMAT,
               "the model has %zu tensors, the file %zu", t.count, file->tensor_count);
    return NN_OK;
}

static nn_status get_tensor(void *user, const char *name, const nn_parameter *parameter,
                            nn_real *values)
{
    const unsigned char *bytes;
    NN_TRY(nn_safetensors_find(user, name, &parameter->shape, &bytes));
    nn_safetensors_get_values(parameter->width, bytes, values);
    return NN_OK;
}

static nn_status fill(nn_safetensors *file, nn_model *model, nn_compile_parts *parts)
{
    const bool compiled = parts->optimizer.type != NULL;
    const nn_part *optimizer = compiled ? &parts->optimizer : NULL;
    NN_TRY(check_tensors(file, model, optimizer));
    NN_TRY(nn_keras_status(nn_model_build_zeros(model)));
    if (compiled) {
        const uint64_t iteration = model->iteration; /* compiling starts it anew */
        NN_TRY(nn_keras_status(nn_model_set_compiled(model, parts)));
        model->iteration = iteration;
        optimizer = &model->optimizer;
    }
    return nn_model_visit_tensors(model, optimizer, get_tensor, file);
}

static nn_status read_model(nn_safetensors *file, nn_model *model)
{
    struct compile compile = {.model = model};
    NN_TRY(check_version(file));
    NN_TRY(read_json(file, "config", model, read_config));
    NN_TRY(read_json(file, "state", model, read_state));
    NN_TRY(read_json(file, "class_names", model, read_class_names));
    NN_TRY(read_json(file, "compile", &compile, read_compile));
    nn_status status = fill(file, model, &compile.parts);
    nn_compile_parts_free(&compile.parts);
    return status == NN_OK ? read_json(file, "state", model, read_scalars) : status;
}

/* The caller's own parts are those that parts has; NULL: none. */
static nn_status take_parts(nn_model *model, const nn_model *parts)
{
    if (parts == NULL)
        return NN_OK;
    NN_TRY(nn_model_begin_read(parts));
    nn_status status = nn_custom_parts_copy(&model->custom, &parts->custom);
    nn_model_end_read(parts);
    return status;
}

static nn_status read_copies(nn_model_training *training, const nn_safetensors *file,
                             const nn_model *model)
{
    const size_t count = count_copies(file), size = model->weights_size;
    const nn_shape shape = nn_shape_1d(size);
    training->weights = nn_allocate(count, sizeof(*training->weights));
    if (training->weights == NULL)
        return NN_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        char name[64];
        const unsigned char *bytes;
        snprintf(name, sizeof(name), NN_TRAINING_WEIGHTS "%zu", i);
        NN_TRY(nn_safetensors_find(file, name, &shape, &bytes));
        nn_real *values = nn_allocate(size, sizeof(*values));
        if (values == NULL)
            return NN_ERR_NO_MEMORY;
        nn_safetensors_get_values(size, bytes, values);
        training->weights[training->weight_count++] = values;
    }
    return NN_OK;
}

/* What a backup has, if the file is one. */
static nn_status read_training(nn_model_training *training, const nn_safetensors *file,
                               const nn_model *model)
{
    const char *progress = nn_safetensors_metadata(file, "training");
    *training = (nn_model_training){.progress = NULL};
    if (progress == NULL)
        return NN_OK;
    training->progress = nn_copy_string(progress);
    nn_status status =
        training->progress == NULL ? NN_ERR_NO_MEMORY : read_copies(training, file, model);
    if (status != NN_OK)
        nn_model_training_free(training);
    return status;
}

void nn_model_training_free(nn_model_training *training)
{
    for (size_t i = 0; i < training->weight_count; i++)
        nn_release(training->weights[i]);
    nn_release(training->weights);
    nn_release(training->progress);
    *training = (nn_model_training){.progress = NULL};
}

nn_status nn_model_read(nn_model **model, nn_model_training *training, const nn_model *parts,
                        nn_safetensors *file)
{
    nn_model *made;
    NN_TRY(nn_model_create(&made));
    nn_status status = take_parts(made, parts);
    if (status == NN_OK)
        status = read_model(file, made);
    if (status == NN_OK && training != NULL)
        status = read_training(training, file, made);
    if (status != NN_OK) {
        nn_model_free(made);
        return status;
    }
    *model = made;
    return NN_OK;
}
