/* Writing the container, and its numbers. */
#include "safetensors.h"
#include "allocate.h"
#include "status.h"
#include <string.h>

void nn_safetensors_begin(nn_safetensors_header *header)
{
    static const char blank_length[NN_SAFETENSORS_LENGTH_SIZE];
    *header = (nn_safetensors_header){.text = NN_TEXT_INIT};
    nn_text_append_bytes(&header->text, blank_length, NN_SAFETENSORS_LENGTH_SIZE);
    nn_text_append(&header->text, "{\"__metadata__\":{");
}

static char last_character(const nn_text *text)
{
    return text->failed ? '\0' : text->data[text->length - 1];
}

nn_status nn_safetensors_add_metadata(nn_safetensors_header *header, const char *key,
                                      const char *text)
{
    nn_text_append(&header->text,
                   last_character(&header->text) == '{' ? "\"%s\":" : ",\"%s\":", key);
    return nn_json_write_string(&header->text, text);
}

nn_status nn_safetensors_add_tensor(nn_safetensors_header *header, const char *name,
                                    const nn_shape *shape)
{
    size_t bytes, end;
    NN_REQUIRE(nn_multiply(nn_shape_width(shape), sizeof(float), &bytes) &&
                   nn_add(header->data_size, bytes, &end),
               NN_ERR_NO_MEMORY, "the weights are more than memory can hold");
    /* The first tensor also ends the metadata. */
    nn_text_append(&header->text, header->tensor_count == 0 ? "}," : ",");
    NN_TRY(nn_json_write_string(&header->text, name));
    nn_text_append(&header->text, ":{\"dtype\":\"F32\",\"shape\":[");
    for (size_t i = 0; i < shape->rank; i++)
        nn_text_append(&header->text, "%s%zu", i == 0 ? "" : ",", shape->dimensions[i]);
    nn_text_append(&header->text, "],\"data_offsets\":[%zu,%zu]}", header->data_size, end);
    header->data_size = end;
    header->tensor_count++;
    return NN_OK;
}

nn_status nn_safetensors_end(nn_safetensors_header *header)
{
    nn_text *text = &header->text;
    nn_text_append(text, header->tensor_count == 0 ? "}}" : "}");
    while (!text->failed && text->length % NN_ALIGNMENT != 0)
        nn_text_append_bytes(text, " ", 1);
    NN_REQUIRE(!text->failed, NN_ERR_NO_MEMORY, "out of memory while writing a file's header");
    const size_t length = text->length - NN_SAFETENSORS_LENGTH_SIZE;
    NN_REQUIRE(length <= NN_SAFETENSORS_LONGEST_HEADER, NN_ERR_UNSUPPORTED,
               "the header would take %zu bytes, files have at most %d", length,
               NN_SAFETENSORS_LONGEST_HEADER);
    NN_TRY(nn_json_check_count(text->data + NN_SAFETENSORS_LENGTH_SIZE, length, "header"));
    for (size_t i = 0; i < NN_SAFETENSORS_LENGTH_SIZE; i++)
        text->data[i] = (char)(unsigned char)((uint64_t)length >> (8 * i));
    return NN_OK;
}

void nn_safetensors_put_values(size_t count, const nn_real *values, unsigned char *bytes)
{
    for (size_t i = 0; i < count; i++) {
        const float value = (float)values[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof(bits));
        for (size_t b = 0; b < sizeof(bits); b++)
            bytes[i * sizeof(bits) + b] = (unsigned char)(bits >> (8 * b));
    }
}

void nn_safetensors_get_values(size_t count, const unsigned char *bytes, nn_real *values)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = 0;
        float value;
        for (size_t b = 0; b < sizeof(bits); b++)
            bits |= (uint32_t)bytes[i * sizeof(bits) + b] << (8 * b);
        memcpy(&value, &bits, sizeof(value));
        values[i] = (nn_real)value;
    }
}
