/* Callbacks against what real Keras's did (tests/golden/make_callbacks.py): with sequences of monitored
 * values fed to them alone, and in whole trainings. */
#include "callback.h"
#include "fitting.h"
#include "golden_file.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- sequences ---- */

/* A training of which the callback sees the number of the epoch as weights, and this rate. */
struct pretence {
    size_t epoch;
    long kept, restored;
    double learning_rate;
};

static nn_status reserve_weights(void *fit, size_t *place)
{
    ((struct pretence *)fit)->kept = -1;
    *place = 7;
    return NN_OK;
}

static void keep_weights(void *fit, size_t place)
{
    struct pretence *pretence = fit;
    ck_assert_uint_eq(place, 7);
    pretence->kept = (long)pretence->epoch;
}

static void restore_weights(void *fit, size_t place)
{
    struct pretence *pretence = fit;
    ck_assert_uint_eq(place, 7);
    ck_assert_int_ge(pretence->kept, 0);
    pretence->restored = pretence->kept;
}

static double learning_rate(void *fit)
{
    return ((struct pretence *)fit)->learning_rate;
}

static nn_status set_learning_rate(void *fit, double value)
{
    ((struct pretence *)fit)->learning_rate = value;
    return NN_OK;
}

enum { MOST_COLUMNS = 8 };

/* A row's values that there are. */
static size_t read_row(const json_t *row, const char *const *columns, const char **names,
                       double *values)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(row); i++) {
        const char *number = json_string_value(json_array_get(row, i));
        if (*number == '\0')
            continue;
        names[count] = columns[i];
        values[count++] = strtod(number, NULL);
    }
    return count;
}

/* The file of that name is there, and no longer. */
static void take_file(const char *name, size_t row)
{
    if (*name == '\0')
        return;
    ck_assert_msg(access(name, F_OK) == 0, "%s: row %zu: no %s", text(golden, "spec"), row, name);
    unlink(name);
}

/* Files of other names would be left over. */
static void enter_directory(char directory[])
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

static void leave_directory(const char *directory)
{
    rmdir("a/b");
    rmdir("a");
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_msg(rmdir(directory) == 0, "%s: it saved more than it should", text(golden, "spec"));
}

START_TEST(a_callback_does_what_keras_does)
{
    use_case("callbacks.json", _i);
    char directory[] = "/tmp/nn_golden_XXXXXX";
    enter_directory(directory);
    const char *columns[MOST_COLUMNS], *names[MOST_COLUMNS];
    double values[MOST_COLUMNS];
    const json_t *rows = member(golden, "rows"), *list = member(golden, "columns");
    for (size_t i = 0; i < json_array_size(list); i++)
        columns[i] = json_string_value(json_array_get(list, i));
    const size_t batches = size(golden, "batches"), stopped_after = size(golden, "stopped_after");
    nn_model *model = make_model(1, "dense units=1 input_shape=(1)", "sgd", "mse",
                                 "accuracy; mean_absolute_error");
    nn_part part;
    OK(nn_part_parse(&part, &nn_callback_room, text(golden, "spec")));
    const nn_callback *callback = nn_callback_of(&part);
    struct pretence pretence = {.kept = -1, .restored = -1, .learning_rate = 0.25};
    nn_training training = {
        .fit = &pretence,
        .model = model,
        .columns = columns,
        .column_count = json_array_size(list),
        .quantity_count = batches > 0 ? json_array_size(list) : 0,
        .reserve_weights = reserve_weights,
        .keep_weights = keep_weights,
        .restore_weights = restore_weights,
        .learning_rate = learning_rate,
        .set_learning_rate = set_learning_rate,
    };
    void *state = reserve(1, callback->state_size);
    nn_event event = {.struct_size = sizeof(event), .kind = NN_EVENT_TRAIN_BEGIN, .model = model};
    OK(callback->on_event(part.self, state, &training, &event));
    nn_status status = NN_OK;
    size_t row = 0;
    for (; row < json_array_size(rows) && status == NN_OK; row++) {
        event.kind = batches > 0 ? NN_EVENT_BATCH_END : NN_EVENT_EPOCH_END;
        event.epoch = pretence.epoch = batches > 0 ? row / batches : row;
        event.batch = batches > 0 ? row % batches : 0;
        event.count = read_row(json_array_get(rows, row), columns, names, values);
        event.names = names;
        event.values = values;
        status = callback->on_event(part.self, state, &training, &event);
        ck_assert_msg(status == NN_OK || status == NN_STOPPED, "%s", nn_error_message());
        if (json_object_get(golden, "saved") != NULL)
            take_file(json_string_value(json_array_get(member(golden, "saved"), row)), row);
        if (json_object_get(golden, "learning_rates") != NULL)
            ck_assert_msg(
                fabs(pretence.learning_rate - at(member(golden, "learning_rates"), row)) <=
                    json_number_value(member(golden, "bound")),
                "%s: after row %zu the rate is %.9g, Keras has %.9g", text(golden, "spec"), row,
                pretence.learning_rate, at(member(golden, "learning_rates"), row));
    }
    ck_assert_msg((status == NN_STOPPED ? row : 0) == stopped_after,
                  "%s: stopped after %zu rows, Keras's after %zu (0: not)", text(golden, "spec"),
                  status == NN_STOPPED ? row : 0, stopped_after);
    event.kind = NN_EVENT_TRAIN_END;
    OK(callback->on_event(part.self, state, &training, &event));
    ck_assert_msg(pretence.restored == (long)json_number_value(member(golden, "restored")),
                  "%s: restored epoch %ld", text(golden, "spec"), pretence.restored);
    free(state);
    nn_part_free(&part);
    nn_model_free(model);
    leave_directory(directory);
}
END_TEST

