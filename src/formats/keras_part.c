/* Writing parts as JSON. */
#include "keras_part.h"
#include "activation.h"
#include "layer.h"
#include "loss.h"
#include "metric.h"
#include "status.h"
#include <string.h>

typedef struct writer {
    nn_text *text;
    const nn_option *skipped; /* a table whose options are left out; NULL: none */
} writer;

static bool is_in_table(const nn_option *table, const nn_option *option)
{
    for (; table != NULL && table->name != NULL; table++)
        if (table == option)
            return true;
    return false;
}

static void write_shape(const nn_shape *shape, nn_text *text)
{
    nn_text_append(text, shape->rank == 0 ? "null" : "[");
    for (size_t i = 0; i < shape->rank; i++)
        nn_text_append(text, "%s%zu%s", i == 0 ? "" : ",", shape->dimensions[i],
                       i + 1 == shape->rank ? "]" : "");
}

static void write_integers(const nn_integers *integers, nn_text *text)
{
    nn_text_append(text, integers->count == 0 ? "null" : "[");
    for (size_t i = 0; i < integers->count; i++)
        nn_text_append(text, "%s%d%s", i == 0 ? "" : ",", integers->values[i],
                       i + 1 == integers->count ? "]" : "");
}

/* Where there may be none, one number stands alone, unless it is to be a list: Keras takes it for every value. */
static void write_reals(const nn_option *option, const nn_reals *reals, nn_text *text)
{
    const bool list = option->required || reals->count > 1 || (option->list && reals->count > 0);
    nn_text_append(text, reals->count == 0 ? "null" : list ? "[" : "");
    for (size_t i = 0; i < reals->count; i++) {
        nn_text_append(text, i == 0 ? "" : ",");
        nn_json_write_real(text, reals->values[i]);
    }
    nn_text_append(text, list ? "]" : "");
}

static nn_status write_names(const nn_name_list *list, nn_text *text)
{
    nn_text_append(text, list->count == 0 ? "null" : "[");
    for (size_t i = 0; i < list->count; i++) {
        nn_text_append(text, i == 0 ? "" : ",");
        NN_TRY(nn_json_write_string(text, list->names[i]));
    }
    nn_text_append(text, list->count == 0 ? "" : "]");
    return NN_OK;
}

static nn_status write_value(const nn_option *option, const void *value, nn_text *text)
{
    switch (option->type) {
    case NN_TYPE_SIZE:
        nn_text_append(text, "%zu", *(const size_t *)value);
        return NN_OK;
    case NN_TYPE_INTEGER:
        nn_text_append(text, "%d", *(const int *)value);
        return NN_OK;
    case NN_TYPE_INTEGERS:
        write_integers(value, text);
        return NN_OK;
    case NN_TYPE_OPTIONAL_SIZE: {
        const nn_optional_size *size = value;
        if (size->given) {
            nn_text_append(text, "%zu", size->value);
            return NN_OK;
        }
        break;
    }
    case NN_TYPE_OPTIONAL_INTEGER: {
        const nn_optional_integer *integer = value;
        if (integer->given) {
            nn_text_append(text, "%d", integer->value);
            return NN_OK;
        }
        break;
    }
    case NN_TYPE_REAL:
        nn_json_write_real(text, *(const double *)value);
        return NN_OK;
    case NN_TYPE_OPTIONAL_REAL: {
        const nn_optional_real *real = value;
        if (real->given) {
            nn_json_write_real(text, real->value);
            return NN_OK;
        }
        break;
    }
    case NN_TYPE_REALS:
        write_reals(option, value, text);
        return NN_OK;
    case NN_TYPE_REAL_OR_PART: {
        const nn_real_or_part *either = value;
        if (either->part.type != NULL)
            return nn_keras_write_part(&either->part, text);
        nn_json_write_real(text, either->value);
        return NN_OK;
    }
    case NN_TYPE_BOOL:
        nn_text_append(text, *(const bool *)value ? "true" : "false");
        return NN_OK;
    case NN_TYPE_SHAPE:
        write_shape(value, text);
        return NN_OK;
    case NN_TYPE_NAMES:
        return write_names(value, text);
    case NN_TYPE_STRING:
    case NN_TYPE_CHOICE:
        if (*(const char *const *)value != NULL)
            return nn_json_write_string(text, *(const char *const *)value);
        break;
    case NN_TYPE_SEED: {
        const nn_seed *seed = value;
        if (seed->given) {
            nn_json_write_uint64(text, seed->value);
            return NN_OK;
        }
        break;
    }
    case NN_TYPE_PART: {
        const nn_part *part = value;
        if (part->type != NULL)
            return nn_keras_write_part(part, text);
        break;
    }
    }
    nn_text_append(text, "null");
    return NN_OK;
}

static nn_status write_option(void *user, const nn_option *option, const void *value)
{
    const writer *w = user;
    if (is_in_table(w->skipped, option))
        return NN_OK;
    if (!w->text->failed && w->text->data[w->text->length - 1] != '{')
        nn_text_append(w->text, ",");
    nn_text_append(w->text, "\"%s\":", option->name);
    return write_value(option, value, w->text);
}

