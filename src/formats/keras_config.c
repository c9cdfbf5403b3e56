/* Writing a model's layers and what it is compiled with. */
#include "keras_config.h"
#include "keras_part.h"
#include "status.h"

/* ---- writing layers ---- */

static void write_batch_shape(const nn_shape *shape, nn_text *text)
{
    nn_text_append(text, "[null");
    for (size_t i = 0; i < shape->rank; i++)
        nn_text_append(text, ",%zu", shape->dimensions[i]);
    nn_text_append(text, "]");
}

/* It isn't closed. */
static nn_status write_input_layer(const nn_shape *shape, const char *name, nn_text *text)
{
    nn_text_append(text, "{\"module\":\"keras.layers\",\"class_name\":\"InputLayer\",\"config\":{"
                         "\"batch_shape\":");
    write_batch_shape(shape, text);
    nn_text_append(text, ",\"dtype\":\"float32\",\"sparse\":false,\"name\":");
    NN_TRY(nn_json_write_string(text, name));
    nn_text_append(text, "},\"registered_name\":null");
    return NN_OK;
}

static nn_status write_sequential(const nn_model *model, nn_text *text)
{
    nn_text_append(text, "{\"name\":\"sequential\",\"trainable\":true,\"dtype\":\"float32\","
                         "\"layers\":[");
    NN_TRY(write_input_layer(nn_model_input_shape(model, 0), "input_layer", text));
    nn_text_append(text, "}");
    for (size_t i = 0; i < model->node_count; i++) {
        nn_text_append(text, ",");
        NN_TRY(nn_keras_write_layer(&model->nodes[i].layer, model->nodes[i].name, text));
        nn_text_append(text, "}");
    }
    nn_text_append(text, "]}");
    return NN_OK;
}

/* A graph's layers name what they read. The input that the first layer brings has a layer there, too,
 * and so needs a name that no other has. */
static nn_status name_first_input(const nn_model *model, nn_text *name)
{
    for (size_t i = 0; !name->failed; i++) {
        name->length = 0;
        nn_text_append(name, "input_layer");
        if (i > 0)
            nn_text_append(name, "_%zu", i);
        if (!name->failed && nn_model_find_node(model, name->data) == NN_NO_NODE)
            return NN_OK;
    }
    return nn_fail(NN_ERR_NO_MEMORY, "out of memory: the name of an input");
}

static nn_status write_tensor(const char *name, const nn_shape *shape, nn_text *text)
{
    nn_text_append(text, "{\"class_name\":\"__keras_tensor__\",\"config\":{\"shape\":");
    write_batch_shape(shape, text);
    nn_text_append(text, ",\"dtype\":\"float32\",\"keras_history\":[");
    NN_TRY(nn_json_write_string(text, name));
    nn_text_append(text, ",0,0]}}");
    return NN_OK;
}

static nn_status write_inbound_node(const nn_model *model, const nn_node *node,
                                    const char *first_input, nn_text *text)
{
    const bool several = node->input_count > 1;
    nn_text_append(text, "{\"args\":[%s", several ? "[" : "");
    if (node->input_count == 0)
        NN_TRY(write_tensor(first_input, &node->build.input, text));
    for (size_t i = 0; i < node->input_count; i++) {
        nn_text_append(text, i == 0 ? "" : ",");
        NN_TRY(write_tensor(model->nodes[node->inputs[i]].name, &node->input_shapes[i], text));
    }
    nn_text_append(text, "%s],\"kwargs\":{}}", several ? "]" : "");
    return NN_OK;
}

static bool is_input(const nn_node *node)
{
    return nn_layer_of(&node->layer)->takes == NN_TAKES_NONE;
}

static nn_status write_node(const nn_model *model, const nn_node *node, const char *first_input,
                            nn_text *text)
{
    if (is_input(node))
        NN_TRY(write_input_layer(&node->build.output, node->name, text));
    else
        NN_TRY(nn_keras_write_layer(&node->layer, node->name, text));
    nn_text_append(text, ",\"name\":");
    NN_TRY(nn_json_write_string(text, node->name));
    nn_text_append(text, ",\"inbound_nodes\":[");
    if (!is_input(node))
        NN_TRY(write_inbound_node(model, node, first_input, text));
    nn_text_append(text, "]}");
    return NN_OK;
}

