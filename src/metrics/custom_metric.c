#include "custom_metric.h"
#include "custom_loss.h"
#include "mean.h"
#include "status.h"

enum { ROWS_AT_ONCE = 64 }; /* whose values are on the stack */

struct custom_metric {
    nn_custom_part part;
    nn_metric type;
    nn_custom_metric functions;
};

/* Some rows' values, added to the sum. */
static void add_rows(const struct custom_metric *custom, double *state, size_t rows, size_t width,
                     const nn_real *y, const nn_target *target, const double *weight)
{
    double values[ROWS_AT_ONCE] = {0};
    const nn_custom_metric *functions = &custom->functions;
    const void *targets = nn_custom_targets_begin(target, rows, width);
    float *outputs = nn_floats_begin(rows * width, y);
    nn_custom_note(&custom->part, "values",
                   targets != NULL && outputs != NULL
                       ? functions->values(functions->user, rows, width, targets, outputs, values)
                       : NN_ERR_NO_MEMORY);
    nn_floats_end(rows * width, outputs, NULL);
    nn_custom_targets_end(target, rows, width, targets);
    for (size_t i = 0; i < rows; i++)
        state[NN_MEAN_SUM] += nn_metric_weight(weight, i) * values[i];
    nn_mean_add_count(state, rows, 1, weight);
}

static void update(const void *self, double *state, size_t rows, size_t width, const nn_real *y,
                   const nn_target *target, const double *weight)
{
    const struct custom_metric *custom = (const struct custom_metric *)nn_custom_part_of(self);
    for (size_t at = 0; at < rows && !nn_custom_failed(); at += ROWS_AT_ONCE) {
        nn_target some = *target;
        if (some.kind == NN_TARGET_LABELS)
            some.labels += at;
        else
            some.values += at * width;
        add_rows(custom, state, rows - at < ROWS_AT_ONCE ? rows - at : ROWS_AT_ONCE, width,
                 y + at * width, &some, weight != NULL ? weight + at : NULL);
    }
}

nn_status nn_custom_metric_create(nn_custom_part **part, const nn_custom_metric *given)
{
    nn_custom_metric functions;
    NN_TRY(nn_custom_take(&functions, sizeof(functions), given, "metric"));
    NN_REQUIRE(functions.name != NULL, NN_ERR_INVALID, "metric: name is NULL");
    NN_REQUIRE(functions.values != NULL, NN_ERR_INVALID, "metric %.80s: values is NULL",
               functions.name);
    struct custom_metric *made = nn_custom_part_allocate(sizeof(*made), functions.name);
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    const char *name = nn_custom_part_name(made, sizeof(*made));
    made->functions = functions;
    made->functions.name = name;
    made->type = (nn_metric){
        .part = {.name = name,
                 .class_name = name,
                 .size = sizeof(nn_custom_part *),
                 .help = "the caller's own",
                 .custom = &made->part},
        .targets = functions.labels != 0 ? NN_TARGET_LABELS : NN_TARGET_VALUES,
        .state_count = nn_mean_state_count,
        .update = update,
        .result = nn_mean_result,
    };
    made->part.room = &nn_metric_room;
    made->part.type = &made->type.part;
    made->part.release = functions.release;
    made->part.user = functions.user;
    *part = &made->part;
    return NN_OK;
}
