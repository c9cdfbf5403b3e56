/* Loading a model. A file is data: it is checked from the container inwards, its own data is only read
 * once the header has told how long the file is, and the model's memory is only asked for once every
 * tensor that fills it has been found in the file. */
#include "access.h"
#include "allocate.h"
#include "file_reader.h"
#include "keras_config.h"
#include "keras_part.h"
#include "model_file.h"
#include "safetensors.h"
#include "status.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* header[header_size] begins with the 8 bytes of its length, and the file's data follows it. */
static nn_status check_checksum(const unsigned char *header, size_t header_size,
                                const unsigned char *data, size_t data_size)
{
    char digits[NN_CHECKSUM_DIGITS + 1];
    nn_model_file_checksum(header, header_size, data, data_size, digits);
    NN_REQUIRE(
        memcmp(header + NN_MODEL_FILE_START - NN_CHECKSUM_DIGITS, digits, NN_CHECKSUM_DIGITS) == 0,
        NN_ERR_FORMAT, "the checksum doesn't match: the file is cut or changed");
    return NN_OK;
}

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

/* The bytes of the header with those of its length, from the first NN_MODEL_FILE_START bytes of a
 * file, or as many as there are. */
static nn_status read_header_size(const unsigned char *bytes, size_t size, size_t *header_size)
{
    NN_TRY(nn_model_file_check_start(bytes, size));
    NN_TRY(nn_safetensors_read_length(bytes, header_size));
    *header_size += NN_SAFETENSORS_LENGTH_SIZE;
    NN_REQUIRE(*header_size >= NN_MODEL_FILE_START, NN_ERR_FORMAT, "the header claims %zu bytes",
               *header_size - NN_SAFETENSORS_LENGTH_SIZE);
    return NN_OK;
}

static nn_status open_header(nn_safetensors *file, const unsigned char *header, size_t header_size)
{
    return nn_safetensors_open(file, header + NN_SAFETENSORS_LENGTH_SIZE,
                               header_size - NN_SAFETENSORS_LENGTH_SIZE);
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

/* training: what else is to be read of a backup, or NULL */
static nn_status make_model(nn_model **model, nn_model_training *training, const nn_model *parts,
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

nn_status nn_model_load_from_memory_with_parts(nn_model **model, const void *bytes, size_t size,
                                               const nn_model *parts)
{
    const unsigned char *header = bytes;
    size_t header_size;
    nn_safetensors file;
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    *model = NULL;
    NN_REQUIRE(bytes != NULL, NN_ERR_INVALID, "bytes is NULL");
    NN_TRY(read_header_size(header, size, &header_size));
    NN_REQUIRE(header_size <= size, NN_ERR_FORMAT, "the header claims %zu bytes of a file of %zu",
               header_size, size);
    const unsigned char *data = header + header_size;
    const size_t data_size = size - header_size;
    NN_TRY(check_checksum(header, header_size, data, data_size));
    NN_TRY(open_header(&file, header, header_size));
    file.data = data;
    nn_status status = NN_OK;
    if (file.data_size != data_size)
        status = nn_fail(NN_ERR_FORMAT, "the tensors end at byte %zu of the data, the file at %zu",
                         file.data_size, data_size);
    if (status == NN_OK)
        status = make_model(model, NULL, parts, &file);
    nn_safetensors_close(&file);
    return status;
}

nn_status nn_model_load_from_memory(nn_model **model, const void *bytes, size_t size)
{
    return nn_model_load_from_memory_with_parts(model, bytes, size, NULL);
}

/* The header in a new block, which is bounded whatever the file claims. On failure *header may be
 * one, too. */
static nn_status read_header(nn_file_reader *reader, unsigned char **header, size_t *header_size)
{
    unsigned char start[NN_MODEL_FILE_START];
    size_t got, more = 0;
    *header = NULL;
    NN_TRY(nn_file_reader_read(reader, start, sizeof(start), &got));
    NN_TRY(read_header_size(start, got, header_size));
    got = *header_size - sizeof(start);
    if (got <= reader->left) {
        *header = nn_allocate(*header_size, 1);
        if (*header == NULL)
            return NN_ERR_NO_MEMORY;
        memcpy(*header, start, sizeof(start));
        NN_TRY(nn_file_reader_read(reader, *header + sizeof(start), got, &more));
    }
    NN_REQUIRE(more == got, NN_ERR_FORMAT, "the file ends within the %zu bytes of its header",
               *header_size);
    return NN_OK;
}

static nn_status load_with_data(nn_model **model, nn_model_training *training,
                                const nn_model *parts, nn_file_reader *reader, nn_safetensors *file,
                                const unsigned char *header, size_t header_size)
{
    unsigned char *data;
    NN_TRY(nn_file_reader_read_rest(reader, file->data_size, &data));
    nn_status status = check_checksum(header, header_size, data, file->data_size);
    file->data = data;
    if (status == NN_OK)
        status = make_model(model, training, parts, file);
    nn_release(data);
    return status;
}

static nn_status load(nn_model **model, nn_model_training *training, const nn_model *parts,
                      nn_file_reader *reader)
{
    unsigned char *header;
    size_t header_size;
    nn_safetensors file;
    nn_status status = read_header(reader, &header, &header_size);
    if (status == NN_OK)
        status = open_header(&file, header, header_size);
    if (status == NN_OK) {
        status = load_with_data(model, training, parts, reader, &file, header, header_size);
        nn_safetensors_close(&file);
    }
    nn_release(header);
    return status;
}

nn_status nn_model_load_training(nn_model **model, nn_model_training *training,
                                 const nn_model *parts, const char *path)
{
    nn_file_reader reader;
    *model = NULL;
    nn_status status = nn_file_reader_open(&reader, path);
    if (status == NN_OK) {
        status = load(model, training, parts, &reader);
        nn_file_reader_close(&reader);
    }
    return status == NN_OK ? NN_OK : nn_fail_in(status, "%s", path);
}

nn_status nn_model_load_with_parts(nn_model **model, const char *path, const nn_model *parts)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    *model = NULL;
    NN_REQUIRE(path != NULL, NN_ERR_INVALID, "path is NULL");
    return nn_model_load_training(model, NULL, parts, path);
}

nn_status nn_model_load(nn_model **model, const char *path)
{
    return nn_model_load_with_parts(model, path, NULL);
}
