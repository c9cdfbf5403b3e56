/* Views: datasets that share the memory of another. */
#include "allocate.h"
#include "dataset.h"
#include "status.h"

/* The column as another dataset's, which releases nothing. */
static nn_column borrow(const nn_column *column)
{
    nn_column borrowed = *column;
    borrowed.owned = NULL;
    borrowed.owned_name = NULL;
    borrowed.owned_index = NULL;
    return borrowed;
}

nn_column nn_column_part(const nn_column *column, size_t first, const nn_shape *shape)
{
    nn_column part = borrow(column);
    part.shape = *shape;
    part.width = nn_shape_width(shape);
    if (column->values != NULL)
        part.values = (const char *)column->values + first * nn_dtype_size(column->type);
    return part;
}

/* Gives a view its class names and its reference: to the whole if that has memory of its own (an index
 * or a column's name is), else to the one whose memory it shares. */
static nn_status finish_view(nn_dataset **part, nn_dataset *made, const nn_dataset *whole)
{
    nn_status status = nn_dataset_set_class_names(made, (const char *const *)whole->class_names,
                                                  whole->class_count);
    if (status != NN_OK) {
        nn_dataset_free(made);
        return status;
    }
    made->reader = whole->reader;
    bool owns = whole->whole == NULL;
    for (size_t i = 0; i < whole->column_count; i++)
        owns =
            owns || whole->columns[i].owned_index != NULL || whole->columns[i].owned_name != NULL;
    made->whole = nn_dataset_retain(owns ? whole : whole->whole);
    *part = made;
    return NN_OK;
}

nn_status nn_dataset_slice(nn_dataset **part, const nn_dataset *whole, size_t first, size_t count)
{
    NN_REQUIRE(part != NULL, NN_ERR_INVALID, "part is NULL");
    *part = NULL;
    NN_REQUIRE(whole != NULL, NN_ERR_INVALID, "whole is NULL");
    NN_REQUIRE(count > 0, NN_ERR_INVALID, "count is 0");
    NN_TRY(nn_dataset_check_views(whole));
    NN_REQUIRE(first < whole->rows && count <= whole->rows - first, NN_ERR_INVALID,
               "%zu rows from row %zu on: the dataset has %zu rows", count, first, whole->rows);

    nn_dataset *made = nn_dataset_create(count);
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    for (size_t i = 0; i < whole->column_count; i++) {
        nn_column column = borrow(&whole->columns[i]);
        if (column.index != NULL)
            column.index += first;
        else if (column.values == NULL)
            column.first += first;
        else
            column.values =
                (const char *)column.values + first * column.stride * nn_dtype_size(column.type);
        made->columns[made->column_count++] = column;
    }
    return finish_view(part, made, whole);
}

/* The index of a view's column. Columns that lie alike in the whole share one. */
static nn_status index_column(nn_dataset *made, const nn_dataset *whole, size_t number,
                              const size_t *rows)
{
    nn_column *column = &made->columns[number];
    const nn_column *source = &whole->columns[number];
    for (size_t i = 0; i < number; i++)
        if (whole->columns[i].index == source->index) {
            column->index = made->columns[i].index;
            column->first = 0;
            return NN_OK;
        }
    size_t *index = nn_allocate(made->rows, sizeof(*index));
    if (index == NULL)
        return NN_ERR_NO_MEMORY;
    column->first = 0;
    for (size_t i = 0; i < made->rows; i++)
        index[i] = nn_column_place(source, rows[i]);
    column->index = column->owned_index = index;
    return NN_OK;
}

nn_status nn_dataset_view(nn_dataset **part, const nn_dataset *whole, const size_t *rows,
                          size_t count)
{
    *part = NULL;
    nn_dataset *made = nn_dataset_create(count);
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    for (size_t i = 0; i < whole->column_count; i++) {
        made->columns[made->column_count++] = borrow(&whole->columns[i]);
        if (index_column(made, whole, i, rows) != NN_OK) {
            nn_dataset_free(made);
            return NN_ERR_NO_MEMORY;
        }
    }
    return finish_view(part, made, whole);
}

nn_status nn_dataset_select(nn_dataset **part, const nn_dataset *whole, const size_t *rows,
                            size_t count)
{
    NN_REQUIRE(part != NULL, NN_ERR_INVALID, "part is NULL");
    *part = NULL;
    NN_REQUIRE(whole != NULL, NN_ERR_INVALID, "whole is NULL");
    NN_REQUIRE(rows != NULL, NN_ERR_INVALID, "rows is NULL");
    NN_REQUIRE(count > 0, NN_ERR_INVALID, "count is 0");
    NN_TRY(nn_dataset_check_views(whole));
    for (size_t i = 0; i < count; i++)
        NN_REQUIRE(rows[i] < whole->rows, NN_ERR_INVALID,
                   "rows[%zu] is %zu, but the dataset has %zu rows", i, rows[i], whole->rows);
    return nn_dataset_view(part, whole, rows, count);
}