/* ---- trainings ---- */

static void check_values(const char *what, const json_t *expected, const double *found)
{
    const json_t *values = member(expected, "values");
    const double allowed = json_number_value(member(expected, "bound"));
    ck_assert(allowed > 0);
    for (size_t i = 0; i < json_array_size(values); i++)
        ck_assert_msg(fabs(found[i] - at(values, i)) <= allowed,
                      "%s %s: %s[%zu] is %.9g, Keras has %.9g: off by %.2g, allowed is %.2g",
                      text(golden, "callbacks"), what, text(expected, "name"), i, found[i],
                      at(values, i), fabs(found[i] - at(values, i)), allowed);
}

static nn_dataset *dataset_of(const char *x_key, const char *y_key, float **x, float **y)
{
    nn_dataset *data;
    *x = floats(member(golden, x_key));
    *y = floats(member(golden, y_key));
    const size_t rows = json_array_size(member(golden, y_key));
    OK(nn_dataset_from_arrays(&data, rows, *x, NN_FLOAT32,
                              json_array_size(member(golden, x_key)) / rows, *y, NN_FLOAT32, 1));
    return data;
}

static size_t option(const char *key)
{
    return (size_t)json_integer_value(json_object_get(member(golden, "options"), key));
}

START_TEST(training_with_callbacks_goes_where_keras_goes)
{
    use_case("callback_runs.json", _i);
    float *x, *y, *validation_x, *validation_y;
    nn_dataset *data = dataset_of("x", "y", &x, &y);
    nn_dataset *validation =
        dataset_of("validation_x", "validation_y", &validation_x, &validation_y);
    nn_model *model = make_model(1, "dense units=5 activation=tanh input_shape=(3); dense units=1",
                                 text(golden, "optimizer"), "mse", "mean_absolute_error");
    size_t index;
    json_t *value;
    set_initial_weights(model);
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = size(golden, "epochs");
    options.batch_size = size(golden, "batch_size");
    options.shuffle = 0;
    options.callbacks = text(golden, "callbacks");
    options.validation_data = validation;
    options.validation_freq = (int)option("validation_freq");
    options.validation_steps = option("validation_steps");
    options.validation_batch_size = option("validation_batch_size");
    options.steps_per_epoch = option("steps_per_epoch");
    nn_history *history;
    const nn_status status = nn_fit(model, data, &options, &history);
    ck_assert_msg(status == NN_OK || status == NN_STOPPED, "%s", nn_error_message());
    ck_assert_uint_eq(nn_history_count(history), json_array_size(member(golden, "history")));
    json_array_foreach(member(golden, "history"), index, value)
    {
        const double *found;
        size_t count;
        OK(nn_history_get(history, text(value, "name"), &found, &count));
        ck_assert_uint_eq(count, json_array_size(member(value, "values")));
        check_values("history", value, found);
    }
    if (size(golden, "averages") > 0)
        OK(nn_model_swap_ema_weights(model));
    json_array_foreach(member(golden, "final_weights"), index, value)
    {
        const size_t count = json_array_size(member(value, "values"));
        float *found = reserve(count, sizeof *found);
        double *numbers = reserve(count, sizeof *numbers);
        OK(nn_model_get_weights(model, text(value, "name"), found, count));
        for (size_t i = 0; i < count; i++)
            numbers[i] = (double)found[i];
        check_values("weights", value, numbers);
        free(found);
        free(numbers);
    }
    nn_history_free(history);
    nn_model_free(model);
    nn_dataset_free(data);
    nn_dataset_free(validation);
    free(x);
    free(y);
    free(validation_x);
    free(validation_y);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden callbacks");
    add_cases(suite, "callbacks.json", "callbacks.json", a_callback_does_what_keras_does);
    add_cases(suite, "callback_runs.json", "callback_runs.json",
              training_with_callbacks_goes_where_keras_goes);
    return run_suite(suite);
}
