/* The summary: a table of layers as Keras 3 prints it. */
#include "access.h"
#include "model.h"
#include "status.h"
#include <string.h>

enum { COLUMNS = 4, COUNTS = 2 /* the column that stands at its right */ };

/* How many columns a model's table has: where each layer reads the one before, that isn't said. */
static size_t columns_of(const nn_model *model)
{
    for (size_t i = 1; i < model->node_count; i++)
        if (model->nodes[i].input_count != 1 || model->nodes[i].inputs[0] != i - 1)
            return COLUMNS;
    return COLUMNS - 1;
}

static const char *const headings[COLUMNS] = {"Layer (type)", "Output Shape", "Param #",
                                              "Connected to"};
/* Keras's, for 80 columns in all */
static const size_t least_widths[2][COLUMNS] = {{31, 22, 13, 0}, {19, 17, 10, 17}};

/* 266610 as "266,610" */
static void append_count(nn_text *text, size_t count)
{
    char digits[32];
    nn_text number = NN_TEXT_INIT;
    nn_text_append(&number, "%zu", count);
    if (number.failed) {
        text->failed = true;
        nn_text_free(&number);
        return;
    }
    size_t at = 0;
    for (size_t i = 0; i < number.length; i++) {
        if (i > 0 && (number.length - i) % 3 == 0)
            digits[at++] = ',';
        digits[at++] = number.data[i];
    }
    nn_text_append_bytes(text, digits, at);
    nn_text_free(&number);
}

static void append_connections(nn_text *text, const nn_model *model, const nn_node *node)
{
    for (size_t i = 0; i < node->input_count; i++)
        nn_text_append(text, "%s%s[0][0]", i == 0 ? "" : ", ", model->nodes[node->inputs[i]].name);
    if (node->input_count == 0)
        nn_text_append(text, "-");
}

static void append_cell(nn_text *text, const nn_model *model, const nn_node *node, size_t column)
{
    char class_name[64];
    if (column == 0) {
        nn_text_append(text, "%s (%s)", node->name,
                       nn_part_class_name(node->layer.type, class_name, sizeof(class_name)));
    } else if (column == 1) {
        const nn_shape *output = &node->build.output;
        nn_text_append(text, "(None");
        for (size_t i = 0; i < output->rank; i++)
            nn_text_append(text, ", %zu", output->dimensions[i]);
        nn_text_append(text, ")");
    } else if (column == COUNTS + 1) {
        append_connections(text, model, node);
    } else {
        size_t count = 0;
        for (size_t i = 0; i < node->build.parameter_count; i++)
            count += nn_shape_width(&node->build.parameters[i].shape);
        append_count(text, count);
    }
}

/* Characters of UTF-8, not bytes: continuation bytes don't count. */
static size_t characters(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* False if memory ran out. */
static bool widen(const nn_model *model, size_t columns, size_t *widths)
{
    for (size_t c = 0; c < columns; c++)
        widths[c] = least_widths[columns == COLUMNS][c];
    for (size_t i = 0; i < model->node_count; i++)
        for (size_t c = 0; c < columns; c++) {
            nn_text cell = NN_TEXT_INIT;
            append_cell(&cell, model, &model->nodes[i], c);
            const bool failed = cell.failed;
            const size_t width = failed ? 0 : characters(cell.data, cell.length);
            if (width > widths[c])
                widths[c] = width;
            nn_text_free(&cell);
            if (failed)
                return false;
        }
    return true;
}

/* A table's columns. */
struct layout {
    size_t columns;
    size_t widths[COLUMNS];
};

static void append_rule(nn_text *text, const struct layout *layout, const char *left,
                        const char *middle, const char *right, const char *line)
{
    for (size_t c = 0; c < layout->columns; c++) {
        nn_text_append(text, "%s", c == 0 ? left : middle);
        for (size_t i = 0; i < layout->widths[c] + 2; i++)
            nn_text_append(text, "%s", line);
    }
    nn_text_append(text, "%s\n", right);
}

/* A row, of the headings if node is NULL; counts stand at the right of their column. */
static void append_row(nn_text *text, const struct layout *layout, const nn_model *model,
                       const nn_node *node)
{
    const char *bar = node == NULL ? "┃" : "│";
    for (size_t c = 0; c < layout->columns; c++) {
        nn_text cell = NN_TEXT_INIT;
        if (node == NULL)
            nn_text_append(&cell, "%s", headings[c]);
        else
            append_cell(&cell, model, node, c);
        if (cell.failed) {
            text->failed = true;
        } else {
            const int padding = (int)(layout->widths[c] - characters(cell.data, cell.length));
            const int before = c == COUNTS ? padding : 0;
            nn_text_append(text, "%s %*s%s%*s ", bar, before, "", cell.data, padding - before, "");
        }
        nn_text_free(&cell);
    }
    nn_text_append(text, "%s\n", bar);
}

/* The size of so many float32, as Keras writes it: "1.02 MB". */
static void append_memory(nn_text *text, size_t count)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    double size = (double)count * sizeof(float);
    size_t unit = 0;
    for (; size >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        size /= 1024;
    nn_text_append(text, "%.2f %s", size, units[unit]);
}

static void append_total(nn_text *text, const char *what, size_t count)
{
    nn_text_append(text, " %s: ", what);
    append_count(text, count);
    nn_text_append(text, " (");
    append_memory(text, count);
    nn_text_append(text, ")\n");
}

static void append_summary(nn_text *text, const nn_model *model)
{
    struct layout layout = {.columns = columns_of(model)};
    if (!widen(model, layout.columns, layout.widths)) {
        text->failed = true;
        return;
    }
    const size_t all = nn_model_parameter_count(model);
    const size_t trainable = nn_model_trainable_count(model);
    nn_text_append(text, "Model: \"%s\"\n", nn_model_is_chain(model) ? "sequential" : "functional");
    append_rule(text, &layout, "┏", "┳", "┓", "━");
    append_row(text, &layout, model, NULL);
    append_rule(text, &layout, "┡", "╇", "┩", "━");
    for (size_t i = 0; i < model->node_count; i++) {
        if (i > 0)
            append_rule(text, &layout, "├", "┼", "┤", "─");
        append_row(text, &layout, model, &model->nodes[i]);
    }
    append_rule(text, &layout, "└", "┴", "┘", "─");
    append_total(text, "Total params", all);
    append_total(text, "Trainable params", trainable);
    append_total(text, "Non-trainable params", all - trainable);
}

nn_status nn_model_summary(const nn_model *model, char *buffer, size_t size, size_t *length)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_TRY(nn_model_begin_read(model));
    nn_text text = NN_TEXT_INIT;
    append_summary(&text, model);
    nn_model_end_read(model);
    nn_status status = nn_text_copy_out(&text, buffer, size, length);
    nn_text_free(&text);
    return status;
}
