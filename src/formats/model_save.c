/* Saving a model. */
#include "access.h"
#include "allocate.h"
#include "keras_config.h"
#include "model_file.h"
#include "safetensors.h"
#include "status.h"
#include "whole_file.h"
#include <string.h>

static nn_status write_state(const nn_model *model, nn_text *text)
{
    nn_text_append(text, "{\"seed\":");
    nn_json_write_uint64(text, model->seed);
    nn_text_append(text, ",\"iteration\":");
    nn_json_write_uint64(text, model->iteration);
    nn_text_append(text, ",\"epochs_started\":");
    nn_json_write_uint64(text, model->epochs_started);
    const char *const *names = model->compiled ? nn_optimizer_of(&model->optimizer)->scalars : NULL;
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        nn_text_append(text, "%s\"%s\":", i == 0 ? ",\"scalars\":{" : ",", names[i]);
        nn_json_write_real(text, model->scalars[i]);
    }
    if (names != NULL)
        nn_text_append(text, "}");
    nn_text_append(text, "}");
    return NN_OK;
}

static nn_status write_class_names(const nn_model *model, nn_text *text)
{
    for (size_t i = 0; i < model->class_count; i++) {
        nn_text_append(text, i == 0 ? "[" : ",");
        NN_TRY(nn_json_write_string(text, model->class_names[i]));
    }
    nn_text_append(text, "]");
    return NN_OK;
}

static nn_status add_json(nn_safetensors_header *header, const char *key, const nn_model *model,
                          nn_status (*write)(const nn_model *, nn_text *))
{
    nn_text text = NN_TEXT_INIT;
    nn_status status = write(model, &text);
    if (status == NN_OK && text.failed)
        status = nn_fail(NN_ERR_NO_MEMORY, "out of memory while writing the %s", key);
    if (status == NN_OK)
        status = nn_json_check_count(text.data, text.length, key); /* or it couldn't be loaded */
    if (status == NN_OK)
        status = nn_safetensors_add_metadata(header, key, text.data);
    nn_text_free(&text);
    return status;
}

static nn_status add_tensor(void *user, const char *name, const nn_parameter *parameter,
                            nn_real *values)
{
    (void)values;
    return nn_safetensors_add_tensor(user, name, &parameter->shape);
}

static const nn_part *optimizer_of(const nn_model *model)
{
    return model->compiled ? &model->optimizer : NULL;
}

static nn_status write_header(const nn_model *model, nn_safetensors_header *header)
{
    nn_safetensors_begin(header);
    NN_TRY(nn_safetensors_add_metadata(header, "checksum", "00000000"));
    NN_TRY(nn_safetensors_add_metadata(header, "format", NN_MODEL_FORMAT));
    nn_text_append(&header->text, ",\"format_version\":\"%d\"", NN_MODEL_FORMAT_VERSION);
    NN_TRY(add_json(header, "config", model, nn_keras_write_model));
    if (model->compiled)
        NN_TRY(add_json(header, "compile", model, nn_keras_write_compile));
    NN_TRY(add_json(header, "state", model, write_state));
    if (model->class_count > 0)
        NN_TRY(add_json(header, "class_names", model, write_class_names));
    NN_TRY(nn_model_visit_tensors(model, optimizer_of(model), add_tensor, header));
    return nn_safetensors_end(header);
}

static nn_status put_tensor(void *user, const char *name, const nn_parameter *parameter,
                            nn_real *values)
{
    unsigned char **at = user;
    (void)name;
    nn_safetensors_put_values(parameter->width, values, *at);
    *at += parameter->width * sizeof(float);
    return NN_OK;
}

/* Writes the file to bytes[size], which are enough. */
static nn_status put_file(const nn_model *model, const nn_safetensors_header *header,
                          unsigned char *bytes, size_t size)
{
    char digits[NN_CHECKSUM_DIGITS + 1];
    unsigned char *at = bytes + header->text.length;
    memcpy(bytes, header->text.data, header->text.length);
    NN_TRY(nn_model_visit_tensors(model, optimizer_of(model), put_tensor, &at));
    nn_model_file_checksum(bytes, size, NULL, 0, digits);
    memcpy(bytes + NN_MODEL_FILE_START - NN_CHECKSUM_DIGITS, digits, NN_CHECKSUM_DIGITS);
    return NN_OK;
}

/* Where a file goes: to buffer[size], to a new block, or nowhere, if only the length is asked
 * for. */
typedef struct destination {
    unsigned char *bytes;
    size_t size;
    bool allocate;
    size_t length;
} destination;

static nn_status put_to(const nn_model *model, const nn_safetensors_header *header, destination *to)
{
    NN_REQUIRE(nn_add(header->text.length, header->data_size, &to->length), NN_ERR_NO_MEMORY,
               "the model is more than memory can hold");
    if (to->allocate) {
        to->bytes = nn_allocate(to->length, 1);
        if (to->bytes == NULL)
            return NN_ERR_NO_MEMORY;
        to->size = to->length;
    }
    if (to->size == 0)
        return NN_OK;
    NN_REQUIRE(to->size >= to->length, NN_ERR_INVALID, "size is %zu, but the model takes %zu bytes",
               to->size, to->length);
    return put_file(model, header, to->bytes, to->length);
}

static nn_status save(const nn_model *model, destination *to)
{
    nn_safetensors_header header = {.text = NN_TEXT_INIT};
    NN_TRY(nn_model_begin_read(model));
    nn_status status = nn_model_build(model);
    if (status == NN_OK)
        status = write_header(model, &header);
    if (status == NN_OK)
        status = put_to(model, &header, to);
    nn_model_end_read(model);
    nn_text_free(&header.text);
    return status;
}

nn_status nn_model_save(const nn_model *model, const char *path)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(path != NULL, NN_ERR_INVALID, "path is NULL");
    destination to = {.allocate = true};
    nn_status status = save(model, &to);
    if (status == NN_OK)
        status = nn_whole_file_write(path, to.bytes, to.length);
    nn_release(to.bytes);
    return status;
}

nn_status nn_model_save_to_memory(const nn_model *model, void *buffer, size_t size, size_t *length)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(buffer != NULL || size == 0, NN_ERR_INVALID, "buffer is NULL but size is %zu", size);
    NN_REQUIRE(buffer != NULL || length != NULL, NN_ERR_INVALID, "length is NULL");
    destination to = {.bytes = buffer, .size = size};
    nn_status status = save(model, &to);
    if (length != NULL)
        *length = to.length;
    return status;
}
