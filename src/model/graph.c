/* Layers: adding, naming, inferring shapes; the table of parameters. */
#include "access.h"
#include "allocate.h"
#include "model.h"
#include "status.h"
#include "workspace.h"
#include <string.h>

nn_status nn_model_create(nn_model **model)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    *model = NULL;
    nn_model *made = nn_allocate(1, sizeof(*made));
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    pthread_mutex_init(&made->build_lock, NULL);
    *model = made;
    return NN_OK;
}

void nn_model_free(nn_model *model)
{
    if (model == NULL || nn_model_defer_free(model))
        return;
    nn_model_drop_trainer(model);
    for (size_t i = 0; i < NN_KEPT_WORKSPACES; i++)
        nn_workspace_free(atomic_load(&model->workspaces[i]));
    for (size_t i = 0; i < model->node_count; i++) {
        nn_part_free(&model->nodes[i].layer);
        nn_release(model->nodes[i].name);
    }
    nn_release(model->nodes);
    for (size_t i = 0; i < model->parameter_count; i++)
        nn_release(model->parameters[i].name);
    nn_release(model->parameters);
    nn_release(model->weights);
    nn_release(model->gradients);
    nn_release(model->slots);
    nn_release(model->grids);
    nn_part_free(&model->optimizer);
    nn_part_free(&model->loss);
    nn_named_metrics_free(model->metrics, model->metric_count);
    nn_release(model->class_names);
    pthread_mutex_destroy(&model->build_lock);
    nn_release(model);
}

nn_status nn_model_set_seed(nn_model *model, uint64_t seed)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_TRY(nn_model_begin_write(model));
    nn_status status = NN_OK;
    if (atomic_load(&model->built))
        status = nn_fail(NN_ERR_STATE, "the weights are already made: set the seed before");
    else
        model->seed = seed;
    nn_model_end_write(model);
    return status;
}

static bool has_name(const nn_model *model, const char *name)
{
    for (size_t i = 0; i < model->node_count; i++)
        if (strcmp(model->nodes[i].name, name) == 0)
            return true;
    return false;
}

/* How many layers of that type the model has named itself. */
static size_t count_unnamed(const nn_model *model, const nn_part_type *type)
{
    size_t count = 0;
    for (size_t i = 0; i < model->node_count; i++) {
        const nn_part *layer = &model->nodes[i].layer;
        count += layer->type == type && ((const nn_layer_common *)layer->self)->name == NULL;
    }
    return count;
}

/* The name the user gave, or Keras's: dense, dense_1, ... */
static nn_status name_layer(const nn_model *model, const nn_part *layer, char **name)
{
    const char *given = ((const nn_layer_common *)layer->self)->name;
    *name = NULL;
    if (given != NULL) {
        NN_REQUIRE(given[0] != '\0' && strchr(given, '/') == NULL, NN_ERR_INVALID,
                   "name is '%.80s', expected at least one character and no '/'", given);
        NN_REQUIRE(nn_is_printable(given), NN_ERR_INVALID,
                   "the name isn't UTF-8 without control characters");
        NN_REQUIRE(!has_name(model, given), NN_ERR_INVALID,
                   "another layer is already named '%.80s'", given);
        *name = nn_copy_string(given);
        return *name != NULL ? NN_OK : NN_ERR_NO_MEMORY;
    }
    nn_text text = NN_TEXT_INIT;
    size_t number = count_unnamed(model, layer->type);
    do {
        text.length = 0;
        if (number == 0)
            nn_text_append(&text, "%s", layer->type->name);
        else
            nn_text_append(&text, "%s_%zu", layer->type->name, number);
        number++;
    } while (!text.failed && has_name(model, text.data));
    if (!text.failed)
        *name = nn_copy_string(text.data);
    nn_text_free(&text);
    return *name != NULL ? NN_OK : NN_ERR_NO_MEMORY;
}

static nn_status infer_input(const nn_model *model, const nn_part *layer, nn_shape *input)
{
    const nn_shape *given = &((const nn_layer_common *)layer->self)->input_shape;
    if (model->node_count == 0) {
        NN_REQUIRE(given->rank > 0, NN_ERR_SHAPE,
                   "the first layer needs input_shape, the shape of one row, as in "
                   "input_shape=(28,28)");
        *input = *given;
        return NN_OK;
    }
    *input = *nn_model_output_shape(model);
    NN_REQUIRE(given->rank == 0 || (given->rank == input->rank &&
                                    memcmp(given->dimensions, input->dimensions,
                                           given->rank * sizeof(given->dimensions[0])) == 0),
               NN_ERR_SHAPE, "input_shape is %s, but the layer before gives %s",
               nn_shape_string(given).text, nn_shape_string(input).text);
    return NN_OK;
}

static const nn_part *part_or_null(const nn_part *part)
{
    return part != NULL && part->type != NULL ? part : NULL;
}