/* An activation that is an object is one of Keras's layers: only these have options there. */
static const char *module_of(const nn_room *room)
{
    return room == &nn_activation_room ? nn_layer_room.module : room->module;
}

/* Of the common options, those that Keras knows; the last only where there is one, as Keras writes it. */
static nn_status write_common(const nn_layer_common *common, nn_text *text)
{
    nn_text_append(text, ",\"trainable\":%s,\"dtype\":\"float32\"",
                   common->trainable ? "true" : "false");
    if (common->activity_regularizer.type == NULL)
        return NN_OK;
    nn_text_append(text, ",\"activity_regularizer\":");
    return nn_keras_write_part(&common->activity_regularizer, text);
}

/* name: in the config, NULL for none; common: of a layer, else NULL. It isn't closed. */
static nn_status write_object(const nn_part *part, const char *name, const nn_layer_common *common,
                              const nn_option *skipped, nn_text *text)
{
    char buffer[64];
    nn_text_append(text, "{\"module\":\"%s\",\"class_name\":\"%s\",\"config\":{",
                   module_of(part->room), nn_part_class_name(part->type, buffer, sizeof(buffer)));
    if (name != NULL) {
        nn_text_append(text, "\"name\":");
        NN_TRY(nn_json_write_string(text, name));
    }
    if (common != NULL)
        NN_TRY(write_common(common, text));
    writer w = {.text = text, .skipped = skipped};
    NN_TRY(nn_part_visit(part, write_option, &w));
    nn_text_append(text, "},\"registered_name\":null");
    return NN_OK;
}

static nn_status write_closed(const nn_part *part, const char *name, nn_text *text)
{
    NN_TRY(write_object(part, name, NULL, NULL, text));
    nn_text_append(text, "}");
    return NN_OK;
}

static nn_status check_default(void *user, const nn_option *option, const void *value)
{
    bool *all = user;
    *all = *all && !option->required && nn_option_is_default(option, value);
    return NN_OK;
}

static bool all_default(const nn_part *part)
{
    bool all = true;
    nn_part_visit(part, check_default, &all);
    return all;
}

static bool is_function_in_keras(const nn_room *room)
{
    return room == &nn_activation_room || room == &nn_loss_room || room == &nn_metric_room;
}

/* As Keras writes a function that isn't its own; its name has nothing that JSON would escape. */
static void write_function(const nn_part *part, nn_text *text)
{
    nn_text_append(text,
                   "{\"module\":\"builtins\",\"class_name\":\"function\",\"config\":\"%s\","
                   "\"registered_name\":\"function\"}",
                   part->type->name);
}

/* A function as a loss, with the options that all losses have. */
static nn_status write_wrapped_loss(const nn_part *part, nn_text *text)
{
    const writer w = {.text = text};
    nn_text_append(text,
                   "{\"module\":\"keras.src.losses.losses\",\"class_name\":"
                   "\"LossFunctionWrapper\",\"config\":{\"name\":\"%s\",\"fn\":",
                   part->type->name);
    write_function(part, text);
    NN_TRY(nn_part_visit(part, write_option, (void *)(uintptr_t)&w));
    nn_text_append(text, "},\"registered_name\":\"LossFunctionWrapper\"}");
    return NN_OK;
}

nn_status nn_keras_write_part(const nn_part *part, nn_text *text)
{
    if (part->type->custom != NULL) {
        if (part->room == &nn_loss_room && !all_default(part))
            return write_wrapped_loss(part, text);
        write_function(part, text);
        return NN_OK;
    }
    if (is_function_in_keras(part->room) && all_default(part) && !part->type->class_only)
        return nn_json_write_string(text, part->type->name);
    return write_closed(part, NULL, text);
}

/* A function's mean under a name that isn't the function's. */
static nn_status write_mean_metric(const nn_part *part, const char *name, nn_text *text)
{
    nn_text_append(text,
                   "{\"module\":\"%s\",\"class_name\":\"MeanMetricWrapper\",\"config\":{"
                   "\"name\":",
                   part->room->module);
    NN_TRY(nn_json_write_string(text, name));
    nn_text_append(text, ",\"dtype\":\"float32\",\"fn\":");
    write_function(part, text);
    nn_text_append(text, "},\"registered_name\":null}");
    return NN_OK;
}

nn_status nn_keras_write_metric(const nn_part *part, const char *name, nn_text *text)
{
    if (part->type->custom != NULL && strcmp(part->type->name, name) != 0)
        return write_mean_metric(part, name, text);
    if (part->type->custom != NULL)
        return nn_keras_write_part(part, text);
    if (nn_room_find(part->room, name) == part->type && all_default(part))
        return nn_json_write_string(text, name);
    return write_closed(part, name, text);
}

nn_status nn_keras_write_layer(const nn_part *layer, const char *name, nn_text *text)
{
    return write_object(layer, name, layer->self, layer->room->common, text);
}
