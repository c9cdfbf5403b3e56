/* The table of callbacks, and what they share. */
#include "callback.h"
#include <stdio.h>
#include <string.h>

#define ROWS(ROW)                                                                                  \
    ROW(callback, backup_and_restore)                                                              \
    ROW(callback, csv_logger)                                                                      \
    ROW(callback, early_stopping)                                                                  \
    ROW(callback, gradient_norms)                                                                  \
    ROW(callback, learning_rate_scheduler)                                                         \
    ROW(callback, model_checkpoint)                                                                \
    ROW(callback, progress_bar)                                                                    \
    ROW(callback, reduce_lr_on_plateau)                                                            \
    ROW(callback, swap_ema_weights)                                                                \
    ROW(callback, terminate_on_nan)

ROWS(NN_ROOM_DECLARE)

static const nn_part_type *const parts[] = {ROWS(NN_ROOM_ROW)};

const nn_room nn_callback_room = {
    .kind = "callback",
    .module = "keras.callbacks",
    .parts = parts,
    .count = sizeof(parts) / sizeof(parts[0]),
};

size_t nn_training_column(const nn_training *training, const char *name)
{
    size_t column = 0;
    while (column < training->column_count && strcmp(training->columns[column], name) != 0)
        column++;
    return column;
}

nn_status nn_training_check_rate(const nn_training *training)
{
    return training->set_learning_rate(training->fit, training->learning_rate(training->fit));
}

static const char learning_rate_name[] = "learning_rate";

nn_status nn_learning_rate_column(const void *self, const nn_model *model,
                                  nn_status (*add)(void *user, const char *name), void *user)
{
    (void)self;
    (void)model;
    return add(user, learning_rate_name);
}

void nn_measure_learning_rate(const void *self, void *state, const nn_training *training,
                              double *values)
{
    (void)self;
    (void)state;
    values[nn_training_column(training, learning_rate_name)] =
        training->learning_rate(training->fit);
}

void nn_callback_print(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    nn_format(line, sizeof(line), format, arguments);
    va_end(arguments);
    printf("%s\n", line);
    fflush(stdout);
}