/* ["a",0,0], or a list of such. */
static nn_status write_ends(const nn_model *model, const char *(*name)(const nn_model *, size_t),
                            size_t count, const char *first_input, nn_text *text)
{
    nn_text_append(text, count > 1 ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        nn_text_append(text, i == 0 ? "[" : ",[");
        NN_TRY(nn_json_write_string(text, first_input != NULL ? first_input : name(model, i)));
        nn_text_append(text, ",0,0]");
    }
    nn_text_append(text, count > 1 ? "]" : "");
    return NN_OK;
}

/* first_input: the name of the input that the first layer brings; NULL: inputs are layers. */
static nn_status write_functional(const nn_model *model, const char *first_input, nn_text *text)
{
    nn_text_append(text, "{\"name\":\"functional\",\"trainable\":true,\"layers\":[");
    if (first_input != NULL) {
        NN_TRY(write_input_layer(nn_model_input_shape(model, 0), first_input, text));
        nn_text_append(text, ",\"name\":\"%s\",\"inbound_nodes\":[]},", first_input);
    }
    for (size_t i = 0; i < model->node_count; i++) {
        nn_text_append(text, i == 0 ? "" : ",");
        NN_TRY(write_node(model, &model->nodes[i], first_input, text));
    }
    nn_text_append(text, "],\"input_layers\":");
    NN_TRY(write_ends(model, nn_model_input_name, nn_model_input_count(model), first_input, text));
    nn_text_append(text, ",\"output_layers\":");
    NN_TRY(write_ends(model, nn_model_output_name, nn_model_output_count(model), NULL, text));
    nn_text_append(text, "}");
    return NN_OK;
}

nn_status nn_keras_write_model(const nn_model *model, nn_text *text)
{
    if (nn_model_is_chain(model))
        return write_sequential(model, text);
    if (model->input_count > 0)
        return write_functional(model, NULL, text);
    nn_text name = NN_TEXT_INIT;
    nn_status status = name_first_input(model, &name);
    if (status == NN_OK)
        status = write_functional(model, name.data, text);
    nn_text_free(&name);
    return status;
}

/* ---- writing what it is compiled with ---- */

static nn_status write_losses(const nn_model *model, nn_text *text)
{
    nn_text_append(text, ",\"loss\":%s", model->output_count > 1 ? "[" : "");
    for (size_t i = 0; i < model->output_count; i++) {
        nn_text_append(text, i == 0 ? "" : ",");
        NN_TRY(nn_keras_write_part(&model->outputs[i].loss, text));
    }
    nn_text_append(text, model->output_count > 1 ? "]" : "");
    bool all_one = true;
    for (size_t i = 0; i < model->output_count; i++)
        all_one = all_one && model->outputs[i].loss_weight == 1;
    for (size_t i = 0; i < model->output_count && !all_one; i++) {
        nn_text_append(text, i == 0 ? ",\"loss_weights\":[" : ",");
        nn_json_write_real(text, model->outputs[i].loss_weight);
    }
    nn_text_append(text, all_one ? "" : "]");
    return NN_OK;
}

/* Of an output, from *next on in the model's list. */
static nn_status write_metrics_of(const nn_model *model, size_t output, bool weighted, size_t *next,
                                  nn_text *text)
{
    bool first = true;
    for (; *next < model->metric_count; (*next)++) {
        const nn_named_metric *metric = &model->metrics[*next];
        if (metric->output != output || metric->weighted != weighted)
            break;
        nn_text_append(text, first ? "" : ",");
        NN_TRY(nn_keras_write_metric(&metric->part, metric->name, text));
        first = false;
    }
    return NN_OK;
}

/* With several outputs, a list for each. */
static nn_status write_metrics(const nn_model *model, bool weighted, size_t *next, nn_text *text)
{
    const bool several = model->output_count > 1;
    nn_text_append(text, ",\"%smetrics\":[", weighted ? "weighted_" : "");
    for (size_t output = 0; output < model->output_count; output++) {
        nn_text_append(text, !several ? "" : output == 0 ? "[" : ",[");
        NN_TRY(write_metrics_of(model, output, weighted, next, text));
        nn_text_append(text, several ? "]" : "");
    }
    nn_text_append(text, "]");
    return NN_OK;
}

nn_status nn_keras_write_compile(const nn_model *model, nn_text *text)
{
    nn_text_append(text, "{\"optimizer\":");
    NN_TRY(nn_keras_write_part(&model->optimizer, text));
    NN_TRY(write_losses(model, text));
    size_t next = 0;
    NN_TRY(write_metrics(model, false, &next, text));
    if (next < model->metric_count)
        NN_TRY(write_metrics(model, true, &next, text));
    nn_text_append(text, "}");
    return NN_OK;
}
