/* Layers: adding them, what they read, their shapes; the table of parameters. */
#include "access.h"
#include "allocate.h"
#include "arenas.h"
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
    made->unnamed = nn_allocate(nn_layer_room.count, sizeof(*made->unnamed));
    made->outputs = nn_allocate(1, sizeof(*made->outputs));
    if (made->unnamed == NULL || made->outputs == NULL) {
        nn_release(made->unnamed);
        nn_release(made->outputs);
        nn_release(made);
        return NN_ERR_NO_MEMORY;
    }
    made->output_count = 1;
    made->outputs[0].loss_weight = 1;
    pthread_mutex_init(&made->build_lock, NULL);
    *model = made;
    return NN_OK;
}

static void free_node(nn_node *node)
{
    nn_release(node->name);
    nn_release(node->inputs);
    nn_release(node->input_shapes);
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
        free_node(&model->nodes[i]);
    }
    nn_release(model->nodes);
    nn_release(model->name_table);
    nn_release(model->unnamed);
    for (size_t i = 0; i < model->parameter_count; i++)
        nn_release(model->parameters[i].name);
    nn_release(model->parameters);
    nn_release(model->weights);
    nn_model_free_arenas(model);
    nn_release(model->grids);
    nn_model_drop_compiled(model);
    nn_release(model->outputs);
    nn_release(model->class_names);
    nn_custom_parts_free(&model->custom);
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

static nn_status check_input_layer(const nn_model *model, const nn_layer_common *common)
{
    NN_REQUIRE(common->inputs.count == 0, NN_ERR_INVALID, "an input of the model takes no inputs");
    NN_REQUIRE(common->activity_regularizer.type == NULL, NN_ERR_INVALID,
               "an input of the model takes no activity_regularizer: nothing of it is trained");
    NN_REQUIRE(model->node_count == 0 || model->input_count > 0, NN_ERR_INVALID,
               "the first layer already brings an input, by input_shape: add an input layer before "
               "it in place of that");
    NN_REQUIRE(model->input_count < NN_MAX_INPUTS, NN_ERR_UNSUPPORTED, "more than %d inputs",
               NN_MAX_INPUTS);
    return NN_OK;
}

static nn_status check_input_count(nn_layer_takes takes, size_t count)
{
    static const struct {
        size_t least, most;
        const char *words;
    } bounds[] = {
        [NN_TAKES_ONE] = {1, 1, "one input"},
        [NN_TAKES_NONE] = {0, 0, "no inputs"},
        [NN_TAKES_TWO] = {2, 2, "two inputs"},
        [NN_TAKES_SEVERAL] = {2, SIZE_MAX, "two inputs or more"},
    };
    NN_REQUIRE(count >= bounds[takes].least && count <= bounds[takes].most, NN_ERR_INVALID,
               "it takes %s, not %zu%s", bounds[takes].words, count,
               count < bounds[takes].least ? ": name them, as in inputs=(a, b)" : "");
    return NN_OK;
}

/* The nodes that a layer names, or the one added last. */
static nn_status find_inputs(const nn_model *model, const nn_name_list *names, nn_node *node)
{
    const size_t count = names->count > 0 ? names->count : 1;
    NN_TRY(check_input_count(nn_layer_of(&node->layer)->takes, count));
    node->inputs = nn_allocate(count, sizeof(*node->inputs));
    node->input_shapes = nn_allocate(count, sizeof(*node->input_shapes));
    if (node->inputs == NULL || node->input_shapes == NULL)
        return NN_ERR_NO_MEMORY;
    node->input_count = count;
    for (size_t i = 0; i < count; i++) {
        if (names->count > 0)
            NN_TRY(nn_model_get_node(model, names->names[i], &node->inputs[i]));
        else
            node->inputs[i] = model->node_count - 1;
        node->input_shapes[i] = model->nodes[node->inputs[i]].build.output;
    }
    return NN_OK;
}

static nn_status check_input_shape(const nn_shape *given, const nn_node *node)
{
    NN_REQUIRE(given->rank == 0 || nn_shape_equal(given, &node->input_shapes[0]), NN_ERR_SHAPE,
               "input_shape is %s, but the layer before gives %s", nn_shape_string(given).text,
               nn_shape_string(&node->input_shapes[0]).text);
    return NN_OK;
}

