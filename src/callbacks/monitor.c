#include "monitor.h"
#include "status.h"
#include <math.h>
#include <string.h>

const char *const nn_monitor_modes[] = {"auto", "min", "max", NULL};

/* "val_accuracy" is as good as "accuracy". */
static const char *without_val(const char *name)
{
    return strncmp(name, "val_", 4) == 0 ? name + 4 : name;
}

static nn_status find_direction(nn_monitor *monitor, const nn_model *model)
{
    const char *name = without_val(monitor->name);
    const size_t losses = model->quantity_count - model->metric_count;
    for (size_t i = 0; i < model->quantity_count; i++) {
        if (strcmp(model->quantities[i], name) != 0)
            continue;
        const nn_direction direction =
            i < losses ? NN_LOWER_IS_BETTER
                       : nn_metric_of(&model->metrics[i - losses].part)->direction;
        monitor->maximize = direction == NN_HIGHER_IS_BETTER;
        if (direction != NN_DIRECTION_UNKNOWN)
            return NN_OK;
    }
    return nn_fail(NN_ERR_INVALID,
                   "whether %s should be small or large isn't known: give mode=min or mode=max",
                   monitor->name);
}

static nn_status find_column(const nn_monitor *monitor, const nn_training *training,
                             bool at_batches)
{
    const size_t count = at_batches ? training->quantity_count : training->column_count;
    if (nn_training_column(training, monitor->name) < count)
        return NN_OK;
    nn_text known = NN_TEXT_INIT;
    for (size_t i = 0; i < count; i++)
        nn_text_append(&known, "%s%s", i == 0 ? "" : ", ", training->columns[i]);
    nn_fail(NN_ERR_INVALID, "monitor is %.80s, which isn't measured%s; known: %s", monitor->name,
            at_batches                               ? " at the end of a batch"
            : strncmp(monitor->name, "val_", 4) == 0 ? " (is there validation data?)"
                                                     : "",
            known.failed ? "?" : known.data);
    nn_text_free(&known);
    return NN_ERR_INVALID;
}

nn_status nn_monitor_check(const char *name)
{
    NN_REQUIRE(name != NULL, NN_ERR_INVALID, "monitor is none");
    return NN_OK;
}

nn_status nn_monitor_open(nn_monitor *monitor, const nn_training *training, const char *name,
                          const char *mode, double min_delta, bool at_batches)
{
    *monitor = (nn_monitor){
        .name = name, .maximize = strcmp(mode, "max") == 0, .min_delta = fabs(min_delta)};
    NN_TRY(find_column(monitor, training, at_batches));
    return strcmp(mode, "auto") == 0 ? find_direction(monitor, training->model) : NN_OK;
}

bool nn_monitor_value(const nn_monitor *monitor, const nn_event *event, double *value)
{
    for (size_t i = 0; i < event->count; i++)
        if (strcmp(event->names[i], monitor->name) == 0) {
            *value = event->values[i];
            return true;
        }
    return false;
}

bool nn_monitor_improves(const nn_monitor *monitor, double value, double best)
{
    if (monitor->maximize)
        return (float)(value - monitor->min_delta) > (float)best;
    return (float)(value + monitor->min_delta) < (float)best;
}
