/*
 * The model file: a safetensors file (safetensors.h).
 *
 * Tensors: each weight under its name ("dense/kernel"), then each slot of the optimizer for each
 * trainable weight ("optimizer/momentum/dense/kernel"), among them the weights' moving average
 * ("optimizer/average/...") and accumulated gradients ("optimizer/gradient_accumulator/..."). Values that
 * aren't finite are kept as they are. A backup of training also has copies of the run of all weights, with
 * its gaps ("training/weights/0"), which a reader of the model alone skips.
 *
 * __metadata__, all strings:
 *     checksum        eight lower-case hexadecimal digits: the CRC-32 (zlib's) of the whole file
 *                     with eight zeros in their place. It is the first key, so they stand at bytes
 *                     37 ... 44. A file in which any byte has changed, or whose end is missing,
 *                     isn't loaded.
 *     format          "libnn"
 *     format_version  "1". A reader refuses versions above its own. Keys it doesn't know are
 *                     skipped.
 *     config          JSON: the layers, as keras.Sequential.from_config(json.loads(config)) reads
 *                     them, or of a graph (it has "output_layers"), keras.Model.from_config
 *                     A caller's own activation, loss or metric is there by its name alone.
 *     compile         JSON: {"optimizer": ..., "loss": ..., "metrics": [...]}, as Keras's
 *                     compile_from_config reads them, of several outputs lists in their order, and
 *                     "loss_weights" if they aren't all 1 and "weighted_metrics" if there are such,
 *                     as "metrics"; only if the model is compiled
 *     state           JSON: {"seed", "iteration", "epochs_started"}, with which training goes on as
 *                     if there had been no file in between; for optimizers that keep single numbers
 *                     also "scalars", an object of these ({"u_product": 0.5})
 *     training        JSON: how far a fit had come (training/backup.c); only in a backup
 *     class_names     JSON: a list of strings; only if there are any
 */
#include "model_file.h"
#include "safetensors.h"
#include "status.h"
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* What follows the 8 bytes of length, up to the checksum's digits. */
static const char file_start[] = "{\"__metadata__\":{\"checksum\":\"";
enum { CHECKSUM_AT = 8 + sizeof(file_start) - 1 };
_Static_assert(CHECKSUM_AT + NN_CHECKSUM_DIGITS == NN_MODEL_FILE_START, "the start of a file");

static nn_status visit_slot(const nn_model *model, const char *slot, nn_real *values,
                            nn_tensor_visitor visit, void *user)
{
    nn_text name = NN_TEXT_INIT;
    nn_status status = NN_OK;
    for (size_t i = 0; i < model->parameter_count && status == NN_OK; i++) {
        const nn_parameter *parameter = &model->parameters[i];
        if (!parameter->trainable)
            continue;
        name.length = 0;
        nn_text_append(&name, "optimizer/%s/%s", slot, parameter->name);
        status = name.failed ? nn_fail(NN_ERR_NO_MEMORY, "out of memory: the name of a tensor")
                             : visit(user, name.data, parameter,
                                     values == NULL ? NULL : values + parameter->offset);
    }
    nn_text_free(&name);
    return status;
}

nn_status nn_model_visit_tensors(const nn_model *model, const nn_part *optimizer,
                                 nn_tensor_visitor visit, void *user)
{
    for (size_t i = 0; i < model->parameter_count; i++) {
        const nn_parameter *parameter = &model->parameters[i];
        NN_TRY(visit(user, parameter->name, parameter,
                     model->weights == NULL ? NULL : model->weights + parameter->offset));
    }
    if (optimizer == NULL)
        return NN_OK;
    const char *slot;
    for (size_t i = 0; (slot = nn_optimizer_slot(optimizer, i)) != NULL; i++) {
        nn_real *values = model->slots == NULL ? NULL : model->slots + i * model->trainable_size;
        NN_TRY(visit_slot(model, slot, values, visit, user));
    }
    return NN_OK;
}

nn_status nn_model_file_check_start(const unsigned char *bytes, size_t size)
{
    NN_REQUIRE(size >= NN_MODEL_FILE_START &&
                   memcmp(bytes + 8, file_start, sizeof(file_start) - 1) == 0,
               NN_ERR_FORMAT, "not a model file of libnn, or its start is damaged");
    return NN_OK;
}

void nn_model_file_checksum(const unsigned char *bytes, size_t size, const unsigned char *rest,
                            size_t rest_size, char digits[NN_CHECKSUM_DIGITS + 1])
{
    static const unsigned char zeros[] = "00000000";
    uLong sum = crc32_z(0, bytes, CHECKSUM_AT);
    sum = crc32_z(sum, zeros, NN_CHECKSUM_DIGITS);
    sum = crc32_z(sum, bytes + NN_MODEL_FILE_START, size - NN_MODEL_FILE_START);
    if (rest_size > 0)
        sum = crc32_z(sum, rest, rest_size);
    snprintf(digits, NN_CHECKSUM_DIGITS + 1, "%08lx", (unsigned long)sum & 0xffffffffUL);
}