/* Where the layer's input comes from. */
static nn_status infer_input(const nn_model *model, nn_node *node)
{
    const nn_layer *layer = nn_layer_of(&node->layer);
    const nn_layer_common *common = node->layer.self;
    if (layer->takes == NN_TAKES_NONE)
        return check_input_layer(model, common);
    if (model->node_count > 0 || common->inputs.count > 0) {
        NN_TRY(find_inputs(model, &common->inputs, node));
        NN_TRY(check_input_shape(&common->input_shape, node));
        node->build.input = node->input_shapes[0];
        node->build.input_shapes = node->input_shapes;
        node->build.input_count = node->input_count;
        return NN_OK;
    }
    NN_TRY(check_input_count(layer->takes, 1));
    NN_REQUIRE(common->input_shape.rank > 0, NN_ERR_SHAPE,
               "the first layer needs input_shape, the shape of one row, as in "
               "input_shape=(28,28)");
    node->build.input = common->input_shape;
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

static nn_status check_build(const nn_layer_common *common, const nn_layer_build *build)
{
    NN_TRY(nn_shape_check(&build->output, "output shape"));
    for (size_t i = 0; i < build->parameter_count; i++)
        NN_TRY(check_parameter(&build->parameters[i]));
    nn_status status = nn_regularizer_check_rank(&common->activity_regularizer,
                                                 1 + build->output.rank, "a batch of outputs");
    return status == NN_OK ? NN_OK : nn_fail_in(status, "activity_regularizer");
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

/* Enters the node that was put at the end of the table with its neighbours. */
static void connect(nn_model *model, size_t index)
{
    nn_node *node = &model->nodes[index];
    node->first_edge = model->edge_count;
    node->number = index - model->input_count;
    model->edge_count += node->input_count;
    for (size_t i = 0; i < node->input_count; i++)
        model->nodes[node->inputs[i]].readers++;
    if (nn_layer_of(&node->layer)->takes == NN_TAKES_NONE)
        model->inputs[model->input_count++] = index;
    if (!model->outputs_given)
        model->outputs[0].node = index;
    nn_model_enter_name(model, index);
}

/* Grows the tables and puts the node at their ends; the model is as before if that fails. */
static nn_status append(nn_model *model, const nn_node *node)
{
    const size_t more = node->build.parameter_count;
    NN_TRY(reserve_nodes(model, 1));
    NN_TRY(reserve_parameters(model, more));
    NN_TRY(nn_model_reserve_name(model));
    NN_TRY(fill_parameters(node, model->parameters + model->parameter_count));
    model->nodes[model->node_count] = *node;
    model->nodes[model->node_count].first_parameter = model->parameter_count;
    connect(model, model->node_count++);
    model->parameter_count += more;
    return NN_OK;
}

static nn_status make_node(const nn_model *model, nn_node *node)
{
    NN_TRY(infer_input(model, node));
    NN_TRY(nn_layer_of(&node->layer)->build(node->layer.self, &node->build));
    node->build.input_shapes = NULL;
    NN_TRY(check_build(node->layer.self, &node->build));
    return nn_model_name_layer(model, &node->layer, &node->name);
}

static nn_status add(nn_model *model, nn_part *layer)
{
    NN_REQUIRE(!atomic_load(&model->built), NN_ERR_STATE,
               "the model is already built (compiled, loaded or used): add layers before");
    nn_node node = {.layer = *layer};
    nn_status status = make_node(model, &node);
    if (status == NN_OK)
        status = append(model, &node);
    if (status != NN_OK)
        free_node(&node);
    return status;
}

/* Takes the layer over in any case. */
static nn_status add_part(nn_model *model, nn_part *layer)
{
    nn_status status = add(model, layer);
    if (status != NN_OK) {
        nn_fail_in(status, "%s", layer->type->name);
        nn_part_free(layer);
    }
    *layer = (nn_part){.type = NULL};
    return status;
}

nn_status nn_model_add_part(nn_model *model, nn_part *layer)
{
    nn_status status = nn_model_begin_write(model);
    if (status != NN_OK) {
        nn_part_free(layer);
        return status;
    }
    status = add_part(model, layer);
    nn_model_end_write(model);
    return status;
}

nn_status nn_model_add(nn_model *model, const char *layer)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(layer != NULL, NN_ERR_INVALID, "layer is NULL");
    nn_part part;
    NN_TRY(nn_model_begin_write(model));
    nn_status status = nn_part_parse_with(&part, &nn_layer_room, &model->custom, layer);
    if (status == NN_OK)
        status = add_part(model, &part);
    nn_model_end_write(model);
    return status;
}
