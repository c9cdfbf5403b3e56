/* csv_logger: a row an epoch with the epoch's number and every quantity, by name, as Keras writes it. */
#include "callback.h"
#include "output_file.h"
#include "status.h"
#include <string.h>

struct csv_logger {
    char *filename, *separator;
    bool append;
};

struct csv_logger_state {
    nn_output_file file;
    bool header_written;
};

static const nn_option options[] = {
    NN_OPTION_STRING_REQUIRED(struct csv_logger, filename, "the file to write"),
    NN_OPTION_STRING(struct csv_logger, separator, ",", "between the columns"),
    NN_OPTION_BOOL(struct csv_logger, append, false,
                   "go on at the end of the file, which has its header, instead of replacing it"),
    NN_OPTION_END,
};

static nn_status check(const void *self)
{
    const struct csv_logger *logger = self;
    NN_REQUIRE(logger->filename != NULL, NN_ERR_INVALID, "filename is none");
    NN_REQUIRE(logger->separator != NULL, NN_ERR_INVALID, "separator is none");
    return NN_OK;
}

static nn_status begin(const struct csv_logger *logger, struct csv_logger_state *state)
{
    state->header_written = logger->append && nn_output_file_has_content(logger->filename);
    return nn_output_file_open(&state->file, logger->filename, logger->append);
}

/* The first name behind the last one that was written (NULL: the first of all), as Keras sorts them. */
static const char *next_column(const nn_training *training, const char *last)
{
    const char *next = NULL;
    for (size_t i = 0; i < training->column_count; i++) {
        const char *name = training->columns[i];
        if ((last == NULL || strcmp(name, last) > 0) && (next == NULL || strcmp(name, next) < 0))
            next = name;
    }
    return next;
}

/* "NA" in an epoch without validation. */
static void write_value(const nn_event *event, const char *name, nn_text *text)
{
    for (size_t i = 0; i < event->count; i++)
        if (strcmp(event->names[i], name) == 0) {
            nn_text_append_number(text, event->values[i]);
            return;
        }
    nn_text_append(text, "NA");
}

static void write_row(const struct csv_logger *logger, const nn_training *training,
                      const nn_event *event, bool header, nn_text *text)
{
    if (header)
        nn_text_append(text, "epoch");
    else
        nn_text_append(text, "%zu", event->epoch);
    for (const char *name = next_column(training, NULL); name != NULL;
         name = next_column(training, name)) {
        nn_text_append(text, "%s", logger->separator);
        if (header)
            nn_text_append(text, "%s", name);
        else
            write_value(event, name, text);
    }
    nn_text_append(text, "\n");
}

static nn_status epoch_end(const struct csv_logger *logger, struct csv_logger_state *state,
                           const nn_training *training, const nn_event *event)
{
    nn_text text = NN_TEXT_INIT;
    if (!state->header_written)
        write_row(logger, training, event, true, &text);
    state->header_written = true;
    write_row(logger, training, event, false, &text);
    nn_status status = text.failed ? nn_fail(NN_ERR_NO_MEMORY, "out of memory")
                                   : nn_output_file_write(&state->file, text.data, text.length);
    nn_text_free(&text);
    return status;
}

static nn_status on_event(const void *self, void *state_memory, const nn_training *training,
                          const nn_event *event)
{
    struct csv_logger_state *state = state_memory;
    switch (event->kind) {
    case NN_EVENT_TRAIN_BEGIN:
        return begin(self, state);
    case NN_EVENT_EPOCH_END:
        return epoch_end(self, state, training, event);
    case NN_EVENT_TRAIN_END:
        return nn_output_file_close(&state->file);
    default:
        return NN_OK;
    }
}

const nn_callback nn_callback_csv_logger = {
    .part =
        {
            .name = "csv_logger",
            .class_name = "CSVLogger",
            .options = options,
            .size = sizeof(struct csv_logger),
            .help = "writes the history to a CSV file, a row an epoch",
            .sample = "csv_logger filename=history.csv",
            .check = check,
        },
    .state_size = sizeof(struct csv_logger_state),
    .on_event = on_event,
};