static nn_status check_parameter(const nn_layer_parameter *declared)
{
    nn_status status = NN_OK;
    NN_TRY(nn_shape_check(&declared->shape, declared->name));
    if (part_or_null(declared->regularizer) != NULL)
        NN_TRY(
            nn_regularizer_check_rank(declared->regularizer, declared->shape.rank, declared->name));
    if (part_or_null(declared->constraint) != NULL)
        status = nn_constraint_check_shape(declared->constraint, &declared->shape);
    return status == NN_OK ? NN_OK : nn_fail_in(status, "constraint of %s", declared->name);
}

static nn_status check_build(const nn_layer_build *build)
{
    NN_TRY(nn_shape_check(&build->output, "output shape"));
    for (size_t i = 0; i < build->parameter_count; i++)
        NN_TRY(check_parameter(&build->parameters[i]));
    return NN_OK;
}

/* The parameters of a new node in a table that has room for them. */
static nn_status fill_parameters(const nn_node *node, nn_parameter *parameters)
{
    const nn_layer_common *common = node->layer.self;
    for (size_t i = 0; i < node->build.parameter_count; i++) {
        const nn_layer_parameter *declared = &node->build.parameters[i];
        nn_text name = NN_TEXT_INIT;
        nn_text_append(&name, "%s/%s", node->name, declared->name);
        parameters[i] = (nn_parameter){
            .name = name.failed ? NULL : nn_copy_string(name.data),
            .shape = declared->shape,
            .width = nn_shape_width(&declared->shape),
            .trainable = declared->trainable && common->trainable,
            .initializer = declared->initializer,
            .regularizer = part_or_null(declared->regularizer),
            .constraint = part_or_null(declared->constraint),
        };
        nn_text_free(&name);
        if (parameters[i].name == NULL) {
            while (i > 0)
                nn_release(parameters[--i].name);
            return NN_ERR_NO_MEMORY;
        }
    }
    return NN_OK;
}

/* Makes room for more entries of a table, twice what it has so that many layers take linear time. */
static nn_status reserve(void **table, size_t count, size_t more, size_t *capacity, size_t size)
{
    if (more <= *capacity - count)
        return NN_OK;
    const size_t wanted = 2 * (count + more);
    void *grown = nn_grow(*table, count, wanted, size);
    if (grown == NULL)
        return NN_ERR_NO_MEMORY;
    *table = grown;
    *capacity = wanted;
    return NN_OK;
}

static nn_status reserve_nodes(nn_model *model, size_t more)
{
    void *table = model->nodes;
    nn_status status =
        reserve(&table, model->node_count, more, &model->node_capacity, sizeof(*model->nodes));
    model->nodes = table;
    return status;
}

static nn_status reserve_parameters(nn_model *model, size_t more)
{
    void *table = model->parameters;
    nn_status status = reserve(&table, model->parameter_count, more, &model->parameter_capacity,
                               sizeof(*model->parameters));
    model->parameters = table;
    return status;
}

/* Grows both tables and puts the node at their ends; the model is as before if that fails. */
static nn_status append(nn_model *model, const nn_node *node)
{
    const size_t more = node->build.parameter_count;
    NN_TRY(reserve_nodes(model, 1));
    NN_TRY(reserve_parameters(model, more));
    NN_TRY(fill_parameters(node, model->parameters + model->parameter_count));
    model->nodes[model->node_count] = *node;
    model->nodes[model->node_count].first_parameter = model->parameter_count;
    model->node_count++;
    model->parameter_count += more;
    return NN_OK;
}

static nn_status add(nn_model *model, nn_part *layer)
{
    NN_REQUIRE(!atomic_load(&model->built), NN_ERR_STATE,
               "the model is already built (compiled, loaded or used): add layers before");
    nn_node node = {
        .layer = *layer,
        .input = model->node_count == 0 ? NN_NO_NODE : model->node_count - 1,
    };
    NN_TRY(infer_input(model, layer, &node.build.input));
    NN_TRY(nn_layer_of(layer)->build(layer->self, &node.build));
    NN_TRY(check_build(&node.build));
    NN_TRY(name_layer(model, layer, &node.name));
    nn_status status = append(model, &node);
    if (status != NN_OK)
        nn_release(node.name);
    return status;
}

nn_status nn_model_add_part(nn_model *model, nn_part *layer)
{
    nn_status status = nn_model_begin_write(model);
    if (status == NN_OK) {
        status = add(model, layer);
        if (status != NN_OK)
            nn_fail_in(status, "%s", layer->type->name);
        nn_model_end_write(model);
    }
    if (status != NN_OK)
        nn_part_free(layer);
    *layer = (nn_part){.type = NULL};
    return status;
}

nn_status nn_model_add(nn_model *model, const char *layer)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(layer != NULL, NN_ERR_INVALID, "layer is NULL");
    nn_part part;
    NN_TRY(nn_part_parse(&part, &nn_layer_room, layer));
    return nn_model_add_part(model, &part);
}

size_t nn_model_input_width(const nn_model *model)
{
    return model == NULL || model->node_count == 0 ? 0
                                                   : nn_shape_width(nn_model_input_shape(model));
}

size_t nn_model_output_width(const nn_model *model)
{
    return model == NULL || model->node_count == 0 ? 0
                                                   : nn_shape_width(nn_model_output_shape(model));
}
