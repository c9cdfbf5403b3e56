#include "history.h"
#include "allocate.h"
#include "names.h"
#include "status.h"
#include "text.h"
#include <string.h>

struct nn_history {
    char **names; /* one block */
    double **columns;
    size_t *lengths; /* values in each column: there are epochs without validation */
    size_t count, epochs, capacity;
};

/* Fills names, which has room for both sets, with allocated texts. */
static nn_status make_names(const nn_model *model, size_t quantities, bool validation, char **names)
{
    for (size_t i = 0; i < quantities; i++) {
        const char *name = nn_model_metric_name(model, i);
        nn_text text = NN_TEXT_INIT;
        names[i] = nn_copy_string(name);
        if (validation)
            nn_text_append(&text, "val_%s", name);
        if (validation && !text.failed)
            names[quantities + i] = nn_copy_string(text.data);
        nn_text_free(&text);
        if (names[i] == NULL || (validation && names[quantities + i] == NULL))
            return NN_ERR_NO_MEMORY;
    }
    return NN_OK;
}

static nn_status name_columns(nn_history *history, const nn_model *model, bool validation)
{
    const size_t quantities = nn_model_metric_count(model);
    history->count = validation ? 2 * quantities : quantities;
    char **names = nn_allocate(history->count, sizeof(*names));
    if (names == NULL)
        return NN_ERR_NO_MEMORY;
    nn_status status = make_names(model, quantities, validation, names);
    if (status == NN_OK)
        status = nn_names_copy(&history->names, (const char *const *)names, history->count);
    for (size_t i = 0; i < history->count; i++)
        nn_release(names[i]);
    nn_release(names);
    return status;
}

/* Of no values yet, for the count of names; in place of those before. */
static nn_status make_columns(nn_history *history)
{
    double **columns = nn_allocate(history->count, sizeof(*columns));
    size_t *lengths = nn_allocate(history->count, sizeof(*lengths));
    if (columns == NULL || lengths == NULL) {
        nn_release(columns);
        nn_release(lengths);
        return NN_ERR_NO_MEMORY;
    }
    nn_release(history->columns);
    nn_release(history->lengths);
    history->columns = columns;
    history->lengths = lengths;
    return NN_OK;
}

nn_status nn_history_add_column(nn_history *history, const char *name)
{
    const size_t count = history->count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(history->names[i], name) == 0)
            return NN_OK;
    const char **names = nn_allocate(count + 1, sizeof(*names));
    char **copy;
    if (names == NULL)
        return NN_ERR_NO_MEMORY;
    memcpy(names, history->names, count * sizeof(*names));
    names[count] = name;
    nn_status status = nn_names_copy(&copy, names, count + 1);
    nn_release(names);
    if (status != NN_OK)
        return status;
    nn_release(history->names);
    history->names = copy;
    history->count++;
    status = make_columns(history);
    if (status != NN_OK)
        history->count = count;
    return status;
}

nn_status nn_history_create(nn_history **history, const nn_model *model, bool validation)
{
    *history = NULL;
    nn_history *made = nn_allocate(1, sizeof(*made));
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    nn_status status = name_columns(made, model, validation);
    if (status == NN_OK)
        status = make_columns(made);
    if (status != NN_OK) {
        nn_history_free(made);
        return status;
    }
    *history = made;
    return NN_OK;
}

nn_status nn_history_reserve(nn_history *history)
{
    if (history->epochs < history->capacity)
        return NN_OK;
    const size_t capacity = history->capacity == 0 ? 32 : 2 * history->capacity;
    for (size_t i = 0; i < history->count; i++) {
        double *grown = nn_grow(history->columns[i], history->epochs, capacity, sizeof(*grown));
        if (grown == NULL)
            return NN_ERR_NO_MEMORY;
        history->columns[i] = grown;
    }
    history->capacity = capacity;
    return NN_OK;
}

void nn_history_append(nn_history *history, const double *values, size_t skip, size_t skip_count)
{
    for (size_t i = 0; i < history->count; i++)
        if (i < skip || i >= skip + skip_count)
            history->columns[i][history->lengths[i]++] = values[i];
    history->epochs++;
}

const char *const *nn_history_names(const nn_history *history)
{
    return (const char *const *)history->names;
}

nn_status nn_history_get(const nn_history *history, const char *name, const double **values,
                         size_t *count)
{
    NN_REQUIRE(history != NULL, NN_ERR_INVALID, "history is NULL");
    NN_REQUIRE(name != NULL, NN_ERR_INVALID, "name is NULL");
    NN_REQUIRE(values != NULL, NN_ERR_INVALID, "values is NULL");
    NN_REQUIRE(count != NULL, NN_ERR_INVALID, "count is NULL");
    nn_text known = NN_TEXT_INIT;
    for (size_t i = 0; i < history->count; i++) {
        if (strcmp(history->names[i], name) == 0) {
            nn_text_free(&known);
            *values = history->columns[i];
            *count = history->lengths[i];
            return NN_OK;
        }
        nn_text_append(&known, "%s%s", i == 0 ? "" : ", ", history->names[i]);
    }
    nn_fail(NN_ERR_INVALID, "the history has no '%.80s'; known: %s", name,
            known.failed ? "?" : known.data);
    nn_text_free(&known);
    return NN_ERR_INVALID;
}

size_t nn_history_count(const nn_history *history)
{
    return history == NULL ? 0 : history->count;
}

const char *nn_history_name(const nn_history *history, size_t index)
{
    return index < nn_history_count(history) ? history->names[index] : NULL;
}

void nn_history_free(nn_history *history)
{
    if (history == NULL)
        return;
    for (size_t i = 0; i < history->count && history->columns != NULL; i++)
        nn_release(history->columns[i]);
    nn_release(history->columns);
    nn_release(history->lengths);
    nn_release(history->names);
    nn_release(history);
}
