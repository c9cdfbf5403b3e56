/* Which columns of a dataset are a model's inputs and targets. */
#include "columns.h"
#include "status.h"
#include "text.h"
#include <string.h>

/* What a model's inputs, or its outputs, want of a dataset. */
struct wanted {
    const char *whole; /* the column with all of them side by side */
    const char *what;
    size_t count;
    const char *names[NN_MAX_INPUTS > NN_MAX_OUTPUTS ? NN_MAX_INPUTS : NN_MAX_OUTPUTS];
    nn_shape shapes[NN_MAX_INPUTS > NN_MAX_OUTPUTS ? NN_MAX_INPUTS : NN_MAX_OUTPUTS];
};

static struct wanted want_inputs(const nn_model *model)
{
    struct wanted wanted = {.whole = "x", .what = "input", .count = nn_model_input_count(model)};
    for (size_t i = 0; i < wanted.count; i++) {
        wanted.names[i] = nn_model_input_name(model, i);
        wanted.shapes[i] = *nn_model_input_shape(model, i);
    }
    return wanted;
}

/* Targets have the output's shape, or one label for each distribution along its last dimension. */
static struct wanted want_targets(const nn_model *model)
{
    struct wanted wanted = {.whole = "y", .what = "target", .count = nn_model_output_count(model)};
    for (size_t i = 0; i < wanted.count; i++) {
        const nn_shape *output = nn_model_output_shape(model, i);
        wanted.names[i] = nn_model_output_name(model, i);
        wanted.shapes[i] = nn_columns_are_labels(model, i)
                               ? nn_shape_1d(nn_shape_width(output) / nn_last_dimension(output))
                               : *output;
    }
    return wanted;
}

/* "a, b" */
static nn_status no_column(const struct wanted *wanted, const char *name)
{
    nn_text all = NN_TEXT_INIT;
    for (size_t i = 0; i < wanted->count; i++)
        nn_text_append(&all, "%s%s", i == 0 ? "" : ", ", wanted->names[i]);
    if (name == NULL)
        nn_fail(NN_ERR_INVALID, "there are no %ss: expected column %s%s%s", wanted->what,
                wanted->whole, wanted->count > 1 ? ", or " : " or ", all.failed ? "?" : all.data);
    else
        nn_fail(NN_ERR_INVALID, "there is no column '%s' for the %s of that name; expected: %s",
                name, wanted->what, all.failed ? "?" : all.data);
    nn_text_free(&all);
    return NN_ERR_INVALID;
}

/* Parts of the whole column, one after the other. */
static nn_status cut_whole(const nn_column *whole, const struct wanted *wanted, nn_column *columns)
{
    size_t sum = 0;
    for (size_t i = 0; i < wanted->count; i++)
        sum += nn_shape_width(&wanted->shapes[i]);
    NN_REQUIRE(whole->width == sum, NN_ERR_SHAPE,
               "the model has %zu %ss of %zu values together, column %s has rows of shape %s = %zu "
               "values",
               wanted->count, wanted->what, sum, wanted->whole, nn_shape_string(&whole->shape).text,
               whole->width);
    for (size_t i = 0, first = 0; i < wanted->count; i++) {
        columns[i] = nn_column_part(whole, first, &wanted->shapes[i]);
        first += columns[i].width;
    }
    return NN_OK;
}

/* Columns that every dataset may have. */
static const char *const always[] = {"x", "y", "sample_weight"};
enum { ALWAYS = sizeof(always) / sizeof(always[0]) };

/* The column of an input's or output's own name. A layer may be named y or sample_weight, but an input isn't
 * found in a column that means something else. */
static const nn_column *find_named(const nn_dataset *data, const char *name, const char *whole)
{
    for (size_t i = 0; i < ALWAYS; i++)
        if (strcmp(name, always[i]) == 0 && strcmp(name, whole) != 0)
            return NULL;
    return nn_dataset_column(data, name);
}

static nn_status find_columns(const nn_dataset *data, const struct wanted *wanted,
                              nn_column *columns)
{
    const nn_column *whole = nn_dataset_column(data, wanted->whole);
    const char *missing = NULL;
    size_t found = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        const nn_column *column = find_named(data, wanted->names[i], wanted->whole);
        if (column != NULL)
            columns[i] = *column;
        else if (missing == NULL)
            missing = wanted->names[i];
        found += column != NULL;
    }
    if (found == wanted->count)
        return NN_OK;
    if (found > 0 || whole == NULL)
        return no_column(wanted, found > 0 ? missing : NULL);
    if (wanted->count == 1) {
        columns[0] = *whole; /* whether it fits is told with both shapes */
        return NN_OK;
    }
    return cut_whole(whole, wanted, columns);
}

/* A column that nobody reads is a misspelt one. */
static nn_status check_columns(const nn_dataset *data, const struct wanted *inputs,
                               const struct wanted *targets)
{
    for (size_t c = 0; c < data->column_count; c++) {
        const char *name = data->columns[c].name;
        nn_nearest nearest = nn_nearest_to(name);
        bool known = false;
        for (size_t i = 0; i < ALWAYS; i++) {
            known = known || strcmp(name, always[i]) == 0;
            nn_nearest_consider(&nearest, always[i]);
        }
        for (size_t i = 0; i < inputs->count; i++) {
            known = known || strcmp(name, inputs->names[i]) == 0;
            nn_nearest_consider(&nearest, inputs->names[i]);
        }
        for (size_t i = 0; i < targets->count; i++) {
            known = known || strcmp(name, targets->names[i]) == 0;
            nn_nearest_consider(&nearest, targets->names[i]);
        }
        const bool near = nearest.candidate != NULL;
        NN_REQUIRE(known, NN_ERR_INVALID,
                   "column '%s' is neither an input nor an output of the model%s%s%s", name,
                   near ? "; did you mean '" : "", near ? nearest.candidate : "", near ? "'?" : "");
    }
    return NN_OK;
}

nn_status nn_columns_find_inputs(nn_column *inputs, const nn_model *model, const nn_dataset *data)
{
    const struct wanted wanted = want_inputs(model);
    return find_columns(data, &wanted, inputs);
}

nn_status nn_columns_find(nn_column *inputs, nn_column *targets, const nn_model *model,
                          const nn_dataset *data)
{
    const struct wanted wanted_inputs = want_inputs(model), wanted_targets = want_targets(model);
    NN_TRY(find_columns(data, &wanted_inputs, inputs));
    NN_TRY(find_columns(data, &wanted_targets, targets));
    return check_columns(data, &wanted_inputs, &wanted_targets);
}
